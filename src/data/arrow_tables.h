// CSV and Parquet.

#pragma once

#include "data/byte_source.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Opens a CSV file (RFC 4180, quoted line ends allowed); `file` is what is digested. Delimiter and
/// names: ReadCsvHead(). A column with an empty cell, or with text among numbers, is skipped.
///
/// Bound   lines of at most 16 MiB; 1 GiB of memory for the reader.
/// Errors  kDataLoss: a row with another number of cells, or text that is not UTF-8.
Result<std::unique_ptr<Dataset>> OpenCsv(ByteSourcePtr source, ByteSourcePtr file);

/// Opens a Parquet file. Columns of numbers, booleans, text (classes), and nested lists of numbers
/// of one length; columns with nulls or other types are skipped.
///
/// Bound   1 GiB of memory for the reader.
/// Errors  kDataLoss: not Parquet, cut off or corrupt; kUnsupported: encrypted, or a codec that
///         the Arrow library lacks.
Result<std::unique_ptr<Dataset>> OpenParquet(ByteSourcePtr source, ByteSourcePtr file);

}  // namespace tare::data
