// Writes the quantized graph that a recipe describes.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tare/core/result.h"
#include "tare/graph/index.h"
#include "tare/graph/model.h"
#include "tare/quantize/recipe.h"

namespace tare::quantize {

/// Weights that were quantized before: plans of one model have most of theirs in common. Codes are
/// shared by all models made with it, never copied.
///
/// Threads  none.
class WeightCache {
 public:
  struct Entry {
    graph::SharedTensor codes;
    std::vector<float> scales;
  };
  /// Returns QuantizeWeight(*weight, axis, floor), from before where that is the same.
  /// Errors  those of QuantizeWeight().
  Result<Entry> Quantize(const graph::SharedTensor& weight, int64_t axis,
                         std::span<const float> floor);

 private:
  // The tensor is held: its address stays its own.
  std::map<std::pair<graph::SharedTensor, int64_t>, Entry> entries_;
};

/// Returns the canonical model with the nodes of the recipe quantized.
///
/// A static node reads its activations through a DequantizeLinear of its own and, where a quantized
/// node or a kernel that needs it follows, ends in a QuantizeLinear:
///
///   x -> Q -> DQ -> Conv(DQ(int8 weight), DQ(int32 bias)) -> Q -> DQ -> ...
///
/// Activations are uint8 with one range a tensor; weights int8 in [-127, 127], symmetric, one scale
/// a channel, stored once for all readers that want the same codes; biases int32 with scale
/// s_x * s_w[c], where s_w[c] is raised until the bias fits 30 bits. Movers (Reshape, MaxPool, ...)
/// share the parameters of what they move. A Relu or Clip behind a quantized node disappears when
/// the integer range clips the same way. A dynamic node becomes DynamicQuantizeLinear ->
/// MatMulInteger -> Cast -> Mul, the form the runtime fuses.
///
/// A weight of more than two axes (MatMul, [E, K, N]) has a scale a matrix and column, for which QDQ has
/// no form: the product is of the codes, and a Mul by the scales [E, 1, N] stands behind it.
///
/// Nodes in bodies of If, Loop and Scan take int8_dynamic and int8_weights; codes of a weight lie in the
/// graph that holds it. Equal constants are stored once (graph::StoreOnce).
///
/// Up to opset 12, Q and DQ come from the domain com.microsoft, which has `axis` at every opset
/// (docs/adr/0007); from 13 on they are the standard ones.
///
/// Errors   kFailedPrecondition: a node of the recipe is not in the model, cannot take its format,
///          or needs a range that the recipe lacks; names it.
/// Threads  fully: a pure function.
/// Source   ONNX Runtime's QDQ selectors, as written down in docs/guide/fusion.md.
Result<graph::Model> ApplyRecipe(const graph::Model& canonical, const Recipe& recipe);

/// The same for one of many plans of the model, with what they share in `cache`.
Result<graph::Model> ApplyRecipe(const graph::Model& canonical, const Recipe& recipe,
                                 WeightCache& cache);

/// Name of the value whose range gives the parameters of `value`: movers of the recipe are followed
/// to what they move.
std::string RangeSource(const graph::Graph& graph, const graph::GraphIndex& index,
                        const Recipe& recipe, const std::string& value);

/// The Relu or Clip that reads `node`'s only output, when nothing else does; else null.
const graph::Node* FollowingActivation(const graph::Graph& graph, const graph::GraphIndex& index,
                                       const graph::Node& node);

/// True for operators that tare moves as integers (Reshape, MaxPool, Pad, ...).
bool IsMoverOp(const graph::Node& node);

}  // namespace tare::quantize
