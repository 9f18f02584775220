// Files: whole reads, writes that are complete or absent, temporary folders that always go.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "tare/core/result.h"

namespace tare {

/// Reads a whole file.
/// Errors  kNotFound: it does not exist or cannot be opened; kInvalidArgument: it is a folder;
///         kResourceExhausted: it is longer than `max_bytes`; kDataLoss: reading failed.
Result<std::string> ReadFile(const std::string& path, int64_t max_bytes = int64_t{1} << 40);

/// Writes `content` to `path` so that after a crash at any point the path holds either what it
/// held before or all of `content`: temporary file beside it, fsync, rename, fsync of the folder.
/// Errors  kResourceExhausted: the disk is full; kInvalidArgument: the folder is missing or not
///         writable. The temporary file is removed on every error.
Result<void> WriteFileAtomic(const std::string& path, std::string_view content);

/// The same for content made by several writes: `write` appends pieces through its argument.
using Appender = std::function<Result<void>(std::string_view piece)>;
Result<void> WriteFileAtomic(const std::string& path,
                             const std::function<Result<void>(const Appender&)>& write);

/// Checks, before minutes are spent on its content, that WriteFileAtomic() can write `path`.
///
/// `read`: files that the work reads; empty names are none. `bytes`: what is to be written, as far
/// as it is known.
/// Errors  kInvalidArgument: it is one of `read` by any name, a folder, a device, a FIFO or a
///         socket; its folder is missing or may not be written to; kResourceExhausted: its disk has
///         fewer than `bytes` left.
Result<void> CheckOutput(const std::string& path, std::span<const std::string> read,
                         int64_t bytes = 0);

/// A file whose bytes are read when they are looked at, and may leave memory again.
///
/// Edge     an empty file has no bytes. A file that is replaced by a rename stays as it was opened;
///          one that is cut short while it is mapped ends the process, as for every mapping.
/// Threads  fully.
class MappedFile {
 public:
  /// Errors  kNotFound: it does not exist or cannot be opened; kInvalidArgument: it is no regular
  ///         file; kResourceExhausted: there is no room for it in the address space.
  static Result<std::shared_ptr<const MappedFile>> Open(const std::string& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  /// As it was given to Open().
  const std::string& path() const { return path_; }
  std::span<const std::byte> bytes() const { return bytes_; }

  /// Gives the memory of `part` of bytes() back; it is read again from the file when it is looked
  /// at. Pages that `part` shares with its neighbours stay.
  void Forget(std::span<const std::byte> part) const;

 private:
  MappedFile(std::string path, std::span<const std::byte> bytes)
      : path_(std::move(path)), bytes_(bytes) {}

  std::string path_;
  std::span<const std::byte> bytes_;
};

/// A private folder under $TMPDIR (or /tmp) that is removed with all it holds.
/// Threads  none.
class TemporaryFolder {
 public:
  static Result<TemporaryFolder> Create();
  ~TemporaryFolder();
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::move(other.path_)) {
    other.path_.clear();
  }
  TemporaryFolder& operator=(TemporaryFolder&& other) noexcept {
    std::swap(path_, other.path_);
    return *this;
  }
  const std::string& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace tare
