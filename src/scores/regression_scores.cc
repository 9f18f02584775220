#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "scores/regression_scores_internal.h"
#include "tare/core/result.h"

namespace tare::scores {
namespace {

bool AllEqual(std::span<const double> values) {
  return std::ranges::all_of(values, [&](double value) { return value == values.front(); });
}

// Ranks from 1, equal values sharing the mean of theirs.
std::vector<double> MidRanks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [values](size_t i) { return values[i]; });
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t end = first;
    while (end < order.size() && values[order[end]] == values[order[first]]) ++end;
    const double shared = static_cast<double>(first + 1 + end) / 2;
    for (; first < end; ++first) ranks[order[first]] = shared;
  }
  return ranks;
}

}  // namespace

RegressionScore ScoreRegression(std::span<const double> truths, std::span<const double> found) {
  TARE_CHECK(truths.size() == found.size());
  const auto n = static_cast<double>(truths.size());
  if (truths.empty()) return {NAN, NAN, NAN};
  const double mean = std::accumulate(truths.begin(), truths.end(), 0.0) / n;
  double absolute = 0, squared = 0, spread = 0;
  for (size_t i = 0; i < truths.size(); ++i) {
    const double error = found[i] - truths[i];
    absolute += std::abs(error);
    squared += error * error;
    spread += (truths[i] - mean) * (truths[i] - mean);
  }
  // Asked of the truths themselves: the mean of equal numbers may round away from them.
  const double r2 = AllEqual(truths) ? NAN : 1 - squared / spread;
  return {absolute / n, std::sqrt(squared / n), r2};
}

double Spearman(std::span<const double> truths, std::span<const double> found) {
  TARE_CHECK(truths.size() == found.size());
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (std::ranges::any_of(truths, is_nan) || std::ranges::any_of(found, is_nan)) return NAN;
  if (truths.empty() || AllEqual(truths) || AllEqual(found)) return NAN;
  const std::vector<double> a = MidRanks(truths);
  const std::vector<double> b = MidRanks(found);
  const double mean = (static_cast<double>(truths.size()) + 1) / 2;
  double both = 0, first = 0, second = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    both += (a[i] - mean) * (b[i] - mean);
    first += (a[i] - mean) * (a[i] - mean);
    second += (b[i] - mean) * (b[i] - mean);
  }
  return both / std::sqrt(first) / std::sqrt(second);
}

}  // namespace tare::scores
