// Records of the registry: versions of a model, and the files that belong to them.

#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"

namespace tare::registry {

/// What a file is in its version. Others may be added; these are what `tare run` registers.
inline constexpr std::string_view kModel = "model";
inline constexpr std::string_view kModelData = "model_data";  ///< weights beside the model
inline constexpr std::string_view kRecipe = "recipe";
inline constexpr std::string_view kReportJson = "report_json";
inline constexpr std::string_view kReportHtml = "report_html";
inline constexpr std::string_view kCalibration = "calibration";

/// A version to register.
struct NewVersion {
  /// 1 to 100 letters, digits, '.', '_' and '-'; the first a letter or a digit.
  std::string name;
  /// By role: the path of the file. A model is required; the last parts of the paths differ.
  std::map<std::string, std::string> files;
  /// Digests of what is not stored: data sets, the source model, tare itself.
  std::map<std::string, std::string> digests;
  std::string verdict;  ///< "PASS", ...
  std::string summary;  ///< one sentence for people
  std::map<std::string, std::string> metadata;
};

/// One stored file of a version.
struct Artifact {
  std::string role;
  std::string file_name;  ///< last part of the path that it was registered from
  std::string digest;     ///< SHA-256, 64 hex digits
  int64_t num_bytes = 0;
};

/// A registered version. `name@number` is its name for ever; it never changes.
struct Version {
  std::string name;
  int64_t number = 0;         ///< 1, 2, 3, ...
  int64_t created_at_ms = 0;  ///< since 1970-01-01 UTC
  std::string verdict;
  std::string summary;
  std::vector<Artifact> artifacts;  ///< by role, in alphabetical order
  std::map<std::string, std::string> digests;
  std::map<std::string, std::string> metadata;

  /// Returns the file of a role, or nullptr.
  const Artifact* Find(std::string_view role) const;
  /// Size of the model: its file and its weights beside it; 0 without one.
  int64_t ModelBytes() const;
  /// Returns "name@3".
  std::string Ref() const;
};

/// What a user types for a version: "fashion@3", or "fashion" for the latest.
struct VersionRef {
  std::string name;
  int64_t number = 0;  ///< 0: the latest
};

/// Reads "fashion@3" or "fashion".
/// Errors  kInvalidArgument: not a name, or the part behind '@' is not a positive number.
Result<VersionRef> ParseVersionRef(std::string_view text);

/// Checks that `name` is 1 to 100 ASCII letters, digits, '.', '_' and '-', the first a letter or a
/// digit. `kind` is what messages call it.
/// Errors  kInvalidArgument: it is not.
Result<void> CheckName(std::string_view name, std::string_view kind);

/// A candidate judged on a test set.
struct Look {
  std::string test;       ///< digest of the test data
  std::string candidate;  ///< digest of the model
  std::string policy;     ///< digest of what was demanded
  std::string name;       ///< of the model's versions
};

}  // namespace tare::registry
