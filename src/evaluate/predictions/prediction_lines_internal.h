// Two streams of JSON Lines with predictions, joined by id.

#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/json_reader.h"
#include "tare/core/result.h"

namespace tare::evaluate {

/// One line: an object with an id.
struct PredictionLine {
  std::string id;  ///< numbers as their decimal text
  int64_t line = 0;
  nlohmann::ordered_json json;
};

/// The ids of two files and which of the files has them, by a 62-bit hash: 11 to 22 bytes an id
/// that both have. Two ids of 10 million are mistaken for one with a probability of 1e-5.
class IdSet {
 public:
  /// Marks an id as one of file `side` (0 or 1). False when it is already.
  bool Insert(const std::string& id, size_t side);

 private:
  static constexpr uint64_t kSides = 3;  // the bits of a slot that are marks; the rest is the hash
  size_t PlaceOf(uint64_t hash) const;
  void Grow();
  std::vector<uint64_t> slots_;
  size_t count_ = 0;
};

/// Reads lines.
class PredictionReader {
 public:
  PredictionReader(std::istream& in, std::string name) : in_(in), name_(std::move(name)) {}

  /// The next line that is not blank, or nullopt at the end.
  Result<std::optional<PredictionLine>> Next();

  /// The line of that number, from 1, which must lie behind those that were read; nullopt at the
  /// end. The lines before it are not parsed.
  Result<std::optional<PredictionLine>> At(int64_t line);

  const std::string& name() const { return name_; }
  Error Wrong(int64_t line, std::string_view what, std::string next_step) const;
  /// Reads the fields of a line; the line must outlive it.
  JsonReader Fields(const PredictionLine& line) const;

 private:
  Result<bool> ReadText(std::string& text);
  Result<PredictionLine> Parse(const std::string& text);

  std::istream& in_;
  std::string name_;
  int64_t line_ = 0;
};

/// Calls `on_pair` for each id of both streams, as soon as the second of the two lines has come.
/// Returns the number of pairs.
/// Memory   the ids, and the lines whose partner has not come yet.
/// Errors   kInvalidArgument: an id twice in a file, or without partner (names the first and how
///          many); kDataLoss: no line at all; what the readers and `on_pair` give.
using OnPair =
    std::function<Result<void>(const PredictionLine& baseline, const PredictionLine& candidate)>;
Result<int64_t> JoinById(PredictionReader& baseline, PredictionReader& candidate,
                         const OnPair& on_pair);

/// A field to be read: a text as it is, a list with its elements one after the other ("none" where
/// it has none), all else as JSON. Cut at 2,000 bytes.
std::string TextOfField(const PredictionLine& line, const char* key);

/// The finite numbers of an array field; none when it is absent.
/// Errors  kInvalidArgument: not an array, an empty one, or one with something else.
Result<std::vector<double>> ReadNumbers(const JsonReader& reader, const char* key);

}  // namespace tare::evaluate
