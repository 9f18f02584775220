// Files by digest: <root>/artifacts/sha256/ab/abcdef...

#pragma once

#include <string>
#include <string_view>

#include "tare/core/result.h"

namespace tare::registry {

/// Threads  reading: fully. Put() and RemoveTemporary(): under the write lock of the database,
///          so that a temporary file found there belongs to nobody alive.
class ArtifactStore {
 public:
  explicit ArtifactStore(std::string root) : root_(std::move(root)) {}

  /// Where the file with this digest is, if it is there.
  std::string PathOf(std::string_view digest) const;

  /// What Put() did: a file that it added can be taken away when the registration fails.
  enum class PutOutcome { kAdded, kRepaired, kAlreadyThere };

  /// Stores the file `source`, whose digest was `digest` a moment ago. A stored file of that
  /// digest is read in full before it is trusted, and replaced when it was altered.
  /// Errors  kFailedPrecondition: `source` has changed; else as WriteFileAtomic().
  Result<PutOutcome> Put(const std::string& source, const std::string& digest) const;

  /// Errors  kDataLoss: the file is missing or its content does not have the digest.
  Result<void> Verify(const std::string& digest) const;

  /// Copies a file out, checking the digest of what is copied; nothing is written otherwise.
  /// Errors  kDataLoss as Verify(); else as WriteFileAtomic().
  Result<void> CopyOut(const std::string& digest, const std::string& path) const;

  /// Removes what processes that died left half-written.
  void RemoveTemporary() const;

 private:
  std::string root_;
};

/// Creates a folder and its parents, each made durable in the one above.
/// Errors  kInvalidArgument: cannot be created, with the cause; kResourceExhausted: disk full.
Result<void> MakeFolders(const std::string& path);

}  // namespace tare::registry
