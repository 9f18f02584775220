// Steps that are not repeated: the result of each under the digest of its inputs.
//
//   <out>/.tare/lock           held by the run that works here
//   <out>/.tare/<step>.json    {"key": ..., "result": ...}, written when the step is finished
//
// A step is found again when its key is the same. A key is the digest of everything that the step
// reads: so a chain of steps repeats from the first that changed, and a killed run goes on behind
// the last one that finished.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "tare/core/hash.h"
#include "tare/core/result.h"

namespace tare::pipeline {

using Json = nlohmann::ordered_json;

/// Collects what a step depends on. Names and values cannot run into each other.
class StepKey {
 public:
  explicit StepKey(std::string_view step) { Add("step", step); }
  StepKey& Add(std::string_view name, std::string_view value) {
    hash_.Update(StrCat(name, "=", value.size(), ":")).Update(value);
    return *this;
  }
  template <class T>
  requires std::is_arithmetic_v<T> StepKey& Add(std::string_view name, T value) {
    return Add(name, std::string_view(Json(value).dump()));
  }
  std::string Digest() { return hash_.HexDigest(); }

 private:
  Sha256 hash_;
};

class StepCache {
 public:
  /// Creates the folder and locks it until the cache is destroyed, or the process is gone.
  /// Errors  kUnavailable: another run holds the lock (names its process); kInvalidArgument: the
  ///         folder cannot be made.
  static Result<StepCache> Open(const std::string& out_folder);

  StepCache(StepCache&& other) noexcept
      : folder_(std::move(other.folder_)), lock_(std::exchange(other.lock_, -1)) {}
  StepCache& operator=(StepCache&&) = delete;
  ~StepCache();

  /// The result of a step that finished under this key; nothing when there is none, or its file is
  /// damaged.
  std::optional<Json> Find(std::string_view step, const std::string& key) const;
  Result<void> Store(std::string_view step, const std::string& key, const Json& result) const;

 private:
  StepCache(std::string folder, int lock) : folder_(std::move(folder)), lock_(lock) {}
  std::string PathOf(std::string_view step) const { return StrCat(folder_, "/", step, ".json"); }

  std::string folder_;
  int lock_;
};

}  // namespace tare::pipeline
