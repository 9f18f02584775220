// Parquet.

#pragma once

#include "data/byte_source.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Opens a Parquet file; `file` is what is digested. Columns of numbers (decimals as the nearest
/// float64), booleans, text (classes; bytes count as text where they are UTF-8), dictionaries of
/// these, and nested lists of numbers of one length; columns with nulls or other types are skipped.
///
/// Bound   1 GiB of memory for the reader.
/// Errors  kDataLoss: not Parquet, cut off or corrupt; kUnsupported: encrypted, or a codec that
///         the Arrow library lacks; kResourceExhausted: over the bound.
Result<std::unique_ptr<Dataset>> OpenParquet(const ByteSourcePtr& source, ByteSourcePtr file);

}  // namespace tare::data
