// Records and cells of CSV text.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tare::data {

/// Splits CSV text into records.
/// Source  RFC 4180. Differs: any delimiter; lines may end in \n alone; a quote inside a cell that
///         does not begin with one is an ordinary character.
class CsvTokenizer {
 public:
  explicit CsvTokenizer(char delimiter) : delimiter_(delimiter) {}

  /// Reads the record that `text` begins with into cells() and returns its bytes, line end
  /// included; 0 when it does not end in `text` and `is_last` says that more follows.
  /// Edge  an open quote at the very end takes the rest; see is_quote_open().
  size_t Parse(std::string_view text, bool is_last);

  /// Valid as long as the text, until the next Parse().
  const std::vector<std::string_view>& cells() const { return cells_; }
  bool is_quote_open() const { return is_quote_open_; }

 private:
  size_t ParseQuoted(std::string_view text, size_t begin, std::string& cell);

  char delimiter_;
  std::vector<std::string_view> cells_;
  std::deque<std::string> quoted_;  // storage of cells that had quotes: addresses stay
  bool is_quote_open_ = false;
};

/// Delimiter and column names.
struct CsvHead {
  char delimiter = ',';
  std::vector<std::string> names;
  bool has_header = true;          ///< false: the first record is a sample, names are 0, 1, ...
  bool names_are_numbers = false;  ///< the header is 0, 1, ...: pandas' default names
};

/// Reads the first record of `text`.
///
/// Delimiter  the one of , ; and tab that gives most cells.
/// Header     absent when every cell is a number, unless the cells are 0, 1, 2, ... in order and
///            those of a second record are not any such count (1, 2, 3, ...); two cells always.
/// Edge       an empty name becomes "Unnamed: 3", as pandas names it.
CsvHead ReadCsvHead(std::string_view text);

/// What a cell holds.
struct CsvCell {
  enum class Kind { kEmpty, kBool, kInteger, kReal, kText } kind = Kind::kEmpty;
  int64_t integer = 0;  ///< of kInteger and kBool
  double real = 0;      ///< of kReal
};

/// Reads a cell: integers and reals in C notation, nan and inf, true and false in lower case, upper
/// case or capitalised; blanks around them are dropped.
CsvCell ReadCsvCell(std::string_view text);

}  // namespace tare::data
