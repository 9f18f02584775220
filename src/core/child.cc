#include "tare/core/child.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <optional>
#include <utility>

#include "tare/core/bytes.h"
#include "tare/core/process.h"

namespace tare {
namespace {

constexpr const char* kOption = "--child-task";
constexpr const char* kVariable = "TARE_CHILD";
constexpr const char* kItself =
    "/proc/self/exe";  // the very file, even where it has been replaced since
constexpr size_t kRequestPieceBytes = 1 << 20;
constexpr int kCannotLoad = 127;  // exit code of the loader that finds no room for the libraries

// The first bytes that a child writes. Another program, or tare of another version, says something
// else.
constexpr std::string_view kGreeting = "tare child 1\n";
constexpr std::string_view kNoMemory = "M";
enum Answer : int64_t { kReply = 1, kError = 2 };

// What this process knows of itself: whether its main() answers, and to whom.
enum class Role { kUnknown, kAnswers, kChild };
std::atomic<Role> g_role{
    Role::kUnknown};  // NOLINT: set by main() before there is anything to pass it to

std::map<std::string, ChildTask::Work, std::less<>>& Tasks() {
  static auto* tasks = new std::map<std::string, ChildTask::Work, std::less<>>();
  return *tasks;
}

struct Program {
  std::mutex mutex;
  std::string path;
};
Program& ChildProgram() {
  static auto* program = new Program();
  return *program;
}

// ---- in the child -------------------------------------------------------------------------------

void WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count <= 0 && errno != EINTR) return;
    if (count > 0) text.remove_prefix(static_cast<size_t>(count));
  }
}

// The request: its size, then so many bytes.
std::string ReadRequest(int fd) {
  std::string bytes(sizeof(int64_t), '\0');
  size_t have = 0;
  while (have < bytes.size()) {
    const size_t wanted = std::min(bytes.size() - have, kRequestPieceBytes);
    const ssize_t count = ::read(fd, bytes.data() + have, wanted);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    have += static_cast<size_t>(count);
    if (have == sizeof(int64_t) && bytes.size() == sizeof(int64_t))
      bytes.resize(sizeof(int64_t) + static_cast<size_t>(ByteReader(bytes).Number()));
  }
  return bytes;
}

std::string Answered(const Result<std::string>& result) {
  ByteWriter answer;
  if (result) {
    answer.Number(kReply);
    answer.Text(*result);
    return std::move(answer).Take();
  }
  const Error& error = result.error();
  answer.Number(kError);
  answer.Number(static_cast<int64_t>(error.code));
  answer.Text(error.what);
  answer.Text(error.next_step);
  answer.Number(std::ssize(error.context));
  for (const std::string& line : error.context) answer.Text(line);
  return std::move(answer).Take();
}

Result<std::string> DoTask(std::string_view name, int in) {
  const auto task = Tasks().find(name);
  if (task == Tasks().end()) {
    return FailedPrecondition(StrCat("this program has no child task '", name, "'"),
                              "name a program of the same version with tare::SetChildProgram()");
  }
  const std::string request = ReadRequest(in);
  return task->second(ByteReader(request).Text());
}

[[noreturn]] void BeChild(std::string_view name) {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  // The pipes are kept from the work, which may print or read what it likes.
  const int in = ::fcntl(0, F_DUPFD_CLOEXEC, 3);
  const int out = ::fcntl(1, F_DUPFD_CLOEXEC, 3);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nothing, 0);
  if (::dup2(2, 1) < 0) ::dup2(nothing, 1);
  WriteAll(out, kGreeting);
  try {
    WriteAll(out, Answered(DoTask(name, in)));
  } catch (const std::bad_alloc&) {
    WriteAll(out, kNoMemory);
  }
  // No destructors and no exit handlers: nothing here outlives the answer, and the runtime's may
  // crash.
  ::_exit(0);
}

// ---- in the parent ------------------------------------------------------------------------------

Error NoAnswer(const std::string& program) {
  return FailedPrecondition(
      StrCat("main() of ", program, " does not begin with tare::RunChildTaskIfAsked(argc, argv)"),
      "add that line, or name a program that has it, as tare does: "
      "tare::SetChildProgram(\"/usr/bin/tare\")");
}

Error NoMemory() {
  return ResourceExhausted("the child process ran out of memory", "give it more, or less to do");
}

// The program to start; what keeps this process from starting any.
Result<std::string> ProgramToStart() {
  // Also where a foreign program, started by mistake, asks for a child of its own: it ends here.
  if (g_role == Role::kChild || std::getenv(kVariable) != nullptr) {
    return FailedPrecondition(
        "a child process asks for a child process",
        StrCat("do that work in its parent; where this is no child, unset ", kVariable));
  }
  Program& program = ChildProgram();
  const std::lock_guard lock(program.mutex);
  if (!program.path.empty()) return program.path;
  if (g_role == Role::kUnknown) return NoAnswer("this program");
  return std::string(kItself);
}

ProcessInput Send(std::string request) {
  const auto size = static_cast<int64_t>(request.size());
  return
      [size, request = std::move(request), part = 0](std::string& piece) mutable -> Result<void> {
        if (part == 0) piece.assign(reinterpret_cast<const char*>(&size), sizeof(size));
        if (part == 1) piece = std::move(request);
        ++part;
        return {};
      };
}

// What the child wrote behind the greeting; nullopt when it is not all there.
std::optional<Result<ChildEnd>> ReadAnswer(std::string_view answer) {
  if (answer == kNoMemory) return Result<ChildEnd>(NoMemory());
  ByteReader reader(answer);
  const int64_t kind = reader.Number();
  if (kind == kReply) {
    ChildEnd end;
    end.reply = reader.Text();
    return reader.ok() ? std::optional<Result<ChildEnd>>(std::move(end)) : std::nullopt;
  }
  Error error;
  error.code = static_cast<ErrorCode>(reader.Number());
  error.what = reader.Text();
  error.next_step = reader.Text();
  for (int64_t i = reader.Number(); i > 0 && reader.ok(); --i)
    error.context.emplace_back(reader.Text());
  return kind == kError && reader.ok() ? std::optional<Result<ChildEnd>>(std::move(error))
                                       : std::nullopt;
}

ChildEnd EndOf(const ProcessEnd& process) {
  ChildEnd end;
  end.cause = process.cause == ProcessEnd::Cause::kTimeLimit ? ChildEnd::Cause::kTimeLimit
              : process.cause == ProcessEnd::Cause::kSignal  ? ChildEnd::Cause::kSignal
                                                             : ChildEnd::Cause::kExit;
  end.exit_code = process.exit_code;
  end.signal = process.signal;
  return end;
}

Result<ChildEnd> Conclude(const ProcessEnd& process, const std::string& program, bool limited) {
  std::string_view answer = process.output;
  const size_t greeting = answer.find(kGreeting);  // static objects may print before main()
  if (greeting != std::string_view::npos) {
    answer.remove_prefix(greeting + kGreeting.size());
    if (auto said = ReadAnswer(answer)) return *std::move(said);
  } else if (process.cause == ProcessEnd::Cause::kExit) {
    // It came to an end of its own and never said a word.
    if (limited && process.exit_code == kCannotLoad) return NoMemory();
    return NoAnswer(program);
  }
  return EndOf(process);
}

}  // namespace

ChildTask::ChildTask(const char* name, Work work) : name_(name) {
  TARE_CHECK(Tasks().emplace(name, work).second);
}

Result<ChildEnd> RunInChild(const ChildTask& task, std::string request, const ChildOptions& options,
                            const Progress& progress) {
  if (!(options.time_limit_s > 0)) {
    return InvalidArgument(StrCat("a time limit of ", options.time_limit_s, " s"),
                           "give more than 0 seconds");
  }
  TARE_TRY(const std::string program, ProgramToStart());
  const ProcessStart start{
      program, {"tare", kOption, task.name()}, {StrCat(kVariable, "=1")}, ProcessKind::kOwnPart};
  const ProcessOptions limits{options.time_limit_s, std::numeric_limits<int64_t>::max(),
                              options.memory_limit_bytes};
  TARE_TRY(const ProcessEnd process, RunProcess(start, Send(std::move(request)), limits, progress));
  return Conclude(process, program, options.memory_limit_bytes > 0);
}

void RunChildTaskIfAsked(int argc, char** argv) {
  const bool asked =
      argc == 3 && std::getenv(kVariable) != nullptr && std::string_view(argv[1]) == kOption;
  g_role = asked ? Role::kChild : Role::kAnswers;
  if (!asked) return;
  ::unsetenv(kVariable);  // what the work itself starts is nobody's child
  BeChild(argv[2]);
}

void SetChildProgram(std::string path) {
  Program& program = ChildProgram();
  const std::lock_guard lock(program.mutex);
  program.path = std::move(path);
}

}  // namespace tare
