// Rewrites that change no number: constants out of nodes and inputs, nodes that only pass on.

#include "tare/graph/canonical.h"

#include <algorithm>
#include <optional>
#include <set>

#include "graph/canonical_internal.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

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
