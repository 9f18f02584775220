#include "tare/evaluate/predictions/support_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tare/evaluate/predictions/task_predictions.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;
using verdict::Task;

// Supports what begins with its premise; counts what it is asked.
class PrefixJudge : public SupportJudge {
 public:
  Result<std::vector<double>> Score(std::span<const SupportPair> pairs) override {
    std::vector<double> scores;
    for (const SupportPair& pair : pairs) {
      asked.push_back(pair.hypothesis);
      scores.push_back(pair.hypothesis.starts_with(pair.premise) ? 1 : 0);
    }
    return scores;
  }
  std::vector<std::string> asked;
};

Result<TestEvidence> Evaluated(const std::string& baseline, const std::string& candidate,
                               SupportJudge& judge, Task task = Task::kQuestionAnswering) {
  std::istringstream first(baseline);
  std::istringstream second(candidate);
  TestOptions options;
  options.bootstrap.replicates = 100;
  return EvaluateTaskPredictions(task, {first, "a", second, "b"}, options, &judge);
}

TEST(SupportJudgeTest, AsksOncePerDistinctPairAndSkipsAbstentionsAndGivenSupport) {
  std::string baseline, candidate;
  for (int i = 0; i < 40; ++i) {  // more than two windows of lines
    baseline += StrCat("{\"id\": ", i,
                       ", \"answers\": [\"x\"], \"context\": \"Who? x\", \"question\": \"Who?\", "
                       "\"prediction\": \"x\"}\n");
    candidate += StrCat("{\"id\": ", i, ", \"prediction\": \"", i % 4 == 0 ? "I don't know" : "y",
                        "\"", i % 4 == 1 ? ", \"support\": 1" : "", "}\n");
  }
  PrefixJudge judge;
  const auto found = Evaluated(baseline, candidate, judge);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(judge.asked, (std::vector<std::string>{"Who? x", "Who? y"}));
  EXPECT_EQ(verdict::FindMetric(found->baseline, "hallucination_rate")->value, 0);
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found->candidate, "hallucination_rate")->value,
                   20.0 / 30);  // 10 abstain, 10 are given as supported
}

TEST(SupportJudgeTest, NeedsAContextOfEachAnswerAndATaskThatHasThem) {
  PrefixJudge judge;
  const std::string line = R"({"id": 1, "answers": ["x"], "prediction": "x", "label": 1})";
  const auto without = Evaluated(line, line, judge);
  ASSERT_FALSE(without);
  EXPECT_THAT(without.error().what, HasSubstr("context"));
  const auto other = Evaluated(line, line, judge, Task::kRegression);
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().next_step, HasSubstr("leave out --judge"));
}

}  // namespace
}  // namespace tare::evaluate
