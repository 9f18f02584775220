// Raises opset 7 to 11 to opset 12.

#include <algorithm>
#include <optional>
#include <set>

#include "graph/canonical_internal.h"
#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

std::string AddInts(Graph& graph, NameMaker& names, const std::string& name,
                    const std::vector<int64_t>& values) {
  std::string made = names.Make(name);
  graph.AddInitializer(made, Tensor::Of<int64_t>({static_cast<int64_t>(values.size())}, values));
  return made;
}

std::string AddFloats(Graph& graph, NameMaker& names, const std::string& name, Shape shape,
                      const std::vector<float>& values) {
  std::string made = names.Make(name);
  graph.AddInitializer(made, Tensor::Of<float>(std::move(shape), values));
  return made;
}

// Opset 10: starts, ends and axes became inputs.
void RaiseSlice(Graph& graph, NameMaker& names, Node& node) {
  if (node.Find("starts") == nullptr) return;
  const std::string base = node.outputs[0];
  const auto axes = node.Ints("axes");
  node.inputs.resize(1);
  node.inputs.push_back(AddInts(graph, names, base + "_starts", node.Ints("starts")));
  node.inputs.push_back(AddInts(graph, names, base + "_ends", node.Ints("ends")));
  if (!axes.empty()) node.inputs.push_back(AddInts(graph, names, base + "_axes", axes));
  for (const char* attribute : {"starts", "ends", "axes"}) node.Remove(attribute);
}

// Values of a float constant of this graph, initializer or Constant node.
std::optional<std::vector<float>> FloatsOf(const Graph& graph, const std::string& name) {
  SharedTensor value;
  if (const Initializer* initializer = graph.FindInitializer(name)) value = initializer->value;
  // An input with a default may be given anything.
  const bool is_input = std::any_of(graph.inputs.begin(), graph.inputs.end(),
                                    [&](const Value& input) { return input.info.name == name; });
  if (is_input) return std::nullopt;
  for (const Node& node : graph.nodes) {
    if (node.Is("Constant") && !node.outputs.empty() && node.outputs[0] == name)
      value = ConstantValue(node);
  }
  if (value == nullptr || value->dtype() != DType::kFloat32) return std::nullopt;
  return std::vector<float>(value->data<float>().begin(), value->data<float>().end());
}

// Resize-10 rounds each axis its own way; one mode of Resize-11 serves only where all grow or all
// shrink.
bool IsMixedResize(const Graph& graph, const Node& node) {
  if (!node.Is("Resize") || node.inputs.size() != 2 || node.String("mode", "nearest") != "nearest")
    return false;
  const auto factors = FloatsOf(graph, node.inputs[1]);
  if (!factors) return true;
  const auto grows = [](float factor) { return factor > 1; };
  const auto shrinks = [](float factor) { return factor < 1; };
  return std::any_of(factors->begin(), factors->end(), grows) &&
         std::any_of(factors->begin(), factors->end(), shrinks);
}

// Operators of early releases that the runtime still runs, up to opset 9.
bool IsDropped(const Node& node) {
  static const std::set<std::string> kDropped = {
      "ATen",    "Affine",          "Crop",        "DynamicSlice",
      "GRUUnit", "GivenTensorFill", "ImageScaler", "ParametricSoftplus",
      "Scale",   "ScaledTanh"};
  return node.domain.empty() && kDropped.contains(node.op_type);
}

// The mask of Dropout was a float before opset 10.
bool IsFloatMaskRead(const Node& node, const GraphIndex& index, int64_t opset) {
  return opset < 10 && node.Is("Dropout") && node.outputs.size() > 1 && !node.outputs[1].empty() &&
         (index.IsOutput(node.outputs[1]) || !index.Uses(node.outputs[1]).empty());
}

// Upsample-7 and -9 became Resize-10, whose scales are input 1; Resize-11 put the region of
// interest between them, and wants the old way of counting pixels by name.
void RaiseResize(Graph& graph, NameMaker& names, Node& node) {
  if (node.Is("Resize") && node.inputs.size() > 2) return;
  std::string scales = node.Input(1);
  if (const auto* list = node.Find("scales")) {
    if (!std::holds_alternative<std::vector<float>>(*list)) return;
    const auto values = std::get<std::vector<float>>(*list);
    scales = AddFloats(graph, names, node.outputs[0] + "_scales",
                       {static_cast<int64_t>(values.size())}, values);
    node.Remove("scales");
  }
  node.op_type = "Resize";
  node.inputs = {node.inputs[0], AddFloats(graph, names, node.outputs[0] + "_roi", {0}, {}),
                 scales};
  node.Set("coordinate_transformation_mode", std::string("asymmetric"));
  if (node.String("mode", "nearest") == "nearest") {
    // The old nearest neighbour rounds down where it grows and up where it shrinks.
    const auto factors = FloatsOf(graph, scales);
    const bool shrinks =
        factors && std::any_of(factors->begin(), factors->end(), [](float f) { return f < 1; });
    node.Set("nearest_mode", std::string(shrinks ? "ceil" : "floor"));
  }
}

// Opset 11: the bounds became inputs.
void RaiseClip(Graph& graph, NameMaker& names, Node& node) {
  if (node.inputs.size() != 1) return;
  const bool low = node.Find("min") != nullptr;
  const bool high = node.Find("max") != nullptr;
  if (low)
    node.inputs.push_back(
        AddFloats(graph, names, node.outputs[0] + "_min", {}, {node.Float("min", 0)}));
  // Inputs go by place: an empty one stands for the bound that is not there.
  if (high && !low) node.inputs.emplace_back();
  if (high)
    node.inputs.push_back(
        AddFloats(graph, names, node.outputs[0] + "_max", {}, {node.Float("max", 0)}));
  node.Remove("min");
  node.Remove("max");
}

// Opset 11: the paddings became inputs.
void RaisePad(Graph& graph, NameMaker& names, Node& node) {
  if (node.Find("pads") == nullptr) return;
  const float value = node.Float("value", 0);
  node.inputs.push_back(AddInts(graph, names, node.outputs[0] + "_pads", node.Ints("pads")));
  if (value != 0)
    node.inputs.push_back(AddFloats(graph, names, node.outputs[0] + "_value", {}, {value}));
  node.Remove("pads");
  node.Remove("value");
}

void RaiseNode(Graph& graph, NameMaker& names, Node& node) {
  if (!node.domain.empty() || node.inputs.empty()) return;
  if (node.Is("Slice")) RaiseSlice(graph, names, node);
  if (node.Is("Upsample") || node.Is("Resize")) RaiseResize(graph, names, node);
  if (node.Is("Clip")) RaiseClip(graph, names, node);
  if (node.Is("Pad")) RaisePad(graph, names, node);
  if (node.Is("TopK") && node.inputs.size() == 1) {
    node.inputs.push_back(AddInts(graph, names, node.outputs[0] + "_k", {node.Int("k", 1)}));
    node.Remove("k");
  }
  // Gone since opset 9; 0, which meant something else, was refused (FirstWithoutEqual).
  if (node.Is("BatchNormalization")) node.Remove("spatial");
  // An input since opset 12; nothing is dropped at inference.
  if (node.Is("Dropout")) node.Remove("ratio");
  if (node.Is("Scatter")) node.op_type = "ScatterElements";  // renamed by opset 11
}

// The operator that has no equal in opset 12, or null.
const Node* FirstWithoutEqual(const Graph& graph, int64_t opset) {
  const GraphIndex index(graph);
  for (const Node& node : graph.nodes) {
    const bool per_element = node.Is("BatchNormalization") && node.Int("spatial", 1) == 0;
    // Scan had an axis for batches of its own before opset 9.
    const bool changed = (node.Is("Scan") && opset < 9) || per_element ||
                         (opset < 11 && IsMixedResize(graph, node)) || IsDropped(node) ||
                         IsFloatMaskRead(node, index, opset);
    if (changed) return &node;
    for (const SharedGraph& body : node.Bodies()) {
      if (const Node* inner = FirstWithoutEqual(*body, opset)) return inner;
    }
  }
  return nullptr;
}

void RaiseGraph(Graph& graph, NameMaker& names, int64_t opset) {
  // By index: RaiseNode adds initializers, never nodes.
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    RaiseNode(graph, names, graph.nodes[i]);
    for (Attribute& attribute : graph.nodes[i].attributes) {
      auto* body = std::get_if<SharedGraph>(&attribute.value);
      if (body == nullptr) continue;
      Graph raised = **body;
      RaiseGraph(raised, names, opset);
      *body = std::make_shared<const Graph>(std::move(raised));
    }
  }
}

}  // namespace

Result<void> RaiseOpset(Model& model) {
  const int64_t opset = model.opset();
  if (opset < 7 || opset >= 12) return {};
  if (const Node* node = FirstWithoutEqual(model.graph, opset)) {
    return Unsupported(StrCat("node '", node->name, "' (", node->op_type, ") of opset ", opset,
                              " has no equal in opset 12"),
                       "export the model again with opset 13 or later");
  }
  NameMaker names(model.graph);
  RaiseGraph(model.graph, names, opset);
  model.opsets[""] = 12;
  model.ir_version = std::max<int64_t>(model.ir_version, 7);
  return {};
}

}  // namespace tare::graph
