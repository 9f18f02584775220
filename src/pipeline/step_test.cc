#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/step_internal.h"
#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// A step that squares a number; how often it worked.
struct SquareIn {
  int number = 0;
  int* num_done = nullptr;
  bool is_gone = false;  // what it wrote is no longer there
  bool fails = false;
};
struct SquareOut {
  int square = 0;
};

const Step<SquareIn, SquareOut> kSquare = {
    "square",
    [](const SquareIn& in) { return StepKey("square").Add("number", in.number).Digest(); },
    [](const SquareIn& in, Progress&) -> Result<SquareOut> {
      ++*in.num_done;
      if (in.fails) return InvalidArgument("no square", "give another number");
      return SquareOut{in.number * in.number};
    },
    [](const SquareOut& out) { return StrCat("it is ", out.square); },
    [](const SquareOut& out) {
      return Json{{"square", out.square}};
    },
    [](const Json& json) -> Result<SquareOut> {
      if (!json.contains("square")) return InvalidArgument("no square", "square it again");
      return SquareOut{json["square"]};
    },
    [](const SquareIn& in, const SquareOut&) { return !in.is_gone; }};

class Lines final : public Progress {
 public:
  void Begin(std::string_view step, int64_t) override { lines.emplace_back(step); }
  void Update(int64_t) override {}
  void End(std::string_view summary) override { lines.emplace_back(summary); }
  bool cancelled() const override { return is_cancelled; }
  std::vector<std::string> lines;
  bool is_cancelled = false;
};

class StepRunnerTest : public testing::Test {
 protected:
  StepRunner Runner() { return {StepCache::Open(folder_.path()).value(), lines_}; }
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  Lines lines_;
  int num_done_ = 0;
};

TEST_F(StepRunnerTest, DoesAStepOnceAndFindsItInALaterRun) {
  {
    StepRunner runner = Runner();
    const auto out = runner.Do(kSquare, SquareIn{7, &num_done_});
    ASSERT_TRUE(out);
    EXPECT_EQ(out->square, 49);
    EXPECT_TRUE(runner.worked());
  }
  StepRunner later = Runner();
  EXPECT_EQ(later.Do(kSquare, SquareIn{7, &num_done_})->square, 49);
  EXPECT_EQ(num_done_, 1);
  EXPECT_FALSE(later.worked());
  EXPECT_THAT(lines_.lines, ElementsAre("square", "it is 49  (as before)"));
}

TEST_F(StepRunnerTest, DoesItAgainForOtherInput) {
  StepRunner runner = Runner();
  EXPECT_EQ(runner.Do(kSquare, SquareIn{7, &num_done_})->square, 49);
  EXPECT_EQ(runner.Do(kSquare, SquareIn{8, &num_done_})->square, 64);
  EXPECT_EQ(num_done_, 2);
}

TEST_F(StepRunnerTest, DoesItAgainWhenAskedTo) {
  EXPECT_TRUE(Runner().Do(kSquare, SquareIn{7, &num_done_}));
  StepRunner again(StepCache::Open(folder_.path()).value(), lines_, {"square"});
  EXPECT_TRUE(again.Do(kSquare, SquareIn{7, &num_done_}));
  EXPECT_EQ(num_done_, 2);
  EXPECT_TRUE(again.worked());
}

TEST_F(StepRunnerTest, DoesItAgainWhenItsFilesAreGone) {
  StepRunner runner = Runner();
  EXPECT_TRUE(runner.Do(kSquare, SquareIn{7, &num_done_}));
  EXPECT_TRUE(runner.Do(kSquare, SquareIn{7, &num_done_, true}));
  EXPECT_EQ(num_done_, 2);
}

TEST_F(StepRunnerTest, DoesItAgainWhenItsResultCannotBeRead) {
  StepRunner runner = Runner();
  ASSERT_TRUE(runner.cache().Store("square", kSquare.key({7, nullptr}), Json{{"cube", 343}}));
  EXPECT_EQ(runner.Do(kSquare, SquareIn{7, &num_done_})->square, 49);
  EXPECT_EQ(num_done_, 1);
}

TEST_F(StepRunnerTest, KeepsNothingOfAStepThatFails) {
  StepRunner runner = Runner();
  const auto failed = runner.Do(kSquare, SquareIn{7, &num_done_, false, true});
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().what, HasSubstr("no square"));
  EXPECT_FALSE(runner.cache().Find("square", kSquare.key({7, nullptr})).has_value());
}

TEST_F(StepRunnerTest, SaysThatTheUserStoppedItWhateverTheStepSays) {
  StepRunner runner = Runner();
  const Step<SquareIn, SquareOut> stopped = {
      "square",
      kSquare.key,
      [](const SquareIn&, Progress& progress) -> Result<SquareOut> {
        static_cast<Lines&>(progress).is_cancelled = true;
        return Unavailable("the child was killed", "run it again");
      },
      kSquare.summary,
      kSquare.write,
      kSquare.read};
  const auto out = runner.Do(stopped, SquareIn{7, &num_done_});
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(runner.Do(kSquare, SquareIn{9, &num_done_}).error().code, ErrorCode::kCancelled);
  EXPECT_EQ(num_done_, 0) << "no step begins after a stop";
}

}  // namespace
}  // namespace tare::pipeline
