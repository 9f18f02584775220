#include "tare/calibrate/range.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "calibrate/range_internal.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare::calibrate {
namespace internal {

using Side = stats::Histogram::Side;

Distribution::Distribution(const TensorStatistics& statistics)
    : min(std::min(0.0F, statistics.min())),
      max(std::max(0.0F, statistics.max())),
      num_zeros(static_cast<double>(statistics.counts().num_zeros)),
      bin_range(statistics.histogram().range()),
      mean_weight(statistics.histogram().mean_weight()),
      sampled_max(std::max(statistics.histogram().tail_max(), -statistics.histogram().tail_min())),
      positive(statistics.histogram(), Side::kPositive),
      negative(statistics.histogram(), Side::kNegative) {}

// Counted from the outside in: the tails are exact, and a tail that is longer than its side ends
// at 0.
ValueRange PercentileRange(const Distribution& distribution, const RangeOptions& options) {
  const auto& positive = distribution.positive;
  const auto& negative = distribution.negative;
  const double all = positive.total().n + negative.total().n + distribution.num_zeros;
  const double tail = all * (1 - options.percentile / 100) / 2;
  const double low = -negative.Quantile(negative.total().n - tail);
  const double high = positive.Quantile(positive.total().n - tail);
  return {static_cast<float>(std::max(low, distribution.min)),
          static_cast<float>(std::min(high, distribution.max))};
}

}  // namespace internal

namespace {

using internal::Distribution;
using internal::Levels;

constexpr double kMaxSqnrDb = 200;

Result<void> CheckStatistics(const TensorStatistics& statistics) {
  const stats::ValueCounts& counts = statistics.counts();
  if (statistics.broken()) {
    return FailedPrecondition(
        StrCat("a tensor with ", counts.num_nan, " NaN and ", counts.num_positive_infinity,
               " infinite values of ", counts.num_values, " has no range"),
        "look for NaN or infinity in the data (tare data check), or leave the tensor in float");
  }
  if (counts.num_values == 0) {
    return FailedPrecondition("no value was observed, so there is no range",
                              "calibrate on at least one sample");
  }
  return {};
}

Levels CentredLevels(QuantGrid grid) {
  const int num_steps = grid.quant_max - grid.quant_min;
  return {num_steps / 2, num_steps - num_steps / 2};
}

// The least range of whole steps about the middle code that contains `range`.
ValueRange Centred(ValueRange range, QuantGrid grid) {
  const Levels levels = CentredLevels(grid);
  const double step =
      std::max(double{range.max} / levels.num_positive, -double{range.min} / levels.num_negative);
  constexpr double kLargest = 0x1.fffffep127;
  return {static_cast<float>(std::max(-kLargest, -step * levels.num_negative)),
          static_cast<float>(std::min(kLargest, step * levels.num_positive))};
}

ValueRange Choose(const Distribution& distribution, RangeMethod method,
                  const RangeOptions& options) {
  const ValueRange extremes{static_cast<float>(distribution.min),
                            static_cast<float>(distribution.max)};
  ValueRange range = extremes;
  if (extremes.min < extremes.max) {
    if (method == RangeMethod::kMse) return internal::MseRange(distribution, options);
    if (method == RangeMethod::kPercentile) range = PercentileRange(distribution, options);
    if (method == RangeMethod::kEntropy) range = EntropyRange(distribution, options);
  }
  return options.zero_point == ZeroPoint::kCentre ? Centred(range, options.grid) : range;
}

Result<double> SqnrDb(const Distribution& distribution, ValueRange range, QuantGrid grid) {
  TARE_TRY(const QuantParams params, AffineParamsFromRange(range, grid));
  const Levels levels{grid.quant_max - params.zero_point, params.zero_point - grid.quant_min};
  const double signal =
      distribution.positive.total().sum_squares + distribution.negative.total().sum_squares;
  const double noise = internal::SquaredError(distribution, params.scale, levels);
  if (!(signal > 0) || !(noise > 0)) return kMaxSqnrDb;
  return std::min(kMaxSqnrDb, 10 * std::log10(signal / noise));
}

// A value at the end of the range is inside, however the end was rounded.
double ClippedRatio(const Distribution& distribution, ValueRange range) {
  constexpr double kRoundingRoom = 1 + 1e-6;
  const auto& positive = distribution.positive;
  const auto& negative = distribution.negative;
  const double outside = (positive.total() - positive.Below(range.max * kRoundingRoom)).n +
                         (negative.total() - negative.Below(-range.min * kRoundingRoom)).n;
  const double all = positive.total().n + negative.total().n + distribution.num_zeros;
  return all > 0 ? outside / all : 0;
}

}  // namespace

Result<void> CheckOptions(const RangeOptions& options) {
  const int64_t num_codes = int64_t{options.grid.quant_max} - options.grid.quant_min + 1;
  if (num_codes < 4 || num_codes > 65536) {
    return InvalidArgument(StrCat("grid [", options.grid.quant_min, ", ", options.grid.quant_max,
                                  "] has ", num_codes, " codes"),
                           "choose a bit width of 2 to 16");
  }
  if (!(options.percentile > 50 && options.percentile <= 100)) {
    return InvalidArgument(StrCat("percentile ", options.percentile, " is not in (50, 100]"),
                           "choose 99.9 to 100; 99.999 is the default");
  }
  return {};
}

std::string_view RangeMethodName(RangeMethod method) {
  switch (method) {
    case RangeMethod::kMinMax:
      return "minmax";
    case RangeMethod::kPercentile:
      return "percentile";
    case RangeMethod::kEntropy:
      return "entropy";
    case RangeMethod::kMse:
      return "mse";
  }
  return "unknown";
}

Result<RangeMethod> ParseRangeMethod(std::string_view name) {
  std::vector<std::string> known;
  for (const RangeMethod method : kRangeMethods) {
    if (name == RangeMethodName(method)) return method;
    known.emplace_back(RangeMethodName(method));
  }
  const std::string nearest = NearestName(name, known);
  return InvalidArgument(StrCat("'", name, "' is not a range method"),
                         nearest.empty() ? StrCat("choose one of ", Join(known, ", "))
                                         : StrCat("did you mean '", nearest, "'?"));
}

Result<ValueRange> ChooseRange(const TensorStatistics& statistics, RangeMethod method,
                               const RangeOptions& options) {
  TARE_TRY_VOID(CheckOptions(options));
  TARE_TRY_VOID(CheckStatistics(statistics));
  return Choose(Distribution(statistics), method, options);
}

Result<RangeChoices> internal::ChooseAll(const Distribution& distribution,
                                         const RangeOptions& options) {
  RangeChoices choices;
  for (size_t i = 0; i < kRangeMethods.size(); ++i) {
    choices[i].range = Choose(distribution, kRangeMethods[i], options);
    choices[i].clipped_ratio = ClippedRatio(distribution, choices[i].range);
    TARE_TRY(choices[i].sqnr_db, SqnrDb(distribution, choices[i].range, options.grid));
  }
  return choices;
}

Result<RangeChoices> ChooseRanges(const TensorStatistics& statistics, const RangeOptions& options) {
  TARE_TRY_VOID(CheckOptions(options));
  TARE_TRY_VOID(CheckStatistics(statistics));
  return internal::ChooseAll(Distribution(statistics), options);
}

}  // namespace tare::calibrate
