// The driver: feeds the same batches to two models and collects the evidence.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/evaluate/models/outputs.h"
#include "tare/evaluate/samples/classification.h"
#include "tare/evaluate/samples/test_evidence.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"
#include "tare/verdict/evidence.h"

namespace tare::evaluate {

/// A column of a batch that slices compare and KPIs read.
struct NamedColumn {
  std::string name;
  std::vector<double> values;
};

/// Inputs of one run of the models, and what is known about its samples.
struct EvaluationBatch : Batch {
  std::vector<int64_t> labels;  ///< of classification and embedding: num_valid of them
  /// Of regression [num_valid], of multi-label classification [num_valid, classes] of 0 and 1, of
  /// token classification [num_valid, tokens]: class of each token, negative where none is judged.
  std::vector<double> targets;
  std::vector<NamedColumn> columns;
};

/// Yields batches in order.
class BatchSource {
 public:
  virtual ~BatchSource() = default;
  /// The next batch, or nullopt at the end.
  virtual Result<std::optional<EvaluationBatch>> Next() = 0;
  /// Samples in all, 0 when unknown.
  virtual int64_t num_samples() const = 0;
};

/// The two models are treated alike: nothing else is known about them.
using runtime::RunnableModel;
using runtime::RunnableOf;

struct EvaluateOptions {
  verdict::Task task = verdict::Task::kClassification;
  TestOptions test;
  /// Its classes name those of token classification too.
  ClassificationOptions classification;
  OutputsOptions outputs;
  /// Name of the output that answers; empty: the first that fits the task.
  std::string score_output;
  /// What progress calls it.
  std::string step = "evaluate";
};

/// The tasks whose models tare runs; beside these kOutputs, which needs no labels.
///
///   classification        output [N, C] of scores, or integers [N]
///   regression            output [N] or [N, 1]; one number a sample as its label
///   multi_label           output [N, C]; labels [N, C] of 0 and 1; scores are taken from 0.5 where
///                         all of the first batch lie in [0, 1], else from 0
///   token_classification  output [N, tokens, C]; entities where the classes are named as tags
///                         (BIO, BIOES)
///   embedding             output [N, size], or [N, tokens, size], of which the mean over tokens is
///                         taken, those alone where an input with "mask" in its name is not 0. Each
///                         sample asks for the others of its label, ranked by cosine: a query
///                         against all other samples
std::span<const verdict::Task> ModelTasks();

/// Runs both models on every batch of the test set and returns the evidence of options.task, one of
/// ModelTasks(), with the closeness of outputs; or of kOutputs, closeness alone.
///
/// Memory   does not grow with the outputs, but for embedding, which holds the vectors of at most
///          20,000 samples, and multi_label, which holds at most 20 million scores of each model to
///          rank them.
/// Errors   kInvalidArgument: the two have different outputs, a batch without labels (or with other
///          than num_valid), no output fits, a model without rows as its answer, a prediction that
///          is not finite; kCancelled; and what the source and the models give. An empty source is
///          kInvalidArgument.
Result<verdict::Evidence> Evaluate(const RunnableModel& baseline, const RunnableModel& candidate,
                                   BatchSource& source, const EvaluateOptions& options,
                                   Progress& progress);

/// Runs one model on every batch of the test set and returns what its answers are worth: metrics
/// with their intervals, classes, confusion, slices and warnings, all on the side of the baseline.
/// Nothing is of the candidate, `paired` and the closeness of outputs are absent.
///
/// Every number is the one of the baseline in Evaluate() of the model and itself, bit by bit;
/// beside another candidate, bootstrapped intervals draw other samples (the pair's kinds of samples
/// are other ones).
///
/// Memory   that of Evaluate(), less the outputs of a second model; a classifier's records keep the
///          room for one.
/// Errors   as Evaluate(), kUnsupported for outputs, which are judged by what they are close to.
Result<verdict::Evidence> EvaluateModel(const RunnableModel& model, BatchSource& source,
                                        const EvaluateOptions& options, Progress& progress);

/// Runs both models on every batch of another distribution than the test set and returns what
/// AddDistribution() takes: as Evaluate(), without the closeness of outputs.
///
/// Errors   as Evaluate(), kUnsupported for outputs, of which a distribution says nothing.
Result<TestEvidence> EvaluateDistribution(const RunnableModel& baseline,
                                          const RunnableModel& candidate, BatchSource& source,
                                          const EvaluateOptions& options, Progress& progress);

}  // namespace tare::evaluate
