// Regression and multi-label classification of models that run.

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

#include "evaluate/models/judged_samples_internal.h"
#include "evaluate/models/model_task_internal.h"
#include "evaluate/samples/label_rankings_internal.h"
#include "evaluate/samples/number_tasks_internal.h"
#include "tare/core/strcat.h"

namespace tare::evaluate {
namespace {

bool HoldsRows(const ValueInfo& output) {
  return IsFloat(output.dtype) && (output.shape.size() == 1 || ColumnsOf(output.shape) != 0);
}

// What both tasks share: an output of rows, labels of as many numbers.
class RowsTask : public ModelTask {
 public:
  RowsTask(EvaluateOptions options, size_t place, std::string name)
      : options_(std::move(options)), place_(place), name_(std::move(name)) {}

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> baseline,
                   std::span<const TensorView> candidate) final {
    TARE_TRY(const FloatRows before, ReadFloatRows(baseline[place_], batch.num_valid, name_));
    TARE_TRY(const FloatRows after, ReadFloatRows(candidate[place_], batch.num_valid, name_));
    const auto width = static_cast<size_t>(before.row_size());
    if (width == 0 || batch.targets.size() != before.values.size() ||
        after.values.size() != before.values.size()) {
      return InvalidArgument(
          StrCat("labels of ", batch.targets.size(), " numbers for ", batch.num_valid,
                 " samples of ", width, " in output '", name_, "'"),
          std::string(LabelHint()));
    }
    if (!samples_) {
      TARE_TRY(samples_, JudgedSamples::Create(Start(batch.targets, before), options_));
      for (auto& row : rows_) row.resize(samples_->width());
    }
    TARE_TRY(const auto bits, samples_->SlicesOf(batch, width == 1 ? std::span(batch.targets)
                                                                   : std::span<const double>()));
    for (size_t i = 0; i < static_cast<size_t>(batch.num_valid); ++i) {
      const auto row = static_cast<int64_t>(i);
      const Pair pair{std::span(batch.targets).subspan(i * width, width), before.Row(row),
                      after.Row(row)};
      TARE_TRY(const bool changed, Measure(pair, rows_));
      const Fact facts[] = {{"label", pair.target[0], pair.target[0]},
                            {"prediction", pair.before[0], pair.after[0]}};
      TARE_TRY_VOID(samples_->Add(batch, i, rows_[0], rows_[1], changed, bits[i],
                                  std::span(facts).first(width == 1 ? 2 : 0)));
    }
    return {};
  }

  Result<TestEvidence> Finish(const Progress&) final {
    TestEvidence evidence = samples_->Finish();
    AddTo(options_.classification, evidence);
    return evidence;
  }

 protected:
  // The first batch tells what the set is like.
  virtual SampleSchema Start(std::span<const double> targets, const FloatRows& baseline) = 0;
  // What is right of a sample, and what both models say.
  struct Pair {
    std::span<const double> target;
    std::span<const float> before, after;
  };
  // Fills a row of the schema for each model, and returns whether they answer differently.
  virtual Result<bool> Measure(const Pair& pair, std::vector<double> (&rows)[2]) = 0;
  // What is no sum over samples.
  virtual void AddTo(const ClassificationOptions& /*options*/, TestEvidence& /*evidence*/) const {}
  virtual std::string_view LabelHint() const = 0;
  const std::string& name() const { return name_; }

 private:
  EvaluateOptions options_;
  size_t place_;
  std::string name_;
  std::optional<JudgedSamples> samples_;
  std::vector<double> rows_[2];
};

class RegressionTask final : public RowsTask {
 public:
  using RowsTask::RowsTask;

 private:
  SampleSchema Start(std::span<const double> targets, const FloatRows&) override {
    origin_ = targets[0];
    return RegressionSchema();
  }

  Result<bool> Measure(const Pair& pair, std::vector<double> (&rows)[2]) override {
    const auto& [target, before, after] = pair;
    if (target.size() != 1)
      return InvalidArgument(
          StrCat("output '", name(), "' has ", target.size(), " numbers a sample"),
          std::string(LabelHint()));
    if (!std::isfinite(before[0]) || !std::isfinite(after[0])) {
      return InvalidArgument(StrCat("output '", name(), "' is not finite"),
                             "look for overflow: tare evaluate --task outputs counts such values");
    }
    MeasureRegression(target[0], before[0], origin_, rows[0]);
    MeasureRegression(target[0], after[0], origin_, rows[1]);
    return before[0] != after[0];
  }

  std::string_view LabelHint() const override {
    return "give one number a sample as the label, and a model with one number as its output";
  }

  double origin_ = 0;
};

class MultiLabelTask final : public RowsTask {
 public:
  using RowsTask::RowsTask;

 private:
  SampleSchema Start(std::span<const double>, const FloatRows& baseline) override {
    num_classes_ = baseline.row_size();
    const auto is_share = [](float value) { return value >= 0 && value <= 1; };
    threshold_ = std::ranges::all_of(baseline.values, is_share) ? 0.5 : 0.0;
    return LabelSetSchema(num_classes_);
  }

  void AddTo(const ClassificationOptions& options, TestEvidence& evidence) const override {
    rankings_.AddTo(options.confidence, options.bootstrap.seed, evidence);
  }

  Result<bool> Measure(const Pair& pair, std::vector<double> (&rows)[2]) override {
    const auto gold = Set(pair.target, [](double value) { return value != 0; });
    const auto taken = [&](float score) { return score >= threshold_; };
    const auto found = Set(pair.before, taken);
    const auto found_after = Set(pair.after, taken);
    rankings_.Add(gold, pair.before, pair.after);
    MeasureLabelSets(gold, found, num_classes_, rows[0]);
    MeasureLabelSets(gold, found_after, num_classes_, rows[1]);
    return found != found_after;
  }

  template <class T, class Takes>
  static std::set<int64_t> Set(std::span<const T> values, Takes takes) {
    std::set<int64_t> set;
    for (size_t c = 0; c < values.size(); ++c) {
      if (takes(values[c])) set.insert(static_cast<int64_t>(c));
    }
    return set;
  }

  std::string_view LabelHint() const override {
    return "give labels [samples, classes] of 0 and 1";
  }

  int64_t num_classes_ = 0;
  double threshold_ = 0;
  LabelRankings rankings_;
};

template <class Task>
Result<std::unique_ptr<ModelTask>> Make(const std::vector<ValueInfo>& outputs,
                                        const EvaluateOptions& options, std::string_view what) {
  TARE_TRY(const size_t place, FindOutput(outputs, options.score_output, {HoldsRows}, what));
  return std::unique_ptr<ModelTask>(std::make_unique<Task>(options, place, outputs[place].name));
}

}  // namespace

Result<std::unique_ptr<ModelTask>> MakeRegressionTask(const std::vector<ValueInfo>& outputs,
                                                      const EvaluateOptions& options) {
  return Make<RegressionTask>(outputs, options, "one number a sample");
}

Result<std::unique_ptr<ModelTask>> MakeMultiLabelTask(const std::vector<ValueInfo>& outputs,
                                                      const EvaluateOptions& options) {
  return Make<MultiLabelTask>(outputs, options, "one score a class");
}

}  // namespace tare::evaluate
