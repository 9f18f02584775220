// Corrupts the texts of a file, before they become token ids.

#pragma once

#include <cstdint>
#include <string>

#include "tare/core/result.h"
#include "tare/data/corrupt/corrupt_text.h"

namespace tare::data {

struct CorruptLinesOptions {
  CorruptTextOptions text;
  /// The field of a JSON Lines file to corrupt. Empty: the lines themselves are the texts.
  std::string field;
};

struct CorruptedLines {
  int64_t n = 0;        ///< texts
  int64_t changed = 0;  ///< of them other than before
};

/// Writes the texts of `path` to `out_path`, corrupted; a line is a sample, numbered from 0.
///
/// Other fields of JSON Lines stay as they are, in their order. Blank lines are left out.
///
/// Memory   one line, of at most 16 MiB.
/// Errors   kNotFound: no such file; kInvalidArgument: a line is no JSON object, is nested more
///          than 64 deep, has no such text, or is longer than 16 MiB (names the line); without a
///          field, the first line is a JSON object; the file holds no text; `path` and `out_path`
///          are one file; the severity is outside 1 to 5; as WriteFileAtomic(). On every error
///          `out_path` is what it was.
Result<CorruptedLines> CorruptLines(const std::string& path, const std::string& out_path,
                                    const CorruptLinesOptions& options);

}  // namespace tare::data
