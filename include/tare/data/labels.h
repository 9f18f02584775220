// Class labels, checked.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Reads integer class labels.
///
/// Shape    array [N] or [N, 1]; any integer type, bool, or float with whole numbers; text, as the
///          numbers that it spells, else numbered in the order of the texts.
/// Edge     num_classes 0: only negative labels are out of range.
/// Errors   kNotFound: no such array; kInvalidArgument: a label is negative, not below
///          `num_classes`, not whole or NaN (names sample and value), or the array has another
///          shape.
Result<std::vector<int64_t>> ReadLabels(const Dataset& dataset, std::string_view array,
                                        std::span<const int64_t> samples, int64_t num_classes = 0);

/// Reads numbers to predict, all of a sample behind each other.
///
/// Shape    any; the numbers of a sample row-major.
/// Errors   kNotFound: no such array; kInvalidArgument: it is text (names the first), or a value is
///          NaN or infinite (names sample and value).
Result<std::vector<double>> ReadTargets(const Dataset& dataset, std::string_view array,
                                        std::span<const int64_t> samples);

/// Checks that what is named as the labels is there: an array, or a column of text. "" is fine.
/// Errors   kNotFound: it is not; the reason, when it cannot be used.
Result<void> CheckLabelsExist(const Dataset& dataset, std::string_view labels);

/// The class numbers of a column of text whose texts are all whole numbers ("7"), by class: the
/// order of "10" and "2" as texts is not that of the classes. Nothing where one is none.
std::optional<std::vector<int64_t>> NumbersOfClasses(const ArrayInfo& info);

/// Is this how arrays of labels are called: `y`, or with "label", "target" or "class" in it, in
/// either case?
bool IsNamedLikeLabels(std::string_view array);

}  // namespace tare::data
