// JSON Lines: one object a line.

#pragma once

#include "data/byte_source.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Opens a JSON Lines file; `file` is what is digested. The first line's keys are the arrays:
/// numbers, booleans, text (classes), and nested lists of one shape, up to 8 deep. Other values
/// skip their key.
///
/// Bound   lines of at most 16 MiB.
/// Errors  kDataLoss: a line that is not a JSON object; names the line and column.
Result<std::unique_ptr<Dataset>> OpenJsonLines(const ByteSourcePtr& source, ByteSourcePtr file);

}  // namespace tare::data
