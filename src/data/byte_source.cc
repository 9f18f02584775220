#include "data/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <vector>

#include "tare/core/hash.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

Error PastEnd(const std::string& name, int64_t offset, size_t count, int64_t size) {
  return DataLoss(StrCat(name, " ends at byte ", size, ", but bytes up to ",
                         offset + static_cast<int64_t>(count), " are needed"),
                  "the file is cut off or corrupt: make or download it again");
}

bool IsInside(int64_t offset, size_t count, int64_t size) {
  return offset >= 0 && offset <= size && static_cast<int64_t>(count) <= size - offset;
}

class FileSource : public ByteSource {
 public:
  FileSource(std::string name, int fd, int64_t size)
      : name_(std::move(name)), fd_(fd), size_(size) {}
  ~FileSource() override { ::close(fd_); }
  const std::string& name() const override { return name_; }
  int64_t size() const override { return size_; }

  Result<void> ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (!IsInside(offset, out.size(), size_)) return PastEnd(name_, offset, out.size(), size_);
    while (!out.empty()) {
      const ssize_t count = ::pread(fd_, out.data(), out.size(), offset);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        return DataLoss(StrCat("cannot read ", name_, ": ", std::strerror(errno)),
                        "check the disk");
      }
      if (count == 0) {
        return DataLoss(StrCat(name_, " became shorter while it was read"),
                        "leave the file alone while tare runs, and run again");
      }
      out = out.subspan(static_cast<size_t>(count));
      offset += count;
    }
    return {};
  }

 private:
  std::string name_;
  int fd_;
  int64_t size_;
};

class MemorySource : public ByteSource {
 public:
  MemorySource(std::string name, std::string bytes)
      : name_(std::move(name)), bytes_(std::move(bytes)) {}
  const std::string& name() const override { return name_; }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Result<void> ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (!IsInside(offset, out.size(), size())) return PastEnd(name_, offset, out.size(), size());
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string name_;
  std::string bytes_;
};

class LazySource : public ByteSource {
 public:
  LazySource(std::string name, int64_t size, std::function<Result<ByteSourcePtr>()> make)
      : name_(std::move(name)), size_(size), make_(std::move(make)) {}
  const std::string& name() const override { return name_; }
  int64_t size() const override { return size_; }
  Result<void> ReadAt(int64_t offset, std::span<std::byte> out) const override {
    TARE_TRY(const ByteSource* made, Made());
    return made->ReadAt(offset, out);
  }

 private:
  Result<const ByteSource*> Made() const {
    const std::lock_guard lock(mutex_);
    // An error stays too: what cannot be decoded is not tried again for each batch.
    if (!made_) made_ = make_();
    if (!*made_) return made_->error();
    return made_->value().get();
  }

  std::string name_;
  int64_t size_;
  std::function<Result<ByteSourcePtr>()> make_;
  mutable std::mutex mutex_;
  mutable std::optional<Result<ByteSourcePtr>> made_;  // written under mutex_, once
};

Error SpoolError(const std::string& name) {
  return ResourceExhausted(
      StrCat("cannot decode ", name, " into a temporary file: ", std::strerror(errno)),
      "free some disk space, or set TMPDIR to a folder with more");
}

Result<int> OpenUnlinked(const std::string& name) {
  const char* base = std::getenv("TMPDIR");
  std::string path = StrCat(base != nullptr && *base != '\0' ? base : "/tmp", "/tare-XXXXXX");
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return SpoolError(name);
  // Without a name it goes with the process, however that ends.
  ::unlink(path.c_str());
  return fd;
}

}  // namespace

Result<ByteSourcePtr> OpenByteFile(const std::string& path) {
  // O_NONBLOCK: a named pipe without a writer must not hang; regular files ignore it.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return NotFound(StrCat("cannot open ", path, ": ", std::strerror(errno)), "check the path");
  }
  struct stat status {};
  const bool known = ::fstat(fd, &status) == 0;
  auto source = std::make_shared<FileSource>(path, fd, known ? int64_t{status.st_size} : 0);
  if (known && S_ISDIR(status.st_mode)) {
    return InvalidArgument(StrCat(path, " is a folder, not a data file"),
                           "name a .npz, .npy, IDX, .csv, .jsonl, .json or .parquet file in it");
  }
  if (!known || !S_ISREG(status.st_mode)) {
    return InvalidArgument(StrCat(path, " is not a regular file"), "name a regular file");
  }
  if (status.st_size == 0) {
    return InvalidArgument(StrCat(path, " is empty"), "make or download the file again");
  }
  return ByteSourcePtr(std::move(source));
}

ByteSourcePtr MakeMemorySource(std::string name, std::string bytes) {
  return std::make_shared<MemorySource>(std::move(name), std::move(bytes));
}

ByteSourcePtr MakeLazySource(std::string name, int64_t size,
                             std::function<Result<ByteSourcePtr>()> make) {
  return std::make_shared<LazySource>(std::move(name), size, std::move(make));
}

Result<std::string> ReadPrefix(const ByteSource& source, int64_t count) {
  std::string prefix(static_cast<size_t>(std::min(count, source.size())), '\0');
  TARE_TRY_VOID(source.ReadAt(0, std::as_writable_bytes(std::span(prefix))));
  return prefix;
}

Result<std::string> DigestOf(const ByteSource& source) {
  Sha256 hash;
  std::vector<std::byte> buffer(1 << 20);
  for (int64_t offset = 0; offset < source.size();) {
    const auto count = std::min<int64_t>(std::ssize(buffer), source.size() - offset);
    const auto piece = std::span(buffer).first(static_cast<size_t>(count));
    TARE_TRY_VOID(source.ReadAt(offset, piece));
    hash.Update(std::span<const std::byte>(piece));
    offset += count;
  }
  return hash.HexDigest();
}

Spool::~Spool() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> Spool::Append(std::span<const std::byte> bytes) {
  buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (static_cast<int64_t>(buffer_.size()) > kMemoryBytes) return Flush();
  return {};
}

Result<void> Spool::Flush() {
  if (fd_ < 0) {
    TARE_TRY(fd_, OpenUnlinked(name_));
  }
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t count = ::pwrite(fd_, rest.data(), rest.size(), flushed_);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return SpoolError(name_);
    rest.remove_prefix(static_cast<size_t>(count));
    flushed_ += count;
  }
  buffer_.clear();
  return {};
}

Result<ByteSourcePtr> Spool::Finish() {
  if (fd_ < 0) {
    buffer_.shrink_to_fit();
    return MakeMemorySource(name_, std::exchange(buffer_, {}));
  }
  TARE_TRY_VOID(Flush());
  return ByteSourcePtr(
      std::make_shared<FileSource>(name_, std::exchange(fd_, -1), std::exchange(flushed_, 0)));
}

Result<void> CheckExpansion(const std::string& name, int64_t encoded_bytes, int64_t decoded_bytes) {
  // deflate reaches 1,032 to 1; data that is more than 200 times as long, and more than 1 GiB, is
  // none.
  if (decoded_bytes <= (int64_t{1} << 30) || decoded_bytes / 200 <= encoded_bytes) return {};
  return ResourceExhausted(
      StrCat(name, " has ", HumanBytes(encoded_bytes), " and decodes to ",
             HumanBytes(decoded_bytes), " or more, as a decompression bomb does"),
      "if the file is yours, save it without compression");
}

}  // namespace tare::data
