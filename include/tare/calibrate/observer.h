// Observer: collects what calibration needs to know about one tensor.

#pragma once

#include <span>

#include "tare/stats/histogram.h"

namespace tare::calibrate {

/// What one pass over a tensor's values left behind: exact extremes and counts, and the shape of
/// the distribution. At most 64 KB whatever the number of values.
class TensorStatistics {
 public:
  const stats::Histogram& histogram() const { return histogram_; }
  const stats::ValueCounts& counts() const { return histogram_.counts(); }
  /// Extremes of the ordinary values (finite, above stats::kMaskLimit); 0 when there are none.
  float min() const { return histogram_.min(); }
  float max() const { return histogram_.max(); }

  /// The tensor holds attention masks or "minus infinity" placeholders: quantizing it with the
  /// data would leave one step for all the rest. The range is that of the ordinary values.
  bool masked() const { return counts().num_masked + counts().num_negative_infinity > 0; }
  /// Holds NaN or +infinity: no range can represent it.
  bool broken() const { return counts().num_nan + counts().num_positive_infinity > 0; }

  friend bool operator==(const TensorStatistics&, const TensorStatistics&) = default;

 private:
  friend class Observer;
  stats::Histogram histogram_;
};

/// Observes one tensor batch by batch.
///
/// Shape    any; values are pooled over all axes (granularity per tensor).
/// Edge     NaN, infinities and masks are counted and kept out of the distribution; an empty span
///          changes nothing.
/// Threads  none. Give each thread its own and Merge() them.
/// Cost     see stats::Histogram: about 0.1 ns an element.
class Observer {
 public:
  void Observe(std::span<const float> values) { statistics_.histogram_.Add(values); }
  void Merge(const Observer& other) { statistics_.histogram_.Merge(other.statistics_.histogram_); }
  const TensorStatistics& statistics() const { return statistics_; }

 private:
  TensorStatistics statistics_;
};

}  // namespace tare::calibrate
