#include "tare/verdict/policy_doubts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tare/core/strcat.h"
#include "tare/verdict/report.h"
#include "verdict/evidence_test_internal.h"

namespace tare::verdict {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "what; next" of each doubt.
std::vector<std::string> Doubts(const std::string& yaml) {
  const auto policy = ParsePolicy(yaml, "p.yaml");
  EXPECT_TRUE(policy) << policy.error().what;
  std::vector<std::string> out;
  for (const auto& [what, next] : QuestionPolicy(*policy)) out.push_back(StrCat(what, "; ", next));
  return out;
}

TEST(PolicyDoubtsTest, SaysWhereAndWhatALimitMeans) {
  EXPECT_THAT(
      Doubts("confidence: 0.5\n"
             "quality:\n"
             "  - {metric: accuracy, margin: 1}\n"
             "  - {metric: recall, class: shirt, margin: 0.5}\n"),
      ElementsAre("p.yaml:1: a confidence of 0.5 passes a model that breaks a limit in up to "
                  "50 of 100 evaluations; 0.95 is usual",
                  "p.yaml:3: a margin of 1 for accuracy lets every answer change; 0.01 is "
                  "one point",
                  "p.yaml:4: a margin of 0.5 lets recall, shirt fall by 50 points; 0.01 is "
                  "one point"));
}

TEST(PolicyDoubtsTest, QuestionsLimitsThatDemandNothingOrThatNothingMeets) {
  const struct {
    const char* check;
    const char* says;
  } cases[] = {
      {"quality: [{metric: accuracy, margin: 5}]", "lets every answer change"},
      {"quality: [{metric: accuracy, margin: 0}]", "shown to be better than float"},
      {"quality: [{metric: ece, margin: 0.3}]", "rise by 30 points"},
      {"quality: [{metric: r2, margin: 0.5}]", "fall by 0.5"},
      {"quality: [{metric: accuracy, min: 95}]", "write shares: 0.95 is 95 %"},
      {"quality: [{metric: accuracy, min: 0}]", "cannot fail"},
      {"quality: [{metric: flip_rate, max: 1}]", "cannot fail"},
      {"quality: [{metric: flip_rate, max: 0}]", "cannot pass"},
      {"quality: [{metric: flip_rate, max: 0.6}]", "60 % of the answers change"},
      {"quality: [{metric: cosine, min: 0.5}]", "that of other answers"},
      {"cost: [{metric: speedup, min: 100}]", "cannot be reached"},
      {"cost: [{metric: speedup, min: 0.5}]", "lets a slower model pass"},
      {"cost: [{metric: size_ratio, max: 1}]", "no smaller"},
      {"cost: [{metric: size_ratio, max: 0.1}]", "a quarter of float32"},
      {"cost: [{metric: latency_p50_ms, max: 0}]", "cannot pass"},
  };
  for (const auto& [check, says] : cases) {
    EXPECT_THAT(Doubts(check), ElementsAre(HasSubstr(says))) << check;
  }
}

TEST(PolicyDoubtsTest, QuestionsNoneOfTheDefaults) {
  for (const Task task : {Task::kOutputs, Task::kClassification, Task::kRegression,
                          Task::kMultiLabel, Task::kTokenClassification, Task::kRetrieval}) {
    EXPECT_THAT(QuestionPolicy(DefaultPolicy(task)), IsEmpty());
  }
}

TEST(PolicyDoubtsTest, QuestionsWhatOnlyTheEvidenceShows) {
  const auto few = Gate(MakeEvidence(20, 0, 0), PolicyOf("{metric: accuracy, margin: 0.1}"));
  ASSERT_EQ(few.doubts.size(), 1U);
  EXPECT_EQ(few.doubts[0].what, "the test has 20 samples: one of them is 5.0 points of accuracy");
  const auto enough = Gate(MakeEvidence(50, 0, 0), PolicyOf("{metric: accuracy, margin: 0.1}"));
  EXPECT_THAT(enough.doubts, IsEmpty());

  CheckResult loss;
  loss.label = "log loss";
  loss.metric = "log_loss";
  loss.unit = Unit::kNats;
  loss.baseline = 0.4;
  loss.margin = 0.5;
  const auto doubts = QuestionChecks(MakeEvidence(1000, 0, 0), {loss});
  ASSERT_EQ(doubts.size(), 1U);
  EXPECT_EQ(doubts[0].what,
            "a margin of 0.5 for log loss is more than the baseline's whole value, 0.4");
}

TEST(PolicyDoubtsTest, StaysInItsReportAndOutOfTheNextGate) {
  Report report;
  report.evidence = MakeEvidence(1000, 5, 5);
  report.evidence.task = Task::kClassification;
  report.evidence.warnings = {{"the machine was busy", "measure again"}};
  report.decision = Gate(report.evidence, PolicyOf("{metric: accuracy, margin: 1}"));
  const auto read = ReadReportJson(WriteReportJson(report), "report.json");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(read->evidence.warnings.size(), 1U);
  EXPECT_EQ(read->decision->doubts.size(), 1U);
  EXPECT_THAT(Gate(read->evidence, PolicyOf("{metric: accuracy, margin: 0.01}")).doubts, IsEmpty());
}

}  // namespace
}  // namespace tare::verdict
