// Regression and multi-label classification.

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluate/line_scorer_internal.h"
#include "evaluate/prediction_lines_internal.h"

namespace tare::evaluate {
namespace {

using Kind = SampleMetric::Kind;
using Json = JsonReader::Json;

Result<double> NeedNumber(const JsonReader& fields, const char* key) {
  TARE_TRY(const auto number, fields.Number(key));
  if (!number) return fields.Wrong(key, "a number: it is missing");
  return *number;
}

class RegressionScorer : public LineScorer {
 public:
  RegressionScorer() {
    enum : size_t { kAbsolute, kSquared, kLabel, kLabelSquared };
    schema_.columns = {"absolute_error", "squared_error", "label", "label_squared"};
    const auto rmse = [](std::span<const double> sums, double n) { return n > 0 ? std::sqrt(sums[kSquared] / n) : NAN; };
    // 1 - sum (y - f)^2 / sum (y - mean y)^2; undefined where all labels are equal.
    const auto r2 = [](std::span<const double> sums, double n) {
      const double spread = sums[kLabelSquared] - sums[kLabel] * sums[kLabel] / n;
      return spread > 1e-12 * sums[kLabelSquared] ? 1 - sums[kSquared] / spread : NAN;
    };
    schema_.metrics = {{.name = "mae", .kind = Kind::kMean, .column = kAbsolute, .bounded = false},
                       {.name = "rmse", .kind = Kind::kOfSums, .value = rmse, .bounded = false},
                       {.name = "r2", .kind = Kind::kOfSums, .value = r2, .bounded = false}};
  }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer, std::span<double> row) const override {
    TARE_TRY(const double label, NeedNumber(reference, "label"));
    TARE_TRY(const double prediction, NeedNumber(answer, "prediction"));
    row[0] = std::abs(prediction - label);
    row[1] = row[0] * row[0];
    row[2] = label;
    row[3] = label * label;
    if (!std::isfinite(row[1]) || !std::isfinite(row[3])) return answer.Wrong("prediction", "a number whose square is finite");
    return Json(prediction).dump();
  }
};

// Labels as a set of class indices.
Result<std::set<int64_t>> ReadClasses(const JsonReader& fields, const char* key, int64_t num_classes) {
  TARE_TRY(const Json* list, fields.Array(key));
  if (list == nullptr) return fields.Wrong(key, "a list of class indices: it is missing");
  std::set<int64_t> classes;
  for (const Json& item : *list) {
    const int64_t index = item.is_number_integer() ? item.get<int64_t>() : -1;
    if (index < 0 || (num_classes > 0 && index >= num_classes)) {
      return fields.Wrong(key, num_classes > 0 ? StrCat("a list of class indices below ", num_classes) : "a list of class indices");
    }
    classes.insert(index);
  }
  return classes;
}

class MultiLabelScorer : public LineScorer {
 public:
  // Per-class columns beyond this would make the bootstrap slow.
  static constexpr int64_t kMaxMacroClasses = 100;
  enum : size_t { kTrue, kPredicted, kGold, kExact, kWrongShare, kFirstClass };

  MultiLabelScorer(int64_t num_classes, double threshold) : num_classes_(num_classes), threshold_(threshold) {
    schema_.columns = {"true_positives", "predicted", "gold", "exact", "wrong_share"};
    schema_.correct = kExact;
    // 0 / 0 is 0, as with scikit-learn's zero_division=0.
    const auto over = [](double part, double whole) { return whole > 0 ? part / whole : 0; };
    const auto f1 = [over](std::span<const double> sums, double) { return over(2 * sums[kTrue], sums[kPredicted] + sums[kGold]); };
    const auto precision = [over](std::span<const double> sums, double) { return over(sums[kTrue], sums[kPredicted]); };
    const auto recall = [over](std::span<const double> sums, double) { return over(sums[kTrue], sums[kGold]); };
    schema_.metrics = {{.name = "f1_micro", .kind = Kind::kOfSums, .value = f1},
                       {.name = "precision_micro", .kind = Kind::kOfSums, .value = precision},
                       {.name = "recall_micro", .kind = Kind::kOfSums, .value = recall},
                       {.name = "subset_accuracy", .kind = Kind::kShare, .column = kExact}};
    if (num_classes_ == 0) return;
    schema_.metrics.push_back({.name = "hamming_loss", .kind = Kind::kMean, .column = kWrongShare});
    if (num_classes_ > kMaxMacroClasses) return;
    for (int64_t c = 0; c < num_classes_; ++c) {
      for (const char* part : {"true_positives", "predicted", "gold"}) schema_.columns.push_back(StrCat(part, "_", c));
    }
    const auto count = static_cast<size_t>(num_classes_);
    const auto macro = [over, count](std::span<const double> sums, double) {
      double total = 0;
      for (size_t c = 0; c < count; ++c) {
        const auto of_class = sums.subspan(kFirstClass + 3 * c, 3);
        total += over(2 * of_class[0], of_class[1] + of_class[2]);
      }
      return total / static_cast<double>(count);
    };
    schema_.metrics.push_back({.name = "f1_macro", .kind = Kind::kOfSums, .value = macro});
  }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer, std::span<double> row) const override {
    TARE_TRY(const auto gold, ReadClasses(reference, "label", num_classes_));
    TARE_TRY(const auto predicted, Predicted(answer));
    std::fill(row.begin(), row.end(), 0);
    row[kPredicted] = static_cast<double>(predicted.size());
    row[kGold] = static_cast<double>(gold.size());
    const bool by_class = row.size() > kFirstClass;
    std::string text;
    for (const int64_t index : predicted) {
      const double right = gold.contains(index) ? 1 : 0;
      row[kTrue] += right;
      if (by_class) row[kFirstClass + 3 * static_cast<size_t>(index)] = right;
      if (by_class) row[kFirstClass + 3 * static_cast<size_t>(index) + 1] = 1;
      text += StrCat(index, " ");
    }
    if (by_class) {
      for (const int64_t index : gold) row[kFirstClass + 3 * static_cast<size_t>(index) + 2] = 1;
    }
    row[kExact] = gold == predicted ? 1 : 0;
    const double wrong = row[kPredicted] + row[kGold] - 2 * row[kTrue];
    if (num_classes_ > 0) row[kWrongShare] = wrong / static_cast<double>(num_classes_);
    return text;
  }

 private:
  Result<std::set<int64_t>> Predicted(const JsonReader& answer) const {
    if (num_classes_ == 0) return ReadClasses(answer, "prediction", 0);
    TARE_TRY(const auto scores, ReadNumbers(answer, "scores"));
    if (static_cast<int64_t>(scores.size()) != num_classes_) {
      return answer.Wrong("scores", StrCat("a list of ", num_classes_, " numbers, as in the first line"));
    }
    std::set<int64_t> predicted;
    for (size_t c = 0; c < scores.size(); ++c) {
      if (scores[c] >= threshold_) predicted.insert(static_cast<int64_t>(c));
    }
    return predicted;
  }

  int64_t num_classes_;
  double threshold_;
};

}  // namespace

std::unique_ptr<LineScorer> MakeRegressionScorer() { return std::make_unique<RegressionScorer>(); }

Result<std::unique_ptr<LineScorer>> MakeMultiLabelScorer(const JsonReader& first) {
  TARE_TRY(const auto scores, ReadNumbers(first, "scores"));
  const bool probabilities = std::ranges::all_of(scores, [](double score) { return score >= 0 && score <= 1; });
  return std::unique_ptr<LineScorer>(
      std::make_unique<MultiLabelScorer>(static_cast<int64_t>(scores.size()), probabilities ? 0.5 : 0.0));
}

}  // namespace tare::evaluate
