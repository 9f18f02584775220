#include "tare/stats/quantile.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "stats/binomial_internal.h"

namespace tare::stats {
namespace {

// The largest rank r in [0, n] with P[X >= r] >= confidence, X ~ Binomial(n, p); 0 always holds.
int64_t LargestSafeRank(int64_t n, double p, double confidence) {
  int64_t low = 0;
  int64_t high = n + 1;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (BinomialUpperTail(middle, n, p) >= confidence ? low : high) = middle;
  }
  return low;
}

std::vector<double> Sorted(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace

double Quantile(std::span<const double> sorted, double probability) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double last = static_cast<double>(sorted.size() - 1);
  const double position = std::clamp(probability, 0.0, 1.0) * last;
  const auto below = static_cast<size_t>(position);
  if (below + 1 >= sorted.size()) return sorted.back();
  const double share = position - static_cast<double>(below);
  return sorted[below] + share * (sorted[below + 1] - sorted[below]);
}

std::optional<double> QuantileLower(std::span<const double> sorted, double probability,
                                    double confidence) {
  const auto n = static_cast<int64_t>(sorted.size());
  const int64_t rank = LargestSafeRank(n, probability, confidence);
  if (rank < 1) return std::nullopt;
  return sorted[static_cast<size_t>(rank - 1)];
}

std::optional<double> QuantileUpper(std::span<const double> sorted, double probability,
                                    double confidence) {
  // Mirrored: the values counted from the top.
  const auto n = static_cast<int64_t>(sorted.size());
  const int64_t rank = LargestSafeRank(n, 1 - probability, confidence);
  if (rank < 1) return std::nullopt;
  return sorted[static_cast<size_t>(n - rank)];
}

double MedianOf(std::span<const double> values) { return Quantile(Sorted(values), 0.5); }

Median MedianWithInterval(std::span<const double> values, double confidence) {
  const std::vector<double> sorted = Sorted(values);
  Median out{Quantile(sorted, 0.5), std::nullopt};
  const double each = (1 + confidence) / 2;
  const auto low = QuantileLower(sorted, 0.5, each);
  const auto high = QuantileUpper(sorted, 0.5, each);
  if (low && high) out.interval = Interval{*low, *high};
  return out;
}

}  // namespace tare::stats
