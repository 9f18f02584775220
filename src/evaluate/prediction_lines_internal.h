// One stream of JSON Lines with predictions, line by line.

#pragma once

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "tare/core/result.h"

namespace tare::evaluate {

/// A class as a line gives it: nothing, an index, or a name.
using ClassValue = std::variant<std::monostate, int64_t, std::string>;

struct PredictionLine {
  std::string id;  ///< numbers as their decimal text
  int64_t line = 0;
  ClassValue label, prediction;
  std::vector<float> scores;  ///< empty when the line has `prediction`
};

/// Reads lines and refuses an id that stood before.
class PredictionReader {
 public:
  PredictionReader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  /// The next line that is not blank, or nullopt at the end.
  Result<std::optional<PredictionLine>> Next();

  const std::string& name() const { return name_; }
  Error Wrong(int64_t line, std::string_view what, std::string next_step) const;

 private:
  Result<bool> ReadText(std::string& text);
  Result<PredictionLine> Parse(const std::string& text);

  std::istream& in_;
  std::string name_;
  int64_t line_ = 0;
  std::unordered_set<std::string> ids_;
};

}  // namespace tare::evaluate
