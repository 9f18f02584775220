#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "pipeline/step_cache_internal.h"
#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kMaxBytes = int64_t{256} << 20;

std::string OwnerOf(int lock) {
  char text[32] = {};
  const ssize_t count = ::pread(lock, text, sizeof(text) - 1, 0);
  return count > 0 ? StrCat(" (process ", std::string_view(text, static_cast<size_t>(count)), ")")
                   : "";
}

}  // namespace

Result<StepCache> StepCache::Open(const std::string& out_folder) {
  const std::string folder = out_folder + "/.tare";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return InvalidArgument(StrCat("cannot make the folder ", folder, ": ", error.message()),
                           "choose another folder with --out");
  }
  const std::string path = folder + "/lock";
  const int lock = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock < 0) {
    const int cause = errno;
    const std::string what = StrCat("cannot write ", path, ": ", std::strerror(cause));
    if (cause == ENOSPC || cause == EDQUOT)
      return ResourceExhausted(what, "free some disk space, or choose another folder with --out");
    return InvalidArgument(what, "choose another folder with --out");
  }
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string owner = OwnerOf(lock);
    ::close(lock);
    return Unavailable(StrCat("another tare run", owner, " works in ", out_folder),
                       "wait until it is done, or choose another folder with --out");
  }
  const std::string pid = StrCat(static_cast<int64_t>(::getpid()));
  // For the message of the other run only: a lock without a name still locks.
  if (::ftruncate(lock, 0) != 0 || ::pwrite(lock, pid.data(), pid.size(), 0) < 0) errno = 0;
  return StepCache(folder, lock);
}

StepCache::~StepCache() {
  if (lock_ >= 0) ::close(lock_);
}

std::optional<Json> StepCache::Find(std::string_view step, const std::string& key) const {
  const auto text = ReadFile(PathOf(step), kMaxBytes);
  if (!text) return std::nullopt;
  Json file = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!file.is_object() || !file.contains("key") || file["key"] != key || !file.contains("result"))
    return std::nullopt;
  return std::move(file["result"]);
}

Result<void> StepCache::Store(std::string_view step, const std::string& key,
                              const Json& result) const {
  const Json file = {{"key", key}, {"result", result}};
  return WriteFileAtomic(PathOf(step),
                         file.dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace tare::pipeline
