// Values of files in messages.

#pragma once

#include <string>
#include <string_view>

namespace tare::data {

/// A value as messages show it: quoted, its beginning when it is long.
std::string ShownValue(std::string_view value);

/// What to do about a text among numbers, by its form: a missing value, a decimal comma, separators
/// of thousands, a sign of per cent, or any other.
std::string AdviceOnText(std::string_view text);

/// True when `text` is one of those that stand for a missing value: empty, NA, null, NaN, -, ?, ...
bool IsMissingWord(std::string_view text);

/// True when `text` is valid UTF-8 (Unicode 15, table 3-7): what messages and reports can hold.
bool IsUtf8(std::string_view text);

}  // namespace tare::data
