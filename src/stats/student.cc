#include "tare/stats/student.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/binomial_internal.h"
#include "tare/core/result.h"

namespace tare::stats {

double StudentQuantile(double p, double degrees) {
  TARE_CHECK(degrees > 0);
  if (std::isnan(p)) return p;
  const double infinity = std::numeric_limits<double>::infinity();
  if (p <= 0) return -infinity;
  if (p >= 1) return infinity;
  if (p == 0.5) return 0;
  const double tails = 2 * std::min(p, 1 - p);
  double x = BetaQuantile(tails, degrees / 2, 0.5);
  double rest = 1 - x;
  // Near t = 0 x is close to 1, and 1 - x has lost its digits: there it is asked for itself.
  if (x >= 0.5) {
    rest = BetaQuantile(1 - tails, 0.5, degrees / 2);
    x = 1 - rest;
  }
  const double t = std::sqrt(degrees * rest / x);
  return p < 0.5 ? -t : t;
}

}  // namespace tare::stats
