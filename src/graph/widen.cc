// float16 to float32: the runtime's CPU kernels compute in float32 and cast around each node; a
// model that is float32 inside is faster here, and can be quantized.

#include <algorithm>
#include <set>

#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

constexpr auto kHalf = static_cast<int64_t>(DType::kFloat16);
constexpr auto kSingle = static_cast<int64_t>(DType::kFloat32);

SharedTensor Widened(const SharedTensor& tensor) {
  if (tensor == nullptr || tensor->dtype() != DType::kFloat16) return tensor;
  auto wide = tensor->ToFloat32();
  return wide ? std::make_shared<const Tensor>(*std::move(wide)) : tensor;
}

// A type that is declared somewhere: of a body's inputs and outputs.
void WidenDeclared(std::vector<Value>& values) {
  for (Value& value : values) {
    if (value.info.dtype != DType::kFloat16) continue;
    value.info.dtype = DType::kFloat32;
    // `raw` is the type as it was read.
    value.raw.clear();
  }
}

void WidenInside(Graph& graph);

void WidenNode(Node& node) {
  for (Attribute& attribute : node.attributes) {
    // `to` of Cast, `dtype` of generators.
    auto* number = std::get_if<int64_t>(&attribute.value);
    if (number != nullptr && *number == kHalf &&
        (attribute.name == "to" || attribute.name == "dtype"))
      *number = kSingle;
    if (auto* tensor = std::get_if<SharedTensor>(&attribute.value)) *tensor = Widened(*tensor);
    if (auto* body = std::get_if<SharedGraph>(&attribute.value)) {
      Graph wide = **body;
      WidenInside(wide);
      WidenDeclared(wide.inputs);
      WidenDeclared(wide.outputs);
      *body = std::make_shared<const Graph>(std::move(wide));
    }
  }
}

void WidenInside(Graph& graph) {
  // The default of an optional input has the input's type, and that stays.
  std::set<std::string> inputs;
  for (const Value& input : graph.inputs) inputs.insert(input.info.name);
  for (Initializer& initializer : graph.initializers) {
    if (!inputs.contains(initializer.name)) initializer.value = Widened(initializer.value);
  }
  for (Node& node : graph.nodes) WidenNode(node);
  // They still say float16; the runtime infers types again.
  graph.value_infos.clear();
}

void Rename(Graph& graph, const std::string& from, const std::string& to) {
  for (Node& node : graph.nodes) {
    std::replace(node.inputs.begin(), node.inputs.end(), from, to);
    std::replace(node.outputs.begin(), node.outputs.end(), from, to);
    for (Attribute& attribute : node.attributes) {
      auto* body = std::get_if<SharedGraph>(&attribute.value);
      if (body == nullptr || !CapturedNames(**body).contains(from)) continue;
      Graph renamed = **body;
      Rename(renamed, from, to);
      for (Value& output : renamed.outputs) {
        if (output.info.name == from) output = {{to, output.info.dtype, output.info.shape}, ""};
      }
      *body = std::make_shared<const Graph>(std::move(renamed));
    }
  }
}

Node CastNode(NameMaker& names, const std::string& from, const std::string& to, int64_t type) {
  Node node;
  node.name = names.Make(to + "_Cast");
  node.op_type = "Cast";
  node.inputs = {from};
  node.outputs = {to};
  node.Set("to", type);
  return node;
}

}  // namespace

bool WidenFloat16(Model& model) {
  Graph& graph = model.graph;
  const bool any = std::any_of(
      graph.initializers.begin(), graph.initializers.end(), [](const Initializer& initializer) {
        return initializer.value != nullptr && initializer.value->dtype() == DType::kFloat16;
      });
  if (!any) return false;
  WidenInside(graph);
  // The interface keeps its types: a Cast at each border.
  NameMaker names(graph);
  std::vector<Node> casts;
  for (const Value& input : graph.inputs) {
    if (input.info.dtype != DType::kFloat16) continue;
    const std::string wide = names.Make(input.info.name + "_float32");
    Rename(graph, input.info.name, wide);
    casts.push_back(CastNode(names, input.info.name, wide, kSingle));
  }
  graph.nodes.insert(graph.nodes.begin(), casts.begin(), casts.end());
  for (const Value& output : graph.outputs) {
    const bool made_here =
        std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const Node& node) {
          return std::find(node.outputs.begin(), node.outputs.end(), output.info.name) !=
                 node.outputs.end();
        });
    if (output.info.dtype != DType::kFloat16 || !made_here) continue;
    const std::string wide = names.Make(output.info.name + "_float32");
    Rename(graph, output.info.name, wide);
    graph.nodes.push_back(CastNode(names, wide, output.info.name, kHalf));
  }
  return true;
}

}  // namespace tare::graph
