// Text as Python's str sees it: lower-casing, parts of words, white space. Tables instead of ICU.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tare::scores {

/// The first number that is no code point.
inline constexpr uint32_t kNoCode = 0x110000;

/// Returns the code points of UTF-8 text.
/// Edge  a byte that is no part of valid UTF-8 becomes 0x110000 + byte: equal bytes stay equal, and
///       AppendUtf8 gives the byte back.
std::vector<uint32_t> CodePoints(std::string_view text);

/// Appends one code point, or the byte that CodePoints could not read.
void AppendUtf8(uint32_t code, std::string& text);

/// Returns str.lower() of the text: every letter of Unicode 14, the dotted capital I (two code
/// points) and the final sigma.
std::vector<uint32_t> LowerCase(std::string_view text);

/// \w of Python's re: a letter, a digit or '_'.
bool IsWordPart(uint32_t code);

/// A letter or vowel sign of a script that is written without spaces between words: Han, kana,
/// Thai, Lao, Burmese, Khmer, Tibetan.
bool IsOfUnspacedScript(uint32_t code);

/// A combining mark that belongs to the word around it and is no \w: accents, points of Hebrew and
/// Arabic, vowel signs of the scripts of India and of those written without spaces.
/// Bound  whole blocks, without the punctuation in them; not every mark of Unicode.
bool IsMark(uint32_t code);

/// str.isspace.
bool IsWhiteSpace(uint32_t code);

}  // namespace tare::scores
