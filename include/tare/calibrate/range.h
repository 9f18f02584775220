// Clipping ranges from one tensor's statistics: min-max, percentile, entropy and MSE.

#pragma once

#include <array>
#include <string_view>

#include "tare/calibrate/observer.h"
#include "tare/core/result.h"
#include "tare/tensor/quant_params.h"

namespace tare::calibrate {

enum class RangeMethod { kMinMax, kPercentile, kEntropy, kMse };
inline constexpr std::array kRangeMethods{RangeMethod::kMinMax, RangeMethod::kPercentile,
                                          RangeMethod::kEntropy, RangeMethod::kMse};

/// "minmax", "percentile", "entropy", "mse": as on the command line and in calibration.json.
std::string_view RangeMethodName(RangeMethod method);
/// Errors  kInvalidArgument: no such method; names the nearest.
Result<RangeMethod> ParseRangeMethod(std::string_view name);

enum class ZeroPoint {
  kFree,    ///< asymmetric: any code of the grid
  kCentre,  ///< symmetric: the middle code, 0 of an int8 grid, 128 of a uint8 one
};

/// Settings of ChooseRange. Plain data: ChooseRange checks it.
struct RangeOptions {
  /// Integer grid that the range is for, of 4 to 65536 codes.
  QuantGrid grid = kUint8Grid;
  ZeroPoint zero_point = ZeroPoint::kFree;
  /// Per cent of the values that kPercentile keeps, in (50, 100]; half of the rest is cut from each
  /// end.
  double percentile = 99.999;
  friend bool operator==(const RangeOptions&, const RangeOptions&) = default;
};

/// Errors  kInvalidArgument: an option is outside its bounds.
Result<void> CheckOptions(const RangeOptions& options);

/// Returns the range to quantize a tensor with.
///
///   kMinMax      [min, max]
///   kPercentile  [quantile((1 - p) / 2), quantile((1 + p) / 2)],  p = percentile / 100
///   kEntropy     |x| in 2,048 bins up to max |x|; over 961 thresholds T from 1/16 of it up,
///                the least KL(P || Q), with P the bins below T, what is beyond in the last one,
///                and Q the same in as many levels as the grid gives that side (128 of 256, 256
///                when all values have one sign), each spread evenly over its bins that are not
///                empty. [max(min, -T), min(max, T)]
///   kMse         the least sum of (x - fake_quantize(x))^2 over scale and zero point
///
/// and then widened to contain 0, and to be even about 0 when symmetric.
///
/// Units    real values.
/// Edge     all values 0, or none ordinary: [0, 0]. Equal values c: [0, c] or [c, 0].
///          Values of one sign keep 0 as the other end. Within the extremes, except that kMse gives
///          whole steps: at most half a step beyond on one side.
/// Errors   kInvalidArgument: an option is outside its bounds.
///          kFailedPrecondition: the tensor holds NaN or +infinity, or nothing was observed.
/// Bound    kMse: within 0.05 dB of the best range for all the values, on the distributions of
///          src/calibrate/range_mse_test.cc (heavy tails, points of mass, outliers of 1,000
///          deviations). Entropy is not: it ignores how far away clipped values are.
/// Cost     20 (minmax), 20 (percentile), 150 (entropy), 75 us (mse); ChooseRanges, which shares
///          the common part, 210 us: means over the 31 activations of ResNet-20.
/// Source   percentile and entropy: Wu et al., arXiv:2004.09602; entropy after Migacz, "8-bit
///          Inference with TensorRT", GTC 2017. Differs: all levels of Q have the same real width
///          (bin b is in level floor(b levels / bins)), and the larger of equally good thresholds
///          wins. MSE: Choukroun et al., arXiv:1902.06822 (OMSE). Differs: both ends are searched,
///          as scale and zero point.
Result<ValueRange> ChooseRange(const TensorStatistics& statistics, RangeMethod method,
                               const RangeOptions& options);

/// A range and what it is expected to do to the tensor.
struct ChosenRange {
  ValueRange range;
  /// Signal to quantization noise over the observed values, 10 log10(sum x^2 / sum (x - q(x))^2);
  /// 200 when there is no noise or no signal.
  double sqnr_db = 0;
  /// Share of the ordinary values outside the range.
  double clipped_ratio = 0;
  friend bool operator==(const ChosenRange&, const ChosenRange&) = default;
};
/// In the order of kRangeMethods.
using RangeChoices = std::array<ChosenRange, kRangeMethods.size()>;

/// Returns the ranges of all methods.
/// Errors   as ChooseRange.
Result<RangeChoices> ChooseRanges(const TensorStatistics& statistics, const RangeOptions& options);

}  // namespace tare::calibrate
