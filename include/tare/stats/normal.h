// The standard normal distribution.

#pragma once

namespace tare::stats {

/// Returns P[Z <= z] for a standard normal Z.
///
///   erfc(-z / sqrt(2)) / 2
///
/// Edge     -inf gives 0, +inf gives 1, NaN gives NaN.
/// Bound    relative error below 1e-14 in both tails: erfc, not 1 - erf.
double NormalCdf(double z);

/// Returns the z with NormalCdf(z) == p.
///
/// Edge     p <= 0 gives -inf, p >= 1 gives +inf, NaN gives NaN.
/// Bound    relative error about 1e-15.
/// Source   Wichura, "Algorithm AS 241: The percentage points of the normal distribution",
///          Applied Statistics 37 (1988), routine PPND16.
double NormalQuantile(double p);

}  // namespace tare::stats
