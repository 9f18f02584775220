// What a ClassificationEvaluation holds.

#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/samples/classification_internal.h"
#include "evaluate/samples/kpi_evaluation_internal.h"
#include "evaluate/samples/slice_search_internal.h"
#include "tare/evaluate/samples/classification.h"
#include "tare/stats/scores.h"

namespace tare::evaluate {

struct ClassificationEvaluation::State {
  struct Slice {
    SliceSpec spec;
    SliceExpression where;
  };

  /// Samples of hard predictions that nothing tells apart.
  struct Kind {
    Sample answers;
    uint64_t slices = 0;
    friend auto operator<=>(const Kind&, const Kind&) = default;
  };

  TestOptions test;
  ClassificationOptions options;
  Sides sides = Sides::kPair;
  std::vector<Slice> slices;
  std::optional<KpiEvaluation> kpis;
  std::optional<stats::ScoreKind> kind;   // absent until the first batch; and for predictions
  bool are_single_probabilities = false;  // logits as it seems, but all within 0 and 1
  int64_t score_columns = -1;             // as given; 0 for predictions; -1 before the first batch
  int64_t num_classes = 0;
  std::vector<SampleRecord> records;  // that are not folded
  std::map<Kind, int64_t> folded;     // samples of each kind
  int64_t num_folded = 0;
  std::map<std::string, std::vector<float>> search_columns;  // values of each sample, by name
  std::vector<uint64_t> slice_bits;                          // bit s: the sample is in slice s
  int64_t baseline_unanswered = 0, candidate_unanswered = 0;
  int64_t baseline_capped = 0, candidate_capped = 0;  // samples whose log loss is
  double most_loss = 0;                               // of these, nats

  Result<void> CheckSizes(const ClassificationBatch& batch) const;
  Result<void> CheckClasses(const ClassificationBatch& batch) const;
  Result<void> CheckSliceColumns(const ClassificationBatch& batch) const;
  Result<void> CheckKpiColumns(const ClassificationBatch& batch) const;
  void AddMembership(const ClassificationBatch& batch);
  Result<void> AddKpis(const ClassificationBatch& batch);
  void AddSearchColumns(const ClassificationBatch& batch);
  Result<void> Decide(const ClassificationBatch& batch);
  /// Counts answers that are none.
  void Count(const Sample& answers);
  void AddPredictions(const ClassificationBatch& batch);
  void AddScores(const ClassificationBatch& batch);
  /// Hands the flips of a batch on, of which the first has the place `begin`. `of_batch`: its records.
  void AddFlips(const ClassificationBatch& batch, int64_t begin,
                std::span<const SampleRecord> of_batch) const;
  /// How much more probable the baseline finds its answer than the candidate's.
  std::optional<double> MarginOf(const ClassificationBatch& batch, size_t row,
                                 const SampleRecord& record) const;
  std::string NameOf(int32_t answer) const;

  bool is_pair() const { return sides == Sides::kPair; }
  int64_t num_samples() const { return num_folded + static_cast<int64_t>(records.size()); }
  size_t ClassCount() const {
    return std::max(options.classes.size(), static_cast<size_t>(num_classes));
  }
  SummaryOptions MakeSummaryOptions() const;
  void Fold();
  std::vector<SampleRecord> RecordsOf(size_t slice) const;
  /// The classes that are listed: all up to a bound, above it those that occur in `cells`.
  std::vector<int32_t> ListedClasses(const Cells& cells) const;
  /// Of records, and of what is folded in the slice (or at all).
  Cells CellsOf(std::span<const SampleRecord> from, std::optional<size_t> slice) const;
  void FinishSlices(const SummaryOptions& summary, TestEvidence& out) const;
  void AddConfusion(const Cells& cells, TestEvidence& out) const;
  void AddMetrics(const Cells& cells, const SummaryOptions& summary, TestEvidence& out) const;
  void AddWarnings(TestEvidence& out) const;
  void FindSlices(TestEvidence& out) const;
  verdict::FoundScope Describe(const FoundSlice& slice, std::span<const Sample> samples,
                               std::span<const int64_t> sizes) const;
};

}  // namespace tare::evaluate
