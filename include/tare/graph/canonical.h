// Rewrites that bring a graph into one form before it is measured: each keeps every output.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/graph/model.h"

namespace tare::graph {

/// What a rewrite did, for `tare inspect` and the log.
struct RewriteCount {
  std::string what;  ///< "BatchNormalization folded into Conv"
  int64_t count = 0;
};

/// Turns Constant nodes into initializers and drops initializers from the list of inputs (files of
/// IR 3 must list them; the model is raised to IR 4 then). Constants that Tensor does not hold
/// (strings, sparse) stay nodes.
int64_t LiftConstants(Model& model);

/// Removes Identity and inference-time Dropout whose mask nobody reads.
int64_t RemoveIdentities(Graph& graph);

/// Turns Div by a float32 constant without zeros into Mul by its reciprocal, which has an integer
/// kernel; the quotient moves by at most one unit in the last place. Returns their number.
int64_t MultiplyByReciprocals(Graph& graph);

/// Folds per-channel constants into the operator before them:
///
///   Conv, ConvTranspose, Gemm -> BatchNormalization      w *= g / sqrt(v + e), b = (b - m) g / sqrt(v + e) + beta
///   Conv, ConvTranspose       -> Mul or Div by constant  w *= c, b *= c
///   Conv, ConvTranspose       -> Add or Sub of constant  b += c
///
/// when the first has a float32 constant weight and no other consumer.
/// Source   Jacob et al., arXiv:1712.05877, Sec. 3.2 Eq. (14) for the batch normalisation.
std::vector<RewriteCount> FoldChannelConstants(Graph& graph);

/// Makes one convolution of strided slices and a Pad of channels, the parameter-free shortcut of
/// residual networks (He et al., arXiv:1512.03385, Sec. 4.2, option A):
///
///   y[n, before + c, h, w] = x[n, c, s h, s w], other channels 0   as a 1x1 Conv of stride s whose
///   weight is 1 at [before + c, c] and 0 elsewhere
///
/// It keeps the runtime's blocked layouts and has an integer kernel: on ResNet-20 the float model
/// gains 5 %. Up to 64 channels, known from a convolution before. Exact, but for NaN and infinity,
/// which reach every channel of their pixel. Returns their number. Needs opset 10, where slices
/// read constants.
int64_t ConvolveStridedSelections(Graph& graph);

/// Raises a model of opset 7 to 11 to opset 12: the last one in which no operator changed its
/// meaning beyond moving attributes to inputs, and the first with everything that int8 needs
/// (QuantizeLinear 10, DynamicQuantizeLinear 11, Round 11, MaxPool of integers 12).
/// Edge    other opsets are left as they are. Bodies are raised too.
/// Errors  kUnsupported: an operator of the model has no equal in opset 12; names it. The model is
///         then unchanged.
Result<void> RaiseOpset(Model& model);

/// Makes a model with float16 constants compute in float32 between a Cast at each float16 input and
/// output; bodies too. Returns whether there was anything to do.
/// Bound   outputs move by float16 rounding, about 1e-3 of their norm a layer.
bool WidenFloat16(Model& model);

/// The graph as text, one node a line: for tests and `tare inspect --text`.
std::string GraphText(const Graph& graph);

}  // namespace tare::graph
