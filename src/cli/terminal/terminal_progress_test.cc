#include "cli/terminal/terminal_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tare::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class TerminalProgressTest : public testing::Test {
 protected:
  TerminalProgress Make(bool interactive, int64_t columns = 100, bool unicode = true) {
    return TerminalProgress(
        {interactive, unicode, columns},
        [this](std::string_view text) { writes_.emplace_back(text); }, [this] { return now_s_; },
        [this] { return stop_; });
  }

  std::vector<std::string> writes_;
  double now_s_ = 0;
  bool stop_ = false;
};

TEST_F(TerminalProgressTest, PrintsOneLineAStepWhereNobodyWatches) {
  auto progress = Make(false);
  progress.Begin("calibrate 31 tensors, 300 samples", 300);
  for (int i = 1; i <= 300; ++i) {
    now_s_ += 0.001;
    progress.Update(i);
  }
  progress.End("");
  ASSERT_EQ(writes_.size(), 1U);
  EXPECT_THAT(writes_[0], StartsWith("  calibrate 31 tensors, 300 samples  1,000/s "));
  EXPECT_THAT(writes_[0], EndsWith(" 0.3 s\n"));
  EXPECT_EQ(writes_[0].find('\x1b'), std::string::npos);
}

TEST_F(TerminalProgressTest, ReplacesTheTextByTheSummary) {
  auto progress = Make(false);
  progress.Begin("data reading", 0);
  now_s_ = 0.8;
  progress.End("test 10,000 · calibration 300");
  EXPECT_THAT(writes_[0], StartsWith("  data      test 10,000 · calibration 300  "));
  EXPECT_THAT(writes_[0], EndsWith(" 0.8 s\n"));
}

TEST_F(TerminalProgressTest, KeepsTheBarBesideAShortSummary) {
  auto progress = Make(true);
  progress.Begin("calibrate reading", 300);
  now_s_ = 0.2;
  progress.Update(300);
  progress.End("31 tensors, 300 samples");
  EXPECT_THAT(writes_.back(),
              StartsWith("  calibrate 31 tensors, 300 samples  ████████████████████ "
                         "100 %  1,500/s "));
  progress.Begin("baseline measuring", 300);
  now_s_ = 0.4;
  progress.Update(300);
  progress.End("accuracy 92.41 %   latency 0.81 ms   1.9 MB");
  EXPECT_THAT(writes_.back(),
              StartsWith("  baseline  accuracy 92.41 %   latency 0.81 ms   1.9 MB   "));
}

TEST_F(TerminalProgressTest, DrawsABarWithRateAndTimeLeft) {
  auto progress = Make(true);
  progress.Begin("evaluate 10,000 pairs", 10'000);
  now_s_ = 2;
  progress.Update(6'250);  // 62.5 % of 20 columns: twelve and a half
  EXPECT_EQ(writes_.back(),
            "\r\x1b[2K  evaluate  10,000 pairs  ████████████▌         62 %  3,125/s  1 s left");
}

TEST_F(TerminalProgressTest, RedrawsAtMostTenTimesASecond) {
  auto progress = Make(true);
  progress.Begin("evaluate", 1'000);
  for (int i = 1; i <= 1'000; ++i) {
    now_s_ = i * 0.001;
    progress.Update(i);
  }
  EXPECT_LE(writes_.size(), 11U);
  EXPECT_GE(writes_.size(), 10U);
}

TEST_F(TerminalProgressTest, WipesTheBarBeforeTheFinishedLine) {
  auto progress = Make(true);
  progress.Begin("evaluate", 10);
  progress.Hide();
  EXPECT_EQ(writes_.back(), "\r\x1b[2K");
  progress.Hide();
  EXPECT_EQ(writes_.size(), 2U);  // nothing to wipe
  progress.End("");
  EXPECT_THAT(writes_.back(), HasSubstr("100 %"));
  EXPECT_THAT(writes_.back(), EndsWith("\n"));
}

TEST_F(TerminalProgressTest, FitsANarrowTerminalAndAsciiOnes) {
  auto progress = Make(true, 60, false);
  progress.Begin("evaluate a step with a very long description that does not fit", 10);
  now_s_ = 1;
  progress.Update(5);
  EXPECT_EQ(writes_.back(), "\r\x1b[2K  evaluate ...  ##########            50 %  5.0/s  1 s left");
}

TEST_F(TerminalProgressTest, PassesTheWishToStopOn) {
  auto progress = Make(true);
  EXPECT_FALSE(progress.cancelled());
  stop_ = true;
  EXPECT_TRUE(progress.cancelled());
}

TEST_F(TerminalProgressTest, DisarmsStepNames) {
  auto progress = Make(false);
  progress.Begin("run \x1b[2J", 0);
  progress.End("");
  EXPECT_THAT(writes_[0], HasSubstr("\\x1b[2J"));
}

TEST(HumanSecondsTest, ChoosesItsUnit) {
  EXPECT_EQ(HumanSeconds(0.04), "0.0 s");
  EXPECT_EQ(HumanSeconds(9.94), "9.9 s");
  EXPECT_EQ(HumanSeconds(95), "95 s");
  EXPECT_EQ(HumanSeconds(200), "3 min 20 s");
  EXPECT_EQ(HumanSeconds(3'900), "1 h 05 min");
}

}  // namespace
}  // namespace tare::cli
