// Regression and multi-label classification of models that run.

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "evaluate/model_task_internal.h"
#include "evaluate/number_tasks_internal.h"
#include "tare/core/strcat.h"

namespace tare::evaluate {
namespace {

bool HoldsRows(const ValueInfo& output) { return IsFloat(output.dtype) && (output.shape.size() == 1 || ColumnsOf(output.shape) != 0); }

// What both tasks share: an output of rows, labels of as many numbers.
class RowsTask : public ModelTask {
 public:
  RowsTask(SliceColumnsReader slices, SampleOptions options, size_t place, std::string name)
      : slices_(std::move(slices)), options_(std::move(options)), place_(place), name_(std::move(name)) {}

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> baseline, std::span<const TensorView> candidate) final {
    TARE_TRY(const FloatRows before, ReadFloatRows(baseline[place_], batch.num_valid, name_));
    TARE_TRY(const FloatRows after, ReadFloatRows(candidate[place_], batch.num_valid, name_));
    const auto width = static_cast<size_t>(before.row_size());
    if (width == 0 || batch.targets.size() != before.values.size() || after.values.size() != before.values.size()) {
      return InvalidArgument(StrCat("labels of ", batch.targets.size(), " numbers for ", batch.num_valid, " samples of ", width, " in output '", name_, "'"),
                             std::string(LabelHint()));
    }
    if (!evaluation_) {
      TARE_TRY(evaluation_, SampleEvaluation::Create(Start(batch.targets, before), options_));
    }
    TARE_TRY(const auto bits, slices_.Bits(batch, width == 1 ? std::span(batch.targets) : std::span<const double>()));
    for (size_t i = 0; i < static_cast<size_t>(batch.num_valid); ++i) {
      const auto row = static_cast<int64_t>(i);
      TARE_TRY_VOID(AddRow(std::span(batch.targets).subspan(i * width, width), before.Row(row), after.Row(row), bits[i]));
    }
    return {};
  }

  Result<TestEvidence> Finish(const Progress&) final { return evaluation_->Finish(); }

 protected:
  // The first batch tells what the set is like.
  virtual SampleSchema Start(std::span<const double> targets, const FloatRows& baseline) = 0;
  virtual Result<void> AddRow(std::span<const double> target, std::span<const float> before, std::span<const float> after, uint64_t slices) = 0;
  virtual std::string_view LabelHint() const = 0;

  SampleEvaluation& evaluation() { return *evaluation_; }
  const std::string& name() const { return name_; }

 private:
  SliceColumnsReader slices_;
  SampleOptions options_;
  size_t place_;
  std::string name_;
  std::optional<SampleEvaluation> evaluation_;
};

class RegressionTask final : public RowsTask {
 public:
  using RowsTask::RowsTask;

 private:
  SampleSchema Start(std::span<const double> targets, const FloatRows&) override {
    origin_ = targets[0];
    SampleSchema schema = RegressionSchema();
    for (auto& row : rows_) row.resize(schema.columns.size());
    return schema;
  }

  Result<void> AddRow(std::span<const double> target, std::span<const float> before, std::span<const float> after, uint64_t slices) override {
    if (target.size() != 1) return InvalidArgument(StrCat("output '", name(), "' has ", target.size(), " numbers a sample"), std::string(LabelHint()));
    if (!std::isfinite(before[0]) || !std::isfinite(after[0])) {
      return InvalidArgument(StrCat("output '", name(), "' is not finite"), "look for overflow: tare evaluate --task outputs counts such values");
    }
    MeasureRegression(target[0], before[0], origin_, rows_[0]);
    MeasureRegression(target[0], after[0], origin_, rows_[1]);
    evaluation().Add(rows_[0], rows_[1], before[0] != after[0], slices);
    return {};
  }

  std::string_view LabelHint() const override { return "give one number a sample as the label, and a model with one number as its output"; }

  double origin_ = 0;
  std::vector<double> rows_[2];
};

class MultiLabelTask final : public RowsTask {
 public:
  using RowsTask::RowsTask;

 private:
  SampleSchema Start(std::span<const double>, const FloatRows& baseline) override {
    num_classes_ = baseline.row_size();
    const auto is_share = [](float value) { return value >= 0 && value <= 1; };
    threshold_ = std::ranges::all_of(baseline.values, is_share) ? 0.5 : 0.0;
    SampleSchema schema = LabelSetSchema(num_classes_);
    for (auto& row : rows_) row.resize(schema.columns.size());
    return schema;
  }

  Result<void> AddRow(std::span<const double> target, std::span<const float> before, std::span<const float> after, uint64_t slices) override {
    const auto gold = Set(target, [](double value) { return value != 0; });
    const auto taken = [&](float score) { return score >= threshold_; };
    const auto found = Set(before, taken);
    const auto found_after = Set(after, taken);
    MeasureLabelSets(gold, found, num_classes_, rows_[0]);
    MeasureLabelSets(gold, found_after, num_classes_, rows_[1]);
    evaluation().Add(rows_[0], rows_[1], found != found_after, slices);
    return {};
  }

  template <class T, class Takes>
  static std::set<int64_t> Set(std::span<const T> values, Takes takes) {
    std::set<int64_t> set;
    for (size_t c = 0; c < values.size(); ++c) {
      if (takes(values[c])) set.insert(static_cast<int64_t>(c));
    }
    return set;
  }

  std::string_view LabelHint() const override { return "give labels [samples, classes] of 0 and 1"; }

  int64_t num_classes_ = 0;
  double threshold_ = 0;
  std::vector<double> rows_[2];
};

template <class Task>
Result<std::unique_ptr<ModelTask>> Make(const std::vector<ValueInfo>& outputs, const EvaluateOptions& options, std::string_view what) {
  TARE_TRY(const size_t place, FindOutput(outputs, options.score_output, HoldsRows, what));
  TARE_TRY(auto slices, SliceColumnsReader::Create(options.classification.slices));
  return std::unique_ptr<ModelTask>(std::make_unique<Task>(std::move(slices), SampleOptionsOf(options), place, outputs[place].name));
}

}  // namespace

Result<std::unique_ptr<ModelTask>> MakeRegressionTask(const std::vector<ValueInfo>& outputs, const EvaluateOptions& options) {
  return Make<RegressionTask>(outputs, options, "one number a sample");
}

Result<std::unique_ptr<ModelTask>> MakeMultiLabelTask(const std::vector<ValueInfo>& outputs, const EvaluateOptions& options) {
  return Make<MultiLabelTask>(outputs, options, "one score a class");
}

}  // namespace tare::evaluate
