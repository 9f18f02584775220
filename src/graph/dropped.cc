// Operators of early releases in terms of those that stayed.

#include <limits>
#include <utility>

#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

// A chain of nodes that takes the place of one: each reads the output of the one before.
class Chain {
 public:
  Chain(Graph& graph, NameMaker& names, const Node& node)
      : graph_(graph), names_(names), node_(node), value_(node.Input(0)) {}

  void Apply(const std::string& op) { Append(op, {value_}); }
  void Combine(const std::string& op, const Tensor& constant) {
    std::string name = names_.Make(StrCat(node_.outputs[0], "_", op));
    graph_.AddInitializer(name, constant);
    Append(op, {value_, std::move(name)});
  }
  void Scale(float factor) {
    if (factor != 1.0F) Combine("Mul", Tensor::Of<float>({}, {factor}));
  }
  // The last node takes the output's name.
  std::vector<Node> Finish() && {
    if (nodes_.empty()) Apply("Identity");
    nodes_.back().outputs = {node_.outputs[0]};
    nodes_.back().name = node_.name;
    return std::move(nodes_);
  }

 private:
  void Append(const std::string& op, std::vector<std::string> inputs) {
    Node made;
    made.op_type = op;
    made.name = names_.Make(StrCat(node_.outputs[0], "_", op));
    made.inputs = std::move(inputs);
    value_ = names_.Make(StrCat(node_.outputs[0], "_", op, "_output"));
    made.outputs = {value_};
    nodes_.push_back(std::move(made));
  }

  Graph& graph_;
  NameMaker& names_;
  const Node& node_;
  std::string value_;
  std::vector<Node> nodes_;
};

std::vector<float> Floats(const Node& node, std::string_view name) {
  const AttributeValue* value = node.Find(name);
  const auto* floats = value == nullptr ? nullptr : std::get_if<std::vector<float>>(value);
  return floats == nullptr ? std::vector<float>() : *floats;
}

std::vector<Node> ScaleImage(const Node& node, Chain chain) {
  chain.Scale(node.Float("scale", 1.0F));
  const std::vector<float> bias = Floats(node, "bias");
  if (!bias.empty())
    chain.Combine("Add", Tensor::Of<float>({static_cast<int64_t>(bias.size()), 1, 1}, bias));
  return std::move(chain).Finish();
}

// alpha f(beta x)
std::vector<Node> Stretch(const Node& node, const std::string& function, Chain chain) {
  chain.Scale(node.Float("beta", 1.0F));
  chain.Apply(function);
  chain.Scale(node.Float("alpha", 1.0F));
  return std::move(chain).Finish();
}

std::vector<Node> ShiftAndScale(const Node& node, Chain chain) {
  chain.Scale(node.Float("alpha", 1.0F));
  const float beta = node.Float("beta", 0.0F);
  if (beta != 0.0F) chain.Combine("Add", Tensor::Of<float>({}, {beta}));
  return std::move(chain).Finish();
}

// `border` is left, top, right, bottom; `scale` is the height and width that are left.
std::vector<Node> CropImage(const Node& node) {
  const std::vector<int64_t> border = node.Ints("border");
  const std::vector<int64_t> extent = node.Ints("scale");
  if (border.size() != 4) return {};
  const auto end = [&](size_t axis) {
    const int64_t start = border[1 - axis];
    if (extent.size() == 2) return start + extent[axis];
    const int64_t cut = border[3 - axis];
    return cut == 0 ? std::numeric_limits<int64_t>::max() : -cut;
  };
  Node slice = node;
  slice.op_type = "Slice";
  slice.attributes.clear();
  slice.Set("starts", std::vector<int64_t>{border[1], border[0]});
  slice.Set("ends", std::vector<int64_t>{end(0), end(1)});
  slice.Set("axes", std::vector<int64_t>{2, 3});
  return {slice};
}

// Nodes that take the place of `node`; none when it stays.
std::vector<Node> Decomposed(const Node& node, Graph& graph, NameMaker& names) {
  if (!node.domain.empty() || node.inputs.empty() || node.outputs.size() != 1) return {};
  Chain chain(graph, names, node);
  if (node.Is("ImageScaler")) return ScaleImage(node, std::move(chain));
  if (node.Is("Affine")) return ShiftAndScale(node, std::move(chain));
  if (node.Is("ScaledTanh")) return Stretch(node, "Tanh", std::move(chain));
  if (node.Is("ParametricSoftplus")) return Stretch(node, "Softplus", std::move(chain));
  if (node.Is("Crop")) return CropImage(node);
  if (node.Is("Scale")) {
    chain.Scale(node.Float("scale", 1.0F));
    return std::move(chain).Finish();
  }
  if (!node.Is("DynamicSlice")) return {};
  Node slice = node;
  slice.op_type = "Slice";
  return {slice};
}

}  // namespace

int64_t DecomposeDropped(Graph& graph) {
  NameMaker names(graph);
  int64_t count = 0;
  std::vector<Node> nodes;
  for (const Node& node : graph.nodes) {
    auto made = Decomposed(node, graph, names);
    count += made.empty() ? 0 : 1;
    if (made.empty()) made.push_back(node);
    for (Node& one : made) nodes.push_back(std::move(one));
  }
  graph.nodes = std::move(nodes);
  return count;
}

}  // namespace tare::graph
