// Pad and Resize of some axes (opset 18), written for all of them: the runtime moves Transposes of
// integer convolutions through these operators and reads the short lists as if they were of all axes.

#include <algorithm>
#include <cmath>
#include <optional>

#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

class AxesSpeller {
 public:
  AxesSpeller(Graph& graph, const std::map<std::string, Shape>& shapes)
      : graph_(graph), index_(graph), names_(graph), shapes_(shapes) {}

  // Works on copies of nodes: the index points into the graph.
  int64_t Run() {
    int64_t count = 0;
    for (Node& node : graph_.nodes) {
      Node made = node;
      const bool spelt =
          (node.Is("Pad") && SpellPad(made)) || (node.Is("Resize") && SpellResize(made));
      if (!spelt) continue;
      node = std::move(made);
      ++count;
    }
    // Behind the loop: initializers must not move while the index is read.
    for (auto& [name, value] : made_) graph_.AddInitializer(name, std::move(value));
    return count;
  }

 private:
  // The axes, none negative; empty where one lies outside.
  static std::vector<size_t> Within(const std::vector<int64_t>& axes, size_t rank) {
    std::vector<size_t> within;
    for (const int64_t axis : axes) {
      const int64_t at = axis < 0 ? axis + static_cast<int64_t>(rank) : axis;
      if (at < 0 || at >= static_cast<int64_t>(rank)) return {};
      within.push_back(static_cast<size_t>(at));
    }
    return within;
  }

  const Shape* ShapeOf(const std::string& value) const {
    const auto found = shapes_.find(value);
    return found == shapes_.end() || found->second.empty() ? nullptr : &found->second;
  }

  std::vector<int64_t> Ints(const std::string& name) const {
    const SharedTensor* constant = index_.Constant(name);
    if (constant == nullptr) return {};
    if ((*constant)->dtype() == DType::kInt64) {
      const auto values = (*constant)->data<int64_t>();
      return {values.begin(), values.end()};
    }
    if ((*constant)->dtype() != DType::kInt32) return {};
    const auto values = (*constant)->data<int32_t>();
    return {values.begin(), values.end()};
  }

  std::string Add(const Node& node, const std::string& what, Tensor value) {
    std::string name = names_.Make(StrCat(node.outputs[0], "_", what));
    made_.emplace_back(name, std::move(value));
    return name;
  }

  bool SpellPad(Node& node) {
    const Shape* shape = ShapeOf(node.Input(0));
    const std::vector<int64_t> pads = Ints(node.Input(1));
    if (shape == nullptr || node.Input(3).empty()) return false;
    const auto axes = Within(Ints(node.Input(3)), shape->size());
    if (axes.empty() || pads.size() != 2 * axes.size()) return false;
    std::vector<int64_t> full(2 * shape->size(), 0);
    for (size_t i = 0; i < axes.size(); ++i) {
      full[axes[i]] = pads[i];
      full[shape->size() + axes[i]] = pads[axes.size() + i];
    }
    const auto count = static_cast<int64_t>(full.size());
    node.inputs[1] = Add(node, "pads", Tensor::Of<int64_t>({count}, full));
    node.inputs.resize(node.Input(2).empty() ? 2 : 3);
    return true;
  }

  bool SpellResize(Node& node) {
    const Shape* shape = ShapeOf(node.Input(0));
    const bool crops =
        node.String("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize";
    if (shape == nullptr || crops || node.Ints("axes").empty()) return false;
    const auto axes = Within(node.Ints("axes"), shape->size());
    const auto factors = FactorsOf(node, *shape, axes);
    if (axes.empty() || factors.size() != axes.size()) return false;
    std::vector<float> full(shape->size(), 1.0F);
    for (size_t i = 0; i < axes.size(); ++i) full[axes[i]] = factors[i];
    const auto count = static_cast<int64_t>(full.size());
    node.inputs = {node.inputs[0], "", Add(node, "scales", Tensor::Of<float>({count}, full))};
    node.Remove("axes");
    node.Remove("keep_aspect_ratio_policy");
    return true;
  }

  // The factor of each axis, as the runtime derives it from sizes; empty where factors would give
  // another size.
  std::vector<float> FactorsOf(const Node& node, const Shape& shape,
                               const std::vector<size_t>& axes) const {
    if (!node.Input(2).empty()) {
      const SharedTensor* scales = index_.Constant(node.Input(2));
      if (scales == nullptr || (*scales)->dtype() != DType::kFloat32) return {};
      return {(*scales)->data<float>().begin(), (*scales)->data<float>().end()};
    }
    const std::vector<int64_t> sizes = Ints(node.Input(3));
    if (sizes.size() != axes.size()) return {};
    std::vector<float> factors;
    for (size_t i = 0; i < axes.size(); ++i) {
      if (shape[axes[i]] <= 0) return {};
      factors.push_back(static_cast<float>(sizes[i]) / static_cast<float>(shape[axes[i]]));
    }
    const std::string policy = node.String("keep_aspect_ratio_policy", "stretch");
    const float least = *std::min_element(factors.begin(), factors.end());
    const float most = *std::max_element(factors.begin(), factors.end());
    for (size_t i = 0; i < axes.size(); ++i) {
      const auto extent = static_cast<float>(shape[axes[i]]);
      int64_t wanted = sizes[i];
      if (policy != "stretch") {
        factors[i] = policy == "not_larger" ? least : most;
        wanted = static_cast<int64_t>(std::round(factors[i] * extent));
      }
      if (static_cast<int64_t>(factors[i] * extent) != wanted) return {};
    }
    return factors;
  }

  Graph& graph_;
  GraphIndex index_;
  NameMaker names_;
  const std::map<std::string, Shape>& shapes_;
  std::vector<std::pair<std::string, Tensor>> made_;
};

}  // namespace

int64_t SpellOutAxes(Graph& graph, const std::map<std::string, Shape>& shapes) {
  const int64_t count = AxesSpeller(graph, shapes).Run();
  if (count > 0) Prune(graph);
  return count;
}

bool HasShortAxes(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    return (node.Is("Pad") && !node.Input(3).empty()) ||
           (node.Is("Resize") && node.Find("axes") != nullptr);
  });
}

}  // namespace tare::graph
