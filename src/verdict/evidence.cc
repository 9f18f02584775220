#include "tare/verdict/evidence.h"

#include <cmath>

#include "tare/stats/proportion.h"

namespace tare::verdict {
namespace {

// Confidences are compared after a round trip through decimal text.
constexpr double kSameConfidence = 1e-9;

std::optional<double> BoundAt(const Bound& bound, Direction direction) {
  return direction == Direction::kAbove ? bound.low : bound.high;
}

std::optional<double> FromTable(const Estimate& estimate, Direction direction, double confidence,
                                double interval_confidence) {
  for (const auto& bound : estimate.bounds) {
    if (bound.confidence >= confidence - kSameConfidence && BoundAt(bound, direction)) {
      return BoundAt(bound, direction);
    }
  }
  if ((1 + interval_confidence) / 2 < confidence - kSameConfidence) return std::nullopt;
  return direction == Direction::kAbove ? estimate.low : estimate.high;
}

}  // namespace

const Estimate* FindMetric(const Metrics& metrics, std::string_view name) {
  for (const auto& [metric, estimate] : metrics) {
    if (metric == name) return &estimate;
  }
  return nullptr;
}

Estimate ShareEstimate(int64_t count, int64_t n, double confidence) {
  Estimate out;
  out.n = n;
  out.method = "wilson";
  out.share = Share{count, n};
  out.value = static_cast<double>(count) / static_cast<double>(n);  // NaN for 0 of 0
  if (n > 0) {
    const auto interval = stats::Wilson(count, n, confidence);
    out.low = interval.low;
    out.high = interval.high;
  }
  return out;
}

Estimate PairedEstimate(const stats::PairedCounts& counts, double confidence) {
  Estimate out;
  out.n = counts.n;
  out.method = "tango";
  out.pairs = counts;
  out.value = static_cast<double>(counts.helpful - counts.harmful) / static_cast<double>(counts.n);
  if (counts.n > 0) {
    const auto interval = stats::Tango(counts, confidence);
    out.low = interval.low;
    out.high = interval.high;
  }
  return out;
}

Estimate BootstrapEstimate(const stats::BootstrapDistribution& distribution, int64_t n,
                           double confidence) {
  Estimate out;
  out.n = n;
  out.value = distribution.estimate();
  out.method = "bca";
  if (!std::isfinite(out.value) || distribution.sorted().empty()) return out;
  const auto interval = distribution.BcaInterval(confidence);
  out.low = interval.low;
  out.high = interval.high;
  for (const double level : kBoundConfidences) {
    out.bounds.push_back({level, distribution.Bound(1 - level), distribution.Bound(level)});
  }
  return out;
}

std::optional<double> OneSidedBound(const Estimate& estimate, Direction direction,
                                    double confidence, double interval_confidence) {
  if (!std::isfinite(estimate.value)) return std::nullopt;
  const bool above = direction == Direction::kAbove;
  if (estimate.pairs) {
    return above ? stats::TangoLower(*estimate.pairs, confidence)
                 : stats::TangoUpper(*estimate.pairs, confidence);
  }
  if (estimate.share) {
    const auto [count, n] = *estimate.share;
    return above ? stats::ClopperPearsonLower(count, n, confidence)
                 : stats::ClopperPearsonUpper(count, n, confidence);
  }
  return FromTable(estimate, direction, confidence, interval_confidence);
}

}  // namespace tare::verdict
