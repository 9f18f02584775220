// How close the outputs of two models are, sample by sample, without labels.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tare/core/result.h"
#include "tare/runtime/output_layout.h"
#include "tare/stats/bootstrap.h"
#include "tare/tensor/tensor.h"
#include "tare/verdict/evidence.h"

namespace tare::evaluate {

struct OutputsOptions {
  /// Of the two-sided intervals, in (0.5, 1).
  double confidence = 0.95;
  stats::BootstrapOptions bootstrap;
  /// Where the samples lie in each output; without a layout a run is one sample.
  std::vector<runtime::OutputLayout> layouts;
  /// How far an output may move: runtime::Judge().
  double tolerance = 0.01;
};

/// Compares the outputs of two models batch by batch.
///
///   cosine          a.b / (|a| |b|)                    of a sample; mean and least are reported
///   relative_error  sqrt(sum |a - b|^2 / sum |a|^2)    over all samples, and SNR likewise
///   agreement       the share of equal elements        of integers and bool
///
///   judged          what runtime::Judge() says of it, by the measure that fits its kind
///
/// Sample   a slice along the output's batch axis where its layout has one, else the run.
/// Edge     two zero vectors have cosine 1, a zero and another 0. A position where both are NaN, or
///          both the same infinity, counts as equal and is left out; any other non-finite pair
///          gives its sample cosine -1 (runtime::ComparePair).
/// Flips    where a float output looks like class scores, rows whose greatest entry (lowest index
///          of equals) differs. It looks like class scores when its last axis has between 2 and
///          200,000 entries and
///            (a) its first rows are probability distributions; or
///            (b) its name contains "logit", "prob", "softmax" or "score"; or
///            (c) it is [N, C], neither named like features ("embed", "feature", "hidden", "pool")
///                nor of rows with length 1.
///          Decided once, on the first run, and kept.
/// Lists    rows are matched before they are compared: runtime::OutputsComparison.
/// Memory   48 bytes a sample and output.
/// Threads  none.
class OutputsEvaluation {
 public:
  /// Errors  kInvalidArgument: an option is outside its range.
  static Result<OutputsEvaluation> Create(std::vector<ValueInfo> outputs, OutputsOptions options);

  OutputsEvaluation(OutputsEvaluation&&) noexcept;
  OutputsEvaluation& operator=(OutputsEvaluation&&) noexcept;
  ~OutputsEvaluation();

  /// Adds one run: the outputs of both models in order; rows from `num_valid` on are padding.
  /// Errors  kInvalidArgument: not as many outputs as declared; the two differ in type or shape
  ///         (names the output; a list may differ in rows). The evaluation is then unchanged.
  Result<void> Add(std::span<const TensorView> baseline, std::span<const TensorView> candidate,
                   int64_t num_valid);

  int64_t num_samples() const;

  /// Computes everything. Edge: without samples the estimates are undefined (n 0).
  std::vector<verdict::OutputCloseness> Finish() const;

 private:
  struct State;
  explicit OutputsEvaluation(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

/// Puts the outputs into `evidence`, with n where it has none, and warnings about non-finite
/// values. The task stays: a classification reports the closeness of its outputs too.
void SetOutputsEvidence(std::vector<verdict::OutputCloseness> outputs, int64_t n,
                        verdict::Evidence& evidence);

}  // namespace tare::evaluate
