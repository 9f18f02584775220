// JSON: one object a line, or a list of objects.

#pragma once

#include "data/byte_source.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Opens a file of JSON Lines, or of one list of objects, as pandas writes records; `file` is what is
/// digested. The first object's keys are the arrays:
/// numbers, booleans, text (classes), and nested lists of one shape, up to 8 deep. Other values
/// skip their key.
///
/// Bound   objects of at most 16 MiB.
/// Errors  kDataLoss: a line that is not a JSON object, a list that does not end or holds something
///         else; names the line, and the column where JSON ends.
Result<std::unique_ptr<Dataset>> OpenJsonLines(const ByteSourcePtr& source, ByteSourcePtr file);

}  // namespace tare::data
