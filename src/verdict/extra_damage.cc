#include <algorithm>
#include <cmath>

#include "tare/stats/multiplicity.h"
#include "tare/verdict/metric_info.h"
#include "verdict/extra_damage_internal.h"

namespace tare::verdict {
namespace {

double Rate(const stats::PairedCounts& counts) {
  return static_cast<double>(counts.helpful - counts.harmful) / static_cast<double>(counts.n);
}

// The bound of a - b from the bounds of each towards the same side.
double Combine(double a, double a_bound, double b, double b_bound, double sign) {
  return a - b + sign * std::hypot(a_bound - a, b_bound - b);
}

// How far `bound` of a - b lies on the side of harm; `sign` is 1 where more of the metric is
// better.
double LeastHarm(const stats::PairedCounts& there, const stats::PairedCounts& clean, double sign,
                 double confidence) {
  const double a = Rate(there);
  const double b = Rate(clean);
  return sign > 0 ? -Combine(a, stats::TangoUpper(there, confidence), b,
                             stats::TangoLower(clean, confidence), 1)
                  : Combine(a, stats::TangoLower(there, confidence), b,
                            stats::TangoUpper(clean, confidence), -1);
}

double HarmP(const stats::PairedCounts& there, const stats::PairedCounts& clean, double sign) {
  constexpr double kLeastP = 1e-9;
  if (sign * (Rate(there) - Rate(clean)) >= 0) return 1;
  double low = 0.5;  // the bound is the estimate itself, which is harm
  double high = 1 - kLeastP;
  if (LeastHarm(there, clean, sign, high) > 0) return kLeastP;
  for (int step = 0; step < 50; ++step) {
    const double middle = (low + high) / 2;
    (LeastHarm(there, clean, sign, middle) > 0 ? low : high) = middle;
  }
  return 1 - low;
}

void Adjust(std::vector<std::optional<DistributionDamage>>& damages) {
  std::vector<double> p;
  for (const auto& damage : damages) {
    if (damage && damage->p) p.push_back(*damage->p);
  }
  size_t next = 0;
  const auto adjusted = stats::AdjustByHolm(p);
  for (auto& damage : damages) {
    if (damage && damage->p) damage->p_holm = adjusted[next++];
  }
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
    const auto b =
        OneSidedBound(clean, side == Direction::kAbove ? Direction::kBelow : Direction::kAbove,
                      level, confidence);
    if (!a || !b) return std::nullopt;
    return Combine(there.value, *a, clean.value, *b, side == Direction::kAbove ? -1 : 1);
  };
  out.low = bound(Direction::kAbove, (1 + confidence) / 2);
  out.high = bound(Direction::kBelow, (1 + confidence) / 2);
  for (const double level : kBoundConfidences)
    out.bounds.push_back({level, bound(Direction::kAbove, level), bound(Direction::kBelow, level)});
  return out;
}

std::vector<std::optional<DistributionDamage>> DistributionDamages(const Evidence& evidence) {
  std::vector<std::optional<DistributionDamage>> out;
  if (!evidence.paired) return out;
  const std::string metric(HeadlineMetric(evidence.task));
  const Estimate* clean = FindMetric(evidence.paired->difference, metric);
  for (const PairedScope& scope : evidence.paired->distributions) {
    auto& damage = out.emplace_back();
    const Estimate* there = FindMetric(scope.difference, metric);
    if (clean == nullptr || there == nullptr || !std::isfinite(there->value) ||
        !std::isfinite(clean->value))
      continue;
    damage = DistributionDamage{metric, ExtraDamage(*there, *clean, evidence.confidence),
                                std::nullopt, std::nullopt};
    if (!there->pairs || !clean->pairs || there->pairs->n == 0 || clean->pairs->n == 0) continue;
    const MetricInfo* info = FindMetricInfo(metric);
    damage->p = HarmP(*there->pairs, *clean->pairs,
                      info != nullptr && info->better == Better::kLower ? -1 : 1);
  }
  Adjust(out);
  return out;
}

}  // namespace tare::verdict
