// A table of rows turned into arrays: the common end of CSV, JSON Lines and Parquet.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/byte_source.h"
#include "tare/data/dataset.h"

namespace tare::data {

/// One column of a table.
struct TableColumn {
  std::string name;
  /// kUndefined: its cells decide: bool, int64, float64 (integers among them are converted), or
  /// text, which becomes class numbers.
  DType dtype = DType::kUndefined;
  Shape sample_shape;

  // Filled in by TableBuilder.
  enum class Kind { kUnknown, kFixed, kBool, kInteger, kReal, kText, kLongText };
  Kind kind = Kind::kUnknown;
  int64_t offset = 0;                 ///< of its cells in a record, in bytes
  int64_t num_bytes = 0;              ///< of its cells
  int64_t first_real_row = 0;         ///< kReal: rows before it hold int64
  std::vector<int64_t> class_of;      ///< kText: class number by the number in the record
  int64_t first_long_row = 0;         ///< kLongText: rows before it hold a number in text_offsets
  std::vector<int64_t> text_offsets;  ///< kLongText: place in the texts; later rows hold it
};

/// Receives rows one by one and writes them as records of fixed size into a Spool.
///
/// A column that cannot be an array (a missing value, text among numbers, text that is not UTF-8,
/// lists of other lengths) is skipped with the reason; the others go on.
class TableBuilder {
 public:
  /// Most columns that are read; most different texts of a column, and most bytes of one, that
  /// are classes. A column with more is no array, but its texts are kept: Dataset::ReadTexts().
  static constexpr int64_t kMaxColumns = 65536;
  static constexpr int64_t kMaxClasses = 65536;
  static constexpr size_t kMaxClassBytes = 1024;

  /// `encoded_bytes`: size of the file, for the check against decompression bombs.
  /// Errors  kInvalidArgument: a name twice, or too many columns.
  static Result<std::unique_ptr<TableBuilder>> Create(std::string source, int64_t encoded_bytes,
                                                      std::vector<TableColumn> columns);

  size_t num_columns() const { return columns_.size(); }
  const TableColumn& column(size_t c) const { return columns_[c]; }
  bool IsSkipped(size_t c) const { return skipped_columns_.contains(c); }
  int64_t num_rows() const { return num_rows_; }

  /// Set element `i` of the current row's cells of a column, in the order of the elements.
  void SetBool(size_t c, int64_t i, bool value);
  void SetInteger(size_t c, int64_t i, int64_t value);
  void SetReal(size_t c, int64_t i, double value);
  void SetText(size_t c, std::string_view value);
  /// Set all cells of a column of a given dtype.
  void SetBytes(size_t c, std::span<const std::byte> bytes);

  /// Why a column is given up: "column 'x' of f.csv <what>, in sample 17 (line 19)", the current
  /// row's number plus `rows_ahead`.
  struct Problem {
    std::string what;
    Holds holds = Holds::kNumbers;
    int64_t rows_ahead = 0;
    std::string next_step = "correct the value, or leave the sample or the column out";
  };
  void Skip(size_t c, const Problem& problem);
  /// Records a column that is not in the table.
  void SkipName(const std::string& name, const Problem& problem);
  /// Gives a column of text up as classes, as it holds numbers too; its texts are kept.
  void GiveUpClasses(size_t c, std::string_view number);

  /// The line of the file that the current row is from, for messages; 0 where none is counted.
  void SetLine(int64_t line) { line_ = line; }
  void AddNote(std::string note) { notes_.push_back(std::move(note)); }
  /// Dataset::reordered_line(); the first call counts.
  void SetReordered(int64_t line) {
    if (reordered_line_ == 0) reordered_line_ = line;
  }

  /// Errors  kResourceExhausted: no room for the records.
  Result<void> FinishRow();

  /// Returns the dataset; `file` is what is digested.
  /// Errors  kInvalidArgument: no rows, or no column is left (with the first one's reason).
  Result<std::unique_ptr<Dataset>> Finish(ByteSourcePtr file);

 private:
  TableBuilder(std::string source, int64_t encoded_bytes)
      : source_(std::move(source)),
        encoded_bytes_(encoded_bytes),
        spool_(source_),
        texts_spool_(source_) {}

  bool Becomes(size_t c, TableColumn::Kind kind, std::string_view value);
  std::byte* Cell(size_t c, int64_t i) { return &record_[Offset(c, i)]; }
  size_t Offset(size_t c, int64_t i) const {
    return static_cast<size_t>(columns_[c].offset + 8 * i);
  }
  void PromoteToReal(size_t c, int64_t num_set);
  void SortClasses(size_t c);
  void BecomeLongText(size_t c, const Problem& problem);
  int64_t KeepText(std::string_view text);

  std::string source_;
  int64_t encoded_bytes_ = 0;
  std::vector<TableColumn> columns_;
  std::vector<std::unordered_map<std::string, int64_t>> texts_;  // by column, numbered as met
  std::vector<std::vector<std::string>> classes_;                // by column, sorted at the end
  std::set<size_t> skipped_columns_;
  std::set<std::string> skipped_names_;
  std::vector<SkippedArray> skipped_;
  std::vector<std::string> notes_;
  int64_t reordered_line_ = 0;
  int64_t line_ = 0;
  std::vector<std::byte> record_;
  Spool spool_;
  Spool texts_spool_;          // of columns of long text: length in 8 bytes, then the bytes
  Result<void> texts_result_;  // of writing there; FinishRow() returns it
  int64_t num_rows_ = 0;
};

}  // namespace tare::data
