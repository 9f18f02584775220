// The registry: which versions of a model exist, with their evidence, in one folder.
//
//   <root>/registry.db                            records, in SQLite
//   <root>/artifacts/sha256/ab/abcdef...          files, each under its digest
//
// A version is visible when its row is committed, and that is the last thing Register() does:
// its files are complete and on the disk before. A crash at any earlier point leaves the versions
// as they were. What it may leave behind is a complete file that no version names (used again by
// the next version that has it) and a temporary one (removed by the next Register()).

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/registry/version.h"

namespace tare::registry {

struct RegistryOptions {
  /// Milliseconds since 1970-01-01 UTC. Empty: the system's clock.
  std::function<int64_t()> now_ms;
  /// How long to wait for another process that is registering, in [0, 600000].
  int busy_timeout_ms = 60'000;
};

/// What Register() did.
struct Registered {
  int64_t number = 0;
  /// False when the name already had a version with the same model, recipe and report.
  bool is_new = true;
};

struct GetOptions {
  /// A role, or "" for all files.
  std::string role;
  std::string out_folder = ".";
  /// Replace files that have other content; otherwise they are an error.
  bool overwrite = false;
};

/// Threads  fully: each call opens the database on its own; processes may share a root.
class Registry {
 public:
  /// Names the folder; nothing is read or created yet. Register() creates it.
  /// Errors  kInvalidArgument: the path is taken by a file.
  static Result<Registry> Open(const std::string& root, RegistryOptions options = {});

  /// Stores the files and records the version under the next number of its name.
  ///
  /// Edge    the same model, recipe and report again return the version that has them.
  /// Errors  kInvalidArgument: a name, a role, no model, or two files of one name; kNotFound: a
  ///         file is missing; kFailedPrecondition: a file changed meanwhile; kResourceExhausted:
  ///         the disk is full; kUnavailable: another process held the registry for too long;
  ///         kUnsupported: the registry was written by a newer tare; kDataLoss: it is damaged.
  Result<Registered> Register(const NewVersion& version) const;

  /// Records that a verdict is about to be read from a test set, and returns the place of this look
  /// among all at this test set, from 1. The same candidate under the same policy again is the same
  /// look. Each look is a chance to pass by luck: the gate pays for it (verdict::Policy::looks).
  /// Errors  as Register().
  Result<int64_t> RecordLook(const Look& look) const;

  /// Returns all versions, or those of one name, by name and number. A root that does not exist
  /// has none, and is not created.
  Result<std::vector<Version>> List(std::string_view name = "") const;

  /// Returns one version; `ref` is "name@number", or "name" for the latest.
  /// Errors  kNotFound: no such name or number, with the nearest that exist.
  Result<Version> Show(std::string_view ref) const;

  /// Copies the files of a version into a folder, which is created if need be, and returns their
  /// paths. Every digest is checked before the first file is written, and again on the way out.
  /// Errors  kNotFound: no such version or role; kDataLoss: a stored file is missing or was
  ///         altered; kFailedPrecondition: other content stands in the way.
  Result<std::vector<std::string>> Get(std::string_view ref, const GetOptions& options) const;

  const std::string& root() const { return root_; }

 private:
  Registry(std::string root, RegistryOptions options)
      : root_(std::move(root)), options_(std::move(options)) {}

  std::string root_;
  RegistryOptions options_;
};

}  // namespace tare::registry
