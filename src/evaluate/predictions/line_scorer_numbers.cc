// Regression and multi-label classification.

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluate/predictions/line_scorer_internal.h"
#include "evaluate/predictions/prediction_lines_internal.h"
#include "evaluate/samples/label_rankings_internal.h"
#include "evaluate/samples/number_tasks_internal.h"

namespace tare::evaluate {
namespace {

using Json = JsonReader::Json;

Result<double> NeedNumber(const JsonReader& fields, const char* key) {
  TARE_TRY(const auto number, fields.Number(key));
  if (!number) return fields.Wrong(key, "a number: it is missing");
  return *number;
}

class RegressionScorer : public LineScorer {
 public:
  explicit RegressionScorer(double origin) : origin_(origin) { schema_ = RegressionSchema(); }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer,
                            std::span<double> row) const override {
    TARE_TRY(const double label, NeedNumber(reference, "label"));
    TARE_TRY(const double prediction, NeedNumber(answer, "prediction"));
    MeasureRegression(label, prediction, origin_, row);
    const auto is_finite = [](double value) { return std::isfinite(value); };
    if (!std::ranges::all_of(row, is_finite))
      return answer.Wrong("prediction", "a number whose square is finite");
    return Json(prediction).dump();
  }

 private:
  double origin_;
};

// Labels as a set of class indices.
Result<std::set<int64_t>> ReadClasses(const JsonReader& fields, const char* key,
                                      int64_t num_classes) {
  TARE_TRY(const Json* list, fields.Array(key));
  if (list == nullptr) return fields.Wrong(key, "a list of class indices: it is missing");
  std::set<int64_t> classes;
  for (const Json& item : *list) {
    const int64_t index = item.is_number_integer() ? item.get<int64_t>() : -1;
    if (index < 0 || (num_classes > 0 && index >= num_classes)) {
      return fields.Wrong(key, num_classes > 0
                                   ? StrCat("a list of class indices below ", num_classes)
                                   : "a list of class indices");
    }
    classes.insert(index);
  }
  return classes;
}

class MultiLabelScorer : public LineScorer {
 public:
  MultiLabelScorer(int64_t num_classes, double threshold)
      : num_classes_(num_classes), threshold_(threshold) {
    schema_ = LabelSetSchema(num_classes);
  }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer,
                            std::span<double> row) const override {
    TARE_TRY(const auto gold, ReadClasses(reference, "label", num_classes_));
    TARE_TRY(const auto predicted, Predicted(answer));
    MeasureLabelSets(gold, predicted, num_classes_, row);
    std::string text;
    for (const int64_t index : predicted) text += StrCat(index, " ");
    return text;
  }

  Result<void> Rank(const JsonReader& reference, const JsonReader& baseline,
                    const JsonReader& candidate) override {
    if (num_classes_ == 0) return {};
    TARE_TRY(const auto gold, ReadClasses(reference, "label", num_classes_));
    TARE_TRY(const auto before, ReadNumbers(baseline, "scores"));
    TARE_TRY(const auto after, ReadNumbers(candidate, "scores"));
    const std::vector<float> first(before.begin(), before.end());
    const std::vector<float> second(after.begin(), after.end());
    rankings_.Add(gold, first, second);
    return {};
  }
  void AddTo(double confidence, uint64_t seed, TestEvidence& evidence) const override {
    rankings_.AddTo(confidence, seed, evidence);
  }

 private:
  Result<std::set<int64_t>> Predicted(const JsonReader& answer) const {
    if (num_classes_ == 0) return ReadClasses(answer, "prediction", 0);
    TARE_TRY(const auto scores, ReadNumbers(answer, "scores"));
    if (static_cast<int64_t>(scores.size()) != num_classes_) {
      return answer.Wrong("scores",
                          StrCat("a list of ", num_classes_, " numbers, as in the first line"));
    }
    std::set<int64_t> predicted;
    for (size_t c = 0; c < scores.size(); ++c) {
      const bool is_share = scores[c] >= 0 && scores[c] <= 1;
      if (threshold_ == 0.5 && !is_share) {
        return answer.Wrong(
            "scores",
            "between 0 and 1 as in the first line, where they are taken for probabilities; "
            "with logits, give the decided classes as 'prediction' and no scores");
      }
      if (scores[c] >= threshold_) predicted.insert(static_cast<int64_t>(c));
    }
    return predicted;
  }

  int64_t num_classes_;
  double threshold_;
  LabelRankings rankings_;
};

}  // namespace

Result<std::unique_ptr<LineScorer>> MakeRegressionScorer(const JsonReader& first) {
  TARE_TRY(const double origin, NeedNumber(first, "label"));
  return std::unique_ptr<LineScorer>(std::make_unique<RegressionScorer>(origin));
}

Result<std::unique_ptr<LineScorer>> MakeMultiLabelScorer(const JsonReader& first) {
  TARE_TRY(const auto scores, ReadNumbers(first, "scores"));
  const bool probabilities =
      std::ranges::all_of(scores, [](double score) { return score >= 0 && score <= 1; });
  return std::unique_ptr<LineScorer>(std::make_unique<MultiLabelScorer>(
      static_cast<int64_t>(scores.size()), probabilities ? 0.5 : 0.0));
}

}  // namespace tare::evaluate
