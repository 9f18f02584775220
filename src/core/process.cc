#include "tare/core/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

namespace tare {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kTickMs = 20;  // how often the end of the process and the wish to stop are looked at
constexpr size_t kErrorBytes = 4096;
constexpr size_t kPieceBytes = 64 << 10;

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    Close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~Descriptor() { Close(); }
  void Close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct Pipe {
  Descriptor read, write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return ResourceExhausted(StrCat("cannot make a pipe: ", std::strerror(errno)),
                             "close some files and try again");
  }
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// A write to a command that has gone must fail, not end this process, whatever the process does with SIGPIPE.
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

// Between fork and exec: async-signal-safe calls only.
[[noreturn]] void BecomeShell(const char* command, int in, int out, int err, pid_t parent) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  // What is ignored stays ignored in the program that comes: a command must see its signals.
  for (const int number : {SIGPIPE, SIGINT, SIGTERM, SIGXFSZ}) ::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(127);
  ::execl("/bin/sh", "sh", "-c", command, static_cast<char*>(nullptr));
  ::_exit(127);
}

bool IsAgain(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

class Runner {
 public:
  Runner(const std::string& command, const ProcessInput& input, const ProcessOptions& options,
         const Progress& progress)
      : command_(command),
        input_(input),
        options_(options),
        progress_(progress),
        end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                std::chrono::duration<double>(options.time_limit_s))) {}
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner() {
    if (child_ < 0) return;
    // The group first, while its number cannot have been given to anybody else.
    ::kill(-child_, SIGKILL);
    ::kill(child_, SIGKILL);
    while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  Result<ProcessEnd> Run() {
    TARE_TRY_VOID(Start());
    bool ended = false;
    while (!ended) {
      if (progress_.cancelled()) return Cancelled();
      if (Clock::now() >= end_) {
        return Unavailable(StrCat("the command took longer than ", options_.time_limit_s, " s"),
                           "make it faster, or let it see fewer samples");
      }
      ended = HasEnded();
      TARE_TRY_VOID(Serve(ended ? 0 : kTickMs));
    }
    // What it wrote last; a process that it left behind may hold the pipes open, so none is waited for.
    for (bool more = true; more;) {
      const size_t before = out_.output.size();
      TARE_TRY_VOID(Serve(0));
      more = output_.is_open() && out_.output.size() > before;
    }
    Reap();
    return std::move(out_);
  }

 private:
  Result<void> Start() {
    TARE_TRY(Pipe in, MakePipe());
    TARE_TRY(Pipe out, MakePipe());
    TARE_TRY(Pipe err, MakePipe());
    const pid_t parent = ::getpid();
    const char* command = command_.c_str();
    child_ = ::fork();
    if (child_ < 0)
      return ResourceExhausted(StrCat("cannot start a process: ", std::strerror(errno)),
                               "free some memory or processes");
    if (child_ == 0) BecomeShell(command, in.read.fd(), out.write.fd(), err.write.fd(), parent);
    ::setpgid(child_, child_);  // whoever comes first: the group must be there before it is killed
    for (const int fd : {in.write.fd(), out.read.fd(), err.read.fd()})
      ::fcntl(fd, F_SETFL, O_NONBLOCK);
    stdin_ = std::move(in.write);
    output_ = std::move(out.read);
    errors_ = std::move(err.read);
    return {};
  }

  bool HasEnded() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid == child_;
  }

  void Reap() {
    ::kill(-child_, SIGKILL);
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    out_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    child_ = -1;
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
    std::array<pollfd, 3> waiting = {
        {{stdin_.fd(), POLLOUT, 0}, {output_.fd(), POLLIN, 0}, {errors_.fd(), POLLIN, 0}}};
    if (!stdin_.is_open() && !output_.is_open() && !errors_.is_open())
      wait_ms = std::min(wait_ms, 1);
    if (::poll(waiting.data(), waiting.size(), wait_ms) <= 0) return {};
    if (waiting[0].revents != 0) Write();
    if (waiting[1].revents != 0) {
      Read(output_, out_.output);
      if (static_cast<int64_t>(out_.output.size()) > options_.max_output_bytes) {
        return InvalidArgument(StrCat("the command wrote more than ", options_.max_output_bytes,
                                      " bytes on standard output"),
                               "let it print its number alone; the rest belongs on standard error");
      }
    }
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

  static void Read(Descriptor& from, std::string& to) {
    std::array<char, kPieceBytes> buffer;
    const ssize_t count = ::read(from.fd(), buffer.data(), buffer.size());
    if (count > 0) {
      to.append(buffer.data(), static_cast<size_t>(count));
    } else if (count == 0 || !IsAgain(errno)) {
      from.Close();
    }
  }

  const std::string& command_;
  const ProcessInput& input_;
  const ProcessOptions& options_;
  const Progress& progress_;
  Clock::time_point end_;
  pid_t child_ = -1;
  Descriptor stdin_, output_, errors_;
  std::string piece_;
  size_t at_ = 0;  // of piece_: written so far
  ProcessEnd out_;
};

}  // namespace

Result<ProcessEnd> RunShell(const std::string& command, const ProcessInput& input,
                            const ProcessOptions& options, const Progress& progress) {
  TARE_CHECK(options.time_limit_s > 0);
  const SigpipeBlocked blocked;
  return Runner(command, input, options, progress).Run();
}

}  // namespace tare
