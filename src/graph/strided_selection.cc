// Strided slices and a channel Pad, made one convolution.

#include <limits>
#include <map>
#include <optional>

#include "graph/gentle_internal.h"
#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

// A dense convolution costs channels in times channels out: beyond this the copies are cheaper.
constexpr int64_t kMaxChannels = 64;

std::optional<std::vector<int64_t>> IntsOf(const GraphIndex& index, const std::string& name) {
  const SharedTensor* constant = index.Constant(name);
  if (constant == nullptr || (*constant)->dtype() != DType::kInt64) return std::nullopt;
  const auto values = (*constant)->data<int64_t>();
  return std::vector<int64_t>(values.begin(), values.end());
}

// Channels of a value made by a convolution and operators that keep its shape; 0 when unknown.
// `budget` bounds the nodes looked at.
int64_t ChannelsOf(const Graph& graph, const GraphIndex& index, std::string value, int& budget) {
  while (--budget > 0) {
    const int64_t producer = index.Producer(value);
    if (producer < 0) return 0;
    const Node& node = graph.nodes[static_cast<size_t>(producer)];
    if (node.Is("Conv")) {
      const SharedTensor* weight = index.Constant(node.Input(1));
      return weight == nullptr || (*weight)->rank() < 3 ? 0 : (*weight)->shape()[0];
    }
    if (node.Is("Add")) {
      // Broadcasting makes the wider of the two; a convolution of many channels is never the
      // narrower.
      const int64_t first = ChannelsOf(graph, index, node.Input(0), budget);
      return first > 1 ? first : ChannelsOf(graph, index, node.Input(1), budget);
    }
    if (!node.Is("Relu") && !node.Is("Clip") && !node.Is("LeakyRelu") &&
        !node.Is("BatchNormalization"))
      return 0;
    value = node.Input(0);
  }
  return 0;
}

// The pads of the channel axis when `node` pads that axis alone, with zeros.
struct ChannelPad {
  size_t rank = 0;
  int64_t before = 0;
  int64_t after = 0;
};

std::optional<ChannelPad> ChannelPadOf(const Node& node, const GraphIndex& index) {
  // Input 3 (opset 18) says which axes the pads are of; without it they are of all.
  if (!node.Is("Pad") || node.String("mode", "constant") != "constant" || !node.Input(3).empty())
    return std::nullopt;
  if (!node.Input(2).empty()) {
    const SharedTensor* value = index.Constant(node.Input(2));
    if (value == nullptr || (*value)->dtype() != DType::kFloat32 || (*value)->num_elements() != 1 ||
        (*value)->data<float>()[0] != 0) {
      return std::nullopt;
    }
  }
  const auto pads = IntsOf(index, node.Input(1));
  if (!pads || (pads->size() != 6 && pads->size() != 8)) return std::nullopt;
  const size_t rank = pads->size() / 2;
  for (size_t i = 0; i < pads->size(); ++i) {
    if ((*pads)[i] < 0 || (i % rank != 1 && (*pads)[i] != 0)) return std::nullopt;
  }
  return ChannelPad{rank, (*pads)[1], (*pads)[rank + 1]};
}

// Notes the steps of a Slice that takes every step-th position of spatial axes, from the first on.
bool AddSteps(const Node& slice, const GraphIndex& index, std::map<int64_t, int64_t>& steps) {
  const auto starts = IntsOf(index, slice.Input(1));
  const auto ends = IntsOf(index, slice.Input(2));
  const auto axes = IntsOf(index, slice.Input(3));
  const auto strides = IntsOf(index, slice.Input(4));
  if (!starts || !ends || !axes || !strides) return false;
  if (starts->size() != axes->size() || ends->size() != axes->size() ||
      strides->size() != axes->size())
    return false;
  for (size_t i = 0; i < axes->size(); ++i) {
    // "To the end" is INT64_MAX from one exporter and INT32_MAX from another.
    const bool whole = (*starts)[i] == 0 && (*ends)[i] >= std::numeric_limits<int32_t>::max();
    if (!whole || (*axes)[i] < 2 || (*strides)[i] < 1 ||
        !steps.emplace((*axes)[i], (*strides)[i]).second)
      return false;
  }
  return true;
}

// Makes node `at` a convolution when it is the Pad at the end of such a chain.
bool Convolve(Graph& graph, const GraphIndex& index, NameMaker& names, size_t at) {
  const Node& pad = graph.nodes[at];
  const auto padding = ChannelPadOf(pad, index);
  if (!padding || !StaysGentle(graph, index, pad.outputs[0])) return false;
  std::map<int64_t, int64_t> steps;  // by axis
  std::string source = pad.Input(0);
  while (index.HasOneUse(source) && index.Producer(source) >= 0) {
    const Node& slice = graph.nodes[static_cast<size_t>(index.Producer(source))];
    if (!slice.Is("Slice") || !AddSteps(slice, index, steps)) break;
    source = slice.Input(0);
  }
  // Each Add has two ways back: without a bound a chain of residual blocks doubles them each time.
  int budget = 64;
  const int64_t channels = ChannelsOf(graph, index, source, budget);
  const auto rank = static_cast<int64_t>(padding->rank);
  if (steps.empty() || steps.rbegin()->first >= rank || channels < 2 || channels > kMaxChannels)
    return false;

  Shape shape(padding->rank, 1);
  shape[0] = padding->before + channels + padding->after;
  shape[1] = channels;
  Tensor selection = *Tensor::Zeros(DType::kFloat32, shape);
  for (int64_t c = 0; c < channels; ++c) {
    selection.mutable_data<float>()[static_cast<size_t>((padding->before + c) * channels + c)] = 1;
  }
  std::vector<int64_t> strides;
  for (int64_t axis = 2; axis < rank; ++axis)
    strides.push_back(steps.contains(axis) ? steps[axis] : 1);

  Node conv;
  conv.name = pad.name;
  conv.op_type = "Conv";
  conv.inputs = {source, names.Make(pad.outputs[0] + "_selection")};
  conv.outputs = pad.outputs;
  conv.Set("kernel_shape", std::vector<int64_t>(strides.size(), 1));
  conv.Set("strides", strides);
  graph.AddInitializer(conv.inputs[1], std::move(selection));
  graph.nodes[at] = std::move(conv);
  return true;
}

}  // namespace

int64_t ConvolveStridedSelections(Graph& graph) {
  NameMaker names(graph);
  int64_t count = 0;
  for (size_t at = 0; at < graph.nodes.size(); ++at) {
    if (graph.nodes[at].Is("Pad") && Convolve(graph, GraphIndex(graph), names, at)) ++count;
  }
  if (count > 0) Prune(graph);
  return count;
}

}  // namespace tare::graph
