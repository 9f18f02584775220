#include <math.h>  // lgamma_r: std::lgamma writes a global

#include <algorithm>
#include <cmath>

#include "stats/binomial_internal.h"
#include "tare/core/result.h"

namespace tare::stats {
namespace {

double LogGamma(double x) {
  // std::lgamma writes the sign to a global: a race between threads.
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

// The continued fraction converges quickly for x < (a + 1) / (a + b + 2).
double BetaFraction(double x, double a, double b) {
  constexpr double kTiny = 1e-300;
  constexpr double kClose = 1e-16;
  constexpr int kMaxSteps = 200'000;
  // Lentz's method: c and d are ratios of successive numerators and denominators, which would
  // overflow themselves; away from 0 both can be divided by.
  const auto away_from_zero = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / away_from_zero(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m <= kMaxSteps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    result *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    result *= c * d;
    if (std::abs(c * d - 1) < kClose) break;
  }
  return result;
}

}  // namespace

double RegularizedBeta(double x, double a, double b) {
  TARE_CHECK(a > 0 && b > 0);
  if (std::isnan(x)) return x;
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(LogGamma(a + b) - LogGamma(a) - LogGamma(b) + a * std::log(x) + b * std::log1p(-x));
  const double value = x < (a + 1) / (a + b + 2) ? front * BetaFraction(x, a, b) / a
                                                 : 1 - front * BetaFraction(1 - x, b, a) / b;
  return std::clamp(value, 0.0, 1.0);
}

double BetaQuantile(double p, double a, double b) {
  if (p <= 0) return 0;
  if (p >= 1) return 1;
  double low = 0;
  double high = 1;
  // Bisection, until the ends are neighbours: the function is monotone, and near 0 and 1 too steep
  // and too flat for steps by its slope.
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (RegularizedBeta(middle, a, b) < p ? low : high) = middle;
  }
  return high;
}

double BinomialUpperTail(int64_t k, int64_t n, double p) {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return RegularizedBeta(p, static_cast<double>(k), static_cast<double>(n - k + 1));
}

double BinomialLowerTail(int64_t k, int64_t n, double p) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return RegularizedBeta(1 - p, static_cast<double>(n - k), static_cast<double>(k + 1));
}

}  // namespace tare::stats
