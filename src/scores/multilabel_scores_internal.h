// Scores of multi-label classification: each sample has any number of the classes.

#pragma once

#include <cstdint>
#include <span>

#include "tare/scores/text_scores.h"

namespace tare::scores {

/// Decisions about one class.
struct LabelCounts {
  int64_t true_positive = 0;
  int64_t false_positive = 0;
  int64_t false_negative = 0;
  friend bool operator==(const LabelCounts&, const LabelCounts&) = default;
};

/// One sample: how many of its classes are decided wrongly.
struct LabelOutcome {
  int64_t num_wrong = 0;
  bool exact() const { return num_wrong == 0; }
};

/// Judges one sample and adds its decisions to the counts of the classes. A class is predicted
/// where its score is at least the threshold.
///
/// Subset accuracy is the share of exact() outcomes, Hamming loss the sum of num_wrong over samples
/// times classes.
///
/// Shape    truths, scores and counts by class (TARE_CHECK); a truth is 0 or not.
/// Edge     a NaN score predicts nothing.
LabelOutcome JudgeLabels(std::span<const uint8_t> truths, std::span<const double> scores,
                         double threshold, std::span<LabelCounts> counts);

/// Precision, recall and F1 of one class.
///
///   tp / (tp + fp)        tp / (tp + fn)        2 tp / (2 tp + fp + fn)
///
/// Edge     a class that neither occurs nor is predicted: all NaN. Else 0 / 0 is 0.
FScore ScoreLabel(const LabelCounts& counts);

/// The same of the sums over classes. Edge: all NaN where ScoreLabel is.
FScore MicroScore(std::span<const LabelCounts> counts);

/// Means of ScoreLabel over the classes where it is defined. Edge: none gives NaN.
/// Source  scikit-learn 1.9, precision_recall_fscore_support(average="macro", zero_division=0) with
///         `labels` those that occur or are predicted.
FScore MacroScore(std::span<const LabelCounts> counts);

}  // namespace tare::scores
