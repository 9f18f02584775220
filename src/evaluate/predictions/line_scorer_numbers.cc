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

// How a list of labels is to be read.
enum class LabelForm {
  kEither,   // [0, 1] of two classes
  kIndices,  // [1, 3]
  kRow,      // [0, 1, 0, 1]: one 0 or 1 a class
};

// With three classes and more a list of as many 0 and 1 repeats one, as no set does.
LabelForm FormOf(const Json& list, int64_t num_classes) {
  const auto is_switch = [](const Json& item) {
    if (item.is_boolean()) return true;
    return item.is_number_integer() && (item == 0 || item == 1);
  };
  if (num_classes == 0 || std::ssize(list) != num_classes ||
      !std::all_of(list.begin(), list.end(), is_switch))
    return LabelForm::kIndices;
  const std::set<bool> values = [&] {
    std::set<bool> out;
    for (const Json& item : list) out.insert(item == 1 || item == true);
    return out;
  }();
  const bool is_repeated = values.size() < list.size();
  const bool is_above = num_classes == 1 && values.contains(true);
  return is_repeated || is_above || list[0].is_boolean() ? LabelForm::kRow : LabelForm::kEither;
}

// The classes whose place in a row holds 1.
std::set<int64_t> ClassesOfRow(const Json& row) {
  std::set<int64_t> classes;
  for (size_t c = 0; c < row.size(); ++c) {
    if (row[c] == 1 || row[c] == true) classes.insert(static_cast<int64_t>(c));
  }
  return classes;
}

// Labels as a set of class indices.
Result<std::set<int64_t>> ReadClasses(const JsonReader& fields, const char* key,
                                      int64_t num_classes) {
  TARE_TRY(const Json* list, fields.Array(key));
  if (list == nullptr) return fields.Wrong(key, "a list of class indices: it is missing");
  std::set<int64_t> classes;
  for (const Json& item : *list) {
    const int64_t index = item.is_number_integer() ? item.get<int64_t>() : -1;
    // [0, 1] is a list of both classes, written so too where there is no other.
    if (num_classes == 0 && list->size() == 2 && (*list)[0] == 1 && (*list)[1] == 0) {
      return fields.Wrong(key,
                          "clear: [1, 0] may be two class indices or a row of one 0 or 1 a "
                          "class; write indices rising, as [0, 1] and [0]");
    }
    if (index < 0 || (num_classes > 0 && index >= num_classes)) {
      return fields.Wrong(key, num_classes > 0
                                   ? StrCat("a list of class indices below ", num_classes)
                                   : "a list of class indices");
    }
    if (!classes.insert(index).second) {
      return fields.Wrong(key, StrCat("a list of class indices: ", index,
                                      " stands twice (a row of 0 and 1 has one for each of the "
                                      "scores)"));
    }
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
    TARE_TRY(const auto gold, ReadLabels(reference));
    TARE_TRY(const auto predicted, Predicted(answer));
    if (&answer != &reference && num_classes_ > 0) TARE_TRY_VOID(CheckAreLogits(answer));
    MeasureLabelSets(gold, predicted, num_classes_, row);
    std::string text;
    for (const int64_t index : predicted) text += StrCat(index, " ");
    return text;
  }

  Result<void> Rank(const JsonReader& reference, const JsonReader& baseline,
                    const JsonReader& candidate) override {
    if (num_classes_ == 0) return {};
    TARE_TRY(const auto gold, ReadLabels(reference));
    TARE_TRY(const auto before, ReadNumbers(baseline, "scores"));
    TARE_TRY(const auto after, ReadNumbers(candidate, "scores"));
    rankings_.Add(gold, before, after);
    return {};
  }
  void AddTo(double confidence, uint64_t seed, TestEvidence& evidence) const override {
    rankings_.AddTo(confidence, seed, evidence);
  }

 private:
  // Rows and indices must not mix: what one line leaves open another decides.
  Result<std::set<int64_t>> ReadLabels(const JsonReader& reference) const {
    TARE_TRY(const Json* list, reference.Array("label"));
    if (list == nullptr) return reference.Wrong("label", "a list of class indices: it is missing");
    const LabelForm form = FormOf(*list, num_classes_);
    if (form == LabelForm::kEither && form_ == LabelForm::kEither) {
      return reference.Wrong("label",
                             "clear: with so few classes it may be a list of class indices or a "
                             "row of one 0 or 1 a class; write rows as true and false");
    }
    // Few labels and no list at all are both lists of indices; a row has one for each class.
    if (form != LabelForm::kEither && form_ != LabelForm::kEither && form != form_) {
      return reference.Wrong("label", form_ == LabelForm::kRow
                                          ? "a row of one 0 or 1 a class, as in the first line"
                                          : "a list of class indices, as in the first line");
    }
    if (form != LabelForm::kEither) form_ = form;
    if (form_ == LabelForm::kRow) return ClassesOfRow(*list);
    return ReadClasses(reference, "label", num_classes_);
  }

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

  // Logits of the baseline against probabilities of the candidate: 0 is no threshold of these.
  Result<void> CheckAreLogits(const JsonReader& answer) const {
    constexpr size_t kTooManyByChance = 12;
    if (threshold_ != 0 || has_logits_) return {};
    TARE_TRY(const auto scores, ReadNumbers(answer, "scores"));
    has_logits_ = !std::ranges::all_of(scores, [](double p) { return p >= 0 && p <= 1; });
    num_within_ += scores.size();
    if (has_logits_ || num_within_ < kTooManyByChance) return {};
    return answer.Wrong("scores",
                        "a list of logits, as in the first line: all so far lie within 0 and 1; "
                        "give logits of both models, or probabilities of both");
  }

  int64_t num_classes_;
  double threshold_;
  mutable bool has_logits_ = false;              // the candidate, in a line so far
  mutable size_t num_within_ = 0;                // scores of the candidate, all within 0 and 1
  mutable LabelForm form_ = LabelForm::kEither;  // of the labels so far
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
