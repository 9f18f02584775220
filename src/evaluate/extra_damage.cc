#include "evaluate/extra_damage_internal.h"

#include <algorithm>
#include <cmath>

namespace tare::evaluate {
namespace {

// The bound of a - b from the bounds of each towards the same side.
double Combine(double a, double a_bound, double b, double b_bound, double sign) {
  return a - b + sign * std::hypot(a_bound - a, b_bound - b);
}

}  // namespace

Estimate ExtraDamage(const Estimate& there, const Estimate& clean, double confidence) {
  Estimate out;
  out.method = "mover";
  out.n = std::min(there.n, clean.n);
  out.value = out.n > 0 ? there.value - clean.value : NAN;
  if (!std::isfinite(out.value)) return out;
  const auto bound = [&](Direction side, double level) -> std::optional<double> {
    const auto a = OneSidedBound(there, side, level, confidence);
    const auto b = OneSidedBound(clean, side == Direction::kAbove ? Direction::kBelow : Direction::kAbove, level, confidence);
    if (!a || !b) return std::nullopt;
    return Combine(there.value, *a, clean.value, *b, side == Direction::kAbove ? -1 : 1);
  };
  out.low = bound(Direction::kAbove, (1 + confidence) / 2);
  out.high = bound(Direction::kBelow, (1 + confidence) / 2);
  for (const double level : kBoundConfidences) out.bounds.push_back({level, bound(Direction::kAbove, level), bound(Direction::kBelow, level)});
  return out;
}

}  // namespace tare::evaluate
