// Which columns of a table are features.

#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"
#include "tare/tensor/tensor.h"

namespace tare::data {

/// A column that cannot be a feature, and why, with the sample and the value.
struct UnusableColumn {
  std::string name;
  std::string why;
  std::string next_step;
};

/// The columns of a table (arrays of one number or text a sample) that feed nothing yet.
struct FeatureColumns {
  std::vector<std::string> numbers;      ///< in file order
  std::vector<UnusableColumn> unusable;  ///< text, or with values that cannot be used
  std::vector<std::string> left_out;     ///< labels, and the index that pandas writes: no features
};

/// `is_taken` tells which feed another input, `is_label` which are labels.
FeatureColumns FindFeatureColumns(const Dataset& dataset,
                                  const std::function<bool(std::string_view)>& is_taken,
                                  const std::function<bool(std::string_view)>& is_label);

/// Called like an index that pandas writes without a name: "Unnamed: 0", "__index_level_0__".
bool IsNamedLikeAnIndex(std::string_view column);
/// Called like the number of a row: "id", "index", "row_id"; never a feature unless it is named.
bool IsNamedLikeAnId(std::string_view column);

/// Checks that the columns are what an input of `num_wanted` of them takes (negative: any number):
/// exactly as many numbers, none that cannot be used beside, none named like an id.
/// Errors  kInvalidArgument: says which columns are there, which cannot be used and why, and what to
///         write.
Result<void> CheckFeatureColumns(const FeatureColumns& columns, const Dataset& dataset,
                                 const ValueInfo& input, int64_t num_wanted);

}  // namespace tare::data
