#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "registry/artifact_store_internal.h"
#include "tare/core/file.h"
#include "tare/core/hash.h"

namespace tare::registry {
namespace {

namespace fs = std::filesystem;

constexpr size_t kDigestChars = 64;

void SyncFolder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

// Copies in pieces and returns the digest of what was copied.
Result<std::string> Copy(const std::string& source, const Appender& append) {
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(source.c_str(), "rbe"));
  if (file == nullptr) {
    return NotFound(StrCat("cannot open ", source, ": ", std::strerror(errno)), "check the path");
  }
  Sha256 hash;
  std::string buffer(1 << 20, '\0');
  size_t count = 0;
  while ((count = std::fread(buffer.data(), 1, buffer.size(), file.get())) > 0) {
    const std::string_view piece(buffer.data(), count);
    hash.Update(piece);
    TARE_TRY_VOID(append(piece));
  }
  if (std::ferror(file.get()) != 0) return DataLoss("cannot read " + source, "check the disk");
  return hash.HexDigest();
}

Error Altered(const std::string& path, const std::string& found) {
  return DataLoss(StrCat("the stored file ", path, " was altered: its SHA-256 is now ", found),
                  "restore it from a backup, or register the same files again, which repairs it");
}

}  // namespace

Result<void> MakeFolders(const std::string& path) {
  const fs::path folder = fs::path(path).lexically_normal();
  std::error_code error;
  if (path.empty() || fs::is_directory(folder, error)) return {};
  if (folder.has_parent_path() && folder.parent_path() != folder) {
    TARE_TRY_VOID(MakeFolders(folder.parent_path().string()));
  }
  if (::mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST) {
    const int cause = errno;
    const std::string what = StrCat("cannot create the folder ", path, ": ", std::strerror(cause));
    if (cause == ENOSPC || cause == EDQUOT) {
      return ResourceExhausted(what, "free some disk space, or write elsewhere");
    }
    return InvalidArgument(what, "name a folder that you may write to");
  }
  SyncFolder(folder.has_parent_path() ? folder.parent_path().string() : ".");
  return {};
}

std::string ArtifactStore::PathOf(std::string_view digest) const {
  return StrCat(root_, "/artifacts/sha256/", digest.substr(0, 2), "/", digest);
}

Result<ArtifactStore::PutOutcome> ArtifactStore::Put(const std::string& source,
                                                     const std::string& digest) const {
  const std::string path = PathOf(digest);
  const std::string folder = fs::path(path).parent_path().string();
  TARE_TRY_VOID(MakeFolders(folder));
  if (Verify(digest)) {
    SyncFolder(folder);  // whoever wrote it may have died before it did
    return PutOutcome::kAlreadyThere;
  }
  std::error_code error;
  const bool existed = fs::exists(path, error);
  TARE_TRY_VOID(WriteFileAtomic(path, [&](const Appender& append) -> Result<void> {
    TARE_TRY(const std::string copied, Copy(source, append));
    if (copied == digest) return {};
    return FailedPrecondition(StrCat(source, " changed while it was being registered"),
                              "wait until nobody writes to it, then run the same command again");
  }));
  return existed ? PutOutcome::kRepaired : PutOutcome::kAdded;
}

Result<void> ArtifactStore::Verify(const std::string& digest) const {
  const std::string path = PathOf(digest);
  const auto found = Sha256File(path);
  if (!found) {
    return DataLoss(StrCat("a stored file cannot be read: ", found.error().what),
                    "restore it from a backup, or register the same files again");
  }
  if (*found != digest) return Altered(path, *found);
  return {};
}

Result<void> ArtifactStore::CopyOut(const std::string& digest, const std::string& path) const {
  return WriteFileAtomic(path, [&](const Appender& append) -> Result<void> {
    TARE_TRY(const std::string copied, Copy(PathOf(digest), append));
    if (copied != digest) return Altered(PathOf(digest), copied);
    return {};
  });
}

void ArtifactStore::RemoveTemporary() const {
  std::error_code ignored;
  fs::recursive_directory_iterator files(root_ + "/artifacts/sha256", ignored);
  for (; files != fs::recursive_directory_iterator(); files.increment(ignored)) {
    // WriteFileAtomic() writes to "<digest>.XXXXXX" first.
    const std::string name = files->path().filename().string();
    if (name.size() > kDigestChars && name[kDigestChars] == '.') ::unlink(files->path().c_str());
  }
}

}  // namespace tare::registry
