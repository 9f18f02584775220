#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "evaluate/samples/kpi_evaluation_internal.h"
#include "evaluate/samples/test_metrics_internal.h"
#include "tare/core/strcat.h"
#include "tare/evaluate/predictions/detection_predictions.h"
#include "tare/evaluate/predictions/predictions.h"
#include "tare/evaluate/predictions/task_predictions.h"

namespace tare::evaluate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using verdict::Task;

SampleOptions FewReplicates() {
  SampleOptions options;
  options.bootstrap.replicates = 500;
  return options;
}

Result<TestEvidence> JudgeKpis(Task task, const std::string& baseline, const std::string& candidate,
                               std::vector<KpiSpec> kpis, std::vector<SliceSpec> slices = {}) {
  std::istringstream first(baseline);
  std::istringstream second(candidate);
  const TestOptions options{0.95, FewReplicates().bootstrap, std::move(slices), std::move(kpis)};
  const PredictionStreams streams{first, "float.jsonl", second, "int8.jsonl"};
  if (task == Task::kClassification) return EvaluatePredictions(streams, options, {}, nullptr);
  if (task == Task::kObjectDetection) return EvaluateDetectionPredictions(streams, options);
  return EvaluateTaskPredictions(task, streams, options);
}

TEST(KpiEvaluationTest, AsksForEachNameOnceAndAveragesBothSides) {
  const std::vector<KpiSpec> specs = {{"gain", "if(correct == 1, price, -2)"},
                                      {"cost", "-price * time"}};
  auto kpis = KpiEvaluation::Create(specs, FewReplicates());
  ASSERT_TRUE(kpis) << kpis.error().what;
  EXPECT_THAT(kpis->names(), ElementsAre("correct", "price", "time"));
  EXPECT_EQ(kpis->ReadersOf(1), "KPI 'gain', KPI 'cost'");
  ASSERT_TRUE(kpis->Add(std::vector<double>{1, 5, 2}, std::vector<double>{0, 5, 1}));
  ASSERT_TRUE(kpis->Add(std::vector<double>{0, 7, 3}, std::vector<double>{1, 7, 1}));
  TestEvidence evidence;
  evidence.paired.emplace();
  kpis->AddTo(evidence);
  EXPECT_DOUBLE_EQ(Value(evidence.baseline, "kpi:gain"), (5.0 - 2) / 2);
  EXPECT_DOUBLE_EQ(Value(evidence.candidate, "kpi:gain"), (-2 + 7.0) / 2);
  EXPECT_DOUBLE_EQ(Value(evidence.paired->difference, "kpi:gain"), 1);
  EXPECT_DOUBLE_EQ(Value(evidence.paired->difference, "kpi:cost"),
                   -(5.0 + 7) / 2 + (10.0 + 21) / 2);
  EXPECT_EQ(verdict::FindMetric(evidence.paired->difference, "kpi:cost")->method, "bca");
}

TEST(KpiEvaluationTest, EndsAtAValueThatIsNotFinite) {
  const std::vector<KpiSpec> specs = {{"rate", "gain / cost"}};
  auto kpis = KpiEvaluation::Create(specs, FewReplicates());
  ASSERT_TRUE(kpis);
  const auto infinite = kpis->Add(std::vector<double>{1, 1}, std::vector<double>{1, 0});
  ASSERT_FALSE(infinite);
  EXPECT_EQ(infinite.error().what, "KPI 'rate' is infinite for the candidate (gain = 1, cost = 0)");
  EXPECT_THAT(infinite.error().next_step, HasSubstr("if(cost == 0, 0, gain / cost)"));
  EXPECT_THAT(kpis->Add(std::vector<double>{0, 0}, std::vector<double>{1, 1}).error().what,
              HasSubstr("NaN for the baseline"));
}

TEST(KpiEvaluationTest, RefusesNamesThatAreNoNames) {
  const auto error = [](std::vector<KpiSpec> specs) {
    return KpiEvaluation::Create(specs, FewReplicates()).error();
  };
  EXPECT_THAT(error({{"a b", "1"}}).what, HasSubstr("'a b' is not made of"));
  EXPECT_THAT(error({{"", "1"}}).what, HasSubstr("''"));
  EXPECT_THAT(error({{"a", "1"}, {"a", "2"}}).what, HasSubstr("'a' is given twice"));
  EXPECT_THAT(error({{"a", "1 +"}}).context.back(), HasSubstr("reading KPI 'a'"));
  EXPECT_THAT(error(std::vector<KpiSpec>(33, {"a", "1"})).what, HasSubstr("33 KPIs"));
}

// 300 samples whose values lie within 10; k of them lose 1.
verdict::Estimate DifferenceAfter(int changed) {
  const std::vector<KpiSpec> specs = {{"k", "x"}};
  auto kpis = KpiEvaluation::Create(specs, FewReplicates());
  EXPECT_TRUE(kpis);
  for (int i = 0; i < 300; ++i) {
    const double x = i % 11;
    EXPECT_TRUE(
        kpis->Add(std::vector<double>{x}, std::vector<double>{i < changed && x > 0 ? x - 1 : x}));
  }
  TestEvidence evidence;
  evidence.paired.emplace();
  kpis->AddTo(evidence);
  return *verdict::FindMetric(evidence.paired->difference, "kpi:k");
}

TEST(KpiEvaluationTest, ASetWithoutAChangeIsNoProofThatThereIsNone) {
  const verdict::Estimate same = DifferenceAfter(0);
  EXPECT_EQ(same.value, 0);
  // Of 300 samples at most 1 - 0.025^(1/300) changed, at 97.5 % one-sided; each by 10 at most.
  EXPECT_NEAR(*same.low, -10 * (1 - std::pow(0.025, 1.0 / 300)), 1e-9);
  EXPECT_NEAR(*same.high, 10 * (1 - std::pow(0.025, 1.0 / 300)), 1e-9);
}

TEST(KpiEvaluationTest, WhereTenSamplesChangedTheBootstrapIsBelieved) {
  const verdict::Estimate many = DifferenceAfter(110);  // 100 of them: x > 0
  EXPECT_NEAR(many.value, -100.0 / 300, 1e-12);
  // A share of 1/3 of 300: its standard error is 0.0272.
  EXPECT_NEAR(*many.low, -1.0 / 3 - 1.96 * 0.0272, 0.01);
  EXPECT_NEAR(*many.high, -1.0 / 3 + 1.96 * 0.0272, 0.01);
}

constexpr const char* kFirst =
    "{\"id\": 1, \"label\": 0, \"prediction\": 0, \"price\": 10, \"latency\": 5}\n"
    "{\"id\": 2, \"label\": 1, \"prediction\": 0, \"price\": 20, \"latency\": 6}\n"
    "{\"id\": 3, \"label\": 1, \"prediction\": 1, \"price\": 30, \"latency\": 7}\n";
constexpr const char* kSecond =
    "{\"id\": 3, \"prediction\": 0, \"latency\": 3}\n"
    "{\"id\": 2, \"prediction\": 1, \"latency\": 2}\n"
    "{\"id\": 1, \"prediction\": 0}\n";

TEST(KpiPredictionsTest, ReadFieldsOfTheFirstFileAndTheModelsOwn) {
  const auto found = JudgeKpis(Task::kClassification, kFirst, kSecond,
                               {{"revenue", "if(correct == 1, price, 0)"},
                                {"speed", "-latency"},
                                {"ones", "prediction"},
                                {"label", "label"}},
                               {{"dear", "price >= 20"}});
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_DOUBLE_EQ(Value(found->baseline, "kpi:revenue"), 40.0 / 3);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "kpi:revenue"), 30.0 / 3);
  EXPECT_DOUBLE_EQ(Value(found->baseline, "kpi:speed"), -18.0 / 3);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "kpi:speed"), -10.0 / 3)
      << "5, where the second file has none";
  EXPECT_DOUBLE_EQ(Value(found->candidate, "kpi:ones"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "kpi:label"), 2.0 / 3);
  ASSERT_EQ(found->baseline_slices.size(), 1U);
  EXPECT_EQ(found->baseline_slices[0].n, 2);
  EXPECT_DOUBLE_EQ(Value(found->baseline_slices[0].metrics, "kpi:revenue"), 15);
  EXPECT_DOUBLE_EQ(Value(found->paired->slices[0].difference, "kpi:revenue"), -5);
}

TEST(KpiPredictionsTest, ReadTheConfidenceOfScores) {
  const auto found =
      JudgeKpis(Task::kClassification, R"({"id": 1, "label": 0, "scores": [0.75, 0.25]})",
                R"({"id": 1, "scores": [0.125, 0.875]})",
                {{"sure", "if(correct == 1, confidence, -confidence)"}});
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_DOUBLE_EQ(Value(found->baseline, "kpi:sure"), 0.75);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "kpi:sure"), -0.875);
}

TEST(KpiPredictionsTest, NumberNamedClassesAlphabetically) {
  const auto found =
      JudgeKpis(Task::kClassification, R"({"id": 1, "label": "dog", "prediction": "cat", "x": 3})",
                R"({"id": 1, "prediction": "dog"})", {{"class", "10 * label + prediction + x"}});
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_DOUBLE_EQ(Value(found->baseline, "kpi:class"), 13);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "kpi:class"), 14);
}

struct TaskCase {
  Task task;
  std::string baseline, candidate;
  std::string expression;
  double before, after;
};
class KpiOfTaskTest : public testing::TestWithParam<TaskCase> {};

TEST_P(KpiOfTaskTest, ReadsWhatTheTaskMeasures) {
  const TaskCase& c = GetParam();
  const auto found = JudgeKpis(c.task, c.baseline, c.candidate, {{"k", c.expression}});
  ASSERT_TRUE(found) << found.error().what << found.error().next_step;
  EXPECT_DOUBLE_EQ(Value(found->baseline, "kpi:k"), c.before);
  EXPECT_DOUBLE_EQ(Value(found->candidate, "kpi:k"), c.after);
  EXPECT_EQ(verdict::FindMetric(found->paired->difference, "kpi:k")->n, 1);
}

INSTANTIATE_TEST_SUITE_P(
    All, KpiOfTaskTest,
    testing::Values(
        TaskCase{Task::kRegression, R"({"id": 1, "label": 10, "prediction": 12})",
                 R"({"id": 1, "prediction": 7})",
                 "if(error > 0, -error, 3 * error) + label + prediction + absolute_error + "
                 "squared_error",
                 -2 + 10 + 12 + 2 + 4, -9 + 10 + 7 + 3 + 9},
        TaskCase{Task::kMultiLabel, R"({"id": 1, "label": [0, 2], "prediction": [0, 1]})",
                 R"({"id": 1, "prediction": [0, 2]})", "exact + 10 * true_positives + 100 * gold",
                 210, 221},
        TaskCase{Task::kQuestionAnswering,
                 R"({"id": 1, "answers": ["x y"], "prediction": "x y", "w": 3})",
                 R"({"id": 1, "prediction": "y z"})", "w * f1 + exact + answered", 3 * 1 + 2,
                 3 * 0.5 + 1},
        TaskCase{Task::kRetrieval, R"({"id": 1, "relevant": ["a"], "prediction": ["a", "b"]})",
                 R"({"id": 1, "prediction": ["b", "a"]})", "first + reciprocal_rank", 2, 0.5},
        TaskCase{Task::kTokenClassification,
                 R"({"id": 1, "label": ["O", "B-X"], "prediction": ["O", "O"]})",
                 R"({"id": 1, "prediction": ["O", "B-X"]})", "right_tokens / tokens", 0.5, 1},
        TaskCase{Task::kObjectDetection,
                 R"({"id": 1, "label": [{"box": [0, 0, 1, 1], "class": 1}], "prediction": []})",
                 R"({"id": 1, "prediction": [{"box": [0, 0, 1, 1], "class": 1, "score": 0.5}]})",
                 "num_detections - 2 * num_objects", -2, -1}));

struct BadKpi {
  Task task;
  std::string expression;
  std::string_view what, next;
};
class BadKpiTest : public testing::TestWithParam<BadKpi> {};

TEST_P(BadKpiTest, EndsWithTheLineAndTheNextStep) {
  const std::string first =
      GetParam().task == Task::kClassification
          ? kFirst
          : "{\"id\": 1, \"label\": 1, \"prediction\": 1, \"price\": 0, \"note\": \"x\"}\n";
  const std::string second =
      GetParam().task == Task::kClassification ? kSecond : "{\"id\": 1, \"prediction\": 1}\n";
  const auto found = JudgeKpis(GetParam().task, first, second, {{"k", GetParam().expression}});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
  std::string all = found.error().what;
  for (const std::string& line : found.error().context) all += "; " + line;
  EXPECT_THAT(all, HasSubstr(GetParam().what));
  EXPECT_THAT(found.error().next_step, HasSubstr(GetParam().next));
}

INSTANTIATE_TEST_SUITE_P(
    All, BadKpiTest,
    testing::Values(BadKpi{Task::kClassification, "prices",
                           "KPI 'k' reads 'prices', which no sample has", "did you mean 'price'?"},
                    BadKpi{Task::kClassification, "confidence", "'confidence'",
                           "it may read label, prediction, price, latency, correct"},
                    BadKpi{Task::kClassification, "1 / (price - 30)",
                           "infinite for the baseline (price = 30); reading float.jsonl:3",
                           "if(cost == 0"},
                    BadKpi{Task::kClassification, "1 +", "expected", "write it like"},
                    BadKpi{Task::kRegression, "1 / price",
                           "infinite for the baseline (price = 0); reading float.jsonl:1", "if("},
                    BadKpi{Task::kRegression, "note", "'note', which no sample has",
                           "error, absolute_error, squared_error, label, prediction, price"}));

TEST(KpiPredictionsTest, NameTheLineThatLacksAField) {
  const std::string lines = std::string(kFirst) + "{\"id\": 4, \"label\": 0, \"prediction\": 0}\n";
  for (const Task task : {Task::kClassification, Task::kRegression}) {
    const auto found = JudgeKpis(task, lines, lines, {{"k", "price"}});
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().what, "float.jsonl:4: price is not a number: KPI 'k' reads it");
  }
}

}  // namespace
}  // namespace tare::evaluate
