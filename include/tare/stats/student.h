// Student's t distribution.

#pragma once

namespace tare::stats {

/// Returns the t with P[T <= t] == p for T of Student's distribution with `degrees` degrees of
/// freedom.
///
///   t = sqrt(degrees (1 - x) / x),   I_x(degrees / 2, 1 / 2) = 2 min(p, 1 - p),   with the sign of p - 1/2
///
/// Edge     p <= 0 gives -inf, p >= 1 gives +inf, NaN gives NaN. degrees > 0 (TARE_CHECK).
/// Bound    relative error below 1e-9 for p within [1e-6, 1 - 1e-6].
/// Source   Abramowitz and Stegun, 26.7.1 and 26.5.27.
double StudentQuantile(double p, double degrees);

}  // namespace tare::stats
