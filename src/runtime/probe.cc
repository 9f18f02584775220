#include "tare/runtime/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>

#include "tare/runtime/analysis.h"

namespace tare::runtime {
namespace {

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count <= 0 && errno != EINTR) return;
    if (count > 0) text.remove_prefix(static_cast<size_t>(count));
  }
}

[[noreturn]] void RunChild(const std::function<Result<void>()>& work, int fd) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  signal(SIGINT, SIG_DFL);
  const auto result = work();
  if (!result) {
    const Error& error = result.error();
    std::string text =
        StrCat(static_cast<int>(error.code), '\0', error.what, '\0', error.next_step);
    for (const std::string& line : error.context) text += StrCat('\0', line);
    WriteAll(fd, text);
  }
  // No destructors and no exit handlers: they belong to the parent.
  _exit(result ? 0 : 1);
}

Error ParseError(const std::string& text) {
  std::array<std::string, 3> parts;
  std::vector<std::string> context;
  size_t part = 0;
  size_t from = 0;
  while (from <= text.size()) {
    const size_t end = std::min(text.find('\0', from), text.size());
    const std::string piece = text.substr(from, end - from);
    part < parts.size() ? void(parts[part] = piece) : context.push_back(piece);
    ++part;
    from = end + 1;
  }
  const int code = std::atoi(parts[0].c_str());
  return {static_cast<ErrorCode>(code == 0 ? 70 : code), parts[1], parts[2], context};
}

// Reads until the writer is gone; false when the time is over.
bool ReadUntilClosed(int fd, double time_limit_s, std::string* text) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(time_limit_s);
  std::array<char, 4096> buffer{};
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        end - std::chrono::steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    const int ready =
        left.count() <= 0
            ? 0
            : ::poll(&waiting, 1, static_cast<int>(std::min<int64_t>(left.count(), 1 << 30)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return true;
    text->append(buffer.data(), static_cast<size_t>(count));
  }
}

// Loads once, runs on each.
Result<void> RunEach(const Result<Session>& session,
                     std::span<const std::vector<NamedTensor>> probes) {
  if (!session) return session.error();
  for (const auto& inputs : probes) TARE_TRY_VOID(session->Run(inputs));
  return {};
}

// Ctrl-C reaches the child too: what it says then is not the cause.
Result<void> UnlessCancelled(Result<void> tried, const Progress& progress) {
  if (!tried && progress.cancelled()) return Cancelled();
  return tried;
}

}  // namespace

Result<void> TryInChild(const graph::Model& model, std::span<const std::vector<NamedTensor>> probes,
                        const SessionOptions& session, double time_limit_s,
                        const Progress& progress) {
  const auto work = [&] { return RunEach(MakeSession(model, session), probes); };
  return UnlessCancelled(InChild(work, time_limit_s), progress);
}

Result<void> TryInChild(const std::string& model_path,
                        std::span<const std::vector<NamedTensor>> probes,
                        const SessionOptions& session, double time_limit_s,
                        const Progress& progress) {
  const auto work = [&] { return RunEach(Session::FromFile(model_path, session), probes); };
  return UnlessCancelled(InChild(work, time_limit_s), progress);
}

Result<void> InChild(const std::function<Result<void>()>& work, double time_limit_s) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Unavailable("cannot make a pipe", "close some files and try again");
  const pid_t child = ::fork();
  if (child < 0) {
    ::close(ends[0]);
    ::close(ends[1]);
    return ResourceExhausted(StrCat("cannot start a child process: ", std::strerror(errno)),
                             "free some memory or processes");
  }
  if (child == 0) {
    ::close(ends[0]);
    RunChild(work, ends[1]);
  }
  ::close(ends[1]);
  std::string text;
  const bool closed = ReadUntilClosed(ends[0], time_limit_s, &text);
  ::close(ends[0]);
  if (!closed) ::kill(child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!closed) {
    return Unavailable(StrCat("the model did not answer within ", time_limit_s, " s"),
                       "give it more time with --time-limit SECONDS");
  }
  if (WIFSIGNALED(status)) {
    return Unsupported(
        StrCat("the runtime crashes on this model (", strsignal(WTERMSIG(status)), ")"),
        "check that the model runs in ONNX Runtime by itself");
  }
  if (WEXITSTATUS(status) == 0) return {};
  if (text.empty()) {
    return Unsupported(
        StrCat("the runtime ends the process on this model (exit code ", WEXITSTATUS(status), ")"),
        "check that the model runs in ONNX Runtime by itself");
  }
  return ParseError(text);
}

}  // namespace tare::runtime
