#include "tare/scores/ranking_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

#include "tare/core/result.h"

namespace tare::scores {
namespace {

double ClippedLoss(double probability) {
  constexpr double kEps = std::numeric_limits<double>::epsilon();
  return -std::log(std::clamp(probability, kEps, 1 - kEps));  // NaN stays NaN
}

double Discount(size_t place) { return 1 / std::log2(static_cast<double>(place) + 1); }

// Weights of positives and negatives.
struct Totals {
  double positive = 0, negative = 0;
};

// Calls `use` with the totals of each run of equal scores, by falling score.
template <class Samples, class Use>
void ForEachTie(const Samples& samples, std::span<const double> weights, Use use) {
  for (size_t i = 0; i < samples.size();) {
    Totals run;
    const double score = samples[i].score;
    for (; i < samples.size() && samples[i].score == score; ++i) {
      const double weight = weights.empty() ? 1.0 : weights[samples[i].index];
      (samples[i].positive ? run.positive : run.negative) += weight;
    }
    use(run);
  }
}

}  // namespace

BinaryRanking::BinaryRanking(std::span<const uint8_t> truths, std::span<const double> scores) {
  TARE_CHECK(truths.size() == scores.size());
  TARE_CHECK(truths.size() <= std::numeric_limits<uint32_t>::max());
  samples_.reserve(truths.size());
  for (size_t i = 0; i < truths.size(); ++i) {
    samples_.push_back({scores[i], static_cast<uint32_t>(i), truths[i] != 0});
    ordered_ = ordered_ && !std::isnan(scores[i]);
  }
  if (ordered_) std::ranges::sort(samples_, std::greater{}, &Sample::score);
}

double BinaryRanking::AveragePrecision(std::span<const double> weights) const {
  TARE_CHECK(weights.empty() || weights.size() == samples_.size());
  if (!ordered_) return NAN;
  double right = 0, wrong = 0, sum = 0;
  ForEachTie(samples_, weights, [&](const Totals& run) {
    right += run.positive;
    wrong += run.negative;
    if (run.positive > 0) sum += run.positive * right / (right + wrong);
  });
  return right > 0 ? sum / right : NAN;
}

double BinaryRanking::RocAuc(std::span<const double> weights) const {
  TARE_CHECK(weights.empty() || weights.size() == samples_.size());
  if (!ordered_) return NAN;
  double positive = 0, negative = 0, pairs = 0;
  ForEachTie(samples_, weights, [&](const Totals& run) {
    pairs += run.negative * (positive + run.positive / 2);
    positive += run.positive;
    negative += run.negative;
  });
  return positive > 0 && negative > 0 ? pairs / positive / negative : NAN;
}

double LogLoss(std::span<const int64_t> labels, std::span<const double> probabilities,
               int64_t num_classes) {
  TARE_CHECK(num_classes > 0);
  TARE_CHECK(probabilities.size() == labels.size() * static_cast<size_t>(num_classes));
  double sum = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    TARE_CHECK(labels[i] >= 0 && labels[i] < num_classes);
    const size_t row = i * static_cast<size_t>(num_classes);
    sum += ClippedLoss(probabilities[row + static_cast<size_t>(labels[i])]);
  }
  return labels.empty() ? NAN : sum / static_cast<double>(labels.size());
}

double BinaryLogLoss(std::span<const uint8_t> truths, std::span<const double> probabilities) {
  TARE_CHECK(probabilities.size() == truths.size());
  double sum = 0;
  for (size_t i = 0; i < truths.size(); ++i) {
    sum += ClippedLoss(truths[i] != 0 ? probabilities[i] : 1 - probabilities[i]);
  }
  return truths.empty() ? NAN : sum / static_cast<double>(truths.size());
}

RetrievalScore ScoreRetrieval(std::span<const std::string> ranked,
                              std::span<const std::string> relevant, int64_t k) {
  TARE_CHECK(k >= 1);
  std::set<std::string_view> missing(relevant.begin(), relevant.end());
  if (missing.empty()) return {NAN, NAN, NAN};
  const auto num_relevant = std::ssize(missing);
  std::vector<int64_t> places;
  for (size_t i = 0; i < ranked.size() && !missing.empty(); ++i) {
    if (missing.erase(ranked[i]) != 0) places.push_back(static_cast<int64_t>(i) + 1);
  }
  return ScorePlaces(places, num_relevant, k);
}

RetrievalScore ScorePlaces(std::span<const int64_t> places, int64_t num_relevant, int64_t k) {
  TARE_CHECK(k >= 1);
  if (num_relevant == 0) return {NAN, NAN, NAN};
  RetrievalScore out;
  if (!places.empty()) out.reciprocal_rank = 1 / static_cast<double>(places[0]);
  double found = 0, gain = 0, ideal = 0;
  for (const int64_t place : places) {
    if (place > k) break;
    ++found;
    gain += Discount(static_cast<size_t>(place));
  }
  for (int64_t place = 1; place <= std::min(k, num_relevant); ++place)
    ideal += Discount(static_cast<size_t>(place));
  out.recall = found / static_cast<double>(num_relevant);
  out.ndcg = gain / ideal;
  return out;
}

}  // namespace tare::scores
