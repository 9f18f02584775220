#include "tare/evaluate/predictions/predictions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace tare::evaluate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<TestEvidence> Join(const std::string& baseline, const std::string& candidate,
                          std::vector<std::string>* classes = nullptr,
                          std::vector<std::string> given = {}) {
  std::istringstream first(baseline);
  std::istringstream second(candidate);
  TestOptions options;
  options.bootstrap.replicates = 200;
  return EvaluatePredictions({first, "float.jsonl", second, "int8.jsonl"}, options,
                             {std::move(given)}, classes);
}

constexpr const char* kOnly = R"({"id": 1, "label": 0, "prediction": 0})";

TEST(PredictionsTest, JoinsByIdInAnyOrder) {
  const auto found = Join(
      "{\"id\": \"a\", \"label\": 1, \"prediction\": 1}\n\n{\"id\": 7, \"label\": 0, "
      "\"prediction\": 1}\n",
      "{\"id\": \"7\", \"prediction\": 0}\r\n{\"id\": \"a\", \"label\": 1, \"prediction\": 0}");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->n, 2);
  EXPECT_EQ(found->paired->counts.harmful, 1);
  EXPECT_EQ(found->paired->counts.helpful, 1);
}

TEST(PredictionsTest, NumbersNamesAlphabetically) {
  std::vector<std::string> classes;
  const auto found = Join(R"({"id": 1, "label": "dog", "prediction": "cat"})",
                          R"({"id": 1, "prediction": "ant"})", &classes);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_THAT(classes, ElementsAre("ant", "cat", "dog"));
  EXPECT_EQ(found->baseline_confusion[2][1], 1);
  EXPECT_EQ(found->candidate_confusion[2][0], 1);
}

TEST(PredictionsTest, ReadsScores) {
  std::string first, second;
  for (int i = 0; i < 600; ++i) {  // more than one batch
    first += StrCat("{\"id\": ", i, ", \"label\": ", i % 2, ", \"scores\": [0.25, 0.75]}\n");
    second += StrCat("{\"id\": ", 599 - i, ", \"scores\": [0.5, 0.5]}\n");
  }
  const auto found = Join(first, second);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->scores, "probabilities");
  EXPECT_EQ(found->n, 600);
  EXPECT_EQ(found->paired->counts.flips, 600);
  EXPECT_NEAR(verdict::FindMetric(found->candidate, "log_loss")->value, 0.693147, 1e-5);
}

TEST(PredictionsTest, TakesRoundedProbabilitiesForProbabilities) {
  // Of two decimals: rows add up to 0.99 and 1.01. Log loss is -log(0.66 / 0.99).
  std::string lines;
  for (int i = 0; i < 20; ++i) {
    const char* scores = i % 2 == 0 ? "[0.66, 0.17, 0.16]" : "[0.34, 0.33, 0.34]";
    lines += StrCat("{\"id\": ", i, ", \"label\": 0, \"scores\": ", scores, "}\n");
  }
  const auto found = Join(lines, lines);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->scores, "probabilities");
  EXPECT_NEAR(verdict::FindMetric(found->baseline, "log_loss")->value,
              (-std::log(0.66 / 0.99) - std::log(0.34 / 1.01)) / 2, 1e-6);
}

TEST(PredictionsTest, RefusesPerCent) {
  const auto found =
      Join(R"({"id": 1, "label": 0, "scores": [66.7, 33.3]})", R"({"id": 1, "scores": [50, 50]})");
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("the scores of the baseline add up to 100"));
}

TEST(PredictionsTest, WarnsOfProbabilitiesOfEachClassByItself) {
  std::string lines;
  for (int i = 0; i < 20; ++i)
    lines += StrCat("{\"id\": ", i, ", \"label\": 0, \"scores\": [0.9, 0.7]}\n");
  const auto found = Join(lines, lines);
  ASSERT_TRUE(found) << found.error().what;
  ASSERT_FALSE(found->warnings.empty());
  EXPECT_THAT(found->warnings.back().what, HasSubstr("do not add up to 1"));
}

TEST(PredictionsTest, RefusesAPredictionThatItsScoresContradict) {
  const auto found = Join(R"({"id": 1, "label": 0, "prediction": 1, "scores": [0.4, 0.6]})",
                          R"({"id": 1, "prediction": 1, "scores": [0.7, 0.3]})");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().what,
            "int8.jsonl:1: prediction 1 is not the class of the greatest score, 0");
  EXPECT_TRUE(Join(R"({"id": 1, "label": 0, "prediction": 1, "scores": [0.5, 0.5]})",
                   R"({"id": 1, "scores": [0.7, 0.3]})"))
      << "a tie";
}

TEST(PredictionsTest, TakesNamesOfGivenClassesWithScores) {
  const auto found = Join(R"({"id": 1, "label": "b", "scores": [0.1, 0.9]})",
                          R"({"id": 1, "scores": [0.9, 0.1]})", nullptr, {"a", "b"});
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->paired->counts.harmful, 1);
}

TEST(PredictionsTest, RefuseLogitsAmongProbabilities) {
  const auto lines = [](int odd, const char* scores) {
    std::string text;
    for (int i = 0; i < 600; ++i)
      text += StrCat("{\"id\": ", i,
                     ", \"label\": 0, \"scores\": ", i == odd ? scores : "[0.25, 0.75]", "}\n");
    return text;
  };
  const std::string good = lines(-1, "");
  EXPECT_THAT(Join(lines(500, "[2.5, 0]"), good).error().what,
              HasSubstr("float.jsonl:501: the score 2.5 of the baseline is no probability"));
  EXPECT_THAT(Join(good, lines(3, "[0.5, -0.5]")).error().what,
              HasSubstr("float.jsonl:4: the score -0.5 of the candidate"));
  // A softmax in 8 bits need not add up to 1.
  EXPECT_EQ(Join(good, lines(500, "[0.3, 0.72]"))->scores, "probabilities");
  EXPECT_EQ(Join(lines(3, "[0.5, 0.6]"), good)->scores, "logits") << "the first 256 lines decide";
}

TEST(PredictionsTest, RefusesLogitsAgainstProbabilities) {
  const std::string logits = R"({"id": 1, "label": 1, "scores": [-2.5, 1.75]})";
  const std::string probabilities = R"({"id": 1, "label": 1, "scores": [0.25, 0.75]})";
  const auto mixed = Join(logits, probabilities);
  ASSERT_FALSE(mixed);
  EXPECT_EQ(mixed.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(mixed.error().what, HasSubstr("of the baseline are logits, those of the candidate"));
  EXPECT_FALSE(Join(probabilities, logits));
  EXPECT_TRUE(Join(logits, R"({"id": 1, "scores": [-1, 0.5]})"));
}

TEST(PredictionsTest, KeepsTheDigitsOfScores) {
  // Apart by 1e-12, which float32 does not hold: class 1 is the greater. -log of 1e-10 is 23.02...
  const auto found = Join(R"({"id": 1, "label": 1, "scores": [0.4999999999995, 0.5000000000005]})"
                          "\n"
                          R"({"id": 2, "label": 0, "scores": [1e-10, 0.9999999999]})",
                          R"({"id": 1, "scores": [0.4999999999995, 0.5000000000005]})"
                          "\n"
                          R"({"id": 2, "scores": [0, 1]})");
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(verdict::FindMetric(found->baseline, "accuracy")->value, 0.5);
  // -(log(0.5000000000005) + log(1e-10)) / 2
  EXPECT_NEAR(verdict::FindMetric(found->baseline, "log_loss")->value,
              (0.6931471805589453 + 23.025850929940457) / 2, 1e-12);
  // A probability of 0 counts as the epsilon of float64, as in scikit-learn, and that is said.
  EXPECT_NEAR(verdict::FindMetric(found->candidate, "log_loss")->value,
              (0.6931471805589453 + 36.04365338911715) / 2, 1e-12);
  ASSERT_EQ(found->warnings.size(), 1U);
  EXPECT_THAT(found->warnings[0].what,
              HasSubstr("log_loss of the candidate is capped on 1 of 2 samples"));
  EXPECT_THAT(found->warnings[0].what, HasSubstr("36.04 nats"));
}

TEST(PredictionsTest, ListsTheClassesThatOccurAmongManyNumbers) {
  const auto found = Join(
      "{\"id\": 1, \"label\": 1000000, \"prediction\": 1000000}\n"
      "{\"id\": 2, \"label\": 3, \"prediction\": 7}\n",
      "{\"id\": 1, \"prediction\": 3}\n{\"id\": 2, \"prediction\": 7}\n");
  ASSERT_TRUE(found) << found.error().what;
  ASSERT_EQ(found->baseline_classes.size(), 3U);
  EXPECT_EQ(found->baseline_classes[0].index, 3);
  EXPECT_EQ(found->baseline_classes[1].index, 7);
  EXPECT_EQ(found->baseline_classes[2].index, 1000000);
  EXPECT_EQ(found->paired->per_class[2].index, 1000000);
  EXPECT_EQ(found->paired->per_class[2].counts.harmful, 1);
  // Classes 3, 7 and 1000000 have an F1 of 0, 0 and 1.
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found->baseline, "f1_macro")->value, 1.0 / 3);
}

TEST(PredictionsTest, NamesTheLineThatIsBroken) {
  const auto found = Join(std::string(kOnly) + "\n{\"id\": 2, \"label\":", kOnly);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("float.jsonl:2 is not JSON"));
  EXPECT_THAT(found.error().next_step, HasSubstr("correct the line"));
  EXPECT_THAT(found.error().next_step, testing::Not(HasSubstr("report")));
}

TEST(PredictionsTest, RefusesTwoSlicesOfOneName) {
  TestOptions options;
  options.slices = {{"s", "label == 0"}, {"s", "label == 1"}};
  std::istringstream first(kOnly), second(kOnly);
  const auto found = EvaluatePredictions({first, "a", second, "b"}, options, {}, nullptr);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr("two slices are named 's'"));
}

TEST(PredictionsTest, AClassThatOnlyOneSideNamesIsAClass) {
  std::vector<std::string> classes;
  const auto found = Join(
      "{\"id\": 1, \"label\": \"a\", \"prediction\": \"a\"}\n{\"id\": 2, \"label\": \"b\", "
      "\"prediction\": \"b\"}\n",
      "{\"id\": 1, \"prediction\": \"a\"}\n{\"id\": 2, \"prediction\": \"c\"}\n", &classes);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_THAT(classes, ElementsAre("a", "b", "c"));
  // scikit-learn: f1_score(["a", "b"], ["a", "c"], average="macro", zero_division=0) is (1 + 0 + 0)
  // / 3.
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found->baseline, "f1_macro")->value, 1);
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found->candidate, "f1_macro")->value, 1.0 / 3);
}

TEST(PredictionsTest, OneClassAloneHasItsMetrics) {
  std::string lines;
  for (int i = 0; i < 20; ++i)
    lines += StrCat("{\"id\": ", i, ", \"label\": 0, \"scores\": [3]}\n");
  const auto single = Join(lines, lines);  // a logit of class 1
  ASSERT_TRUE(single) << single.error().what;
  EXPECT_EQ(verdict::FindMetric(single->baseline, "accuracy")->value, 0);
  const auto only = Join(kOnly, kOnly);
  ASSERT_TRUE(only) << only.error().what;
  EXPECT_EQ(verdict::FindMetric(only->baseline, "f1_macro")->value, 1);
}

TEST(PredictionsTest, AnEmptySliceIsSaidAndHasNoNumbers) {
  std::istringstream first(kOnly), second(kOnly);
  TestOptions options;
  options.bootstrap.replicates = 200;
  options.slices = {{"none", "label == 7"}};
  options.kpis = {{"k", "correct"}};
  const auto found = EvaluatePredictions({first, "a", second, "b"}, options, {}, nullptr);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->warnings.at(0).what, "slice 'none' holds no sample");
  EXPECT_TRUE(
      std::isnan(verdict::FindMetric(found->baseline_slices[0].metrics, "accuracy")->value));
  EXPECT_TRUE(std::isnan(verdict::FindMetric(found->baseline_slices[0].metrics, "kpi:k")->value));
  EXPECT_FALSE(verdict::FindMetric(found->paired->slices[0].difference, "kpi:k")->low);
}

struct BadPair {
  std::string baseline, candidate;
  std::string_view what;
};
class BadPredictionsTest : public testing::TestWithParam<BadPair> {};

TEST_P(BadPredictionsTest, EndWithFileLineAndNextStep) {
  const auto found = Join(GetParam().baseline, GetParam().candidate);
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().what, HasSubstr(GetParam().what));
  EXPECT_FALSE(found.error().next_step.empty());
}

constexpr const char* kGood = R"({"id": 1, "label": 0, "prediction": 0})";

INSTANTIATE_TEST_SUITE_P(
    All, BadPredictionsTest,
    testing::Values(
        BadPair{kGood, R"({"id": 2, "prediction": 0})",
                "float.jsonl:1: the id '1' has no partner in int8.jsonl"},
        BadPair{std::string(kGood) + "\n" + kGood, kGood, "float.jsonl:2: the id '1' stands twice"},
        BadPair{kGood, R"({"id": 1, "label": 1, "prediction": 0})",
                "int8.jsonl:1: label 1 of id '1', but 0 in float.jsonl"},
        BadPair{R"({"id": 1, "prediction": 0})", kGood,
                "int8.jsonl:1: label 0 of id '1', but nothing"},
        BadPair{R"({"id": 1, "prediction": 0})", R"({"id": 1, "prediction": 0})",
                "the line has no label"},
        BadPair{kGood, R"({"prediction": 0})", "int8.jsonl:1: the line has no id"},
        BadPair{kGood, R"({"id": 1})", "neither prediction nor scores"},
        BadPair{kGood, "{\"id\": 1, ", "int8.jsonl:1 is not JSON"},
        BadPair{kGood, "[1]", "not an object"},
        BadPair{kGood, R"({"id": 1, "prediction": 0.5})",
                "prediction is not a class index or name"},
        BadPair{kGood, R"({"id": 1, "prediction": -2})", "prediction is not at least 0"},
        BadPair{kGood, R"({"id": 1, "prediction": "cat"})",
                "'cat' is a name where others are indices"},
        BadPair{R"({"id": 1, "label": 0, "scores": [NaN, 1]})", kGood,
                "float.jsonl:1: NaN and Infinity"},
        BadPair{R"({"id": 1, "label": 0, "scores": [null, 1]})", kGood, "finite numbers"},
        BadPair{R"({"id": 1, "label": 0, "scores": []})", kGood, "empty"},
        BadPair{R"({"id": 1, "label": 0, "scores": [1, 2]})", R"({"id": 1, "scores": [1, 2, 3]})",
                "3 scores, others have 2"},
        BadPair{R"({"id": 1, "label": 5, "scores": [1, 2]})", R"({"id": 1, "scores": [1, 2]})",
                "label 5 of sample 0 is no class"},
        BadPair{R"({"id": 1, "label": "x", "scores": [1, 2]})", R"({"id": 1, "scores": [1, 2]})",
                "scores have no names"},
        BadPair{"", "\n\n", "hold no predictions"},
        BadPair{std::string(10'000, '['), kGood, "64 levels"}));

}  // namespace
}  // namespace tare::evaluate
