// Bytes at an offset: of a file, of memory, or of something that is decoded when first asked for.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "tare/core/result.h"

namespace tare::data {

/// Random access to a fixed number of bytes.
/// Threads  const calls may run together.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// The file, and the place in it, for messages.
  virtual const std::string& name() const = 0;
  virtual int64_t size() const = 0;
  /// Fills `out` from `offset` on.
  /// Errors  kDataLoss: the range passes the end, or reading fails.
  virtual Result<void> ReadAt(int64_t offset, std::span<std::byte> out) const = 0;
};

/// Shared: the arrays of one file read through one descriptor.
using ByteSourcePtr = std::shared_ptr<const ByteSource>;

/// Errors  kNotFound: it cannot be opened; kInvalidArgument: a folder, or empty.
Result<ByteSourcePtr> OpenByteFile(const std::string& path);

ByteSourcePtr MakeMemorySource(std::string name, std::string bytes);

/// A source that `make` makes at the first read; its error is kept and returned by every read.
ByteSourcePtr MakeLazySource(std::string name, int64_t size,
                             std::function<Result<ByteSourcePtr>()> make);

/// Returns the first `count` bytes, or all when there are fewer.
Result<std::string> ReadPrefix(const ByteSource& source, int64_t count);

/// Returns the SHA-256 of all bytes, as 64 hex digits.
Result<std::string> DigestOf(const ByteSource& source);

/// Collects bytes of unknown number: in memory up to 1 MiB, then in an unlinked temporary file
/// under $TMPDIR (or /tmp), which the system frees with the last descriptor, whatever happens.
class Spool {
 public:
  static constexpr int64_t kMemoryBytes = int64_t{1} << 20;

  explicit Spool(std::string name) : name_(std::move(name)) {}
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// Errors  kResourceExhausted: no room, or no descriptors; names $TMPDIR as the next step.
  Result<void> Append(std::span<const std::byte> bytes);
  int64_t size() const { return flushed_ + static_cast<int64_t>(buffer_.size()); }
  /// Ends the collection. The spool is empty afterwards.
  Result<ByteSourcePtr> Finish();

 private:
  Result<void> Flush();

  std::string name_;
  std::string buffer_;
  int fd_ = -1;
  int64_t flushed_ = 0;
};

/// Refuses decoded sizes that only a decompression bomb has.
/// Errors  kResourceExhausted: over 1 GiB and over 200 times `encoded_bytes`.
Result<void> CheckExpansion(const std::string& name, int64_t encoded_bytes, int64_t decoded_bytes);

}  // namespace tare::data
