// One model's scores of one sample, reduced to the few numbers that an evaluation keeps.

#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "evaluate/samples/class_counts_internal.h"
#include "tare/stats/scores.h"

namespace tare::evaluate {

/// Classes that count as "top five".
inline constexpr int64_t kTopK = 5;

/// One side of one sample.
struct Answer {
  int32_t prediction = kNoAnswer;
  bool in_top_k = false;
  float confidence = NAN;  ///< probability of the prediction
  double log_loss = NAN;   ///< nats
  bool is_capped = false;  ///< the loss is that of the least probability, the label's is smaller
};

/// Reads rows of scores. Owns the scratch space.
class AnswerReader {
 public:
  AnswerReader(stats::ScoreKind kind, int64_t num_classes, double least_probability)
      : kind_(kind),
        least_(least_probability),
        baseline_(static_cast<size_t>(num_classes)),
        candidate_(static_cast<size_t>(num_classes)) {}

  /// Reads one sample of the baseline alone.
  void Read(std::span<const double> baseline, int64_t label) {
    first_ = ReadOne(baseline, label, baseline_);
  }
  /// Reads one sample of both sides.
  void Read(std::span<const double> baseline, std::span<const double> candidate, int64_t label) {
    first_ = ReadOne(baseline, label, baseline_);
    second_ = ReadOne(candidate, label, candidate_);
    const bool both = first_.prediction >= 0 && second_.prediction >= 0;
    kl_nats_ = both ? static_cast<float>(stats::KlDivergence(baseline_, candidate_)) : NAN;
  }
  const Answer& baseline() const { return first_; }
  const Answer& candidate() const { return second_; }
  /// KL(baseline || candidate); NaN when one side gave no answer.
  float kl_nats() const { return kl_nats_; }

 private:
  Answer ReadOne(std::span<const double> scores, int64_t label, std::vector<double>& logs) const {
    Answer out;
    const int64_t prediction = stats::ArgMax(scores);
    // A greatest score of -infinity says nothing either.
    if (prediction < 0 || !std::isfinite(scores[static_cast<size_t>(prediction)])) return out;
    stats::LogProbabilities(scores, kind_, logs, least_);
    out.prediction = static_cast<int32_t>(prediction);
    out.in_top_k = stats::RankOf(scores, label) < kTopK;
    out.confidence = static_cast<float>(std::exp(logs[static_cast<size_t>(prediction)]));
    const double least = std::log(1e-45);  // a logit of -infinity
    const double own = logs[static_cast<size_t>(label)];
    out.log_loss = -std::max(own, least);
    const bool is_least = kind_ == stats::ScoreKind::kProbabilities && own <= std::log(least_);
    out.is_capped = is_least || own < least;
    return out;
  }

  stats::ScoreKind kind_;
  double least_;
  std::vector<double> baseline_, candidate_;  // log probabilities
  Answer first_, second_;
  float kl_nats_ = NAN;
};

}  // namespace tare::evaluate
