// CSV files.

#pragma once

#include "data/byte_source.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// Opens a CSV file (see CsvTokenizer and ReadCsvHead); `file` is what is digested. Empty lines are
/// dropped. A column with an empty cell, or with both text and numbers, is skipped.
///
/// Our own reader: Arrow's takes a column's type from its first block, and reads ahead on threads
/// that may outlive the reader.
///
/// Bound   records of at most 16 MiB.
/// Errors  kInvalidArgument: two columns under 0,1, which may be names or a sample; kDataLoss: a record with another number of cells, a quote without end, a header that is
///         not UTF-8; names the line.
Result<std::unique_ptr<Dataset>> OpenCsv(const ByteSourcePtr& source, ByteSourcePtr file);

}  // namespace tare::data
