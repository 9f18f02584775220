// IDX: the format of the MNIST files.

#pragma once

#include <string>

#include "data/stored_array.h"

namespace tare::data {

/// True when `prefix` begins like IDX: two zero bytes, a known type, 1 to 8 axes.
bool LooksLikeIdx(std::string_view prefix);

/// Opens an IDX file as a dataset of one array.
/// Errors  kDataLoss: not IDX, or the elements do not fill the file exactly.
/// Source  "The IDX file format", Y. LeCun, http://yann.lecun.com/exdb/mnist/
Result<StoredArray> ReadIdx(ByteSourcePtr source, const std::string& array_name);

}  // namespace tare::data
