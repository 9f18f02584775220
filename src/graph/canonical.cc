#include "tare/graph/canonical.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "graph/gentle_internal.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

// The tensor of a Constant node, or null for a kind that Tensor does not hold.
SharedTensor ConstantValue(const Node& node) {
  if (node.attributes.size() != 1) return nullptr;
  const AttributeValue& value = node.attributes[0].value;
  if (const auto* tensor = std::get_if<SharedTensor>(&value)) return *tensor;
  std::optional<Tensor> made;
  if (const auto* number = std::get_if<float>(&value)) made = Tensor::Of<float>({}, {*number});
  if (const auto* number = std::get_if<int64_t>(&value)) made = Tensor::Of<int64_t>({}, {*number});
  if (const auto* numbers = std::get_if<std::vector<float>>(&value)) {
    made = Tensor::Of<float>({static_cast<int64_t>(numbers->size())}, *numbers);
  }
  if (const auto* numbers = std::get_if<std::vector<int64_t>>(&value)) {
    made = Tensor::Of<int64_t>({static_cast<int64_t>(numbers->size())}, *numbers);
  }
  return made ? std::make_shared<const Tensor>(*std::move(made)) : nullptr;
}

bool IsPassThrough(const Node& node, const GraphIndex& index) {
  if (node.Is("Identity")) return true;
  if (!node.Is("Dropout")) return false;
  const bool mask_used = node.outputs.size() > 1 && !node.outputs[1].empty() &&
                         (!index.Uses(node.outputs[1]).empty() || index.IsOutput(node.outputs[1]));
  // From opset 12 on an input may switch training on; then it drops values.
  const std::string& training = node.Input(2);
  if (mask_used || training.empty()) return !mask_used;
  const SharedTensor* mode = index.Constant(training);
  return mode != nullptr && (*mode)->dtype() == DType::kBool && (*mode)->num_elements() == 1 &&
         (*mode)->data<uint8_t>()[0] == 0;
}

bool IsCaptured(const GraphIndex& index, const std::string& value) {
  const auto uses = index.Uses(value);
  return std::any_of(uses.begin(), uses.end(),
                     [](const Use& use) { return use.input == Use::kCaptured; });
}

// Lets every reader of `node`'s output read its input instead; false when names forbid it.
bool Bypass(Graph& graph, const GraphIndex& index, const Node& node) {
  const std::string from = node.outputs[0];
  const std::string to = node.Input(0);
  // A body reads it by this name, and bodies are shared: they are not rewritten.
  if (IsCaptured(index, from)) return false;
  if (!index.IsOutput(from)) {
    for (const Use& use : index.Uses(from)) {
      graph.nodes[static_cast<size_t>(use.node)].inputs[static_cast<size_t>(use.input)] = to;
    }
    return true;
  }
  // The name of a graph output stays: its producer makes it directly.
  const int64_t producer = index.Producer(to);
  if (producer < 0 || index.IsOutput(to) || IsCaptured(index, to)) return false;
  for (std::string& output : graph.nodes[static_cast<size_t>(producer)].outputs) {
    if (output == to) output = from;
  }
  for (const Use& use : index.Uses(to)) {
    graph.nodes[static_cast<size_t>(use.node)].inputs[static_cast<size_t>(use.input)] = from;
  }
  return true;
}

// ---- folding of per-channel constants -------------------------------------------------------

// y[c] = gain[c] * x[c] + shift[c] over the channels of the value before.
struct ChannelAffine {
  std::vector<double> gain;
  std::vector<double> shift;
};

// A constant that is one number, or one a channel of axis 1 of a value of the given rank.
std::optional<std::vector<double>> PerChannel(const SharedTensor* constant, int64_t channels,
                                              int64_t rank) {
  if (constant == nullptr || (*constant)->dtype() != DType::kFloat32) return std::nullopt;
  const auto values = (*constant)->data<float>();
  const Shape& shape = (*constant)->shape();
  if (values.size() == 1 && static_cast<int64_t>(shape.size()) <= rank) {
    return std::vector<double>(static_cast<size_t>(channels), values[0]);
  }
  // Aligned at the right, as ONNX broadcasts: the axis of the channels is rank - 1 - 1 from the
  // left.
  for (size_t i = 0; i < shape.size(); ++i) {
    const int64_t axis = rank - static_cast<int64_t>(shape.size() - i);
    if (axis < 0 || shape[i] != (axis == 1 ? channels : 1)) return std::nullopt;
  }
  if (static_cast<int64_t>(values.size()) != channels) return std::nullopt;
  return std::vector<double>(values.begin(), values.end());
}

std::optional<ChannelAffine> AffineOfBatchNorm(const Node& node, const GraphIndex& index,
                                               int64_t channels) {
  std::vector<double> parts[4];  // scale, bias, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    const SharedTensor* constant = index.Constant(node.Input(i + 1));
    if (constant == nullptr || (*constant)->dtype() != DType::kFloat32 ||
        (*constant)->num_elements() != channels) {
      return std::nullopt;
    }
    const auto values = (*constant)->data<float>();
    parts[i].assign(values.begin(), values.end());
  }
  // In training the statistics are those of the batch; without `spatial` (up to opset 8) there is
  // one of each for every element.
  if (node.Int("training_mode", 0) != 0 || node.Int("spatial", 1) == 0) return std::nullopt;
  const double epsilon = node.Float("epsilon", 1e-5F);
  ChannelAffine affine;
  for (size_t c = 0; c < static_cast<size_t>(channels); ++c) {
    const double gain = parts[0][c] / std::sqrt(parts[3][c] + epsilon);
    affine.gain.push_back(gain);
    affine.shift.push_back(parts[1][c] - parts[2][c] * gain);
    // A negative variance, or statistics of NaN: what the model makes of them stays its own.
    if (!std::isfinite(gain) || !std::isfinite(affine.shift.back())) return std::nullopt;
  }
  return affine;
}

std::optional<ChannelAffine> AffineOfElementwise(const Node& node, const std::string& value,
                                                 const GraphIndex& index, int64_t channels,
                                                 int64_t rank) {
  // c - x and c / x are not taken: there the constant is not what is added or multiplied.
  const bool first = node.Input(0) == value;
  const auto constant = PerChannel(index.Constant(node.Input(first ? 1 : 0)), channels, rank);
  if (!constant || node.inputs.size() != 2 || (!first && (node.Is("Sub") || node.Is("Div")))) {
    return std::nullopt;
  }
  const auto count = static_cast<size_t>(channels);
  ChannelAffine affine{std::vector<double>(count, 1.0), std::vector<double>(count, 0.0)};
  for (size_t c = 0; c < count; ++c) {
    if (node.Is("Mul")) affine.gain[c] = (*constant)[c];
    if (node.Is("Div")) affine.gain[c] = 1.0 / (*constant)[c];
    if (node.Is("Add")) affine.shift[c] = (*constant)[c];
    if (node.Is("Sub")) affine.shift[c] = -(*constant)[c];
    // A division by 0: infinities stay where the model makes them.
    if (!std::isfinite(affine.gain[c]) || !std::isfinite(affine.shift[c])) return std::nullopt;
  }
  return affine;
}

// How the output channels lie in a weight: element i belongs to channel (i / inner) % channels of
// group i / group_size.
struct ChannelLayout {
  int64_t channels = 0;  ///< of the output
  int64_t inner = 1;
  int64_t per_group = 0;
  int64_t group_size = 0;
};

std::optional<ChannelLayout> LayoutOf(const Node& node, const Shape& weight) {
  if (weight.size() < 2) return std::nullopt;
  int64_t spatial = 1;
  for (size_t i = 2; i < weight.size(); ++i) spatial *= weight[i];
  if (node.Is("Conv")) {
    const int64_t inner = weight[1] * spatial;
    return ChannelLayout{weight[0], inner, weight[0], weight[0] * inner};
  }
  if (node.Is("ConvTranspose")) {  // [C_in, C_out / group, ...], groups along the first axis
    const int64_t group = node.Int("group", 1);
    if (group < 1 || weight[0] % group != 0) return std::nullopt;
    return ChannelLayout{weight[1] * group, spatial, weight[1],
                         weight[0] / group * weight[1] * spatial};
  }
  const bool plain = node.Is("Gemm") && weight.size() == 2 && node.Float("alpha", 1) == 1.0F &&
                     node.Float("beta", 1) == 1.0F;
  if (!plain) return std::nullopt;
  const bool transposed = node.Int("transB", 0) != 0;
  const int64_t channels = weight[transposed ? 0 : 1];
  const int64_t inner = transposed ? weight[1] : 1;
  return ChannelLayout{channels, inner, channels, weight[0] * weight[1]};
}

Tensor ScaleWeight(const Tensor& weight, const ChannelLayout& layout,
                   const std::vector<double>& gain) {
  Tensor scaled = weight;
  const auto values = scaled.mutable_data<float>();
  for (int64_t i = 0; i < weight.num_elements(); ++i) {
    const int64_t group = i / layout.group_size;
    const int64_t channel = group * layout.per_group + (i / layout.inner) % layout.per_group;
    float& value = values[static_cast<size_t>(i)];
    value = static_cast<float>(value * gain[static_cast<size_t>(channel)]);
  }
  return scaled;
}

std::optional<std::vector<double>> BiasOf(const Node& node, const GraphIndex& index,
                                          int64_t channels) {
  if (node.Input(2).empty()) return std::vector<double>(static_cast<size_t>(channels), 0.0);
  const SharedTensor* bias = index.Constant(node.Input(2));
  if (bias == nullptr || (*bias)->dtype() != DType::kFloat32 ||
      (*bias)->num_elements() != channels || (*bias)->rank() == 0 ||
      (*bias)->shape().back() != channels) {
    return std::nullopt;
  }
  const auto values = (*bias)->data<float>();
  return std::vector<double>(values.begin(), values.end());
}

bool AllFinite(std::span<const float> values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return std::isfinite(value); });
}

// False when a product left the normal numbers of float32: it would be an infinity that the model
// has not, or have lost digits.
bool KeepsDigits(const Tensor& before, const Tensor& after) {
  const auto from = before.data<float>();
  const auto to = after.data<float>();
  for (size_t i = 0; i < from.size(); ++i) {
    if (!std::isfinite(to[i]) || (std::isnormal(from[i]) && std::fpclassify(to[i]) == FP_SUBNORMAL))
      return false;
  }
  return true;
}

// Folds `next` into `node` when it may; true when it did.
bool FoldInto(Graph& graph, const GraphIndex& index, NameMaker& names, size_t node_at,
              size_t next_at) {
  Node& node = graph.nodes[node_at];
  Node& next = graph.nodes[next_at];
  const SharedTensor* weight = index.Constant(node.Input(1));
  if (weight == nullptr || (*weight)->dtype() != DType::kFloat32 || (*weight)->num_elements() == 0)
    return false;
  const auto layout = LayoutOf(node, (*weight)->shape());
  if (!layout) return false;
  if (!StaysGentle(graph, index, next.outputs[0])) return false;
  const auto affine = next.Is("BatchNormalization")
                          ? AffineOfBatchNorm(next, index, layout->channels)
                          : AffineOfElementwise(next, node.outputs[0], index, layout->channels,
                                                static_cast<int64_t>((*weight)->shape().size()));
  auto bias = BiasOf(node, index, layout->channels);
  if (!affine || !bias) return false;
  std::vector<float> shifted;
  for (size_t c = 0; c < bias->size(); ++c) {
    shifted.push_back(static_cast<float>((*bias)[c] * affine->gain[c] + affine->shift[c]));
  }
  Tensor scaled = ScaleWeight(**weight, *layout, affine->gain);
  if (!AllFinite(shifted) || !KeepsDigits(**weight, scaled)) return false;
  // New constants under new names: others may share the old ones.
  const bool scales =
      std::any_of(affine->gain.begin(), affine->gain.end(), [](double g) { return g != 1.0; });
  if (scales) {
    std::string weight_name = names.Make(node.Input(1) + "_folded");
    graph.AddInitializer(weight_name, std::move(scaled));
    node.inputs[1] = std::move(weight_name);
  }
  std::string bias_name = names.Make((node.name.empty() ? node.outputs[0] : node.name) + "_bias");
  graph.AddInitializer(bias_name, Tensor::Of<float>({layout->channels}, shifted));
  node.inputs.resize(3);
  node.inputs[2] = std::move(bias_name);
  node.outputs[0] = next.outputs[0];
  return true;
}

bool CanFold(const Node& node, const Node& next) {
  if (next.Is("BatchNormalization")) return true;
  if (node.Is("Gemm")) return false;
  return next.Is("Mul") || next.Is("Div") || next.Is("Add") || next.Is("Sub");
}

// One fold; the index is stale afterwards. Returns what was folded, or nothing.
std::optional<std::string> FoldOne(Graph& graph, NameMaker& names, size_t& from) {
  const GraphIndex index(graph);
  for (; from < graph.nodes.size(); ++from) {
    const Node& node = graph.nodes[from];
    if (!(node.Is("Conv") || node.Is("ConvTranspose") || node.Is("Gemm")) ||
        !index.HasOneUse(node.outputs[0])) {
      continue;
    }
    const auto next_at = static_cast<size_t>(index.Uses(node.outputs[0])[0].node);
    const Node& next = graph.nodes[next_at];
    // A BatchNormalization of an early opset may name its statistics as outputs.
    const bool outputs_fit =
        next.outputs.size() == 1 ||
        std::all_of(next.outputs.begin() + 1, next.outputs.end(),
                    [&](const std::string& o) { return o.empty() || index.Uses(o).empty(); });
    if (!CanFold(node, next) || !outputs_fit) continue;
    std::string what = StrCat(next.op_type, " folded into ", node.op_type);
    if (!FoldInto(graph, index, names, from, next_at)) continue;
    graph.nodes.erase(graph.nodes.begin() + static_cast<ptrdiff_t>(next_at));
    return what;
  }
  return std::nullopt;
}

// ---- opset 7 to 12 --------------------------------------------------------------------------

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

// `kept`: names that only a node may make.
int64_t LiftInGraph(Graph& graph, const std::set<std::string>& kept) {
  int64_t count = 0;
  std::erase_if(graph.nodes, [&](const Node& node) {
    if (!node.Is("Constant") || node.outputs.empty() || kept.contains(node.outputs[0]))
      return false;
    const SharedTensor value = ConstantValue(node);
    if (value == nullptr) return false;
    graph.initializers.push_back({node.outputs[0], value, ""});
    ++count;
    return true;
  });
  for (Node& node : graph.nodes) {
    for (Attribute& attribute : node.attributes) {
      auto* body = std::get_if<SharedGraph>(&attribute.value);
      if (body == nullptr) continue;
      Graph lifted = **body;
      std::set<std::string> outputs;
      for (const Value& output : lifted.outputs) outputs.insert(output.info.name);
      const int64_t inside = LiftInGraph(lifted, outputs);
      if (inside > 0) *body = std::make_shared<const Graph>(std::move(lifted));
      count += inside;
    }
  }
  return count;
}

// All initializers are listed as inputs, and among them is what nobody gives at each run.
bool ListsWeights(const Graph& graph) {
  constexpr int64_t kWeightElements = 256;
  const GraphIndex index(graph);
  const auto is_listed = [&](const Initializer& initializer) {
    return index.IsInput(initializer.name);
  };
  const auto is_weight = [](const Initializer& initializer) {
    return initializer.value != nullptr && initializer.value->rank() >= 2 &&
           initializer.value->num_elements() >= kWeightElements;
  };
  const auto& all = graph.initializers;
  return std::all_of(all.begin(), all.end(), is_listed) &&
         std::any_of(all.begin(), all.end(), is_weight);
}

}  // namespace

int64_t UnlistConstants(Model& model) {
  Graph& graph = model.graph;
  if (model.ir_version >= 4 && !ListsWeights(graph)) return 0;
  const size_t before = graph.inputs.size();
  std::erase_if(graph.inputs, [&](const Value& input) {
    return graph.FindInitializer(input.info.name) != nullptr;
  });
  model.ir_version = std::max<int64_t>(model.ir_version, 4);
  return static_cast<int64_t>(before - graph.inputs.size());
}

int64_t LiftConstants(Model& model) {
  UnlistConstants(model);
  return LiftInGraph(model.graph, {});
}

int64_t RemoveIdentities(Graph& graph) {
  int64_t count = 0;
  for (size_t i = 0; i < graph.nodes.size();) {
    const Node& node = graph.nodes[i];
    const bool candidate = node.Is("Identity") || node.Is("Dropout");
    if (candidate) {
      const GraphIndex index(graph);
      const Node copy = node;
      if (IsPassThrough(copy, index) && Bypass(graph, index, copy)) {
        graph.nodes.erase(graph.nodes.begin() + static_cast<ptrdiff_t>(i));
        ++count;
        continue;
      }
    }
    ++i;
  }
  return count;
}

std::vector<RewriteCount> FoldChannelConstants(Graph& graph) {
  std::map<std::string, int64_t> counts;
  NameMaker names(graph);
  size_t from = 0;
  while (const auto what = FoldOne(graph, names, from)) ++counts[*what];
  if (!counts.empty()) Prune(graph);
  std::vector<RewriteCount> list;
  for (const auto& [what, count] : counts) list.push_back({what, count});
  return list;
}

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

std::string GraphText(const Graph& graph) {
  std::string text;
  for (const Node& node : graph.nodes) {
    for (size_t i = 0; i < node.outputs.size(); ++i)
      text += StrCat(i > 0 ? ", " : "", node.outputs[i]);
    text += StrCat(" = ", node.domain.empty() ? "" : node.domain + ".", node.op_type, "(");
    for (size_t i = 0; i < node.inputs.size(); ++i)
      text += StrCat(i > 0 ? ", " : "", node.inputs[i]);
    text += ")\n";
  }
  return text;
}

}  // namespace tare::graph
