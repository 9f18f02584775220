// A closed interval of real values: what an estimate may be. Its confidence is that of the call
// which returned it.

#pragma once

namespace tare::stats {

struct Interval {
  double low = 0;
  double high = 0;
  friend bool operator==(const Interval&, const Interval&) = default;
};

/// Power with which the sample sizes are planned that reports suggest: 1 - beta.
inline constexpr double kPlannedPower = 0.8;

}  // namespace tare::stats
