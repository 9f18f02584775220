#include <algorithm>
#include <cmath>

#include "evaluate/samples/number_tasks_internal.h"
#include "tare/core/strcat.h"

namespace tare::evaluate {
namespace {

using Kind = SampleMetric::Kind;

enum RegressionColumn : size_t { kError, kAbsolute, kSquared, kLabel, kLabelSquared };
enum LabelSetColumn : size_t {
  kTrue,
  kPredictedLabels,
  kGold,
  kExactSet,
  kWrongShare,
  kFirstClass
};

double Over(double part, double whole) { return whole > 0 ? part / whole : 0; }

// The mean over classes of F1, from three columns each.
double MacroF1(std::span<const double> of_classes) {
  double total = 0;
  for (size_t c = 0; c < of_classes.size(); c += 3)
    total += Over(2 * of_classes[c], of_classes[c + 1] + of_classes[c + 2]);
  return 3 * total / static_cast<double>(of_classes.size());
}

}  // namespace

SampleSchema RegressionSchema() {
  const auto rmse = [](std::span<const double> sums, double n) {
    return n > 0 ? std::sqrt(sums[kSquared] / n) : NAN;
  };
  const auto r2 = [](std::span<const double> sums, double n) {
    // Labels that are all alike would have a spread: what rounding leaves of the difference.
    const double spread = sums[kLabelSquared] - sums[kLabel] * sums[kLabel] / n;
    return spread > 1e-12 * sums[kLabelSquared] ? 1 - sums[kSquared] / spread : NAN;
  };
  SampleSchema schema;
  schema.margin = kError;
  // Labels are less their origin: not for others to read.
  schema.columns = {"error", "absolute_error", "squared_error", "", ""};
  schema.metrics = {
      {.name = "mae",
       .kind = Kind::kMean,
       .column = kAbsolute,
       .reach = SampleMetric::Reach::kUnbounded},
      {.name = "rmse",
       .kind = Kind::kOfSums,
       .value = rmse,
       .reach = SampleMetric::Reach::kUnbounded},
      {.name = "r2", .kind = Kind::kOfSums, .value = r2, .reach = SampleMetric::Reach::kUnbounded}};
  return schema;
}

void MeasureRegression(double label, double prediction, double origin, std::span<double> row) {
  row[kError] = prediction - label;
  row[kAbsolute] = std::abs(row[kError]);
  row[kSquared] = row[kAbsolute] * row[kAbsolute];
  // Squares of numbers far from 0 would leave no digits to the spread of the labels.
  row[kLabel] = label - origin;
  row[kLabelSquared] = row[kLabel] * row[kLabel];
}

SampleSchema LabelSetSchema(int64_t num_classes) {
  SampleSchema schema;
  schema.columns = {"true_positives", "predicted", "gold", "exact", "wrong_share"};
  schema.correct = kExactSet;
  schema.margin = kTrue;
  const auto f1 = [](std::span<const double> sums, double) {
    return Over(2 * sums[kTrue], sums[kPredictedLabels] + sums[kGold]);
  };
  const auto precision = [](std::span<const double> sums, double) {
    return Over(sums[kTrue], sums[kPredictedLabels]);
  };
  const auto recall = [](std::span<const double> sums, double) {
    return Over(sums[kTrue], sums[kGold]);
  };
  schema.metrics = {{.name = "f1_micro", .kind = Kind::kOfSums, .value = f1},
                    {.name = "precision_micro", .kind = Kind::kOfSums, .value = precision},
                    {.name = "recall_micro", .kind = Kind::kOfSums, .value = recall},
                    {.name = "subset_accuracy", .kind = Kind::kShare, .column = kExactSet}};
  if (num_classes == 0) return schema;
  schema.metrics.push_back({.name = "hamming_loss", .kind = Kind::kMean, .column = kWrongShare});
  if (num_classes > kMaxMacroClasses) return schema;
  for (int64_t c = 0; c < num_classes; ++c) {
    for (const char* part : {"true_positives", "predicted", "gold"})
      schema.columns.push_back(StrCat(part, "_", c));
  }
  const auto macro = [](std::span<const double> sums, double) {
    return MacroF1(sums.subspan(kFirstClass));
  };
  schema.metrics.push_back({.name = "f1_macro", .kind = Kind::kOfSums, .value = macro});
  return schema;
}

void MeasureLabelSets(const std::set<int64_t>& gold, const std::set<int64_t>& predicted,
                      int64_t num_classes, std::span<double> row) {
  std::ranges::fill(row, 0);
  row[kPredictedLabels] = static_cast<double>(predicted.size());
  row[kGold] = static_cast<double>(gold.size());
  row[kExactSet] = gold == predicted ? 1 : 0;
  const bool by_class = row.size() > kFirstClass;
  const auto at = [&](int64_t index, size_t part) -> double& {
    return row[kFirstClass + 3 * static_cast<size_t>(index) + part];
  };
  for (const int64_t index : predicted) {
    const double right = gold.contains(index) ? 1 : 0;
    row[kTrue] += right;
    if (by_class) at(index, 0) = right;
    if (by_class) at(index, 1) = 1;
  }
  for (const int64_t index : gold) {
    if (by_class) at(index, 2) = 1;
  }
  const double wrong = row[kPredictedLabels] + row[kGold] - 2 * row[kTrue];
  if (num_classes > 0) row[kWrongShare] = wrong / static_cast<double>(num_classes);
}

}  // namespace tare::evaluate
