#include "data/csv_head.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "tare/core/strcat.h"

namespace tare::data {
namespace {

// Splits one line; doubled quotes inside quotes stand for one.
std::vector<std::string> Fields(std::string_view line, char delimiter) {
  std::vector<std::string> fields(1);
  bool is_quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"' && is_quoted && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back().push_back('"');
      ++i;
    } else if (c == '"') {
      is_quoted = !is_quoted;
    } else if (c == delimiter && !is_quoted) {
      fields.emplace_back();
    } else {
      fields.back().push_back(c);
    }
  }
  return fields;
}

std::string_view FirstLine(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  bool is_quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') is_quoted = !is_quoted;
    if (!is_quoted && (text[i] == '\n' || text[i] == '\r')) return text.substr(0, i);
  }
  return text;
}

char Delimiter(std::string_view line) {
  std::array<std::pair<char, int64_t>, 3> counts{{{',', 0}, {';', 0}, {'\t', 0}}};
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    for (auto& [delimiter, count] : counts) count += !is_quoted && c == delimiter ? 1 : 0;
  }
  return std::ranges::max_element(counts, {}, &std::pair<char, int64_t>::second)->first;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

CsvHead ReadCsvHead(std::string_view text) {
  const std::string_view line = FirstLine(text);
  CsvHead head;
  head.delimiter = Delimiter(line);
  head.names = Fields(line, head.delimiter);
  head.has_header = !std::ranges::all_of(head.names, [](const std::string& field) {
    const auto kind = ReadCsvCell(field).kind;
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
