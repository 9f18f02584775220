// What a test set is asked, and its samples as batches with their labels and columns.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/opened_model_internal.h"
#include "pipeline/step_cache_internal.h"
#include "tare/data/dataset.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/pipeline/project.h"

namespace tare::pipeline {

/// What is judged, by which labels, and in which parts: of a project, or of `tare evaluate`.
struct TestPlan {
  verdict::Task task = verdict::Task::kOutputs;  ///< or one of evaluate::ModelTasks()
  std::string output;  ///< the output that answers; empty: the first that fits the task
  std::string label;
  std::vector<std::string> classes;  ///< in the model's order; empty: those of the data
  std::string classes_file;          ///< where they were named, for errors
  std::vector<evaluate::SliceSpec> slices;
  std::vector<evaluate::KpiSpec> kpis;
  SplitSource test;
  std::vector<DistributionSource> distributions;
  uint64_t seed = 1;  ///< of samples and corruptions
};
TestPlan PlanOf(const Project& project);

/// Adds what a distribution is, but not the content of its files, to a key.
void AddDistribution(const DistributionSource& distribution, StepKey& key);

/// Labels of samples as class numbers of the plan: text labels by the order of its classes.
/// Errors  as data::ReadLabels; kInvalidArgument: a text that is not among the classes.
Result<std::vector<int64_t>> ClassLabels(const TestPlan& plan, const data::Dataset& dataset,
                                         std::span<const int64_t> samples, int64_t num_classes);

/// Columns of the model's scores where the file declares them; 0 elsewhere.
int64_t DeclaredClasses(const graph::Graph& graph);

/// Checks that text labels, which are numbered in the order of their texts where the plan names no
/// classes, name as many classes as the model has: else the numbers are those of others.
/// `num_classes` 0: not known, nothing is checked.
/// Errors  kInvalidArgument: they name more or fewer; kNotFound: no such array of labels.
Result<void> CheckClassNames(const TestPlan& plan, const data::Dataset& dataset,
                             int64_t num_classes);

/// Names of the classes for a report: those of the plan, else those of the data's labels; none for
/// tasks without.
/// Errors  kNotFound: no such array of labels.
Result<std::vector<std::string>> ClassNames(const TestPlan& plan, const data::Dataset& dataset);

/// How the test set is evaluated under a plan.
evaluate::EvaluateOptions EvaluationOptions(const TestPlan& plan, std::vector<std::string> classes);

/// Yields the samples of a split in order, with labels and the columns that slices and KPIs read.
/// `plan` and `source` must outlive it.
class SplitBatches final : public evaluate::BatchSource {
 public:
  SplitBatches(const TestPlan& plan, const OpenSource& source, std::vector<int64_t> samples);
  SplitBatches(const SplitBatches&) = delete;  // the reader looks at its samples
  SplitBatches& operator=(const SplitBatches&) = delete;
  Result<std::optional<evaluate::EvaluationBatch>> Next() override;
  int64_t num_samples() const override { return std::ssize(samples_); }

 private:
  const TestPlan& plan_;
  const OpenSource& source_;
  std::vector<int64_t> samples_;
  data::FeedReader reader_;  // of samples_
  std::vector<std::string> columns_;
};

/// Columns that slices compare, without `label`, each once.
std::vector<std::string> SliceColumns(const TestPlan& plan);
/// Of the names that KPIs read, those that are columns of the data and not the label, each once.
/// The others are measured by the task, or unknown, which the evaluation says.
std::vector<std::string> KpiColumns(const TestPlan& plan, const data::Dataset& dataset);

}  // namespace tare::pipeline
