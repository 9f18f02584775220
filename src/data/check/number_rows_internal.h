// Arrays of numbers read side by side, as rows of doubles.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"

namespace tare::data::internal {

/// One number of a row.
struct RowColumn {
  std::string name;  ///< "x", "x[3]"
  bool is_integer = false;
  bool is_text = false;  ///< a class: the number is a hash of its text
};

/// Returns the columns of arrays side by side, elements of a sample in their order.
/// Errors  kNotFound: no such array; kInvalidArgument: not numbers, or over 2^24 columns.
Result<std::vector<RowColumn>> RowColumns(const Dataset& dataset,
                                          std::span<const std::string> arrays);

/// Returns rows of those columns, row-major.
Result<std::vector<double>> ReadRows(const Dataset& dataset, std::span<const std::string> arrays,
                                     std::span<const int64_t> samples);

/// Rows for some 4 MiB.
int64_t RowsAtATime(int64_t num_columns);

}  // namespace tare::data::internal
