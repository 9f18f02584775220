// Samples of models that run, measured by numbers: the metrics of the task and the user's own KPIs,
// in slices.

#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evaluate/samples/kpi_evaluation_internal.h"
#include "evaluate/samples/sample_evaluation_internal.h"
#include "tare/evaluate/models/evaluate.h"

namespace tare::evaluate {

/// A number that KPIs may read beside the columns of the schema.
struct Fact {
  std::string_view name;
  double baseline = 0, candidate = 0;
};

class JudgedSamples {
 public:
  /// Errors  as SampleEvaluation, KpiEvaluation and SliceExpression; more than 64 slices.
  static Result<JudgedSamples> Create(SampleSchema schema, const TestOptions& options, Sides sides);

  /// Numbers in a row of the schema.
  size_t width() const { return columns_.size(); }
  int64_t num_samples() const { return evaluation_.num_samples(); }

  /// Bit s of element i: sample i of the batch is in slice s. `label`: one number a sample; empty
  /// where the task has none.
  /// Errors  kInvalidArgument: a slice compares a name that is no column of the batch.
  Result<std::vector<uint64_t>> SlicesOf(const EvaluationBatch& batch,
                                         std::span<const double> label) const;

  Sides sides() const { return sides_; }
  /// What was measured of one sample, with its columns of the schema.
  struct Measured {
    std::span<const double> baseline;
    std::span<const double> candidate;  ///< empty where the baseline is judged alone
    bool changed = false;               ///< the models answer differently
    uint64_t slices = 0;                ///< as SlicesOf()
    std::span<const Fact> facts = {};
  };
  /// Adds sample `row` of the batch.
  /// Errors  kInvalidArgument: a KPI reads a name that there is not, or is not finite.
  Result<void> Add(const EvaluationBatch& batch, size_t row, const Measured& measured);

  /// An answer written down: asked only of those that changed.
  using Write = std::function<std::string()>;
  /// What is right of a sample, and what both models say of it.
  struct Answers {
    Write label, baseline, candidate;
  };
  /// Hands the sample that Add() took last on to those that are looked at, where somebody asks.
  void AddFlip(const Answers& answers, std::span<const double> baseline,
               std::span<const double> candidate) const;

  TestEvidence Finish() const;

 private:
  struct Slice {
    SliceSpec spec;
    SliceExpression where;
  };
  JudgedSamples(SampleEvaluation evaluation, std::vector<std::string> columns)
      : evaluation_(std::move(evaluation)), columns_(std::move(columns)) {}
  Result<void> AddKpis(const EvaluationBatch& batch, size_t row, const Measured& measured);

  SampleEvaluation evaluation_;
  std::optional<KpiEvaluation> kpis_;
  std::vector<std::string> columns_;  // of the schema
  std::vector<Slice> slices_;
  Sides sides_ = Sides::kPair;
  verdict::FlipList* flips_ = nullptr;
  int64_t correct_ = -1, margin_ = -1;  // columns of the schema
};

}  // namespace tare::evaluate
