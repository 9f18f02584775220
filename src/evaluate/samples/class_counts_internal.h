// Cells of a paired classification, and the metrics that follow from their counts.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tare/verdict/evidence.h"

namespace tare::evaluate {

/// A prediction that is none.
inline constexpr int32_t kNoAnswer = -1;
/// Resamples hold no flip that the sample does not hold: of fewer than this they make too narrow an
/// interval (docs/formats/policy.md, "Rare flips").
inline constexpr int64_t kRareFlips = 10;

/// What two models said about one sample, or one of them: the candidate's answer is then kNoAnswer.
struct Sample {
  int32_t label = 0;
  int32_t baseline = 0;
  int32_t candidate = 0;
  friend auto operator<=>(const Sample&, const Sample&) = default;
};

/// Samples that agree in label and both predictions: a confusion "cube", its zeros left out.
struct Cells {
  std::vector<Sample> kinds;   ///< rising, each once
  std::vector<int64_t> sizes;  ///< samples of each kind
};

/// Returns the cells of samples. Takes the samples by value to sort them.
Cells CountCells(std::vector<Sample> samples);

/// Counts of one side by class: row sums, column sums and the diagonal of its confusion matrix.
struct ClassCounts {
  std::vector<int64_t> members;    ///< samples of the class
  std::vector<int64_t> predicted;  ///< predictions of the class
  std::vector<int64_t> right;      ///< predictions of the class that are right

  explicit ClassCounts(size_t num_classes)
      : members(num_classes), predicted(num_classes), right(num_classes) {}
  size_t size() const { return members.size(); }
  void Clear();
};

/// Counts `drawn` samples of each cell.
void Tally(const Cells& cells, std::span<const int64_t> drawn, ClassCounts& baseline);
/// The same of both sides.
void Tally(const Cells& cells, std::span<const int64_t> drawn, ClassCounts& baseline,
           ClassCounts& candidate);

/// Precision, recall and F1 of a class; 0 / 0 is 0 as with scikit-learn's zero_division=0.
///
///   right / predicted      right / members      2 right / (members + predicted)
struct ClassScores {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};
ClassScores ScoresOf(const ClassCounts& counts, size_t index);

/// Means over the classes that have members or predictions. Edge: none gives 0.
/// Source  scikit-learn, precision_recall_fscore_support(average="macro", labels=None).
ClassScores MacroScores(const ClassCounts& counts);

/// Adds `size` samples of one kind.
void AddKind(const Sample& kind, int64_t size, verdict::FlipCounts& counts);

/// Flips of a set of cells.
verdict::FlipCounts CountFlips(const Cells& cells);

enum class ScoreField { kPrecision, kRecall, kF1 };
double Field(const ClassScores& scores, ScoreField field);

/// Index that stands for the macro average.
inline constexpr int64_t kMacro = -1;

/// One score: a field of a class, or its macro average.
struct ClassScore {
  ScoreField field = ScoreField::kF1;
  int64_t index = kMacro;
};
double MetricOf(const ClassCounts& counts, ClassScore score);

enum class FlipKind {
  kHarmful,  ///< right predictions become wrong
  kHelpful,  ///< wrong predictions become right
};

/// Returns how far a metric could move by `num_flips` more flips of the candidate: they are placed
/// one after the other where they move it most, down for harmful ones, up for helpful ones.
///
/// Cost     O(num_flips * C), O(num_flips * C^2) for C <= 20.
double ShiftAfterFlips(ClassCounts counts, int64_t num_flips, FlipKind kind, ClassScore score);

}  // namespace tare::evaluate
