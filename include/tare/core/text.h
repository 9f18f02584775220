// Small text helpers for messages: nearest names, human units, joins.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tare {

/// Returns the entry of `names` with the smallest edit distance to `name`, or "" when none is
/// within a third of its length plus one: a likely misspelling, for "did you mean".
std::string NearestName(std::string_view name, std::span<const std::string> names);

/// Returns the Levenshtein distance of two strings. Cost O(a.size() * b.size()).
int64_t EditDistance(std::string_view a, std::string_view b);

/// Whether `text` as a whole matches `pattern`: '*' stands for any characters, '?' for one, every other
/// character for itself. Cost O(pattern.size() * text.size()).
bool MatchesGlob(std::string_view pattern, std::string_view text);

/// Returns the pieces joined by `separator`.
std::string Join(std::span<const std::string> pieces, std::string_view separator);

/// Returns the parts of `text` between separators; "" gives no parts.
std::vector<std::string> Split(std::string_view text, char separator);

/// The text with A to Z made small, other bytes as they are.
std::string AsciiLower(std::string_view text);

/// Returns "812 B", "1.2 kB", "3.4 MB", "5.6 GB" (powers of 1000).
std::string HumanBytes(int64_t bytes);

/// Returns "12,345".
std::string WithThousands(int64_t value);

/// Returns `value` with `digits` digits behind the point.
std::string Fixed(double value, int digits);

/// Parses a decimal number or a fraction "a/b".
/// Edge  returns false on anything else, trailing text, and a zero denominator.
bool ParseNumber(std::string_view text, double* value);

}  // namespace tare
