// Text as a terminal shows it: columns, padding, wrapping, harmless characters.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tare {

/// Returns the columns that UTF-8 `text` takes: one a code point, none for colour escapes.
int64_t DisplayWidth(std::string_view text);

/// Returns `text` with spaces behind (or before) it up to `width` columns.
std::string PadRight(std::string_view text, int64_t width);
std::string PadLeft(std::string_view text, int64_t width);

/// Returns `text` cut to at most `width` columns, with "..." where something went.
std::string Truncate(std::string_view text, int64_t width);

/// Returns `text` broken between words into lines of at most `width` columns; a longer word has a
/// line of its own and stays whole, so that a path can be copied. Newlines are kept.
std::vector<std::string> Wrap(std::string_view text, int64_t width);

/// Returns `text` with control characters written as \xNN, newlines kept: names from a stranger's
/// file cannot move the cursor or ring the bell.
std::string Printable(std::string_view text);

}  // namespace tare
