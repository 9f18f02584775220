#include "tare/core/child.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "tare/core/file.h"
#include "tare/core/process.h"

#ifdef TARE_SANITIZED
constexpr bool kSanitized = true;  // whose shadow memory no limit leaves room for
#else
constexpr bool kSanitized = false;
#endif

namespace tare {
namespace {

using testing::HasSubstr;
using Cause = ChildEnd::Cause;

// ---- what the children do -----------------------------------------------------------------------

const ChildTask kTwice("test-twice", [](std::string_view text) -> Result<std::string> {
  return StrCat(text, text);
});
const ChildTask kFail("test-fail", [](std::string_view what) -> Result<std::string> {
  return NotFound(std::string(what), "next\nstep").While("while").While("");
});
const ChildTask kDie("test-die", [](std::string_view number) -> Result<std::string> {
  const int signal = std::stoi(std::string(number));
  ::signal(signal, SIG_DFL);  // sanitizers have handlers of their own
  ::raise(signal);
  return std::string("alive");
});
const ChildTask kAbort("test-abort", [](std::string_view) -> Result<std::string> { std::abort(); });
const ChildTask kLeave("test-leave", [](std::string_view code) -> Result<std::string> {
  ::_exit(std::stoi(std::string(code)));
});
const ChildTask kHang("test-hang", [](std::string_view) -> Result<std::string> {
  while (true) ::pause();
});
const ChildTask kAllocate("test-allocate", [](std::string_view bytes) -> Result<std::string> {
  const std::string block(std::stoull(std::string(bytes)), 'x');
  return std::to_string(block.size());
});
const ChildTask kPrint("test-print", [](std::string_view text) -> Result<std::string> {
  char byte = 0;
  const ssize_t count = ::read(0, &byte, 1);
  [[maybe_unused]] const auto ignored = ::write(1, text.data(), text.size());
  return StrCat("read ", count);
});
const ChildTask kAskAgain("test-ask-again", [](std::string_view) -> Result<std::string> {
  TARE_TRY(const ChildEnd end, RunInChild(kTwice, "a", {}, NoProgress()));
  return end.reply;
});
// Its open descriptors but the one that lists them; its group; the signals that it ignores or
// blocks; its parent.
const ChildTask kDescribe("test-describe", [](std::string_view) -> Result<std::string> {
  std::string text = StrCat("group ", ::getpgrp(), " parent ", ::getppid(), " fds");
  std::set<int> open;
  for (int fd = 0; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) open.insert(fd);
  }
  for (const int fd : open) text += StrCat(' ', fd);
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN)
      text += StrCat(" ignores ", number);
  }
  sigset_t blocked;
  ::sigprocmask(SIG_SETMASK, nullptr, &blocked);
  return text + (sigismember(&blocked, SIGTERM) == 1 ? " blocks" : "");
});

Result<ChildEnd> InChild(const ChildTask& task, std::string request = "",
                         ChildOptions options = {}) {
  return RunInChild(task, std::move(request), options, NoProgress());
}

// ---- work ---------------------------------------------------------------------------------------

TEST(ChildTest, ReturnsWhatTheWorkReturns) {
  const std::string zeros("a\0b", 3);
  const auto end = InChild(kTwice, zeros);
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->cause, Cause::kDone);
  EXPECT_EQ(end->reply, zeros + zeros);
  const auto empty = InChild(kTwice, "");
  ASSERT_TRUE(empty) << empty.error().what;
  EXPECT_EQ(empty->cause, Cause::kDone);
  EXPECT_EQ(empty->reply, "");
}

TEST(ChildTest, CarriesMoreThanAnyPipeHolds) {
  std::string request(32 << 20, 'x');
  for (size_t i = 0; i < request.size(); i += 4099) request[i] = static_cast<char>(i);
  const auto end = InChild(kTwice, request);
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->reply.size(), 2 * request.size());
  EXPECT_TRUE(end->reply == request + request);
}

TEST(ChildTest, PassesAnErrorOnWhole) {
  const auto failed = InChild(kFail, std::string(100'000, 'w'));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(failed.error().what, std::string(100'000, 'w'));
  EXPECT_EQ(failed.error().next_step, "next\nstep");
  EXPECT_THAT(failed.error().context, testing::ElementsAre("while", ""));
}

TEST(ChildTest, KeepsTheReplyApartFromWhatIsPrinted) {
  testing::internal::CaptureStderr();
  const auto end = InChild(kPrint, "to the user");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "to the user");
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->reply, "read 0") << "standard input is empty, not the pipe of the request";
}

// ---- other ends ---------------------------------------------------------------------------------

TEST(ChildTest, TellsWhichSignalEndedIt) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGFPE, SIGKILL, SIGTERM}) {
    const auto end = InChild(kDie, std::to_string(signal));
    ASSERT_TRUE(end) << end.error().what;
    EXPECT_EQ(end->cause, Cause::kSignal) << signal;
    EXPECT_EQ(end->signal, signal);
  }
  EXPECT_EQ(InChild(kAbort)->signal, SIGABRT);
  EXPECT_EQ(SignalName(SIGSEGV), "Segmentation fault");
  EXPECT_EQ(SignalName(SIGRTMIN + 3), StrCat("signal ", SIGRTMIN + 3));
}

TEST(ChildTest, TellsWithWhichCodeItLeft) {
  for (const int code : {0, 3, 127}) {
    const auto end = InChild(kLeave, std::to_string(code));
    ASSERT_TRUE(end) << end.error().what;
    EXPECT_EQ(end->cause, Cause::kExit);
    EXPECT_EQ(end->exit_code, code);
  }
}

TEST(ChildTest, EndsAHang) {
  ChildOptions options;
  options.time_limit_s = 0.3;
  const auto end = InChild(kHang, "", options);
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->cause, Cause::kTimeLimit);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no zombie";
  EXPECT_EQ(errno, ECHILD);
}

TEST(ChildTest, GivesNoMoreMemoryThanTheLimit) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reserves terabytes";
  ChildOptions options;
  options.memory_limit_bytes = 256 << 20;
  const auto within = InChild(kAllocate, std::to_string(16 << 20), options);
  ASSERT_TRUE(within) << within.error().what;
  EXPECT_EQ(within->reply, std::to_string(16 << 20));
  const auto beyond = InChild(kAllocate, std::to_string(300 << 20), options);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(beyond.error().what, HasSubstr("out of memory"));
  EXPECT_FALSE(beyond.error().next_step.empty());
  const auto free = InChild(kAllocate, std::to_string(300 << 20));
  ASSERT_TRUE(free) << free.error().what;
  EXPECT_EQ(free->reply, std::to_string(300 << 20));
}

TEST(ChildTest, SaysWhenTheLimitHasNoRoomForTheProgram) {
  if (kSanitized) GTEST_SKIP() << "a sanitizer reserves terabytes";
  ChildOptions options;
  options.memory_limit_bytes = 4096;
  const auto end = InChild(kTwice, "a", options);
  // The kernel or the loader ends it, whichever comes first.
  if (end) {
    EXPECT_EQ(end->cause, Cause::kSignal);
  } else {
    EXPECT_EQ(end.error().code, ErrorCode::kResourceExhausted);
  }
}

// Asks to stop at the n-th look.
class StopAt : public Progress {
 public:
  explicit StopAt(int look) : look_(look) {}
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view) override {}
  bool cancelled() const override { return ++looks_ >= look_; }

 private:
  int look_;
  mutable int looks_ = 0;
};

TEST(ChildTest, IsKilledWhenTheUserAsksToStop) {
  for (const int look : {1, 5}) {
    const auto end = RunInChild(kHang, "", {}, StopAt(look));
    ASSERT_FALSE(end);
    EXPECT_EQ(end.error().code, ErrorCode::kCancelled);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no zombie";
    EXPECT_EQ(errno, ECHILD);
  }
}

// ---- what may start -----------------------------------------------------------------------------

TEST(ChildTest, HasNoChildren) {
  const auto end = InChild(kAskAgain);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(end.error().what, HasSubstr("a child process asks for a child"));
  EXPECT_THAT(end.error().next_step, HasSubstr("in its parent"));
}

TEST(ChildTest, DoesNotStartFromWhatWasStartedByMistake) {
  // What a program whose main() does not answer would be, if it ran again.
  ::setenv("TARE_CHILD", "1", 1);
  const auto end = InChild(kTwice, "a");
  ::unsetenv("TARE_CHILD");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(end.error().next_step, HasSubstr("unset TARE_CHILD"));
}

class AnotherProgramTest : public testing::Test {
 protected:
  ~AnotherProgramTest() override { SetChildProgram(""); }
};

TEST_F(AnotherProgramTest, IsMissing) {
  SetChildProgram("/nowhere/tare");
  const auto end = InChild(kTwice, "a");
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(end.error().what, HasSubstr("cannot start /nowhere/tare: No such file"));
  EXPECT_FALSE(end.error().next_step.empty());
  SetChildProgram("");
  EXPECT_TRUE(InChild(kTwice, "a"));
}

TEST_F(AnotherProgramTest, DoesNotAnswer) {
  for (const char* path : {"/bin/true", "/bin/false", "/bin/echo"}) {
    SetChildProgram(path);
    const auto end = InChild(kTwice, "a");
    ASSERT_FALSE(end) << path;
    EXPECT_EQ(end.error().code, ErrorCode::kFailedPrecondition);
    EXPECT_THAT(end.error().what, HasSubstr(StrCat("main() of ", path, " does not begin with")));
    EXPECT_THAT(end.error().next_step, HasSubstr("add that line"));
  }
}

TEST_F(AnotherProgramTest, MayBeACopyOfThisOne) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const std::string copy = folder->path() + "/copy";
  std::filesystem::copy_file("/proc/self/exe", copy);
  SetChildProgram(copy);
  const auto end = InChild(kTwice, "a");
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->reply, "aa");
}

TEST_F(AnotherProgramTest, LacksTheTask) {
  // The children of this program know each task that it can name: one is told of another here.
  const auto program = std::filesystem::read_symlink("/proc/self/exe").string();
  ProcessOptions options;
  const ProcessStart start{
      program, {"tare", "--child-task", "test-unknown"}, {"TARE_CHILD=1"}, ProcessKind::kOwnPart};
  const auto end = RunProcess(
      start, [](std::string&) { return Result<void>(); }, options, NoProgress());
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->exit_code, 0);
  EXPECT_THAT(end->output, HasSubstr("no child task 'test-unknown'"));
  EXPECT_THAT(end->output, HasSubstr("same version"));
}

// ---- beside other threads -----------------------------------------------------------------------

TEST(ChildTest, InheritsNeitherDescriptorsNorSignals) {
  // As libraries leave them: open, not marked close-on-exec.
  const int open = ::dup(0);
  ASSERT_GE(open, 0);
  struct sigaction before {};
  struct sigaction handler {};
  handler.sa_handler = [](int) {};
  ::sigaction(SIGUSR1, &handler, &before);
  const auto pipe = ::signal(SIGPIPE, SIG_IGN);
  const auto end = InChild(kDescribe);
  ::signal(SIGPIPE, pipe);
  ::sigaction(SIGUSR1, &before, nullptr);
  ::close(open);
  ASSERT_TRUE(end) << end.error().what;
  // 3 and 4 are the pipes, 5 is /dev/null.
  EXPECT_EQ(end->reply, StrCat("group ", ::getpgrp(), " parent ", ::getpid(), " fds 0 1 2 3 4 5"));
}

int OpenDescriptors() {
  int count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

TEST(ChildTest, LeavesNoDescriptorBehind) {
  const int before = OpenDescriptors();
  ChildOptions options;
  options.time_limit_s = 0.2;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(InChild(kTwice, "a"));
    EXPECT_FALSE(InChild(kFail, "a"));
    EXPECT_TRUE(InChild(kDie, "9"));
    EXPECT_TRUE(InChild(kHang, "", options));
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST(ChildTest, IsSafeWhereOtherThreadsAllocate) {
  // A forked child would wait for ever for a lock that one of these threads held.
  std::atomic<bool> stop{false};
  std::vector<std::thread> allocating;
  for (int t = 0; t < 4; ++t) {
    allocating.emplace_back([&stop] {
      for (size_t size = 1; !stop; size = size * 7 % 100'003 + 1) {
        const auto block = std::make_unique<char[]>(size);
        block[0] = 'x';
      }
    });
  }
  constexpr int kThreads = 4;
  constexpr int kRuns = 5;
  std::atomic<int> right{0};
  std::vector<std::thread> asking;
  for (int t = 0; t < kThreads; ++t) {
    asking.emplace_back([&right, t] {
      for (int i = 0; i < kRuns; ++i) {
        const std::string request(100'000 + t * 10 + i, static_cast<char>('a' + t));
        const auto end = InChild(kTwice, request);
        if (end && end->reply == request + request) ++right;
      }
    });
  }
  for (std::thread& thread : asking) thread.join();
  stop = true;
  for (std::thread& thread : allocating) thread.join();
  EXPECT_EQ(right, kThreads * kRuns);
}

TEST(ChildTest, SaysWhenSomebodyElseCollectedItsEnd) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  const auto end = InChild(kLeave, "3");
  ::signal(SIGCHLD, before);
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(end.error().next_step, HasSubstr("SIGCHLD"));
}

}  // namespace
}  // namespace tare
