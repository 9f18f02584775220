#include "tare/core/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

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

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

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

TEST(ProcessTest, KillsWhatTakesTooLongAndAllThatItStarted) {
  const std::string file = testing::TempDir() + "process_test_pid";
  ProcessOptions options;
  options.time_limit_s = 0.3;
  const auto start = std::chrono::steady_clock::now();
  const auto found = Shell("sleep 100 & echo $! > " + file + "; wait", Times("", 0), options);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(found.error().what, HasSubstr("longer than 0.3 s"));
  EXPECT_LT(SecondsSince(start), 20);
  pid_t child = 0;
  std::ifstream(file) >> child;
  ASSERT_GT(child, 0);
  // Killed; until its new parent has collected it, it stands there as a zombie.
  std::string state = "?";
  for (int i = 0; i < 500 && ::kill(child, 0) == 0 && state != "Z"; ++i) {
    std::ifstream status("/proc/" + std::to_string(child) + "/stat");
    std::string skip;
    status >> skip >> skip >> state;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(::kill(child, 0) != 0 || state == "Z") << state;
}

TEST(ProcessTest, DoesNotWaitForWhatACommandLeavesBehind) {
  const auto start = std::chrono::steady_clock::now();
  const auto found = Shell("sleep 50 & echo 7");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->output, "7\n");
  EXPECT_LT(SecondsSince(start), 20);
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

}  // namespace
}  // namespace tare
