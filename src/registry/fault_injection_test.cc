#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include "registry/fault_injection_internal.h"

namespace tare::registry {
namespace {

constexpr size_t kMaxSteps = 1000;

// In memory shared with the parent, which reads it after the child is dead.
struct Record {
  size_t num_steps = 0;
  bool writes[kMaxSteps] = {};
};
Record* g_record = nullptr;  // null: not armed
Fault g_fault;

enum class Needs { kSpace, kNothing };

[[noreturn]] void Die() {
  ::kill(::getpid(), SIGKILL);
  while (true) ::pause();
}

// Counts one step. Returns 0 when it may go on, or the errno that it fails with.
int Step(Needs needs, const std::function<void(int eighths)>& write_part = nullptr) {
  if (g_record == nullptr) return 0;
  const size_t step = g_record->num_steps++;
  if (step >= kMaxSteps) std::abort();
  g_record->writes[step] = write_part != nullptr;
  const bool now = static_cast<int64_t>(step) == g_fault.step;
  switch (g_fault.kind) {
    case Fault::Kind::kNone:
      return 0;
    case Fault::Kind::kKill:
      if (!now) return 0;
      if (write_part) write_part(g_fault.eighths);
      Die();
    case Fault::Kind::kDiskFull:
      return static_cast<int64_t>(step) >= g_fault.step && needs == Needs::kSpace ? ENOSPC : 0;
    case Fault::Kind::kIoError:
      return now ? EIO : 0;
  }
  return 0;
}

int Fail(int error) {
  errno = error;
  return -1;
}

size_t Part(size_t count, int eighths) {
  return std::min(count, (count * static_cast<size_t>(eighths) + 7) / 8);
}

int OpenAt(const char* path, int flags, mode_t mode) {
  if ((flags & O_CREAT) != 0) {
    if (const int error = Step(Needs::kSpace)) return Fail(error);
  }
  return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

ssize_t PwriteAt(int fd, const void* data, size_t count, off64_t offset) {
  const auto partial = [&](int eighths) {
    ::syscall(SYS_pwrite64, fd, data, Part(count, eighths), offset);
  };
  if (const int error = Step(Needs::kSpace, partial)) return Fail(error);
  return ::syscall(SYS_pwrite64, fd, data, count, offset);
}

// What a killed process has written stays written: these tests need no disk, and are fast without.
int Sync() {
  const int error = Step(Needs::kNothing);
  return error != 0 ? Fail(error) : 0;
}

}  // namespace

Outcome RunWithFault(const Fault& fault, const std::function<int()>& body) {
  void* shared =
      ::mmap(nullptr, sizeof(Record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto* record = new (shared) Record;
  const pid_t child = ::fork();
  if (child == 0) {
    g_fault = fault;
    g_record = record;
    ::_exit(body());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  Outcome outcome;
  outcome.killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  outcome.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  outcome.steps.assign(record->writes, record->writes + record->num_steps);
  ::munmap(shared, sizeof(Record));
  return outcome;
}

}  // namespace tare::registry

// The calls that change files. Each does what the C library's does, by the system call.
extern "C" {

using namespace tare::registry;  // NOLINT: these functions stand for the C library's

ssize_t write(int fd, const void* data, size_t count) {
  const auto partial = [&](int eighths) { ::syscall(SYS_write, fd, data, Part(count, eighths)); };
  if (const int error = Step(Needs::kSpace, partial)) return Fail(error);
  return ::syscall(SYS_write, fd, data, count);
}

ssize_t pwrite(int fd, const void* data, size_t count, off_t offset) {
  return PwriteAt(fd, data, count, offset);
}

ssize_t pwrite64(int fd, const void* data, size_t count, off64_t offset) {
  return PwriteAt(fd, data, count, offset);
}

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return OpenAt(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return OpenAt(path, flags, mode);
}

int mkostemp(char* path, int flags) {
  // Names need only be new, not secret.
  static int counter = 0;
  char* suffix = path + std::strlen(path) - 6;
  for (;; ++counter) {
    for (int i = 0, rest = counter; i < 6; ++i, rest /= 26) {
      suffix[i] = static_cast<char>('a' + rest % 26);
    }
    const int fd = OpenAt(path, flags | O_CREAT | O_EXCL | O_RDWR, 0600);
    if (fd >= 0 || errno != EEXIST) return fd;
  }
}

int fsync(int) { return Sync(); }
int fdatasync(int) { return Sync(); }

int ftruncate(int fd, off_t size) noexcept {
  if (const int error = Step(Needs::kNothing)) return Fail(error);
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

int ftruncate64(int fd, off64_t size) noexcept {
  if (const int error = Step(Needs::kNothing)) return Fail(error);
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

int fchmod(int fd, mode_t mode) noexcept {
  if (const int error = Step(Needs::kNothing)) return Fail(error);
  return static_cast<int>(::syscall(SYS_fchmod, fd, mode));
}

int rename(const char* from, const char* to) noexcept {
  if (const int error = Step(Needs::kSpace)) return Fail(error);
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char* path) noexcept {
  if (const int error = Step(Needs::kNothing)) return Fail(error);
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (const int error = Step(Needs::kSpace)) return Fail(error);
  return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode));
}

}  // extern "C"
