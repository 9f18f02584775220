// Records and cells of CSV text.

#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tare::data {

/// Splits CSV text into records.
/// Source  RFC 4180. Differs: any delimiter; lines may end in \n or \r alone; blanks may stand
///         before the quote that begins a cell and behind the one that ends it; a quote inside a
///         cell that does not begin with one is an ordinary character.
class CsvTokenizer {
 public:
  explicit CsvTokenizer(char delimiter) : delimiter_(delimiter) {}

  /// Reads the record that `text` begins with into cells() and returns its bytes, line end
  /// included; 0 when it does not end in `text` and `is_last` says that more follows.
  /// Edge  an open quote at the very end takes the rest; see is_quote_open().
  size_t Parse(std::string_view text, bool is_last);

  /// Valid as long as the text, until the next Parse().
  const std::vector<std::string_view>& cells() const { return cells_; }
  bool IsQuoted(size_t c) const { return is_quoted_[c]; }
  bool is_quote_open() const { return is_quote_open_; }

 private:
  size_t ParseQuoted(std::string_view text, size_t begin, std::string& cell);

  char delimiter_;
  std::vector<std::string_view> cells_;
  std::vector<bool> is_quoted_;     // by cell
  std::deque<std::string> quoted_;  // storage of cells that had quotes: addresses stay
  bool is_quote_open_ = false;
};

/// Delimiter and column names.
struct CsvHead {
  char delimiter = ',';
  std::vector<std::string> names;
  bool has_header = true;          ///< false: the first record is a sample, names are 0, 1, ...
  bool names_are_numbers = false;  ///< the header is 0, 1, ...: pandas' default names
  bool is_unclear = false;         ///< the first record may be names or a sample
};

/// Reads the first record of `text` and looks at the second.
///
/// Delimiter  `preferred` where the first record has it; else the one of , ; tab and | that cuts
///            both records alike and into most cells; but not the comma where all commas are those
///            of decimals between other delimiters (1,5;2,5).
/// Header     A first record without numbers is one. One of numbers alone is a sample, unless
///              its cells are in quotes and numbers of the second are not,
///              it is 0, 1, 2, ... and the second record counts not so, or has decimals; two cells
///              always,
///              it is any other row of whole numbers in equal steps upwards (years, 1 to n) above
///              decimals or texts, or above whole numbers in no such steps where it has 5 cells, or
///              3 that are years or count from 1: then it is unclear.
///            One of numbers beside texts is a header where a text stands above a number or all
///            cells are in quotes above numbers that are not; where texts stand above texts and
///            numbers above numbers it may as well be a sample: unclear.
/// Edge       an empty name becomes "Unnamed: 3", as pandas names it; a # before the first name is
///            numpy.savetxt's, and dropped.
CsvHead ReadCsvHead(std::string_view text, char preferred = '\0');

/// What a cell holds.
struct CsvCell {
  enum class Kind { kEmpty, kBool, kInteger, kReal, kText } kind = Kind::kEmpty;
  int64_t integer = 0;  ///< of kInteger and kBool
  double real = 0;      ///< of kReal
};

/// Reads a cell: integers and reals in C notation, nan and inf, true and false in lower case, upper
/// case or capitalised; blanks around them are dropped. With the decimal mark ',' a number has no
/// point: "1.5" is text then, as "1,5" is with '.'.
CsvCell ReadCsvCell(std::string_view text, char decimal = '.');

/// A cell without the blanks around it.
std::string_view TrimmedCell(std::string_view text);

}  // namespace tare::data
