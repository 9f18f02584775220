// Regression and multi-label classification of models that run.

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <optional>
#include <set>

#include "evaluate/models/judged_samples_internal.h"
#include "evaluate/models/model_task_internal.h"
#include "evaluate/samples/label_rankings_internal.h"
#include "evaluate/samples/number_tasks_internal.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

bool HoldsRows(const ValueInfo& output) {
  return IsFloat(output.dtype) && (output.shape.size() == 1 || ColumnsOf(output.shape) != 0);
}

// Of two numbers that differ the texts differ.
template <class T>
std::string Shortest(T value) {
  char buffer[40];
  return {buffer, std::to_chars(buffer, std::end(buffer), value).ptr};
}

// What both tasks share: an output of rows, labels of as many numbers.
class RowsTask : public ModelTask {
 public:
  RowsTask(const EvaluateOptions& options, Sides sides, size_t place, std::string name)
      : test_(options.test), sides_(sides), place_(place), name_(std::move(name)) {}

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> baseline,
                   std::span<const TensorView> candidate) final {
    TARE_TRY(const FloatRows before, ReadFloatRows(baseline[place_], batch.num_valid, name_));
    FloatRows after;
    if (!candidate.empty()) {
      TARE_TRY(after, ReadFloatRows(candidate[place_], batch.num_valid, name_));
    }
    const auto width = static_cast<size_t>(before.row_size());
    if (width == 0 || batch.targets.size() != before.values.size() ||
        (!candidate.empty() && after.values.size() != before.values.size())) {
      return InvalidArgument(
          StrCat("labels of ", batch.targets.size(), " numbers for ", batch.num_valid,
                 " samples of ", width, " in output '", name_, "'"),
          std::string(LabelHint()));
    }
    if (!samples_) {
      TARE_TRY(samples_, JudgedSamples::Create(Start(batch.targets, before), test_, sides_));
      rows_[0].resize(samples_->width());
      if (sides_ == Sides::kPair) rows_[1].resize(samples_->width());
    }
    TARE_TRY(const auto bits, samples_->SlicesOf(batch, width == 1 ? std::span(batch.targets)
                                                                   : std::span<const double>()));
    for (size_t i = 0; i < static_cast<size_t>(batch.num_valid); ++i) {
      const auto row = static_cast<int64_t>(i);
      const auto theirs = candidate.empty() ? std::span<const float>() : after.Row(row);
      const Answers answers{std::span(batch.targets).subspan(i * width, width), before.Row(row),
                            theirs};
      TARE_TRY_VOID(AddSample(batch, i, answers, bits[i]));
    }
    return {};
  }

  Result<TestEvidence> Finish(const Progress&) final {
    TestEvidence evidence = samples_->Finish();
    AddTo(test_, evidence);
    return evidence;
  }

 protected:
  // The first batch tells what the set is like.
  virtual SampleSchema Start(std::span<const double> targets, const FloatRows& baseline) = 0;
  // What is right of a sample, and what the models say; `after` is empty where there is one.
  struct Answers {
    std::span<const double> target;
    std::span<const float> before, after;
  };
  // Fills a row of the schema from the answer of one model.
  virtual Result<void> Measure(std::span<const double> target, std::span<const float> answer,
                               std::vector<double>& row) const = 0;
  virtual bool Differ(std::span<const float> before, std::span<const float> after) const = 0;
  // What is right and what a model says, to be read.
  virtual std::string LabelText(std::span<const double> target) const = 0;
  virtual std::string AnswerText(std::span<const float> answer) const = 0;
  // Looks at a sample for what is no sum over samples, and adds it.
  virtual void Rank(const Answers& /*answers*/) {}
  virtual void AddTo(const TestOptions& /*options*/, TestEvidence& /*evidence*/) const {}
  virtual std::string_view LabelHint() const = 0;
  const std::string& name() const { return name_; }

 private:
  Result<void> AddSample(const EvaluationBatch& batch, size_t i, const Answers& answers,
                         uint64_t slices) {
    const auto& [target, before, after] = answers;
    TARE_TRY_VOID(Measure(target, before, rows_[0]));
    if (!after.empty()) TARE_TRY_VOID(Measure(target, after, rows_[1]));
    Rank(answers);
    const Fact facts[] = {{"label", target[0], target[0]},
                          {"prediction", before[0], after.empty() ? NAN : after[0]}};
    const bool changed = !after.empty() && Differ(before, after);
    TARE_TRY_VOID(samples_->Add(
        batch, i,
        {rows_[0], rows_[1], changed, slices, std::span(facts).first(target.size() == 1 ? 2 : 0)}));
    if (changed) {
      samples_->AddFlip(
          {[&, of = target] { return LabelText(of); }, [&, of = before] { return AnswerText(of); },
           [&, of = after] { return AnswerText(of); }},
          rows_[0], rows_[1]);
    }
    return {};
  }

  TestOptions test_;
  Sides sides_;
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

  Result<void> Measure(std::span<const double> target, std::span<const float> answer,
                       std::vector<double>& row) const override {
    if (target.size() != 1)
      return InvalidArgument(
          StrCat("output '", name(), "' has ", target.size(), " numbers a sample"),
          std::string(LabelHint()));
    if (!std::isfinite(answer[0])) {
      return InvalidArgument(StrCat("output '", name(), "' is not finite"),
                             "look for overflow: --task outputs instead counts such values");
    }
    MeasureRegression(target[0], answer[0], origin_, row);
    return {};
  }

  bool Differ(std::span<const float> before, std::span<const float> after) const override {
    return before[0] != after[0];
  }

  std::string LabelText(std::span<const double> target) const override {
    return Shortest(target[0]);
  }
  std::string AnswerText(std::span<const float> answer) const override {
    return Shortest(answer[0]);
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

  void AddTo(const TestOptions& options, TestEvidence& evidence) const override {
    rankings_.AddTo(options.confidence, options.bootstrap.seed, evidence);
  }

  Result<void> Measure(std::span<const double> target, std::span<const float> answer,
                       std::vector<double>& row) const override {
    const auto found = Set(answer, [&](float score) { return IsTaken(score); });
    MeasureLabelSets(Gold(target), found, num_classes_, row);
    return {};
  }

  bool Differ(std::span<const float> before, std::span<const float> after) const override {
    return !std::ranges::equal(before, after,
                               [&](float a, float b) { return IsTaken(a) == IsTaken(b); });
  }

  void Rank(const Answers& answers) override {
    rankings_.Add(Gold(answers.target), answers.before, answers.after);
  }

  std::string LabelText(std::span<const double> target) const override {
    return NamesOf(Gold(target));
  }
  std::string AnswerText(std::span<const float> answer) const override {
    return NamesOf(Set(answer, [&](float score) { return IsTaken(score); }));
  }

  static std::string NamesOf(const std::set<int64_t>& classes) {
    std::vector<std::string> names;
    for (const int64_t index : classes) names.push_back(StrCat(index));
    return names.empty() ? "none" : Join(names, ", ");
  }

  bool IsTaken(float score) const { return score >= threshold_; }

  static std::set<int64_t> Gold(std::span<const double> target) {
    return Set(target, [](double value) { return value != 0; });
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
Result<std::unique_ptr<ModelTask>> MakeNumbersTask(const std::vector<ValueInfo>& outputs,
                                                   const EvaluateOptions& options, Sides sides,
                                                   std::string_view what) {
  TARE_TRY(const size_t place, FindOutput(outputs, options.score_output, {HoldsRows}, what));
  return std::unique_ptr<ModelTask>(
      std::make_unique<Task>(options, sides, place, outputs[place].name));
}

}  // namespace

Result<std::unique_ptr<ModelTask>> MakeRegressionTask(const std::vector<ValueInfo>& outputs,
                                                      const EvaluateOptions& options, Sides sides) {
  return MakeNumbersTask<RegressionTask>(outputs, options, sides, "one number a sample");
}

Result<std::unique_ptr<ModelTask>> MakeMultiLabelTask(const std::vector<ValueInfo>& outputs,
                                                      const EvaluateOptions& options, Sides sides) {
  return MakeNumbersTask<MultiLabelTask>(outputs, options, sides, "one score a class");
}

}  // namespace tare::evaluate
