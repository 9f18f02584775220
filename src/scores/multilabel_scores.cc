#include <cmath>

#include "scores/multilabel_scores_internal.h"
#include "tare/core/result.h"

namespace tare::scores {
namespace {

double ShareOrZero(int64_t part, int64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

LabelOutcome JudgeLabels(std::span<const uint8_t> truths, std::span<const double> scores,
                         double threshold, std::span<LabelCounts> counts) {
  TARE_CHECK(truths.size() == scores.size() && truths.size() == counts.size());
  LabelOutcome out;
  for (size_t c = 0; c < truths.size(); ++c) {
    const bool truth = truths[c] != 0;
    const bool predicted = scores[c] >= threshold;
    counts[c].true_positive += truth && predicted ? 1 : 0;
    counts[c].false_positive += !truth && predicted ? 1 : 0;
    counts[c].false_negative += truth && !predicted ? 1 : 0;
    out.num_wrong += truth != predicted ? 1 : 0;
  }
  return out;
}

FScore ScoreLabel(const LabelCounts& counts) {
  const int64_t right = counts.true_positive;
  const int64_t wrong = counts.false_positive + counts.false_negative;
  if (right + wrong == 0) return {NAN, NAN, NAN};
  return {ShareOrZero(right, right + counts.false_positive),
          ShareOrZero(right, right + counts.false_negative),
          ShareOrZero(2 * right, 2 * right + wrong)};
}

FScore MicroScore(std::span<const LabelCounts> counts) {
  LabelCounts sum;
  for (const LabelCounts& one : counts) {
    sum.true_positive += one.true_positive;
    sum.false_positive += one.false_positive;
    sum.false_negative += one.false_negative;
  }
  return ScoreLabel(sum);
}

FScore MacroScore(std::span<const LabelCounts> counts) {
  FScore sum;
  int num_defined = 0;
  for (const LabelCounts& one : counts) {
    const FScore score = ScoreLabel(one);
    if (std::isnan(score.f1)) continue;
    sum.precision += score.precision;
    sum.recall += score.recall;
    sum.f1 += score.f1;
    ++num_defined;
  }
  if (num_defined == 0) return {NAN, NAN, NAN};
  return {sum.precision / num_defined, sum.recall / num_defined, sum.f1 / num_defined};
}

}  // namespace tare::scores
