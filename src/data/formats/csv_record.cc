#include "data/formats/csv_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "data/shown_value.h"
#include "tare/core/strcat.h"

namespace tare::data {
namespace {

bool IsNumber(const CsvCell& cell) {
  return cell.kind == CsvCell::Kind::kInteger || cell.kind == CsvCell::Kind::kReal;
}

// A number with either decimal mark; the comma only where it delimits nothing.
CsvCell CellOf(std::string_view text, char delimiter) {
  const CsvCell cell = ReadCsvCell(text);
  return IsNumber(cell) || delimiter == ',' ? cell : ReadCsvCell(text, ',');
}

// A record, looked at for what it may be.
struct Row {
  std::vector<std::string> texts;
  std::vector<CsvCell> cells;
  std::vector<bool> is_quoted;

  size_t size() const { return cells.size(); }
  bool IsNumberAt(size_t c) const { return IsNumber(cells[c]); }
  bool all_quoted() const { return std::ranges::find(is_quoted, false) == is_quoted.end(); }
  bool all_numbers() const { return std::ranges::all_of(cells, IsNumber); }
  bool any_number() const { return std::ranges::any_of(cells, IsNumber); }
};

// The first two records, as a delimiter cuts them; the second is empty where there is none.
std::array<Row, 2> FirstRows(std::string_view text, char delimiter) {
  std::array<Row, 2> rows;
  CsvTokenizer tokenizer(delimiter);
  for (Row& row : rows) {
    text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
    if (text.empty() && &row != rows.data()) break;
    text.remove_prefix(tokenizer.Parse(text, /*is_last=*/true));
    for (size_t c = 0; c < tokenizer.cells().size(); ++c) {
      row.texts.emplace_back(tokenizer.cells()[c]);
      row.cells.push_back(CellOf(row.texts.back(), delimiter));
      row.is_quoted.push_back(tokenizer.IsQuoted(c));
    }
  }
  return rows;
}

// Are all commas of the row those of decimals?
bool HasDecimalCommas(const Row& row) {
  bool has_comma = false;
  for (size_t c = 0; c < row.size(); ++c) {
    if (row.texts[c].find(',') == std::string::npos) continue;
    has_comma = true;
    if (ReadCsvCell(row.texts[c], ',').kind != CsvCell::Kind::kReal) return false;
  }
  return has_comma;
}

char FindDelimiter(std::string_view text, char preferred) {
  struct Cut {
    char delimiter;
    size_t cells;
    bool is_even;
    bool has_decimal_commas;
  };
  std::vector<Cut> cuts;
  for (const char delimiter : {',', ';', '\t', '|'}) {
    const auto rows = FirstRows(text, delimiter);
    const bool is_even = rows[1].size() == 0 || rows[1].size() == rows[0].size();
    cuts.push_back({delimiter, rows[0].size(), is_even, HasDecimalCommas(rows[0])});
    if (delimiter == preferred && rows[0].size() > 1) return delimiter;
  }
  const auto is_better = [](const Cut& a, const Cut& b) {
    return std::pair(a.is_even && a.cells > 1, a.cells) <
           std::pair(b.is_even && b.cells > 1, b.cells);
  };
  const auto decimals = std::ranges::find_if(cuts, [](const Cut& cut) {
    return cut.delimiter != ',' && cut.cells > 1 && cut.is_even && cut.has_decimal_commas;
  });
  if (decimals != cuts.end()) return decimals->delimiter;
  return std::ranges::max_element(cuts, is_better)->delimiter;  // the first of equal ones
}

// The step of a row of whole numbers in equal steps upwards, of at least `least` numbers; else 0.
// Texts between them are left out.
int64_t StepOf(const Row& row, size_t least) {
  std::vector<int64_t> numbers;
  for (const CsvCell& cell : row.cells) {
    if (cell.kind == CsvCell::Kind::kReal) return 0;
    if (cell.kind == CsvCell::Kind::kInteger) numbers.push_back(cell.integer);
  }
  constexpr int64_t kMost = int64_t{1} << 31;
  if (numbers.size() < std::max<size_t>(2, least)) return 0;
  if (std::ranges::any_of(numbers, [](int64_t n) { return n < 0 || n > kMost; })) return 0;
  const int64_t step = numbers[1] - numbers[0];
  const auto is_other = [&](int64_t a, int64_t b) { return b - a != step; };
  const bool is_even = std::ranges::adjacent_find(numbers, is_other) == numbers.end();
  return is_even && step > 0 ? step : 0;
}

// Whole numbers in equal steps, above what they are no samples of: decimals, texts, or numbers in no
// such steps where the first are many, years, or count from 1.
bool LookLikeNames(const Row& first, const Row& second) {
  const int64_t step = StepOf(first, 2);
  if (step == 0 || (first.size() == 2 && step != 1)) return false;
  const bool is_other = std::ranges::any_of(second.cells, [](const CsvCell& cell) {
    return cell.kind != CsvCell::Kind::kInteger && cell.kind != CsvCell::Kind::kEmpty;
  });
  if (is_other) return true;
  const int64_t begin = first.cells[0].integer;
  const bool is_usual = step == 1 && (begin == 1 || (begin >= 1900 && begin <= 2100));
  return first.size() >= (is_usual ? 3 : 5) && StepOf(second, 2) != step;
}

// A row of numbers alone.
void JudgeNumbers(const Row& first, const Row& second, CsvHead& head) {
  head.has_header = false;
  if (second.size() == 0 || first.size() < 2) return;  // it is all there is
  const bool is_count = first.cells[0].integer == 0 && StepOf(first, 2) == 1;
  const bool may_count = StepOf(second, 2) == 1 && second.all_numbers();
  if (first.all_quoted() && !second.all_quoted() && second.any_number()) {
    head.has_header = true;
  } else if (is_count) {
    // One step is a count too easily to tell.
    head.names_are_numbers = head.has_header = first.size() == 2 || !may_count;
  } else {
    head.is_unclear = LookLikeNames(first, second);
  }
}

// A row of numbers and others: true where it may be a sample like the second.
bool MayBeSample(const Row& first, const Row& second) {
  if (second.size() != first.size()) return false;
  if (first.all_quoted() && !second.all_quoted()) return false;
  bool has_like = false;
  for (size_t c = 0; c < first.size(); ++c) {
    const auto kind = first.cells[c].kind;
    const auto below = second.cells[c].kind;
    if (first.IsNumberAt(c)) {
      if (below == CsvCell::Kind::kText && !IsMissingWord(second.texts[c])) return false;
      has_like |= second.IsNumberAt(c);
    } else if (kind == CsvCell::Kind::kBool) {
      if (below != kind) return false;
      has_like = true;
    } else if (!IsMissingWord(TrimmedCell(first.texts[c])) && below != CsvCell::Kind::kText) {
      return false;  // a text above a number
    }
  }
  return has_like;
}

// A row of numbers beside texts.
void JudgeMixed(const Row& first, const Row& second, CsvHead& head) {
  // ",0,1,2" is pandas' header above an index; "label,1,2,3,4,5" counts pixels.
  const bool is_index = TrimmedCell(first.texts[0]).empty();
  const bool is_count = StepOf(first, is_index ? 2 : 5) > 0 && StepOf(second, 2) == 0;
  head.is_unclear = !is_count && MayBeSample(first, second);
}

}  // namespace

std::string_view TrimmedCell(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

size_t CsvTokenizer::Parse(std::string_view text, bool is_last) {
  cells_.clear();
  quoted_.clear();
  is_quoted_.clear();
  is_quote_open_ = false;
  size_t begin = 0;
  while (true) {
    const size_t first = std::min(text.find_first_not_of(' ', begin), text.size());
    const bool is_quoted = first < text.size() && text[first] == '"';
    const size_t plain = is_quoted ? ParseQuoted(text, first, quoted_.emplace_back()) : begin;
    size_t end = plain;
    while (end < text.size() && text[end] != delimiter_ && text[end] != '\n' && text[end] != '\r')
      ++end;
    const bool is_return = end < text.size() && text[end] == '\r';
    // The cell may go on in what has not been read yet, and so may the end of the line.
    if (end + (is_return ? 1 : 0) >= text.size() && !is_last) return 0;
    const bool is_record_end = end == text.size() || text[end] != delimiter_;
    const std::string_view cell = text.substr(plain, end - plain);
    // "a"b is ab
    if (is_quoted && cell.find_first_not_of(' ') != std::string_view::npos) quoted_.back() += cell;
    cells_.push_back(is_quoted ? std::string_view(quoted_.back()) : cell);
    is_quoted_.push_back(is_quoted);
    if (is_return && end + 1 < text.size() && text[end + 1] == '\n') ++end;
    if (is_record_end) return std::min(end + 1, text.size());
    begin = end + 1;
  }
}

// Reads the quoted part of a cell, doubled quotes as one; returns the place behind its last quote.
size_t CsvTokenizer::ParseQuoted(std::string_view text, size_t begin, std::string& cell) {
  cell.clear();
  for (size_t i = begin + 1;; i += 2) {
    const size_t quote = text.find('"', i);
    cell += text.substr(i, quote == std::string_view::npos ? quote : quote - i);
    if (quote == std::string_view::npos) {
      is_quote_open_ = true;
      return text.size();
    }
    i = quote;
    if (i + 1 >= text.size() || text[i + 1] != '"') return i + 1;
    cell.push_back('"');
  }
}

CsvHead ReadCsvHead(std::string_view text, char preferred) {
  CsvHead head;
  head.delimiter = FindDelimiter(text, preferred);
  const auto [first, second] = FirstRows(text, head.delimiter);
  if (first.all_numbers()) {
    JudgeNumbers(first, second, head);
  } else {
    JudgeMixed(first, second, head);
  }
  for (size_t i = 0; i < first.size(); ++i) {
    std::string_view name = TrimmedCell(first.texts[i]);
    if (i == 0 && first.size() > 1 && name.starts_with('#'))
      name = TrimmedCell(name.substr(name.find_first_not_of('#') == std::string_view::npos
                                         ? name.size()
                                         : name.find_first_not_of('#')));
    if (!head.has_header) {
      head.names.push_back(StrCat(i));
    } else {
      head.names.push_back(name.empty() ? StrCat("Unnamed: ", i) : std::string(name));
    }
  }
  return head;
}

CsvCell ReadCsvCell(std::string_view text, char decimal) {
  text = TrimmedCell(text);
  CsvCell cell;
  if (text.empty()) return cell;
  if (text == "true" || text == "True" || text == "TRUE") return {CsvCell::Kind::kBool, 1, 0};
  if (text == "false" || text == "False" || text == "FALSE") return {CsvCell::Kind::kBool, 0, 0};
  // from_chars takes no plus sign.
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto integer = std::from_chars(text.data(), text.data() + text.size(), cell.integer);
  if (integer.ec == std::errc() && integer.ptr == text.data() + text.size()) {
    cell.kind = CsvCell::Kind::kInteger;
    return cell;
  }
  cell.kind = CsvCell::Kind::kText;
  std::string with_point;
  if (decimal != '.') {
    if (text.find('.') != std::string_view::npos) return cell;
    with_point = text;
    std::ranges::replace(with_point, decimal, '.');
    text = with_point;
  }
  const auto real = std::from_chars(text.data(), text.data() + text.size(), cell.real);
  if (real.ec == std::errc() && real.ptr == text.data() + text.size())
    cell.kind = CsvCell::Kind::kReal;
  return cell;
}

}  // namespace tare::data
