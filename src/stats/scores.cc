#include "tare/stats/scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tare/core/result.h"

namespace tare::stats {

namespace {

template <class T>
int64_t ArgMaxOf(std::span<const T> scores) {
  int64_t best = -1;
  T best_score = -std::numeric_limits<T>::infinity();
  for (size_t i = 0; i < scores.size(); ++i) {
    const T score = scores[i];
    if (std::isnan(score) || score == std::numeric_limits<T>::infinity()) return -1;
    if (best < 0 || score > best_score) {
      best = static_cast<int64_t>(i);
      best_score = score;
    }
  }
  return best;
}

template <class T>
bool AreDistributions(std::span<const T> scores, int64_t num_classes) {
  constexpr double kTolerance = 1e-3;
  if (num_classes < 2 || scores.empty()) return false;
  const auto width = static_cast<size_t>(num_classes);
  for (size_t row = 0; row + width <= scores.size(); row += width) {
    double sum = 0;
    for (const T p : scores.subspan(row, width)) {
      if (!(p >= -kTolerance && p <= 1 + kTolerance)) return false;
      sum += p;
    }
    if (std::abs(sum - 1) > kTolerance) return false;
  }
  return true;
}

}  // namespace

void LogProbabilities(std::span<const double> scores, ScoreKind kind, std::span<double> out,
                      double least) {
  double sum = 0;
  if (kind == ScoreKind::kProbabilities) {
    for (const double p : scores) sum += std::max(0.0, p);
    for (size_t i = 0; i < scores.size(); ++i) out[i] = std::log(std::max(scores[i] / sum, least));
    return;
  }
  // Taken off first, so that no exponential overflows and the greatest is 1.
  const double max = *std::max_element(scores.begin(), scores.end());
  for (const double z : scores) sum += std::exp(z - max);
  const double log_sum = std::log(sum);
  for (size_t i = 0; i < scores.size(); ++i) out[i] = scores[i] - max - log_sum;
}

double KlDivergence(std::span<const double> log_p, std::span<const double> log_q) {
  constexpr double kLeastLog = -103.3;  // log of the least float32
  double sum = 0;
  for (size_t i = 0; i < log_p.size(); ++i) {
    const double p = std::exp(log_p[i]);
    if (p > 0) sum += p * (log_p[i] - std::max(log_q[i], kLeastLog));
  }
  return std::max(0.0, sum);
}

int64_t ArgMax(std::span<const float> scores) { return ArgMaxOf(scores); }
int64_t ArgMax(std::span<const double> scores) { return ArgMaxOf(scores); }

int64_t RankOf(std::span<const double> scores, int64_t label) {
  const auto own = static_cast<size_t>(label);
  int64_t before = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i] > scores[own] || (scores[i] == scores[own] && i < own)) ++before;
  }
  return before;
}

bool LookLikeProbabilities(std::span<const float> scores, int64_t num_classes) {
  return AreDistributions(scores, num_classes);
}
bool LookLikeProbabilities(std::span<const double> scores, int64_t num_classes) {
  return AreDistributions(scores, num_classes);
}

CalibrationBins EqualMassBins(std::span<const float> confidence, int num_bins) {
  TARE_CHECK(num_bins >= 1 && num_bins <= 255);
  std::vector<uint32_t> order(confidence.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return confidence[a] < confidence[b]; });
  CalibrationBins out{std::vector<uint8_t>(confidence.size()), num_bins};
  const size_t size = confidence.size() / static_cast<size_t>(num_bins);
  const size_t longer = confidence.size() % static_cast<size_t>(num_bins);
  size_t next = 0;
  for (int bin = 0; bin < num_bins; ++bin) {
    const size_t end = next + size + (static_cast<size_t>(bin) < longer ? 1 : 0);
    for (; next < end; ++next) out.bin[order[next]] = static_cast<uint8_t>(bin);
  }
  return out;
}

double ExpectedCalibrationError(const CalibrationBins& bins, std::span<const float> confidence,
                                std::span<const uint8_t> correct) {
  if (confidence.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::vector<double> gap(static_cast<size_t>(bins.num_bins));
  for (size_t i = 0; i < confidence.size(); ++i) {
    gap[bins.bin[i]] += static_cast<double>(correct[i]) - confidence[i];
  }
  double sum = 0;
  for (const double value : gap) sum += std::abs(value);
  return sum / static_cast<double>(confidence.size());
}

}  // namespace tare::stats
