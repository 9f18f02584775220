// Reading foreign JSON key by key, with errors that name the place.

#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"

namespace tare {

/// Returns whether lists and objects stand in each other more than `levels` deep. Looks at brackets
/// outside strings alone, before anything is built from them: a level costs a parser a hundred
/// times its byte.
/// Edge     what is no JSON is looked at all the same.
bool NestsDeeperThan(std::string_view json, int levels);

/// Parses a document of bounded size and depth.
/// Errors  kDataLoss: not JSON (names the byte); kInvalidArgument: over a bound.
Result<nlohmann::ordered_json> ParseJson(std::string_view text, const std::string& source,
                                         int64_t max_bytes);

/// One JSON object and where it stands. Reads are by key; the first wrong one is an error.
class JsonReader {
 public:
  using Json = nlohmann::ordered_json;

  JsonReader(const Json& value, std::string source, std::string where)
      : value_(value), source_(std::move(source)), where_(std::move(where)) {}

  /// Errors  kInvalidArgument: the value is not an object.
  Result<void> ExpectObject() const;

  /// The value of a key, or nullptr when absent or null.
  const Json* Child(const char* key) const;
  /// A reader of the object under a key.
  JsonReader Under(const char* key, const Json& child) const {
    return {child, source_, where_.empty() ? key : where_ + "." + key};
  }
  JsonReader At(const char* key, size_t index, const Json& child) const {
    return {child, source_, StrCat(where_, where_.empty() ? "" : ".", key, "[", index, "]")};
  }

  /// Optional values: absent and null give nullopt.
  /// Errors  kInvalidArgument: another type; a negative or fractional count; a non-finite number.
  Result<std::optional<double>> Number(const char* key) const;
  Result<std::optional<int64_t>> Count(const char* key) const;
  Result<std::string> Text(const char* key) const;  ///< absent gives ""
  Result<std::vector<std::string>> Texts(const char* key) const;
  /// The elements of an array; absent gives none.
  Result<const Json*> Array(const char* key) const;

  Error Wrong(const char* key, std::string_view expected) const;
  /// What errors call the document: a file, or file:line.
  const std::string& source() const { return source_; }

 private:
  const Json& value_;
  std::string source_;
  std::string where_;
};

}  // namespace tare
