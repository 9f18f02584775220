// What quantization costs under other conditions beyond what it costs on the clean test set.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tare/verdict/evidence.h"

namespace tare::verdict {

/// Returns the difference of two paired differences of one metric, with its interval.
///
///   value = (metric of candidate - baseline, there) - (the same on the clean set)
///   low   = value - sqrt((a - lower a)^2 + (upper b - b)^2), high likewise, from the one-sided
///         bounds of both
///
/// Edge     no samples on either side: undefined (NaN). Where either has no bound, there is none.
/// Bound    treats the two sets as independent: where the one is the other under a corruption,
///          flips go together and the interval is wider than it need be, never narrower.
/// Source   Zou and Donner, Statistics in Medicine 27 (2008) 1693, method of variance estimates
///          recovery.
Estimate ExtraDamage(const Estimate& there, const Estimate& clean, double confidence);

/// What one distribution adds.
struct DistributionDamage {
  std::string metric;  ///< HeadlineMetric() of the task
  Estimate estimate;
  /// One-sided p-value of "no damage is added", and the same adjusted by Holm for all
  /// distributions. Absent where the metric is no share: its bounds stand at a few confidences
  /// only.
  std::optional<double> p, p_holm;
};

/// Returns one a distribution, in the order of evidence.paired->distributions; absent where either
/// set does not have the metric.
///
///   p = 1 - the highest confidence at which the bound of the extra damage still excludes 0
///
/// Edge     as good or better than on the clean set: p is at least 0.5.
std::vector<std::optional<DistributionDamage>> DistributionDamages(const Evidence& evidence);

}  // namespace tare::verdict
