// The program with commands of the test: where output goes, exit codes, errors.

#include "cli/app.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace tare::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class AppTest : public testing::Test {
 protected:
  // Runs `tare work ARGUMENTS` with `action` behind it.
  int Run(Action action, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), "work");
    TerminalOptions options;
    options.out = [this](std::string_view text) {
      if (out_errno_ == 0) out_.append(text);
      return out_errno_;
    };
    options.err = [this](std::string_view text) {
      err_.append(text);
      return 0;
    };
    options.now_s = [] { return 0.0; };
    options.stop = [] { return false; };
    options.colour = colour_;
    return RunProgram(std::move(arguments), options, [&action] {
      auto root = MakeRoot();
      CLI::App* app =
          AddCommand(*root, {.name = "work", .summary = "Work", .example = "tare work"});
      return Program{std::move(root), {{app, action}}};
    });
  }

  std::string out_;
  std::string err_;
  int out_errno_ = 0;
  bool colour_ = false;
};

TEST_F(AppTest, SaysResultsOnStandardOutput) {
  const auto work = [](Terminal& terminal) -> Result<void> {
    terminal.Say("wrote ", 3, " ranges");
    terminal.Note("a remark");
    return {};
  };
  EXPECT_EQ(Run(work), 0);
  EXPECT_EQ(out_, "wrote 3 ranges\n");
  EXPECT_EQ(err_, "a remark\n");
}

TEST_F(AppTest, KeepsStandardOutputForTheOneDocumentWithJson) {
  const auto work = [](Terminal& terminal) -> Result<void> {
    terminal.Say("for people");
    if (terminal.json()) terminal.PrintJson("{\"ranges\": 3}");
    return {};
  };
  EXPECT_EQ(Run(work, {"--json"}), 0);
  EXPECT_EQ(out_, "{\"ranges\": 3}\n");
  EXPECT_EQ(err_, "for people\n");
}

TEST_F(AppTest, ReturnsTheVerdictAsExitCode) {
  EXPECT_EQ(Run([](Terminal&) -> Result<int> { return kExitInconclusive; }), 21);
}

TEST_F(AppTest, PrintsAnErrorOnceAndReturnsItsCode) {
  const auto work = [](Terminal&) -> Result<void> { return NotFound("no x", "make x"); };
  EXPECT_EQ(Run(work), 3);
  EXPECT_EQ(out_, "");
  EXPECT_EQ(err_, "error: no x\nnext:  make x\n");
}

TEST_F(AppTest, PrintsTheErrorAsADocumentToo) {
  const auto work = [](Terminal&) -> Result<void> { return NotFound("no x", "make x"); };
  EXPECT_EQ(Run(work, {"--json"}), 3);
  EXPECT_EQ(nlohmann::json::parse(out_)["error"]["exit_code"], 3);
  EXPECT_EQ(err_, "error: no x\nnext:  make x\n");
}

TEST_F(AppTest, DoesNotPrintASecondDocument) {
  const auto work = [](Terminal& terminal) -> Result<void> {
    terminal.PrintJson("{}");
    return NotFound("no x", "make x");
  };
  EXPECT_EQ(Run(work, {"--json"}), 3);
  EXPECT_EQ(out_, "{}\n");
}

TEST_F(AppTest, ReportsACommandThatForgotItsDocument) {
  EXPECT_EQ(Run([](Terminal&) -> Result<void> { return {}; }, {"--json"}), 70);
  EXPECT_EQ(nlohmann::json::parse(out_)["error"]["code"], "internal");
}

TEST_F(AppTest, AnswersLackOfMemory) {
  const auto work = [](Terminal&) -> Result<void> { throw std::bad_alloc(); };
  EXPECT_EQ(Run(work), 7);
  EXPECT_THAT(err_, StartsWith("error: out of memory\nnext:  "));
  EXPECT_EQ(Run(work, {"--json"}), 7);
  EXPECT_EQ(nlohmann::json::parse(out_)["error"]["code"], "resource_exhausted");
}

TEST_F(AppTest, AsksForAReportWhenAnExceptionEscapes) {
  const auto work = [](Terminal&) -> Result<void> { throw std::logic_error("boom"); };
  EXPECT_EQ(Run(work), 70);
  EXPECT_THAT(err_, HasSubstr("boom"));
  EXPECT_THAT(err_, HasSubstr("please report"));
}

TEST_F(AppTest, FailsWhenTheDiskBehindStandardOutputIsFull) {
  out_errno_ = ENOSPC;
  const auto work = [](Terminal& terminal) -> Result<void> {
    terminal.Say("lost");
    return {};
  };
  EXPECT_EQ(Run(work), 7);
  EXPECT_THAT(err_, HasSubstr("cannot write standard output"));
}

TEST_F(AppTest, EndsQuietlyWhenTheReaderHasGone) {
  out_errno_ = EPIPE;
  const auto work = [](Terminal& terminal) -> Result<void> {
    terminal.Say("unread");
    return {};
  };
  EXPECT_EQ(Run(work), 0);
  EXPECT_EQ(err_, "");
}

TEST_F(AppTest, ColoursOnlyWhereItIsSeen) {
  const auto work = [](Terminal& terminal) -> Result<void> {
    terminal.Say(terminal.Paint(Colour::kGood, "PASS"));
    if (terminal.json()) terminal.PrintJson("{}");
    return {};
  };
  EXPECT_EQ(Run(work), 0);
  EXPECT_EQ(out_, "PASS\n");
  colour_ = true;
  EXPECT_EQ(Run(work), 0);
  EXPECT_EQ(out_, "PASS\n\x1b[32mPASS\x1b[0m\n");
  EXPECT_EQ(Run(work, {"--json"}), 0);
  EXPECT_EQ(err_, "PASS\n");
}

TEST_F(AppTest, ReturnsTheCodeOfAStoppedRun) {
  EXPECT_EQ(Run([](Terminal&) -> Result<void> { return Cancelled(); }), 130);
}

}  // namespace
}  // namespace tare::cli
