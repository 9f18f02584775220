// What the first line of a CSV file says about the rest.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tare::data {

/// Delimiter and column names.
struct CsvHead {
  char delimiter = ',';
  std::vector<std::string> names;
  bool has_header = true;  ///< false: the first line is a sample, names are 0, 1, ...
};

/// Reads the first line that is not empty.
///
/// Delimiter  the one of , ; and tab that occurs most, outside quotes.
/// Header     absent when every field of the line is a number.
/// Edge       an empty name becomes the column's number; a byte order mark is dropped.
CsvHead ReadCsvHead(std::string_view text);

/// One cell.
struct CsvCell {
  enum class Kind { kEmpty, kBool, kInteger, kReal, kText } kind = Kind::kEmpty;
  int64_t integer = 0;
  double real = 0;
};

/// Returns what a cell holds: integers and reals in C notation, nan and inf, true and false in
/// lower case, upper case or capitalised; blanks around numbers are dropped.
CsvCell ReadCsvCell(std::string_view text);

}  // namespace tare::data
