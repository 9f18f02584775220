// Corruptions of text: typing errors, casing, text that breaks off.
//
// The severities are chosen here; there is no published set of five. A unit is a UTF-8 code point;
// bytes that are not UTF-8 count one each and pass through. Only ASCII letters are changed.
//
//   severity            1      2      3      4      5
//   typos       share  0.01   0.02   0.05   0.10   0.20   of the letters
//   casing      share  0.10   0.20   0.40   0.70   1.00   of the words
//   truncation  kept   0.90   0.75   0.60   0.45   0.30   of the units

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tare/core/result.h"

namespace tare::data {

enum class TextCorruption { kTypos, kCasing, kTruncation };

/// Returns the corruption named "typos", "casing" or "truncation".
/// Errors  kInvalidArgument: another name (gives the nearest).
Result<TextCorruption> FindTextCorruption(std::string_view name);

/// The share of a text that truncation keeps at a severity of 1 to 5 (TARE_CHECK).
double KeptShare(int64_t severity);

struct CorruptTextOptions {
  TextCorruption corruption = TextCorruption::kTypos;
  int64_t severity = 3;  ///< 1 to 5
  uint64_t seed = 1;
};

/// Returns `text` corrupted.
///
///   typos       a letter is swapped with the next one, left out, doubled, or a neighbour on an
///               American keyboard is hit instead; each as often
///   casing      a word, up to white space, is put into capitals or into small letters, as often
///   truncation  the end is cut off; at least one unit stays
///
/// Random   depends on the seed, the sample number, the corruption and its severity alone.
/// Edge     "" stays "". What is UTF-8 stays UTF-8.
/// Errors   kInvalidArgument: the severity is outside 1 to 5.
/// Source   typing errors: the four classes of Damerau, "A technique for computer detection and
///          correction of spelling errors", CACM 7(3), 1964. Differs: an insertion doubles a
///          letter.
Result<std::string> CorruptText(const CorruptTextOptions& options, int64_t sample,
                                std::string_view text);

}  // namespace tare::data
