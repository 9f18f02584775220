#include <algorithm>
#include <map>

#include "pipeline/test_plan_internal.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kEvaluationBatch = 32;

// Large numbers keep the digits that a float32 would lose.
Result<std::vector<double>> Doubles(const Tensor& values) {
  const auto copy = [](const auto& span) { return std::vector<double>(span.begin(), span.end()); };
  if (values.dtype() == DType::kFloat64) return copy(values.data<double>());
  if (values.dtype() == DType::kInt64) return copy(values.data<int64_t>());
  if (values.dtype() == DType::kInt32) return copy(values.data<int32_t>());
  TARE_TRY(const Tensor floats, values.ToFloat32());
  return copy(floats.data<float>());
}

}  // namespace

TestPlan PlanOf(const Project& project) {
  return {.task = project.task,
          .output = project.output,
          .label = project.label,
          .classes = project.classes,
          .classes_file = project.file,
          .slices = project.slices,
          .kpis = project.kpis,
          .test = project.test,
          .distributions = project.distributions,
          .seed = project.seed};
}

void AddDistribution(const DistributionSource& distribution, StepKey& key) {
  key.Add("distribution", distribution.name).Add("samples", distribution.source.num_samples);
  if (distribution.corruption) key.Add("corrupt", data::Describe(*distribution.corruption));
}

Result<std::vector<int64_t>> ClassLabels(const TestPlan& plan, const data::Dataset& dataset,
                                         std::span<const int64_t> samples, int64_t num_classes) {
  TARE_TRY(const data::ArrayInfo info, dataset.Find(plan.label));
  if (info.classes.empty() || plan.classes.empty()) {
    return data::ReadLabels(dataset, plan.label, samples, num_classes)
        .While(StrCat("reading labels of ", dataset.source()));
  }
  std::map<std::string, int64_t> numbers;
  for (const std::string& name : info.classes) {
    const auto found = std::find(plan.classes.begin(), plan.classes.end(), name);
    if (found == plan.classes.end()) {
      return InvalidArgument(StrCat("label '", name, "' of ", dataset.source(),
                                    " is not among the classes of ", plan.classes_file),
                             StrCat("add it to 'classes', in the model's order; there are ",
                                    Join(plan.classes, ", ")));
    }
    numbers.emplace(name, found - plan.classes.begin());
  }
  TARE_TRY(const auto texts, dataset.ReadTexts(plan.label, samples));
  std::vector<int64_t> labels;
  for (const std::string& text : texts) labels.push_back(numbers.at(text));
  return labels;
}

std::vector<std::string> SliceColumns(const TestPlan& plan) {
  std::vector<std::string> columns;
  for (const auto& slice : plan.slices) {
    const auto parsed = evaluate::SliceExpression::Parse(slice.where);
    if (!parsed) continue;  // the plan was checked
    for (const std::string& name : parsed->names()) {
      const bool known = name == "label" || name == "confidence" ||
                         std::find(columns.begin(), columns.end(), name) != columns.end();
      if (!known) columns.push_back(name);
    }
  }
  return columns;
}

std::vector<std::string> KpiColumns(const TestPlan& plan, const data::Dataset& dataset) {
  std::vector<std::string> columns;
  for (const evaluate::KpiSpec& kpi : plan.kpis) {
    const auto parsed = evaluate::KpiExpression::Parse(kpi.expression);
    if (!parsed) continue;  // the plan was checked
    for (const std::string& name : parsed->names()) {
      const auto info = dataset.Find(name);
      const bool is_column =
          info && info->sample_shape.empty() && name != plan.label && name != "label";
      if (is_column && std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  return columns;
}

SplitBatches::SplitBatches(const TestPlan& plan, const OpenSource& source,
                           std::vector<int64_t> samples)
    : plan_(plan),
      source_(source),
      samples_(std::move(samples)),
      reader_(*source.feed, samples_, kEvaluationBatch),
      columns_(SliceColumns(plan)) {
  for (std::string& column : KpiColumns(plan, *source.dataset)) {
    if (std::ranges::find(columns_, column) == columns_.end())
      columns_.push_back(std::move(column));
  }
}

Result<std::optional<evaluate::EvaluationBatch>> SplitBatches::Next() {
  TARE_TRY(auto batch, reader_.Next());
  if (!batch) return std::optional<evaluate::EvaluationBatch>();
  const auto part = reader_.part();
  TARE_TRY_VOID(source_.feed->CheckFinite(*batch, part));
  evaluate::EvaluationBatch out{*std::move(batch), {}, {}, {}};
  if (plan_.task == verdict::Task::kClassification || plan_.task == verdict::Task::kEmbedding) {
    TARE_TRY(out.labels, ClassLabels(plan_, *source_.dataset, part, 0));
  } else if (plan_.task != verdict::Task::kOutputs) {
    TARE_TRY(out.targets, data::ReadTargets(*source_.dataset, plan_.label, part));
  }
  for (const std::string& column : columns_) {
    const std::string names[] = {column};
    TARE_TRY(const Tensor values, source_.dataset->ReadColumns(names, part));
    evaluate::NamedColumn& named = out.columns.emplace_back();
    named.name = column;
    TARE_TRY(named.values, Doubles(values));
  }
  return std::optional(std::move(out));
}

int64_t DeclaredClasses(const graph::Graph& graph) {
  if (graph.outputs.empty()) return 0;
  const Shape& shape = graph.outputs[0].info.shape;
  const bool scores = IsFloat(graph.outputs[0].info.dtype) && shape.size() == 2 && shape[1] >= 2;
  return scores ? shape[1] : 0;
}

Result<void> CheckClassNames(const TestPlan& plan, const data::Dataset& dataset,
                             int64_t num_classes) {
  const bool is_numbered =
      plan.task == verdict::Task::kClassification && plan.classes.empty() && num_classes > 0;
  if (!is_numbered) return {};
  TARE_TRY(const data::ArrayInfo info, dataset.Find(plan.label));
  if (info.classes.empty() || data::NumbersOfClasses(info) ||
      std::ssize(info.classes) == num_classes)
    return {};
  return InvalidArgument(
      StrCat("the labels '", plan.label, "' of ", dataset.source(), " name ", info.classes.size(),
             " classes (",
             Join(std::span(info.classes).first(std::min<size_t>(info.classes.size(), 12)), ", "),
             "), and the model has ", num_classes, ": which is which cannot be told"),
      "name all classes in the model's order: --classes A,B,C (in tare.yaml: data: classes), or "
      "write their numbers in place of the names");
}

Result<std::vector<std::string>> ClassNames(const TestPlan& plan, const data::Dataset& dataset) {
  if (plan.task == verdict::Task::kOutputs) return std::vector<std::string>();
  if (plan.task != verdict::Task::kClassification || !plan.classes.empty()) return plan.classes;
  TARE_TRY(const data::ArrayInfo info, dataset.Find(plan.label));
  if (data::NumbersOfClasses(info)) return std::vector<std::string>();
  return info.classes;
}

evaluate::EvaluateOptions EvaluationOptions(const TestPlan& plan,
                                            std::vector<std::string> classes) {
  evaluate::EvaluateOptions options;
  options.task = plan.task;
  options.classification.classes = std::move(classes);
  options.test.slices = plan.slices;
  options.test.kpis = plan.kpis;
  options.score_output = plan.output;
  return options;
}

}  // namespace tare::pipeline
