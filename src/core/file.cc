#include "tare/core/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace tare {
namespace {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool Close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

Error WriteError(const std::string& path) {
  const int cause = errno;
  const std::string what = StrCat("cannot write ", path, ": ", std::strerror(cause));
  if (cause == ENOSPC || cause == EDQUOT || cause == EFBIG) {
    return ResourceExhausted(what, "free some disk space, or write elsewhere");
  }
  return InvalidArgument(what, "check that the folder exists and is writable");
}

Result<void> WriteAll(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t count = ::write(fd, content.data(), content.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return WriteError(path);
    content.remove_prefix(static_cast<size_t>(count));
  }
  return {};
}

// What a path is that is no file; nullptr: a file, or nothing.
const char* KindOf(const std::filesystem::file_status& status) {
  switch (status.type()) {
    case std::filesystem::file_type::directory:
      return "a folder";
    case std::filesystem::file_type::block:
    case std::filesystem::file_type::character:
      return "a device";
    case std::filesystem::file_type::fifo:
      return "a pipe";
    case std::filesystem::file_type::socket:
      return "a socket";
    default:
      return nullptr;
  }
}

// fsync of the folder makes the rename durable; some file systems refuse it, which loses nothing.
void SyncFolder(const std::string& path) {
  const Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.get() >= 0) ::fsync(folder.get());
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, int64_t max_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    return NotFound(StrCat("cannot open ", path, ": ", std::strerror(errno)), "check the path");
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return DataLoss(StrCat("cannot read ", path, ": ", std::strerror(errno)), "check the disk");
  }
  if (S_ISDIR(status.st_mode)) {
    return InvalidArgument(StrCat(path, " is a folder, not a file"), "name a file in it");
  }
  if (status.st_size > max_bytes) {
    return ResourceExhausted(
        StrCat(path, " has ", status.st_size, " bytes; at most ", max_bytes, " are read"),
        "check that it is the right file");
  }
  std::string content;
  content.reserve(static_cast<size_t>(status.st_size));
  std::string buffer(1 << 20, '\0');
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      return DataLoss(StrCat("cannot read ", path, ": ", std::strerror(errno)), "check the disk");
    }
    if (count == 0) return content;
    content.append(buffer.data(), static_cast<size_t>(count));
    if (static_cast<int64_t>(content.size()) > max_bytes) {
      return ResourceExhausted(StrCat(path, " has more than ", max_bytes, " bytes"),
                               "check that it is the right file");
    }
  }
}

Result<void> CheckOutput(const std::string& path, std::span<const std::string> read,
                         int64_t bytes) {
  namespace fs = std::filesystem;
  std::error_code error;
  const std::string what = StrCat("cannot write ", path, ": ");
  if (path.empty()) return InvalidArgument("cannot write to a file without a name", "name a file");
  if (const char* kind = KindOf(fs::status(path, error)))
    return InvalidArgument(StrCat(what, "it is ", kind), "name a file");
  for (const std::string& source : read) {
    if (!source.empty() && fs::equivalent(path, source, error))
      return InvalidArgument(StrCat(what, "it is read too, as ", source), "write to another file");
  }
  const fs::path folder = fs::absolute(path, error).parent_path();
  if (!fs::is_directory(folder, error)) {
    return InvalidArgument(StrCat(what, "there is no folder ", folder.string()),
                           "make the folder, or write elsewhere");
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    return InvalidArgument(StrCat(what, "the folder ", folder.string(),
                                  " may not be written to: ", std::strerror(errno)),
                           "write elsewhere");
  }
  const fs::space_info space = fs::space(folder, error);
  if (!error && space.available < static_cast<uintmax_t>(std::max<int64_t>(bytes, 0))) {
    return ResourceExhausted(StrCat(what, "up to ", bytes, " bytes are needed and ",
                                    space.available, " are left on its disk"),
                             "free some disk space, or write elsewhere");
  }
  return {};
}

Result<void> WriteFileAtomic(const std::string& path, std::string_view content) {
  return WriteFileAtomic(path, [&](const Appender& append) { return append(content); });
}

Result<void> WriteFileAtomic(const std::string& path,
                             const std::function<Result<void>(const Appender&)>& write) {
  std::string temporary = StrCat(path, ".XXXXXX");
  Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) return WriteError(path);
  const auto finish = [&]() -> Result<void> {
    TARE_TRY_VOID(write([&](std::string_view piece) { return WriteAll(file.get(), piece, path); }));
    // mkostemp makes the file private; the result gets the permissions of an ordinary new file.
    const mode_t mask = ::umask(0);
    ::umask(mask);
    if (::fchmod(file.get(), 0666 & ~mask) != 0 || ::fsync(file.get()) != 0 || !file.Close() ||
        ::rename(temporary.c_str(), path.c_str()) != 0) {
      return WriteError(path);
    }
    return {};
  };
  auto result = finish();
  if (!result) {
    ::unlink(temporary.c_str());
    return result;
  }
  const std::string folder = std::filesystem::path(path).parent_path().string();
  SyncFolder(folder.empty() ? "." : folder);
  return {};
}

Result<std::shared_ptr<const MappedFile>> MappedFile::Open(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return NotFound(StrCat("cannot open ", path, ": ", std::strerror(errno)), "check the path");
  }
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) {
    return DataLoss(StrCat("cannot read ", path, ": ", std::strerror(errno)), "check the disk");
  }
  if (!S_ISREG(status.st_mode)) {
    return InvalidArgument(StrCat(path, " is not a regular file"), "name a file on a disk");
  }
  const auto size = static_cast<size_t>(status.st_size);
  void* const begin =
      size == 0 ? nullptr : ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (begin == MAP_FAILED) {
    return ResourceExhausted(StrCat("cannot map ", path, ": ", std::strerror(errno)),
                             "free some memory, or raise the limit of it (ulimit -v)");
  }
  return std::shared_ptr<const MappedFile>(
      new MappedFile(path, {static_cast<const std::byte*>(begin), size}));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::Forget(std::span<const std::byte> part) const {
  const auto page = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  const auto offset = static_cast<size_t>(part.data() - bytes_.data());
  const size_t first = (offset + page - 1) / page * page;
  const bool to_the_end = offset + part.size() == bytes_.size();
  const size_t last = to_the_end ? bytes_.size() : (offset + part.size()) / page * page;
  if (part.empty() || last <= first) return;
  // Private and never written: what is dropped is the copy in memory alone.
  ::madvise(const_cast<std::byte*>(bytes_.data()) + first, last - first, MADV_DONTNEED);
}

Result<TemporaryFolder> TemporaryFolder::Create() {
  const char* base = std::getenv("TMPDIR");
  std::string path = StrCat(base != nullptr && *base != '\0' ? base : "/tmp", "/tare-XXXXXX");
  if (::mkdtemp(path.data()) == nullptr) return WriteError(path);
  return TemporaryFolder(std::move(path));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace tare
