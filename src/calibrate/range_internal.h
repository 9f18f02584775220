// The parts of ChooseRange: each takes the two sides of a tensor's distribution.

#pragma once

#include "tare/calibrate/range.h"
#include "tare/stats/histogram_moments.h"

namespace tare::calibrate::internal {

/// The distribution of a tensor: exact extremes and zeros, and the values on both sides of zero.
struct Distribution {
  explicit Distribution(const TensorStatistics& statistics);
  double min = 0;  ///< at most 0: the extreme, widened to contain 0
  double max = 0;  ///< at least 0
  double num_zeros = 0;
  double bin_range = 0;    ///< R of the histogram: its widest bins are R / 1024
  double mean_weight = 1;  ///< what a binned value stands for...
  double sampled_max = 0;  ///< ...where |x| is not above this
  stats::CumulativeMoments positive;
  stats::CumulativeMoments negative;
};

/// Codes above and below the zero point: the grid in steps.
struct Levels {
  int num_positive = 0;
  int num_negative = 0;
};

/// Sum of squared errors over all values for one step and zero point.
///
///   sum over k of sum over x in cell k of (x - k step)^2,  cells of one step about k step, the
///   outermost open
///
/// Cost     O(levels).
double SquaredError(const Distribution& distribution, double step, Levels levels);

/// ChooseRanges on a distribution that is made already; options and statistics are valid.
Result<RangeChoices> ChooseAll(const Distribution& distribution, const RangeOptions& options);

ValueRange PercentileRange(const Distribution& distribution, const RangeOptions& options);
ValueRange EntropyRange(const Distribution& distribution, const RangeOptions& options);
ValueRange MseRange(const Distribution& distribution, const RangeOptions& options);

}  // namespace tare::calibrate::internal
