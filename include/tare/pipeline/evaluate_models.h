// The one-shot comparison of two models, or of predictions made elsewhere.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/corrupt/corrupt.h"
#include "tare/data/feed.h"
#include "tare/evaluate/cost/cost_options.h"
#include "tare/evaluate/models/entailment_judge.h"
#include "tare/evaluate/predictions/kpi_command.h"
#include "tare/evaluate/samples/kpi.h"
#include "tare/evaluate/samples/slices.h"
#include "tare/pipeline/report_files.h"
#include "tare/runtime/session.h"
#include "tare/verdict/policy.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {

struct EvaluateRequest {
  std::string baseline_path, candidate_path;
  std::string data_path;
  std::string label;                  ///< array of labels; "" for none
  std::optional<verdict::Task> task;  ///< absent: classification with labels, outputs without
  std::string output;                 ///< the output that answers; "": the first that fits the task
  std::vector<std::string>
      classes;  ///< of text labels, or tags of tokens, in the model's order; may be empty
  std::vector<data::InputBinding> bindings;
  std::vector<evaluate::SliceSpec>
      slices;  ///< conditions on the label and on numeric arrays; needs labels
  std::vector<evaluate::KpiSpec>
      kpis;  ///< of what the task measures and of numeric arrays; needs labels
  std::vector<data::CorruptionSpec>
      corruptions;          ///< the samples seen under these too; needs labels
  int64_t num_samples = 0;  ///< 0: all
  /// Recipe of the candidate, whose calibration samples are left out of the same data; "" for none.
  std::string unseen_by;
  uint64_t seed = 1;
  runtime::SessionOptions session;
  evaluate::CostOptions costs;
  double time_limit_s = 120;
  std::optional<verdict::Policy> policy;  ///< judged by it when given
  std::string tare_version;
  /// Samples whose answer changed that are described for the page.
  size_t num_shown_flips = verdict::kMostShownFlips;
};

/// A report, and the samples whose answer changed.
struct EvaluatedReport {
  verdict::Report report;
  ReportFlips flips;
};

/// Runs both models on the same samples and reports what they answered and cost.
/// Errors   those of reading, loading and running; kInvalidArgument: different outputs, a label out
///          of range; kFailedPrecondition: NaN in the data; kCancelled.
/// Threads  fully: the models are first tried in child processes, by tare/core/child.h.
Result<EvaluatedReport> EvaluateModels(const EvaluateRequest& request, Progress& progress);

struct PredictionsRequest {
  /// JSON Lines, as docs/formats/predictions.md says; with a truth, COCO's results or SQuAD's
  /// predictions.
  std::string baseline_path, candidate_path;
  std::string truth_path;             ///< COCO's annotations or SQuAD's data; "" for none
  std::optional<verdict::Task> task;  ///< absent: that of the truth, classification without one
  std::vector<evaluate::SliceSpec> slices;
  std::vector<evaluate::KpiSpec> kpis;
  std::vector<evaluate::KpiCommand> kpi_commands;
  double command_time_limit_s = 60;  ///< of each run of a command
  std::optional<evaluate::EntailmentOptions>
      judge;  ///< of the answers of question_answering and generation
  std::optional<verdict::Policy> policy;
  std::string tare_version;
  size_t num_shown_flips = verdict::kMostShownFlips;
};
/// Errors   those of the task's predictions, of the KPIs and of the judge; kCancelled.
/// Threads  fully: a judge is first tried in a child process, by tare/core/child.h.
Result<EvaluatedReport> EvaluatePredictionFiles(const PredictionsRequest& request,
                                                Progress& progress);

}  // namespace tare::pipeline
