#include "data/formats/csv_record.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "tare/core/strcat.h"

namespace tare::data {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// The cells as numbers, or nothing when one is none.
template <class Cells>
std::optional<std::vector<double>> NumbersOf(const Cells& cells) {
  std::vector<double> numbers;
  for (const std::string_view text : cells) {
    const CsvCell cell = ReadCsvCell(text);
    if (cell.kind != CsvCell::Kind::kInteger && cell.kind != CsvCell::Kind::kReal)
      return std::nullopt;
    numbers.push_back(cell.kind == CsvCell::Kind::kInteger ? static_cast<double>(cell.integer)
                                                           : cell.real);
  }
  return numbers;
}

bool Counts(const std::vector<double>& numbers) {
  return std::ranges::adjacent_find(numbers, [](double a, double b) { return b != a + 1; }) ==
         numbers.end();
}

// Is `first`, the record that `text` begins with, 0, 1, 2, ... above records that do not count?
bool IsCountOfColumns(const std::vector<double>& first, std::string_view text, char delimiter) {
  if (first.size() < 2 || first[0] != 0 || !Counts(first)) return false;
  CsvTokenizer tokenizer(delimiter);
  text.remove_prefix(tokenizer.Parse(text, /*is_last=*/true));
  if (text.empty()) return false;      // it is all there is
  if (first.size() == 2) return true;  // one step is a count too easily to tell
  tokenizer.Parse(text, /*is_last=*/true);
  const auto second = NumbersOf(tokenizer.cells());
  return !second || !Counts(*second);
}

}  // namespace

size_t CsvTokenizer::Parse(std::string_view text, bool is_last) {
  cells_.clear();
  quoted_.clear();
  is_quote_open_ = false;
  size_t begin = 0;
  while (true) {
    const bool is_quoted = begin < text.size() && text[begin] == '"';
    const size_t plain = is_quoted ? ParseQuoted(text, begin, quoted_.emplace_back()) : begin;
    size_t end = plain;
    while (end < text.size() && text[end] != delimiter_ && text[end] != '\n') ++end;
    // The cell may go on in what has not been read yet.
    if (end == text.size() && !is_last) return 0;
    const bool is_record_end = end == text.size() || text[end] == '\n';
    std::string_view cell = text.substr(plain, end - plain);
    if (is_record_end && cell.ends_with('\r')) cell.remove_suffix(1);
    if (is_quoted) quoted_.back() += cell;  // "a"b is ab
    cells_.push_back(is_quoted ? std::string_view(quoted_.back()) : cell);
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

CsvHead ReadCsvHead(std::string_view text) {
  CsvHead head;
  // The delimiter that cuts the first line into most cells; the comma where they are equal.
  for (const char delimiter : {',', ';', '\t'}) {
    CsvTokenizer tokenizer(delimiter);
    tokenizer.Parse(text, /*is_last=*/true);
    if (!head.names.empty() && tokenizer.cells().size() <= head.names.size()) continue;
    head.delimiter = delimiter;
    head.names.assign(tokenizer.cells().begin(), tokenizer.cells().end());
  }
  const auto first = NumbersOf(head.names);
  // A first line of nothing but numbers is data, unless it counts the columns.
  head.names_are_numbers = first && IsCountOfColumns(*first, text, head.delimiter);
  head.has_header = !first || head.names_are_numbers;
  for (size_t i = 0; i < head.names.size(); ++i) {
    std::string name(Trimmed(head.names[i]));
    if (!head.has_header) {
      head.names[i] = StrCat(i);
    } else {
      head.names[i] = name.empty() ? StrCat("Unnamed: ", i) : std::move(name);
    }
  }
  return head;
}

CsvCell ReadCsvCell(std::string_view text) {
  text = Trimmed(text);
  CsvCell cell;
  if (text.empty()) return cell;
  if (text == "true" || text == "True" || text == "TRUE") return {CsvCell::Kind::kBool, 1, 0};
  if (text == "false" || text == "False" || text == "FALSE") return {CsvCell::Kind::kBool, 0, 0};
  // from_chars takes no plus sign.
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const char* end = text.data() + text.size();
  const auto integer = std::from_chars(text.data(), end, cell.integer);
  if (integer.ec == std::errc() && integer.ptr == end) {
    cell.kind = CsvCell::Kind::kInteger;
    return cell;
  }
  const auto real = std::from_chars(text.data(), end, cell.real);
  const bool is_real = real.ec == std::errc() && real.ptr == end;
  cell.kind = is_real ? CsvCell::Kind::kReal : CsvCell::Kind::kText;
  return cell;
}

}  // namespace tare::data
