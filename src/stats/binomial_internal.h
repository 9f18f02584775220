// The binomial distribution, through the incomplete beta function.

#pragma once

#include <cstdint>

namespace tare::stats {

/// Returns the regularized incomplete beta function I_x(a, b).
///
///   I_x(a, b) = integral from 0 to x of t^(a-1) (1-t)^(b-1) dt / B(a, b)
///
/// Edge     x <= 0 gives 0, x >= 1 gives 1. a, b > 0 (TARE_CHECK).
/// Bound    relative error below 1e-10 for a + b up to 1e7, below 1e-13 up to 1e3.
/// Cost     O(sqrt(max(a, b))) steps.
/// Source   continued fraction 26.5.8 of Abramowitz and Stegun, evaluated by the modified Lentz
///          method (Thompson and Barnett, J. Comput. Phys. 64, 1986).
double RegularizedBeta(double x, double a, double b);

/// Returns the x with I_x(a, b) == p, by bisection to the last bit.
double BetaQuantile(double p, double a, double b);

/// Returns P[X >= k] for X ~ Binomial(n, p).
///
///   I_p(k, n - k + 1)
///
/// Edge     k <= 0 gives 1, k > n gives 0, n == 0 allowed. p in [0, 1].
double BinomialUpperTail(int64_t k, int64_t n, double p);

/// Returns P[X <= k] for X ~ Binomial(n, p). Edge: k < 0 gives 0, k >= n gives 1.
double BinomialLowerTail(int64_t k, int64_t n, double p);

}  // namespace tare::stats
