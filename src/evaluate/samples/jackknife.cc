#include <algorithm>
#include <cmath>

#include "evaluate/samples/jackknife_internal.h"
#include "tare/core/result.h"
#include "tare/stats/student.h"

namespace tare::evaluate {

verdict::Estimate JackknifeEstimate(double value, std::span<const double> left_out, double scale,
                                    int64_t n, double confidence) {
  constexpr double kRounding = 1e-12;
  TARE_CHECK(left_out.size() >= 2);
  verdict::Estimate out;
  out.value = value;
  out.n = n;
  out.method = "jackknife";
  const auto [least, most] = std::ranges::minmax(left_out);
  if (!std::isfinite(value) || !(most - least > kRounding * scale)) return out;
  const auto groups = static_cast<double>(left_out.size());
  double mean = 0;
  for (const double part : left_out) mean += part / groups;
  double squares = 0;
  for (const double part : left_out) squares += (part - mean) * (part - mean);
  const double error = std::sqrt((groups - 1) / groups * squares);
  const auto reach = [&](double level) {
    return stats::StudentQuantile(level, groups - 1) * error;
  };
  out.low = value - reach((1 + confidence) / 2);
  out.high = value + reach((1 + confidence) / 2);
  for (const double level : verdict::kBoundConfidences)
    out.bounds.push_back({level, value - reach(level), value + reach(level)});
  return out;
}

}  // namespace tare::evaluate
