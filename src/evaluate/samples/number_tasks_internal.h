// What regression and multi-label classification measure of a sample, whether models run or lines
// are read.

#pragma once

#include <cstdint>
#include <set>
#include <span>

#include "evaluate/samples/sample_evaluation_internal.h"

namespace tare::evaluate {

/// mae, rmse and r2 = 1 - sum (y - f)^2 / sum (y - mean y)^2, undefined where all labels are equal.
SampleSchema RegressionSchema();
/// Fills a row of RegressionSchema().
///
/// `origin` is any number near the labels, the same for all rows, such as the first label: r2 does
/// not depend on it, and its sums of squares then keep their digits where labels are large and
/// close together.
void MeasureRegression(double label, double prediction, double origin, std::span<double> row);

/// f1_micro, precision_micro, recall_micro and subset_accuracy; with the number of classes known
/// (not 0) hamming_loss, and up to kMaxMacroClasses f1_macro. 0 / 0 is 0, as with scikit-learn's
/// zero_division=0.
SampleSchema LabelSetSchema(int64_t num_classes);
inline constexpr int64_t kMaxMacroClasses = 100;
/// Fills a row of LabelSetSchema(num_classes).
void MeasureLabelSets(const std::set<int64_t>& gold, const std::set<int64_t>& predicted,
                      int64_t num_classes, std::span<double> row);

}  // namespace tare::evaluate
