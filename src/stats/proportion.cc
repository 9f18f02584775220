#include "tare/stats/proportion.h"

#include <algorithm>
#include <cmath>

#include "stats/binomial_internal.h"
#include "tare/stats/normal.h"

namespace tare::stats {

Interval Wilson(int64_t count, int64_t n, double confidence) {
  if (n <= 0) return {0, 1};
  const double z = NormalQuantile((1 + confidence) / 2);
  const double size = static_cast<double>(n);
  const double p = static_cast<double>(count) / size;
  const double centre = p + z * z / (2 * size);
  const double half = z * std::sqrt(p * (1 - p) / size + z * z / (4 * size * size));
  const double scale = 1 + z * z / size;
  Interval out{std::max(0.0, (centre - half) / scale), std::min(1.0, (centre + half) / scale)};
  if (count <= 0) out.low = 0;
  if (count >= n) out.high = 1;
  return out;
}

double ClopperPearsonLower(int64_t count, int64_t n, double confidence) {
  if (n <= 0 || count <= 0) return 0;
  return BetaQuantile(1 - confidence, static_cast<double>(count),
                      static_cast<double>(n - count + 1));
}

double ClopperPearsonUpper(int64_t count, int64_t n, double confidence) {
  if (n <= 0 || count >= n) return 1;
  return BetaQuantile(confidence, static_cast<double>(count + 1), static_cast<double>(n - count));
}

Interval ClopperPearson(int64_t count, int64_t n, double confidence) {
  const double each = (1 + confidence) / 2;
  return {ClopperPearsonLower(count, n, each), ClopperPearsonUpper(count, n, each)};
}

}  // namespace tare::stats
