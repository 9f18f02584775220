#include "tare/core/process.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <tuple>

#include "core/spawn_internal.h"
#include "tare/core/child.h"
#include "tare/core/file.h"

namespace tare {
namespace {

using testing::HasSubstr;

// `times` times the text.
ProcessInput Times(std::string text, int times) {
  return [text = std::move(text), left = times](std::string& piece) mutable -> Result<void> {
    if (left-- > 0) piece = text;
    return {};
  };
}

Result<ProcessEnd> Shell(const std::string& command, const ProcessInput& input = Times("", 0),
                         ProcessOptions options = {}) {
  return RunShell(command, input, options, NoProgress());
}

// A named pipe that processes hold open to write: its end says that all of them are gone, however
// long that takes them.
class Lifeline {
 public:
  Lifeline() {
    TARE_CHECK(::mkfifo(path_.c_str(), 0600) == 0);
    end_ = internal::Descriptor(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    TARE_CHECK(end_.is_open());
  }
  const std::string& path() const { return path_; }

  // Something was written to it.
  bool HasSpoken() const { return Waits(0); }

  // What was written is read over. Nobody looks for longer than a minute: then somebody lives.
  bool AllAreGone() const {
    std::array<char, 64> buffer;
    ssize_t count = 1;
    while ((count = ::read(end_.fd(), buffer.data(), buffer.size())) != 0) {
      if (count < 0 && !Waits(60'000)) return false;
    }
    return true;
  }

 private:
  bool Waits(int wait_ms) const {
    pollfd end{end_.fd(), POLLIN, 0};
    return ::poll(&end, 1, wait_ms) > 0;
  }
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  std::string path_ = folder_.path() + "/lifeline";
  internal::Descriptor end_;
};

// The wish to stop once a command has spoken.
class StopOnceSpoken : public Progress {
 public:
  explicit StopOnceSpoken(const Lifeline& lifeline) : lifeline_(lifeline) {}
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view) override {}
  bool cancelled() const override { return lifeline_.HasSpoken(); }

 private:
  const Lifeline& lifeline_;
};

TEST(ProcessTest, FeedsTheCommandAndReadsItsAnswer) {
  const auto found = Shell("wc -l; echo to the user >&2; exit 3", Times("a line\n", 1000));
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(std::stoi(found->output), 1000);
  EXPECT_EQ(found->last_errors, "to the user\n");
  EXPECT_EQ(found->exit_code, 3);
}

TEST(ProcessTest, NeitherSideWaitsForTheOther) {
  // 16 MB back for 16 MB in, which no pipe holds; on both outputs.
  ProcessOptions options;
  options.max_output_bytes = 64 << 20;
  const auto found = Shell("tee /dev/stderr", Times(std::string(1 << 16, 'x'), 256), options);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->output.size(), size_t{16} << 20);
  EXPECT_EQ(found->last_errors.size(), 4096U);
}

TEST(ProcessTest, LeavesACommandAloneThatDoesNotRead) {
  const auto found = Shell("echo 1", Times(std::string(1 << 20, 'x'), 64));
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->output, "1\n");
  EXPECT_EQ(found->exit_code, 0);
}

TEST(ProcessTest, SaysWhichSignalEndedIt) {
  EXPECT_EQ(Shell("kill -9 $$")->exit_code, 137);
  EXPECT_EQ(Shell("no_such_command_anywhere")->exit_code, 127);
}

TEST(ProcessTest, GivesTheCommandItsSignalsBack) {
  // With SIGPIPE ignored, yes would report a write error of its own.
  const auto found = Shell("yes | head -1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->output, "y\n");
  EXPECT_EQ(found->last_errors, "");
}

TEST(ProcessTest, KillsWhatTakesTooLong) {
  const Lifeline lifeline;
  ProcessOptions options;
  options.time_limit_s = 0.3;
  const auto found = Shell("sleep 1000 > " + lifeline.path(), Times("", 0), options);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(found.error().what, HasSubstr("longer than 0.3 s"));
  EXPECT_TRUE(lifeline.AllAreGone());
}

TEST(ProcessTest, KillsAllThatACommandStarted) {
  const Lifeline lifeline;
  const auto found = RunShell("(echo here; sleep 1000) > " + lifeline.path() + " & wait",
                              Times("", 0), {}, StopOnceSpoken(lifeline));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(lifeline.AllAreGone());
}

// Whoever waited for what is left behind would meet the time limit.
TEST(ProcessTest, DoesNotWaitForWhatACommandLeavesBehind) {
  const Lifeline lifeline;
  const auto found = Shell("sleep 1000 > " + lifeline.path() + " & echo 7");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->output, "7\n");
  EXPECT_TRUE(lifeline.AllAreGone());
}

TEST(ProcessTest, EndsOneThatWritesWithoutEnd) {
  const auto found = Shell("yes");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("more than 65536 bytes"));
  EXPECT_THAT(found.error().next_step, HasSubstr("standard error"));
}

TEST(ProcessTest, EndsWithTheErrorOfItsInput) {
  const ProcessInput broken = [](std::string&) -> Result<void> {
    return DataLoss("the file is cut short", "write it again");
  };
  EXPECT_EQ(Shell("cat", broken).error().what, "the file is cut short");
}

class StopAtOnce : public Progress {
 public:
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view) override {}
  bool cancelled() const override { return true; }
};

TEST(ProcessTest, EndsWhenTheUserAsksToStop) {
  const auto found = RunShell("sleep 100", Times("", 0), {}, StopAtOnce());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kCancelled);
}

TEST(ProcessTest, SaysThatThereIsNoSuchProgram) {
  const auto folder = testing::TempDir();
  for (const std::string& path : {std::string("/nowhere/program"), folder}) {
    const auto found = RunProcess({path, {"program"}}, Times("", 0), {}, NoProgress());
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
    EXPECT_THAT(found.error().what, HasSubstr("cannot start " + path));
    EXPECT_THAT(found.error().next_step, HasSubstr("check that the program is there"));
  }
}

TEST(ProcessTest, AddsToTheEnvironment) {
  ::setenv("TARE_PROCESS_TEST", "before", 1);
  const ProcessStart start{"/bin/sh",
                           {"sh", "-c", "echo $TARE_PROCESS_TEST $ADDED $HOME"},
                           {"TARE_PROCESS_TEST=after", "ADDED=1"}};
  const auto found = RunProcess(start, Times("", 0), {}, NoProgress());
  ::unsetenv("TARE_PROCESS_TEST");
  ASSERT_TRUE(found) << found.error().what;
  const char* home = std::getenv("HOME");
  EXPECT_EQ(found->output, StrCat("after 1 ", home == nullptr ? "" : home, "\n"));
}

TEST(ProcessTest, TellsTheCausesOfAnEndApart) {
  using Ended = ProcessEnd::Cause;
  ProcessOptions options;
  options.max_output_bytes = 1000;
  const auto cause = [&](const std::string& command, double time_limit_s = 60) {
    options.time_limit_s = time_limit_s;
    const auto end =
        RunProcess({"/bin/sh", {"sh", "-c", command}}, Times("", 0), options, NoProgress());
    EXPECT_TRUE(end) << end.error().what;
    return std::tuple(end->cause, end->exit_code, end->signal);
  };
  EXPECT_EQ(cause("exit 7"), std::tuple(Ended::kExit, 7, 0));
  EXPECT_EQ(cause("kill -15 $$"), std::tuple(Ended::kSignal, 143, 15));
  EXPECT_EQ(cause("exec sleep 1000", 0.3), std::tuple(Ended::kTimeLimit, 137, 9));
  EXPECT_EQ(cause("yes"), std::tuple(Ended::kOutputLimit, 137, 9));
}

// Of a program whose standard descriptors are closed: the pipes get these numbers then.
const ChildTask kClosed("test-closed", [](std::string_view) -> Result<std::string> {
  for (const int fd : {0, 1, 2}) ::close(fd);
  TARE_TRY(const ProcessEnd end, Shell("cat; echo to the user >&2", Times("in", 1)));
  return StrCat(end.output, " ", end.last_errors);
});

TEST(ProcessTest, NeedsNoStandardDescriptors) {
  const auto end = RunInChild(kClosed, "", {}, NoProgress());
  ASSERT_TRUE(end) << end.error().what;
  EXPECT_EQ(end->reply, "in to the user\n");
}

// Starts a command that outlives it, unless it is killed with it.
const ChildTask kAbandons("test-abandons", [](std::string_view lifeline) -> Result<std::string> {
  TARE_TRY_VOID(Shell(StrCat("exec > ", lifeline, "; echo here; exec sleep 1000")));
  return std::string();
});

TEST(ProcessTest, DiesWithItsCaller) {
  const Lifeline lifeline;
  const auto end = RunInChild(kAbandons, lifeline.path(), {}, StopOnceSpoken(lifeline));
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().code, ErrorCode::kCancelled);
  EXPECT_TRUE(lifeline.AllAreGone());
}

}  // namespace
}  // namespace tare
