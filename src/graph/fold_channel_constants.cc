// Folds per-channel constants into the operator before them.

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <span>

#include "graph/gentle_internal.h"
#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

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

}  // namespace

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

}  // namespace tare::graph
