// Token classification of models that run: scores [N, tokens, classes], labels [N, tokens].

#include <cmath>

#include "evaluate/models/judged_samples_internal.h"
#include "evaluate/models/model_task_internal.h"
#include "evaluate/samples/list_tasks_internal.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"
#include "tare/stats/scores.h"

namespace tare::evaluate {
namespace {

bool HoldsTokenScores(const ValueInfo& output) {
  return IsFloat(output.dtype) && output.shape.size() == 3;
}

class TokenTask final : public ModelTask {
 public:
  TokenTask(JudgedSamples samples, std::vector<std::string> classes, size_t place, std::string name)
      : samples_(std::move(samples)),
        classes_(std::move(classes)),
        place_(place),
        name_(std::move(name)) {
    rows_[0].resize(samples_.width());
    if (samples_.sides() == Sides::kPair) rows_[1].resize(samples_.width());
  }

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> baseline,
                   std::span<const TensorView> candidate) override {
    TARE_TRY(const FloatRows before, ReadFloatRows(baseline[place_], batch.num_valid, name_));
    FloatRows after;
    if (!candidate.empty()) {
      TARE_TRY(after, ReadFloatRows(candidate[place_], batch.num_valid, name_));
    }
    const auto tokens = before.shape.empty() ? int64_t{0} : before.shape[0];
    if (before.shape.size() != 2 || (!candidate.empty() && after.shape != before.shape) ||
        std::ssize(batch.targets) != batch.num_valid * tokens) {
      return InvalidArgument(
          StrCat("labels of ", batch.targets.size(), " numbers for ", batch.num_valid,
                 " samples of ", tokens, " tokens in output '", name_, "'"),
          "give labels [samples, tokens]: the class of each token, negative where none is judged");
    }
    TARE_TRY(const auto bits, samples_.SlicesOf(batch, {}));
    for (int64_t i = 0; i < batch.num_valid; ++i) {
      const auto truth = std::span(batch.targets)
                             .subspan(static_cast<size_t>(i * tokens), static_cast<size_t>(tokens));
      TARE_TRY(const Tags first, Measure(truth, before.Row(i), before.shape[1], rows_[0]));
      Tags second = first;
      if (!candidate.empty()) {
        TARE_TRY(second, Measure(truth, after.Row(i), before.shape[1], rows_[1]));
      }
      TARE_TRY_VOID(
          samples_.Add(batch, static_cast<size_t>(i),
                       {rows_[0], rows_[1], first != second, bits[static_cast<size_t>(i)]}));
      if (first == second) continue;
      samples_.AddFlip({[&] { return Join(TruthsOf(truth), " "); },
                        [&] { return Join(first, " "); }, [&] { return Join(second, " "); }},
                       rows_[0], rows_[1]);
    }
    return {};
  }

  Result<TestEvidence> Finish(const Progress&) override { return samples_.Finish(); }

 private:
  using Tags = std::vector<std::string>;

  // Fills the row of one model, and returns what it says of the tokens that count.
  Result<Tags> Measure(std::span<const double> truth, std::span<const float> scores,
                       int64_t num_classes, std::vector<double>& row) {
    Tags truths, found;
    for (size_t t = 0; t < truth.size(); ++t) {
      if (truth[t] < 0) continue;  // padding, special tokens, later pieces of a word
      const auto of_token =
          scores.subspan(t * static_cast<size_t>(num_classes), static_cast<size_t>(num_classes));
      const auto label = static_cast<int64_t>(truth[t]);
      if (label >= num_classes || truth[t] != std::floor(truth[t])) {
        return InvalidArgument(
            StrCat("label ", truth[t], " of token ", t, " is no class of output '", name_,
                   "', which has ", num_classes),
            "give class indices from 0, negative where none is judged");
      }
      if (!classes_.empty() && num_classes != std::ssize(classes_)) {
        return InvalidArgument(StrCat("output '", name_, "' has ", num_classes,
                                      " classes a token; 'classes' names ", classes_.size()),
                               "name as many, in the model's order");
      }
      const int64_t predicted = stats::ArgMax(of_token);
      if (predicted < 0)
        return InvalidArgument(StrCat("output '", name_, "' is not a number at token ", t),
                               "look for overflow: --task outputs instead counts such values");
      truths.push_back(TagOf(label));
      found.push_back(TagOf(predicted));
    }
    TARE_TRY_VOID(MeasureTokens(truths, found, !classes_.empty(), row)
                      .While("reading the names of the classes as tags"));
    return found;
  }

  Tags TruthsOf(std::span<const double> truth) const {
    Tags truths;
    for (const double label : truth) {
      if (label >= 0) truths.push_back(TagOf(static_cast<int64_t>(label)));
    }
    return truths;
  }

  std::string TagOf(int64_t index) const {
    return classes_.empty() ? StrCat(index) : classes_[static_cast<size_t>(index)];
  }

  JudgedSamples samples_;
  std::vector<std::string> classes_;
  size_t place_;
  std::string name_;
  std::vector<double> rows_[2];
};

}  // namespace

Result<std::unique_ptr<ModelTask>> MakeTokenTask(const std::vector<ValueInfo>& outputs,
                                                 const EvaluateOptions& options, Sides sides) {
  TARE_TRY(const size_t place, FindOutput(outputs, options.score_output, {HoldsTokenScores},
                                          "scores [samples, tokens, classes]"));
  const auto& classes = options.classification.classes;
  TARE_TRY(auto samples, JudgedSamples::Create(TokenSchema(!classes.empty()), options.test, sides));
  return std::unique_ptr<ModelTask>(
      std::make_unique<TokenTask>(std::move(samples), classes, place, outputs[place].name));
}

}  // namespace tare::evaluate
