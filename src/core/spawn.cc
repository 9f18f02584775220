// vfork and exec. posix_spawn does the same inside, but can neither bind the program's life to the
// caller's nor limit its memory before it runs; fork copies the page tables of the whole server
// first (docs/adr/0014).

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/spawn_internal.h"

namespace tare::internal {
namespace {

constexpr int kFirstFree = 3;  // behind standard input, output and error
constexpr int kCannotStart = 127;
constexpr unsigned kCloseOnExec = 1U << 2;  // CLOSE_RANGE_CLOEXEC of <linux/close_range.h>

// Keeps every signal from this thread. A handler that ran in the child of vfork would run in the
// caller's memory.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// What is ignored stays ignored in the program that comes, and handlers must be gone before signals
// are let through.
void ResetSignals() {
  struct sigaction reset {};
  reset.sa_handler = SIG_DFL;
  sigemptyset(&reset.sa_mask);
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction now {};
    if (::sigaction(number, nullptr, &now) != 0 || now.sa_handler == SIG_DFL) continue;
    // Some are ignored on purpose by whoever started the caller (nohup): those are not ours to
    // undo.
    const bool ours =
        number == SIGPIPE || number == SIGINT || number == SIGTERM || number == SIGXFSZ;
    if (now.sa_handler != SIG_IGN || ours) ::sigaction(number, &reset, nullptr);
  }
  ::sigprocmask(SIG_SETMASK, &reset.sa_mask, nullptr);
}

// Between vfork and exec, in the caller's memory while the calling thread waits: system calls only,
// and nothing written but what lies on this stack.
[[noreturn]] void BecomeProgram(const Spawn& spawn, pid_t parent, int failure) {
  bool ready = !spawn.own_group || ::setpgid(0, 0) == 0;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kCannotStart);  // it died before the line above
  ResetSignals();
  if (spawn.memory_limit_bytes > 0) {
    const auto bytes = static_cast<rlim_t>(spawn.memory_limit_bytes);
    const rlimit limit{bytes, bytes};
    ready = ready && ::setrlimit(RLIMIT_DATA, &limit) == 0;
  }
  ready = ready && ::dup2(spawn.in, 0) >= 0 && ::dup2(spawn.out, 1) >= 0 &&
          (spawn.err < 0 || ::dup2(spawn.err, 2) >= 0);
  // Sockets of a server that its libraries did not mark. Kernels before 5.11 have no such call.
  if (!spawn.inherits) ::syscall(SYS_close_range, kFirstFree, ~0U, kCloseOnExec);
  if (ready) ::execve(spawn.program, spawn.arguments, spawn.environment);
  const int cause = errno;
  [[maybe_unused]] const auto ignored = ::write(failure, &cause, sizeof(cause));
  ::_exit(kCannotStart);
}

// Apart from its caller, which has variables that vfork might clobber.
pid_t Fork(const Spawn& spawn, pid_t parent, int failure) {
  // Its danger is what the child does in the caller's memory: see BecomeProgram().
  const pid_t child = ::vfork();  // NOLINT(clang-analyzer-security.insecureAPI.vfork)
  if (child == 0) BecomeProgram(spawn, parent, failure);  // NOLINT(clang-analyzer-unix.Vfork)
  return child;
}

// 0 when the program runs.
int FailureOf(const Descriptor& failure) {
  int cause = 0;
  ssize_t count = 0;
  do {
    count = ::read(failure.fd(), &cause, sizeof(cause));
  } while (count < 0 && errno == EINTR);
  return count == sizeof(cause) ? cause : 0;
}

Error StartError(const char* program, int cause) {
  const std::string what = StrCat("cannot start ", program, ": ", std::strerror(cause));
  const bool missing = cause == ENOENT || cause == EACCES || cause == ENOTDIR || cause == ENOEXEC;
  if (missing) return NotFound(what, "check that the program is there and may be run");
  return ResourceExhausted(what, "free some memory or processes");
}

Result<Descriptor> AboveStandard(Descriptor end) {
  if (end.fd() >= kFirstFree) return end;
  Descriptor moved(::fcntl(end.fd(), F_DUPFD_CLOEXEC, kFirstFree));
  if (moved.is_open()) return moved;
  return ResourceExhausted(StrCat("cannot make a pipe: ", std::strerror(errno)),
                           "close some files and try again");
}

}  // namespace

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return ResourceExhausted(StrCat("cannot make a pipe: ", std::strerror(errno)),
                             "close some files and try again");
  }
  Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
  TARE_TRY(pipe.read, AboveStandard(std::move(pipe.read)));
  TARE_TRY(pipe.write, AboveStandard(std::move(pipe.write)));
  return pipe;
}

Result<pid_t> StartProgram(const Spawn& spawn) {
  TARE_TRY(Pipe failure, MakePipe());
  pid_t child = -1;
  int cause = 0;
  {
    const SignalsBlocked blocked;
    child = Fork(spawn, ::getpid(), failure.write.fd());
    cause = child < 0 ? errno : 0;
  }
  failure.write.Close();
  if (child < 0) return StartError(spawn.program, cause);
  // Closed by exec, unless there was none.
  cause = FailureOf(failure.read);
  if (cause == 0) return child;
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return StartError(spawn.program, cause);
}

}  // namespace tare::internal
