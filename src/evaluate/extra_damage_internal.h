// What quantization costs under other conditions beyond what it costs on the clean test set.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tare/evaluate/evidence.h"

namespace tare::evaluate {

/// Returns the difference of two paired differences of accuracy, with its interval.
///
///   value = (accuracy of candidate - baseline, there) - (the same on the clean set)
///   low   = value - sqrt((a - lower a)^2 + (upper b - b)^2), high likewise, from Tango's bounds
///
/// Edge     no samples on either side: undefined (NaN).
/// Bound    treats the two sets as independent: where the one is the other under a corruption, flips go
///          together and the interval is wider than it need be, never narrower.
/// Source   Zou and Donner, Statistics in Medicine 27 (2008) 1693, method of variance estimates recovery.
Estimate ExtraDamage(const stats::PairedCounts& there, const stats::PairedCounts& clean, double confidence);

/// The same of any metric, with the bounds that the two differences carry (OneSidedBound); both intervals
/// are at `confidence`.
Estimate ExtraDamage(const Estimate& there, const Estimate& clean, double confidence);

/// What one distribution adds.
struct DistributionDamage {
  std::string metric;  ///< the one that the task is known by: the first difference of the clean set
  Estimate estimate;
  /// One-sided p-value of "no damage is added", and the same adjusted by Holm for all distributions.
  /// Absent where the metric is no share: its bounds stand at a few confidences only.
  std::optional<double> p, p_holm;
};

/// Returns one a distribution, in the order of evidence.paired->distributions; absent where either set does
/// not have the metric.
///
///   p = 1 - the highest confidence at which the bound of the extra damage still excludes 0
///
/// Edge     as good or better than on the clean set: p is at least 0.5.
std::vector<std::optional<DistributionDamage>> DistributionDamages(const Evidence& evidence);

}  // namespace tare::evaluate
