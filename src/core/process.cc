#include "tare/core/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

#include "core/spawn_internal.h"

namespace tare {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTickMs = 20;        // how often the wish to stop is looked at
constexpr double kForEverS = 1e9;  // what a clock of nanoseconds can still add
constexpr size_t kErrorBytes = 4096;
constexpr size_t kOutputPieceBytes = 64 << 10;
constexpr int kPipeBytes = 1 << 20;  // as many as the kernel gives without privileges
constexpr int kSignalled = 128;      // + the signal: what a shell says of a command that died of it

// A write to a command that has gone must fail, not end this process, whatever the process does
// with SIGPIPE.
class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;
  ~SigpipeBlocked() {
    const timespec now{0, 0};
    if (!was_pending_) {
      while (sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_{}, before_{};
  bool was_pending_ = false;
};

bool IsAgain(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

// execve takes the texts as they lie in memory.
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The caller's, but for what is added; shells differ in which of two values of one name they take.
std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    const auto name = variable.substr(0, variable.find('=') + 1);
    const bool replaced = std::ranges::any_of(
        added, [&](const std::string& other) { return other.starts_with(name); });
    if (!replaced) all.emplace_back(variable);
  }
  return all;
}

class Runner {
 public:
  Runner(const ProcessStart& start, const ProcessInput& input, const ProcessOptions& options,
         const Progress& progress)
      : start_(start),
        input_(input),
        options_(options),
        progress_(progress),
        own_group_(start.kind == ProcessKind::kCommand),
        end_(Clock::now() +
             std::chrono::duration_cast<Clock::duration>(
                 std::chrono::duration<double>(std::min(options.time_limit_s, kForEverS)))) {}
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner() { Stop(); }

  Result<ProcessEnd> Run() {
    TARE_TRY_VOID(Start());
    bool ended = false;
    while (!ended) {
      if (progress_.cancelled()) return Cancelled();
      const auto left = end_ - Clock::now();
      if (left.count() <= 0) return Killed(ProcessEnd::Cause::kTimeLimit);
      TARE_TRY(ended, HasEnded());
      TARE_TRY_VOID(Serve(ended ? 0 : TickMs(left)));
      if (WroteTooMuch()) return Killed(ProcessEnd::Cause::kOutputLimit);
    }
    // What it wrote last; a process that it left behind may hold the pipes open, so none is waited
    // for.
    for (bool more = true; more;) {
      const size_t before = out_.output.size();
      TARE_TRY_VOID(Serve(0));
      if (WroteTooMuch()) return Killed(ProcessEnd::Cause::kOutputLimit);
      more = output_.is_open() && out_.output.size() > before;
    }
    Reap();
    return std::move(out_);
  }

 private:
  Result<void> Start() {
    TARE_TRY(internal::Pipe in, internal::MakePipe());
    TARE_TRY(internal::Pipe out, internal::MakePipe());
    internal::Pipe err;
    if (own_group_) {
      TARE_TRY(err, internal::MakePipe());
    }
    auto arguments = start_.arguments;
    auto environment = Environment(start_.environment);
    const auto argument_list = Pointers(arguments);
    const auto environment_list = Pointers(environment);
    internal::Spawn spawn{start_.program.c_str(), argument_list.data(), environment_list.data()};
    spawn.in = in.read.fd();
    spawn.out = out.write.fd();
    spawn.err = err.write.fd();
    spawn.own_group = spawn.inherits = own_group_;
    spawn.memory_limit_bytes = options_.memory_limit_bytes;
    TARE_TRY(child_, internal::StartProgram(spawn));
    // Kernels before 5.3 have none: then the end is seen at the next tick.
    died_ = internal::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child_, 0)));
    for (const int fd : {in.write.fd(), out.read.fd(), err.read.fd()})
      ::fcntl(fd, F_SETFL, O_NONBLOCK);
    // Whole models go through; a kernel that refuses loses only time.
    for (const int fd : {in.write.fd(), out.read.fd()}) ::fcntl(fd, F_SETPIPE_SZ, kPipeBytes);
    stdin_ = std::move(in.write);
    output_ = std::move(out.read);
    errors_ = std::move(err.read);
    return {};
  }

  // Kills what runs, the group first, while its number cannot have been given to anybody else.
  void Stop() {
    if (child_ < 0) return;
    if (own_group_) ::kill(-child_, SIGKILL);
    ::kill(child_, SIGKILL);
    while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
  }

  ProcessEnd Killed(ProcessEnd::Cause cause) {
    Stop();
    out_.cause = cause;
    out_.signal = SIGKILL;
    out_.exit_code = kSignalled + SIGKILL;
    return std::move(out_);
  }

  Result<bool> HasEnded() {
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) == 0)
      return info.si_pid == child_;
    if (errno == EINTR) return false;
    child_ = -1;  // the number may be somebody else's by now
    return FailedPrecondition(
        StrCat("the end of ", start_.program, " was collected by another part of this program"),
        "let the program neither ignore SIGCHLD nor wait for children that it did not start");
  }

  void Reap() {
    if (own_group_) ::kill(-child_, SIGKILL);
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    out_.cause = WIFSIGNALED(status) ? ProcessEnd::Cause::kSignal : ProcessEnd::Cause::kExit;
    out_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    out_.exit_code = WIFSIGNALED(status) ? kSignalled + out_.signal : WEXITSTATUS(status);
  }

  bool WroteTooMuch() const {
    return static_cast<int64_t>(out_.output.size()) > options_.max_output_bytes;
  }

  static int TickMs(Clock::duration left) {
    const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
    return static_cast<int>(std::min<int64_t>(kTickMs, whole + 1));
  }

  // Waits for at most `wait_ms` and moves what can be moved.
  Result<void> Serve(int wait_ms) {
    if (stdin_.is_open() && at_ == piece_.size()) {
      piece_.clear();
      at_ = 0;
      TARE_TRY_VOID(input_(piece_));
      if (piece_.empty()) stdin_.Close();
    }
    // poll passes over what is negative.
    std::array<pollfd, 4> waiting = {{{stdin_.fd(), POLLOUT, 0},
                                      {output_.fd(), POLLIN, 0},
                                      {errors_.fd(), POLLIN, 0},
                                      {died_.fd(), POLLIN, 0}}};
    const bool silent = !stdin_.is_open() && !output_.is_open() && !errors_.is_open();
    if (silent && !died_.is_open()) wait_ms = std::min(wait_ms, 1);
    if (::poll(waiting.data(), waiting.size(), wait_ms) <= 0) return {};
    if (waiting[0].revents != 0) Write();
    if (waiting[1].revents != 0) Read(output_, out_.output);
    if (waiting[2].revents != 0) {
      Read(errors_, out_.last_errors);
      if (out_.last_errors.size() > kErrorBytes)
        out_.last_errors.erase(0, out_.last_errors.size() - kErrorBytes);
    }
    return {};
  }

  void Write() {
    const ssize_t count = ::write(stdin_.fd(), piece_.data() + at_, piece_.size() - at_);
    if (count >= 0) {
      at_ += static_cast<size_t>(count);
    } else if (!IsAgain(errno)) {
      stdin_.Close();  // it reads no more
    }
  }

  static void Read(internal::Descriptor& from, std::string& to) {
    std::array<char, kOutputPieceBytes> buffer;
    const ssize_t count = ::read(from.fd(), buffer.data(), buffer.size());
    if (count > 0) {
      to.append(buffer.data(), static_cast<size_t>(count));
    } else if (count == 0 || !IsAgain(errno)) {
      from.Close();
    }
  }

  const ProcessStart& start_;
  const ProcessInput& input_;
  const ProcessOptions& options_;
  const Progress& progress_;
  bool own_group_;
  Clock::time_point end_;
  pid_t child_ = -1;
  internal::Descriptor stdin_, output_, errors_, died_;
  std::string piece_;
  size_t at_ = 0;  // of piece_: written so far
  ProcessEnd out_;
};

}  // namespace

Result<ProcessEnd> RunProcess(const ProcessStart& start, const ProcessInput& input,
                              const ProcessOptions& options, const Progress& progress) {
  TARE_CHECK(options.time_limit_s > 0);
  const SigpipeBlocked blocked;
  return Runner(start, input, options, progress).Run();
}

Result<ProcessEnd> RunShell(const std::string& command, const ProcessInput& input,
                            const ProcessOptions& options, const Progress& progress) {
  const ProcessStart start{"/bin/sh", {"sh", "-c", command}, {}, ProcessKind::kCommand};
  TARE_TRY(ProcessEnd end, RunProcess(start, input, options, progress));
  if (end.cause == ProcessEnd::Cause::kTimeLimit) {
    return Unavailable(StrCat("the command took longer than ", options.time_limit_s, " s"),
                       "make it faster, or let it see fewer samples");
  }
  if (end.cause == ProcessEnd::Cause::kOutputLimit) {
    return InvalidArgument(StrCat("the command wrote more than ", options.max_output_bytes,
                                  " bytes on standard output"),
                           "let it print its number alone; the rest belongs on standard error");
  }
  return end;
}

std::string SignalName(int signal) {
  const char* name = ::sigdescr_np(signal);  // strsignal() is not for several threads
  return name != nullptr ? name : StrCat("signal ", signal);
}

}  // namespace tare
