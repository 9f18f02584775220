// What the lines of predictions say about samples whose answer changed.

#pragma once

#include <cstddef>
#include <span>

#include "tare/core/result.h"
#include "tare/evaluate/predictions/prediction_streams.h"
#include "tare/verdict/flips.h"

namespace tare::evaluate {

/// Reads the baseline's stream again and gives each flip the id of its line, and to the first
/// `num_described` the fields of that line which are neither the id nor what is right nor the
/// answer: texts and numbers, each cut at 2,000 bytes; at most 12.
///
/// Shape   every flip has its line; `streams.baseline` is at its beginning.
/// Errors  kInvalidArgument, kDataLoss: the stream is not what it was.
Result<void> DescribeFlips(const PredictionStreams& streams, size_t num_described,
                           std::span<verdict::Flip> flips);

}  // namespace tare::evaluate
