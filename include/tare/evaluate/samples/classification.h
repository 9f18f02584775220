// Evaluation of a classifier, or of two on the same samples, batch by batch.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/evaluate/samples/kpi.h"
#include "tare/evaluate/samples/slices.h"
#include "tare/evaluate/samples/test_evidence.h"
#include "tare/evaluate/samples/test_options.h"
#include "tare/stats/bootstrap.h"
#include "tare/stats/scores.h"

namespace tare::evaluate {

struct ClassificationOptions {
  /// Class names by index; may be empty. More names than classes seen set the number of classes.
  std::vector<std::string> classes;
};

/// What one model said about the samples of a batch: scores, or hard predictions.
struct ModelAnswers {
  std::span<const double> scores;        ///< [rows, num_classes]; empty when predictions are given
  std::span<const int64_t> predictions;  ///< [rows]
};

/// A numeric column of the data set that slices compare and KPIs read.
struct Column {
  std::string_view name;
  std::span<const double> values;  ///< [rows]
};

struct ClassificationBatch {
  std::span<const int64_t> labels;  ///< [rows]
  /// Columns of `scores`; 0 with hard predictions. 1: a single score of class 1 (see Add).
  int64_t num_classes = 0;
  ModelAnswers baseline;
  ModelAnswers candidate;  ///< empty where the baseline is judged alone
  std::span<const Column> columns;
  /// The candidate's own values of columns, for KPIs; those that are not here are the same for
  /// both.
  std::span<const Column> candidate_columns;
  /// What errors of KPIs call a row, such as "float.jsonl:7"; default "sample 7".
  std::function<std::string(size_t row)> place = nullptr;
  /// Line of a row in a file, for flips.
  std::function<int64_t(size_t row)> line = nullptr;
  /// Of the type that held the scores; a smaller probability counts as this in log loss and KL.
  double least_probability = stats::kLeastProbability;
};

/// Judges a classifier, or compares two on the same samples.
///
/// KPIs read `label` and `prediction` (indices), `correct` (0 or 1), `confidence` (where there are
/// scores) and columns.
///
/// A prediction is the class with the greatest score, of equal ones the lowest index. A row of
/// scores with NaN or +infinity answers nothing: it counts as a wrong prediction of no class, and a
/// warning reports how many there were. Whether scores are logits or probabilities is decided once,
/// by the baseline's first batch (stats::LookLikeProbabilities), and recorded; a candidate whose
/// first batch holds probabilities beside a baseline's logits is an error. A log loss that is capped,
/// since a label has less than the least probability, is reported as a warning with how many.
///
/// Macro averages are those of scikit-learn with zero_division=0: the plain mean over classes that
/// occur among the labels or that side's predictions. Micro averages of single-label classification
/// equal the accuracy. Log loss (natural) and ECE (15 equal-mass bins, confidence of the predicted
/// class) are over the rows that both sides answered.
///
/// Intervals: Wilson for shares, Tango for differences of accuracy and recall, BCa for macro
/// averages, log loss and ECE (bins stay those of the sample), the Wilson interval of
/// TP / (TP + FP + FN) carried over to F1 = 2 J / (1 + J) for the F1 of a class. Bounds of
/// differences that rest on fewer than 10 harmful or helpful flips are widened by the flips that
/// may have been missed (Clopper-Pearson), placed where they move the metric most: the bootstrap
/// cannot know what the sample does not hold.
///
/// Threads  none.
/// Classes: above 1,000 only those that occur among labels or predictions are listed.
/// Memory   about 48 bytes a sample, whatever the number of classes; flat for hard predictions
///          without columns.
class ClassificationEvaluation {
 public:
  /// Errors  kInvalidArgument: an option is outside its range, or a `where` does not parse.
  static Result<ClassificationEvaluation> Create(TestOptions test,
                                                 ClassificationOptions options = {},
                                                 Sides sides = Sides::kPair);

  ClassificationEvaluation(ClassificationEvaluation&&) noexcept;
  ClassificationEvaluation& operator=(ClassificationEvaluation&&) noexcept;
  ~ClassificationEvaluation();

  /// Adds one batch. A single score a row (num_classes 1) is that of class 1 of two: a probability
  /// when all of the first batch lie in [0, 1], else a logit.
  /// Errors  kInvalidArgument: sizes that do not match, logits against probabilities, a label or prediction that is no class, a
  ///         slice or KPI that names an unknown column: the evaluation is then unchanged. A KPI
  ///         that is not finite: the evaluation is of no use then.
  Result<void> Add(const ClassificationBatch& batch);

  /// Samples so far.
  int64_t num_samples() const;
  /// What the scores are taken for. Absent before the first batch, and for hard predictions.
  std::optional<stats::ScoreKind> score_kind() const;

  /// Computes everything; of the baseline alone as of a pair of it with itself. Edge: no samples
  /// give metrics that are undefined (NaN, n 0).
  TestEvidence Finish() const;

 private:
  struct State;
  explicit ClassificationEvaluation(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tare::evaluate
