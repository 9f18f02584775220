#include "data/formats/csv_record.h"

#include <algorithm>
#include <charconv>

#include "tare/core/strcat.h"

namespace tare::data {
namespace {

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
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
  // A first line of nothing but numbers is data.
  head.has_header = !std::ranges::all_of(head.names, [](const std::string& cell) {
    const auto kind = ReadCsvCell(cell).kind;
    return kind == CsvCell::Kind::kInteger || kind == CsvCell::Kind::kReal;
  });
  for (size_t i = 0; i < head.names.size(); ++i) {
    std::string name(Trimmed(head.names[i]));
    head.names[i] = head.has_header && !name.empty() ? std::move(name) : StrCat(i);
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
