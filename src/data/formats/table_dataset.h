// A dataset over records of fixed size.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/formats/table.h"

namespace tare::data {

/// What TableBuilder made.
struct TableParts {
  std::vector<TableColumn> columns;
  std::vector<std::vector<std::string>> classes;  ///< by column
  std::vector<SkippedArray> skipped;
  std::vector<std::string> notes;
  int64_t reordered_line = 0;
  int64_t num_rows = 0;
  int64_t record_bytes = 0;
  ByteSourcePtr records;
  std::vector<TableColumn> long_texts;  ///< columns that are text only
  ByteSourcePtr texts;                  ///< theirs: length in 8 bytes, then the bytes
  ByteSourcePtr file;                   ///< what is digested
};

std::unique_ptr<Dataset> MakeTableDataset(TableParts parts);

}  // namespace tare::data
