#include "evaluate/extra_damage_internal.h"

#include <algorithm>
#include <cmath>

namespace tare::evaluate {
namespace {

double Rate(const stats::PairedCounts& counts) {
  return static_cast<double>(counts.helpful - counts.harmful) / static_cast<double>(counts.n);
}

// The bound of a - b from the bounds of each towards the same side.
double Combine(double a, double a_bound, double b, double b_bound, double sign) {
  return a - b + sign * std::hypot(a_bound - a, b_bound - b);
}

}  // namespace

Estimate ExtraDamage(const stats::PairedCounts& there, const stats::PairedCounts& clean, double confidence) {
  Estimate out;
  out.method = "mover";
  out.n = std::min(there.n, clean.n);
  const double a = Rate(there);
  const double b = Rate(clean);
  out.value = a - b;
  if (out.n == 0) return out;
  const auto low = [&](double level) { return Combine(a, stats::TangoLower(there, level), b, stats::TangoUpper(clean, level), -1); };
  const auto high = [&](double level) { return Combine(a, stats::TangoUpper(there, level), b, stats::TangoLower(clean, level), 1); };
  out.low = low((1 + confidence) / 2);
  out.high = high((1 + confidence) / 2);
  for (const double level : kBoundConfidences) out.bounds.push_back({level, low(level), high(level)});
  return out;
}

}  // namespace tare::evaluate
