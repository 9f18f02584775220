// Two models compared on a test set: the evidence of its task, of its distributions, and of cost.
// `tare evaluate` and the evaluation step of `tare run` are both this.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/project_data_internal.h"
#include "pipeline/test_plan_internal.h"
#include "tare/core/progress.h"
#include "tare/evaluate/cost/comparison.h"
#include "tare/verdict/evidence.h"
#include "tare/verdict/flips.h"

namespace tare::pipeline {

/// A pair to compare. A stranger's model has been tried before (OpenedModel::Try).
struct PairIn {
  const TestPlan* plan = nullptr;
  OpenedModel* baseline = nullptr;  ///< opens the distributions too
  const OpenSource* test = nullptr;
  std::vector<int64_t> samples;      ///< of `test`
  std::vector<std::string> classes;  ///< as ClassNames()
  std::string candidate_path;
  evaluate::CostOptions costs;
  /// Gives what the baseline with these outputs answered to the samples in this order, if that is
  /// known; without it the baseline is run.
  std::function<std::optional<evaluate::RunnableModel>(std::vector<ValueInfo> outputs)> answers;
};

/// What the comparison found.
struct PairOut {
  verdict::Evidence evidence;
  /// Of the test set, not of the distributions: kept in order, and how many there are.
  std::vector<verdict::Flip> flips;
  int64_t num_flips = 0;
};

/// Corruptions take the test samples; other files take all of theirs; both fewer where the
/// distribution says so. Without labels each distribution leaves a warning.
///
/// Errors  what opening, reading and running give; kInvalidArgument: other outputs, batches that
///         the model does not take; kUnsupported: nothing to corrupt; kCancelled.
Result<PairOut> EvaluatePair(const PairIn& in, Progress& progress);

/// Gives the first `num_described` flips what the data hold of their samples.
/// Errors  as data::Preview().
Result<void> DescribeFlips(const OpenSource& source, size_t num_described,
                           std::span<verdict::Flip> flips);

/// How many flips of a task are kept.
size_t FlipsToKeep(verdict::Task task);

}  // namespace tare::pipeline
