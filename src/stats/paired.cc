#include "tare/stats/paired.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/binomial_internal.h"
#include "tare/stats/normal.h"

namespace tare::stats {
namespace {

// The drop at which the score statistic equals `target`; it falls with the drop.
double SolveDrop(const PairedCounts& counts, double target) {
  const auto harmful = static_cast<double>(counts.harmful);
  const auto helpful = static_cast<double>(counts.helpful);
  const auto n = static_cast<double>(counts.n);
  double low = -1;
  double high = 1;
  for (int i = 0; i < 100; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (TangoStatistic(harmful, helpful, n, middle) > target ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

}  // namespace

double McNemar(const PairedCounts& counts, Tail tail, TailMass mass) {
  const int64_t discordant = counts.harmful + counts.helpful;
  const auto at = [&](int64_t k) {
    return BinomialUpperTail(k, discordant, 0.5) - BinomialUpperTail(k + 1, discordant, 0.5);
  };
  if (tail == Tail::kCandidateWorse) {
    const double p = BinomialUpperTail(counts.harmful, discordant, 0.5);
    return mass == TailMass::kMidP ? p - at(counts.harmful) / 2 : p;
  }
  if (discordant == 0) return 1;
  const int64_t least = std::min(counts.harmful, counts.helpful);
  double p = 2 * BinomialLowerTail(least, discordant, 0.5);
  if (mass == TailMass::kMidP) p -= at(least);
  return std::min(1.0, p);
}

double TangoStatistic(double harmful, double helpful, double n, double drop) {
  const double numerator = harmful - helpful - n * drop;
  const double a = 2 * n;
  const double b = -harmful - helpful + (2 * n - harmful + helpful) * drop;
  const double c = -helpful * drop * (1 - drop);
  const double q = a > 0 ? (std::sqrt(std::max(0.0, b * b - 4 * a * c)) - b) / (2 * a) : 0;
  const double variance = n * (2 * q + drop * (1 - drop));
  if (variance > 0) return numerator / std::sqrt(variance);
  if (numerator == 0) return 0;
  return std::copysign(std::numeric_limits<double>::infinity(), numerator);
}

double TangoNonInferiorityP(const PairedCounts& counts, double margin) {
  return NormalCdf(TangoStatistic(static_cast<double>(counts.harmful),
                                  static_cast<double>(counts.helpful),
                                  static_cast<double>(counts.n), margin));
}

double TangoLower(const PairedCounts& counts, double confidence) {
  if (counts.n <= 0) return -1;
  return -SolveDrop(counts, -NormalQuantile(confidence));
}

double TangoUpper(const PairedCounts& counts, double confidence) {
  if (counts.n <= 0) return 1;
  return -SolveDrop(counts, NormalQuantile(confidence));
}

Interval Tango(const PairedCounts& counts, double confidence) {
  const double each = (1 + confidence) / 2;
  return {TangoLower(counts, each), TangoUpper(counts, each)};
}

std::optional<int64_t> TangoSettlingSize(const PairedCounts& counts, double margin,
                                         double confidence) {
  constexpr double kMost = 1e9;
  if (counts.n <= 0) return std::nullopt;
  const double harmful = static_cast<double>(counts.harmful) / static_cast<double>(counts.n);
  const double helpful = static_cast<double>(counts.helpful) / static_cast<double>(counts.n);
  const double difference = helpful - harmful;
  const double distance = std::abs(difference + margin);
  // Deviations of one pair: under the margin, as the test takes it, and at the observed rates.
  const double under_margin = distance / std::abs(TangoStatistic(harmful, helpful, 1, margin));
  const double observed = std::sqrt(std::max(0.0, harmful + helpful - difference * difference));
  const double root =
      (NormalQuantile(confidence) * under_margin + NormalQuantile(kPlannedPower) * observed) /
      distance;
  const double n = std::ceil(root * root);
  if (!(n <= kMost)) return std::nullopt;
  return std::max(static_cast<int64_t>(n), counts.n + 1);
}

}  // namespace tare::stats
