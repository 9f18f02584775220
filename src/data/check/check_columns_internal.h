// What single columns and labels of a split hold.

#pragma once

#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/check/check.h"

namespace tare::data::internal {

/// The labels of a split, as texts.
struct SplitLabels {
  std::vector<std::string> texts;  ///< by sample; empty when there are none
  std::string problem;             ///< why there are none
};

/// Returns the labels: texts as they are, whole numbers as such; "" for NaN.
Result<SplitLabels> ReadLabelTexts(const Split& split, const std::string& label);

/// Appends what is wrong with the numbers of a split: values that are not finite; of a table,
/// columns with one value throughout.
Result<void> CheckNumbers(const Split& split, NearMethod method, std::vector<Finding>& findings);

/// Appends what is wrong with the labels: classes that few samples have or a split lacks.
void CheckClasses(const std::vector<SplitSummary>& splits, std::vector<Finding>& findings);

}  // namespace tare::data::internal
