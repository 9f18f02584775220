#include "data/shown_value.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

// Digits with `mark` between them, after a sign: "-17,709" for a comma.
bool IsNumberWith(char mark, std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const bool is_of_digits = std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || c == mark || c == '.' || c == 'e' || c == 'E' || c == '-';
  });
  return is_of_digits && text.size() > 1 && text.find(mark) != std::string_view::npos &&
         text.front() >= '0' && text.front() <= '9';
}

// Bytes of the character that begins with `lead`; 0 when none does.
size_t Utf8Length(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

// False for overlong forms, surrogates, and what lies past U+10FFFF.
bool MayFollow(uint8_t lead, uint8_t next) {
  if (lead == 0xE0) return next >= 0xA0;
  if (lead == 0xED) return next <= 0x9F;
  if (lead == 0xF0) return next >= 0x90;
  return lead != 0xF4 || next <= 0x8F;
}

}  // namespace

bool IsMissingWord(std::string_view text) {
  constexpr std::array kWords{"",     "-",    "?",   ".",   "na",      "n/a",  "#n/a",
                              "null", "none", "nil", "nan", "missing", "<na>", "#div/0!"};
  const std::string word = AsciiLower(text);
  return std::ranges::any_of(kWords, [&](std::string_view known) { return word == known; });
}

std::string ShownValue(std::string_view value) {
  constexpr size_t kMostShown = 40;
  if (!IsUtf8(value)) return "bytes that are not UTF-8";
  if (value.size() <= kMostShown) return StrCat("'", value, "'");
  value = value.substr(0, kMostShown);
  while (!IsUtf8(value)) value.remove_suffix(1);
  return StrCat("'", value, "...'");
}

std::string AdviceOnText(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  text = text.substr(std::min(begin, text.size()));
  text = text.substr(0, text.find_last_not_of(" \t") + 1);
  if (IsMissingWord(text)) {
    return "a missing value is not guessed: fill it in, or leave the sample or the column out";
  }
  if (IsNumberWith(',', text)) {
    return "write numbers with a decimal point and without separators of thousands: 1234.5 and not "
           "1234,5 or 1,234.5 (pandas: read_csv(..., decimal=',') or thousands=',')";
  }
  if (IsNumberWith('%', text))
    return "write the number that the model was trained on, without a sign: 0.1 or 10 for 10%";
  return "correct the value, or leave the sample or the column out";
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(static_cast<uint8_t>(text[0]));
    if (length == 0 || length > text.size()) return false;
    for (const char c : text.substr(1, length - 1)) {
      if ((static_cast<uint8_t>(c) & 0xC0) != 0x80) return false;
    }
    if (length > 1 && !MayFollow(static_cast<uint8_t>(text[0]), static_cast<uint8_t>(text[1]))) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace tare::data
