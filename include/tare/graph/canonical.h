// Rewrites that bring a graph into one form before it is measured: each keeps every output.

#pragma once

#include <cstdint>
#include <map>
#include <set>
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

/// Drops initializers from the list of inputs where they are constants that are listed out of habit:
/// files up to IR 3 must list them, and some exporters kept doing so (all of them are listed, and one
/// is a weight: two axes, 256 elements at least). The model is raised to IR 4 then. Returns their number.
///
/// Any other initializer among the inputs is the default of an optional input, and stays one.
int64_t UnlistConstants(Model& model);

/// Turns Constant nodes into initializers, bodies included, with UnlistConstants before. Constants that
/// Tensor does not hold (strings, sparse) stay nodes.
int64_t LiftConstants(Model& model);

/// Removes Identity and inference-time Dropout whose mask nobody reads.
int64_t RemoveIdentities(Graph& graph);

/// Folds per-channel constants into the operator before them:
///
///   Conv, ConvTranspose, Gemm -> BatchNormalization      w *= g / sqrt(v + e), b = (b - m) g / sqrt(v + e) + beta
///   Conv, ConvTranspose       -> Mul or Div by constant  w *= c, b *= c
///   Conv, ConvTranspose       -> Add or Sub of constant  b += c
///
/// when the first has a float32 constant weight and no other consumer, every number that comes out is
/// finite, and only gentle operators read the result (below).
///
/// Bound    the result moves by a few units in the last place of its terms. Nothing behind it may turn
///          that into more: up to the next convolution, matrix product or output of the graph (sums
///          whose last digits depend on the kernel that adds them, here and in the runtime) every reader
///          is an operator under which a small change stays small, so no Floor, Round, Mod, Cast to
///          integers, comparison, ArgMax, TopK, Log or unknown operator.
/// Source   Jacob et al., arXiv:1712.05877, Sec. 3.2 Eq. (14) for the batch normalisation.
std::vector<RewriteCount> FoldChannelConstants(Graph& graph);

/// Makes one convolution of strided slices and a Pad of channels, the parameter-free shortcut of
/// residual networks (He et al., arXiv:1512.03385, Sec. 4.2, option A):
///
///   y[n, before + c, h, w] = x[n, c, s h, s w], other channels 0   as a 1x1 Conv of stride s whose
///   weight is 1 at [before + c, c] and 0 elsewhere
///
/// It keeps the runtime's blocked layouts and has an integer kernel: on ResNet-20 the float model
/// gains 5 %. Up to 64 channels, known from a convolution before, and only where gentle operators read
/// the result (FoldChannelConstants). Exact on finite numbers but for the sign of zeros; NaN or
/// infinity at a pixel, which the source model has there too, reach every channel of it. Returns their
/// number. Needs opset 10, where slices read constants.
int64_t ConvolveStridedSelections(Graph& graph);

/// Makes one Gemm of a MatMul by a constant matrix and the Add of a constant row behind it, for products
/// whose first operand is among `matrices` (values of two axes), where only gentle operators read the sum
/// (FoldChannelConstants). The runtime fuses the two as well, and then has no integer kernel for what it
/// made. The node keeps the name of the MatMul. Returns their number.
int64_t MakeGemms(Graph& graph, const std::set<std::string>& matrices);
/// True when there is a MatMul for MakeGemms, whatever the axes of its operand.
bool HasMatMulAdd(const Graph& graph);

/// Writes Pad and Resize of some axes (opset 18) for all of them, where pads, scales or sizes are constant:
/// the runtime loses the axes when it moves a change of layout through them. Sizes become the scales that
/// the runtime derives from them, where those give the same sizes. `shapes` are of the values, -1 for an
/// extent that is not known. Returns their number.
int64_t SpellOutAxes(Graph& graph, const std::map<std::string, Shape>& shapes);
/// True when there is a node for SpellOutAxes.
bool HasShortAxes(const Graph& graph);

/// Lets equal constants of 4 KB or more be one, and makes one that is the transpose of another a
/// Transpose of it, which the runtime computes when it loads the model. Returns how many were dropped.
/// Edge    constants of bodies, and those that a body reads, stay as they are.
/// Cost    linear in the bytes of constants of one size.
int64_t StoreOnce(Graph& graph);

/// An operator that draws random numbers: another outcome at each run.
bool IsRandomOp(const Node& node);
/// True when one of its nodes is such, bodies included.
bool HasRandomOps(const Graph& graph);
/// Gives the random operators that have no seed one each, bodies included: two models with the same
/// seeds draw the same numbers, run by run. Returns their number.
int64_t SeedRandomOps(Graph& graph);
/// Takes the seeds of SeedRandomOps away again; those of the model's own stay.
void UnseedRandomOps(Graph& graph);

/// Writes operators that ONNX dropped, and the runtime runs up to opset 9, in those that stayed:
///
///   ImageScaler, Affine, Scale, ScaledTanh, ParametricSoftplus   Mul, Add, Tanh, Softplus
///   Crop, DynamicSlice                                           Slice
///
/// Bound    one rounding more or less. Returns their number.
/// Edge     bodies are left as they are.
int64_t DecomposeDropped(Graph& graph);

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
