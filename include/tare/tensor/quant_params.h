// Scales, zero points and the arithmetic between real and quantized values.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tare/core/result.h"
#include "tare/tensor/tensor.h"

namespace tare {

/// Closed interval of real values.
struct ValueRange {
  float min = 0.0F;
  float max = 0.0F;
  friend bool operator==(const ValueRange&, const ValueRange&) = default;
};

/// Integer grid [quant_min, quant_max].
struct QuantGrid {
  int32_t quant_min = 0;
  int32_t quant_max = 0;
  friend bool operator==(const QuantGrid&, const QuantGrid&) = default;
};

/// real = scale * (quantized - zero_point)
struct QuantParams {
  float scale = 1.0F;
  int32_t zero_point = 0;
  friend bool operator==(const QuantParams&, const QuantParams&) = default;
};

inline constexpr QuantGrid kUint8Grid{0, 255};
inline constexpr QuantGrid kInt8Grid{-128, 127};
/// Weights: symmetric, without the lowest code.
inline constexpr QuantGrid kInt8NarrowGrid{-127, 127};

/// Returns the affine parameters that cover `range` and represent real 0 exactly.
///
///   scale      = max((hi - lo) / (quant_max - quant_min), FLT_MIN)
///   zero_point = clamp(round_half_even(quant_min - lo / scale), quant_min, quant_max)
///
/// with lo = min(range.min, 0) and hi = max(range.max, 0).
///
/// Shape    scalar: one range to one pair. Callers loop over channels or blocks.
/// Units    `range` and `scale` in real units, `zero_point` in quantized steps.
/// Edge     lo == hi gives scale 1: every real value of the tensor is 0, and 0 is exact.
/// Errors   kInvalidArgument: a bound is NaN or infinite, range.min > range.max, or the grid
///          has fewer than 2 steps.
/// Source   Jacob et al., "Quantization and Training of Neural Networks for Efficient
///          Integer-Arithmetic-Only Inference", CVPR 2018, arXiv:1712.05877, Sec. 2.1, Eq. (1).
///          Differs: ties round to even, as in ONNX DynamicQuantizeLinear-11; the paper only
///          asks for the nearest integer.
Result<QuantParams> AffineParamsFromRange(ValueRange range, QuantGrid grid);

/// Returns q = clamp(round_half_even(real / scale) + zero_point, quant_min, quant_max), the
/// QuantizeLinear of ONNX. Edge: NaN gives zero_point.
int32_t QuantizeValue(float real, QuantParams params, QuantGrid grid);

/// Returns scale * (quantized - zero_point).
inline float DequantizeValue(int32_t quantized, QuantParams params) {
  return params.scale * static_cast<float>(quantized - params.zero_point);
}

/// Weights quantized per channel, symmetric, int8 in [-127, 127].
struct QuantizedWeight {
  Tensor values;              ///< int8, shape of the weight
  std::vector<float> scales;  ///< one a channel of the axis; one in all when per tensor
};

/// Returns `weight` quantized symmetrically with one scale for each index of `axis`, or one in all
/// when axis is -1.
///
///   scale[c] = max(share * absmax(weight[c]) / 127, floor[c])
///              with the share in {1, 0.975, ... 0.8} of least squared error
///   q        = clamp(round_half_even(weight / scale), -127, 127)
///
/// A convolution's weight (rank > 2, axis 0 or 1) has some roundings flipped to the other
/// neighbour: with e = q - weight / scale, first |sum of e| <= 1/2 over each kernel (the trailing
/// dimensions of one input and one output channel), then |sum of e| <= 1/2 over the channel, at
/// most one more flip a kernel, always the element with the largest error of the sum's sign.
/// Neighbouring pixels are alike, and after a Relu channels share a positive mean: errors that sum
/// to zero cancel on such inputs.
///
/// Shape    weight any rank; `floor` empty, or one entry a scale.
/// Edge     a channel of zeros gets scale 1 (or its floor): its codes are 0. Codes stay in
///          [-127, 127], so a channel with clipped elements may keep a larger sum.
/// Errors   kInvalidArgument: weight is not float32, holds NaN or infinity, or axis is outside.
/// Source   Wu et al., arXiv:2004.09602, Sec. 3.1.2 (scale quantization, their s is 1 / scale);
///          Guo et al., "SQuant: On-the-Fly Data-Free Quantization via Diagonal Hessian
///          Approximation", ICLR 2022, arXiv:2202.07471, Sec. 3 (flips by kernel and channel).
///          Differs: layers without a kernel (MatMul, Gemm) keep the nearest code; there it changed
///          nothing or lost up to 2 dB on the models tried.
Result<QuantizedWeight> QuantizeWeight(const Tensor& weight, int64_t axis,
                                       std::span<const float> floor = {});

}  // namespace tare
