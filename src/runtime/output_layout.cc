#include "tare/runtime/output_layout.h"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace tare::runtime {
namespace {

bool Selects(const graph::Node& node) {
  return node.Is("TopK") || node.Is("NonMaxSuppression") || node.Is("NonZero") ||
         node.Is("Compress") || node.Is("Unique");
}

bool Follows(std::span<const RunShapes> runs, size_t output, size_t axis) {
  return std::ranges::all_of(runs, [&](const RunShapes& run) {
    const Shape& shape = run.outputs[output];
    return shape.size() == runs[0].outputs[output].size() && axis < shape.size() &&
           shape[axis] == run.rows;
  });
}

int64_t FindBatchAxis(std::span<const RunShapes> runs, size_t output, bool sizes_differ) {
  const size_t rank = runs[0].outputs[output].size();
  std::vector<int64_t> axes;
  for (size_t axis = 0; axis < rank; ++axis) {
    if (Follows(runs, output, axis)) axes.push_back(static_cast<int64_t>(axis));
  }
  if (axes.empty()) return OutputLayout::kNone;
  if (sizes_differ) return axes[0];
  return axes.size() == 1 && runs[0].rows > 1 ? axes[0] : OutputLayout::kNone;
}

}  // namespace

std::vector<int64_t> FindBatchAxes(std::span<const RunShapes> runs) {
  if (runs.empty()) return {};
  const bool sizes_differ =
      std::ranges::any_of(runs, [&](const RunShapes& run) { return run.rows != runs[0].rows; });
  std::vector<int64_t> axes;
  for (size_t output = 0; output < runs[0].outputs.size(); ++output)
    axes.push_back(FindBatchAxis(runs, output, sizes_differ));
  return axes;
}

std::vector<OutputLayout> FindLists(const graph::Graph& graph) {
  // Nodes are in order: a value's selector is known before its readers ask.
  std::unordered_map<std::string, int64_t> selectors;
  const auto selector_of = [&](const std::string& value) {
    const auto found = selectors.find(value);
    return found == selectors.end() ? OutputLayout::kNone : found->second;
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const graph::Node& node = graph.nodes[i];
    int64_t selector = OutputLayout::kNone;
    for (const std::string& input : node.inputs) selector = std::max(selector, selector_of(input));
    // The extents alone do not carry the order.
    if (node.Is("Shape") || node.Is("Size")) selector = OutputLayout::kNone;
    if (Selects(node)) selector = static_cast<int64_t>(i);
    for (const std::string& output : node.outputs) selectors[output] = selector;
  }
  std::vector<OutputLayout> lists;
  for (const graph::Value& output : graph.outputs) {
    OutputLayout layout;
    layout.list = selector_of(output.info.name);
    layout.is_cut = layout.list >= 0 && graph.nodes[static_cast<size_t>(layout.list)].Is("TopK");
    lists.push_back(layout);
  }
  return lists;
}

int64_t RowsOf(const Batch& batch) {
  const auto first = [](const NamedTensor& input) {
    return input.value.rank() == 0 ? int64_t{-1} : input.value.shape().front();
  };
  if (batch.inputs.empty()) return batch.num_valid;
  const int64_t rows = first(batch.inputs[0]);
  const bool common = rows > 0 && std::ranges::all_of(batch.inputs, [&](const auto& i) {
                        return first(i) == rows;
                      });
  return common ? rows : batch.num_valid;
}

RunShapes ShapesOf(int64_t rows, std::span<const Tensor> outputs) {
  RunShapes run{rows, {}};
  for (const Tensor& output : outputs) run.outputs.push_back(output.shape());
  return run;
}

std::vector<OutputLayout> FindLayouts(std::span<const RunShapes> runs, const graph::Graph* graph) {
  std::vector<OutputLayout> layouts;
  if (graph != nullptr) layouts = FindLists(*graph);
  const auto axes = FindBatchAxes(runs);
  layouts.resize(axes.size());
  for (size_t i = 0; i < axes.size(); ++i) layouts[i].batch_axis = axes[i];
  return layouts;
}

}  // namespace tare::runtime
