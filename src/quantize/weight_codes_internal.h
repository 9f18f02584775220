// The codes of weights and biases, in the layouts that integer kernels want.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/graph/model.h"
#include "tare/quantize/recipe.h"
#include "tare/tensor/tensor.h"

namespace tare::quantize::internal {

Error CannotTake(const graph::Node& node, Format format, std::string_view why);

/// A weight in the layout that its integer kernel wants, and the axis of its output channels.
struct WeightLayout {
  graph::SharedTensor weight;
  int64_t axis = 0;
  std::string key;      ///< equal for readers that want the same codes
  bool turned = false;  ///< its codes are stored transposed: MatMulInteger has no transB

  /// [E, K, N]: a matrix for each of E. No QDQ form has a scale a matrix and column.
  bool IsBatched(const graph::Node& node) const { return node.Is("MatMul") && weight->rank() > 2; }
};

/// `constant` is the second input of Conv, ConvTranspose, MatMul or Gemm; null where it is none. Gemm's
/// alpha is multiplied into the weight.
/// Errors  kFailedPrecondition: no float32 constant of two axes or more.
Result<WeightLayout> LayoutOf(const graph::Node& node, const graph::SharedTensor* constant,
                              Format format);

/// The bias as one value a channel, `constant` being the third input, with Gemm's beta folded in; empty
/// when the node has none.
/// Errors  kFailedPrecondition: no float32 constant of one value a channel.
Result<std::vector<float>> BiasOf(const graph::Node& node, const graph::SharedTensor* constant,
                                  const WeightLayout& layout, Format format);

/// The scales of a batched weight are multiplied behind the product; its codes stand for themselves.
struct BatchedCodes {
  Tensor codes;   ///< int8, [E..., K, N]
  Tensor scales;  ///< float32, [E..., 1, N]
};
Result<BatchedCodes> QuantizeMatrices(const Tensor& weight);

/// The layout of DynamicQuantizeLSTM.
struct RecurrentCodes {
  Tensor codes;        ///< int8, [directions, inputs, 4 hidden]
  Tensor scales;       ///< float32, [directions, 4 hidden]
  Tensor zero_points;  ///< int8, alike
};
/// `weight` is float32 [directions, 4 hidden, inputs].
Result<RecurrentCodes> QuantizeRecurrent(const Tensor& weight);

/// int8 [rows, columns] to [columns, rows].
Tensor Transposed(const Tensor& matrix);

}  // namespace tare::quantize::internal
