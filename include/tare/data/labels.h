// Class labels, checked.

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Reads integer class labels.
///
/// Shape    array [N] or [N, 1]; any integer type, bool, or float with whole numbers.
/// Edge     num_classes 0: only negative labels are out of range.
/// Errors   kNotFound: no such array; kInvalidArgument: a label is negative, not below
///          `num_classes`, not whole or NaN (names sample and value), or the array has another
///          shape.
Result<std::vector<int64_t>> ReadLabels(const Dataset& dataset, std::string_view array,
                                        std::span<const int64_t> samples, int64_t num_classes = 0);

/// Is this how arrays of labels are called: `y`, or with "label", "target" or "class" in it, in
/// either case?
bool IsNamedLikeLabels(std::string_view array);

}  // namespace tare::data
