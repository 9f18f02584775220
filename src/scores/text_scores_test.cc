#include "tare/scores/text_scores.h"

#include <gtest/gtest.h>

#include <cmath>

#include "stats/golden_test_internal.h"

namespace tare::scores {
namespace {

using Strings = std::vector<std::string>;

bool HasEmptyGold(const Strings& golds) {
  return std::ranges::any_of(golds, [](const auto& g) { return NormalizeAnswer(g).empty(); });
}

TEST(NormalizeAnswerTest, AgreesWithTheOfficialScripts) {
  for (const auto& pair : stats::ReadGolden("squad/squad.json", "normalised")) {
    EXPECT_EQ(NormalizeAnswer(pair[0].get<std::string>()), pair[1].get<std::string>()) << pair[0];
  }
}

TEST(NormalizeAnswerTest, KeepsBytesThatAreNoUtf8) {
  EXPECT_EQ(NormalizeAnswer("The \xFF\xC3 (A)\xE2\x82"), "\xFF\xC3 \xE2\x82");
  EXPECT_EQ(NormalizeAnswer("\xC0\x80 \xED\xA0\x80 \xF4\x90\x80\x80"),
            "\xC0\x80 \xED\xA0\x80 \xF4\x90\x80\x80");
}

TEST(ScoreAnswerTest, AgreesWithTheOfficialScripts) {
  for (const auto& test : stats::ReadGolden("squad/squad.json", "cases")) {
    const Strings golds = test["golds"];
    const std::string prediction = test["prediction"];
    const AnswerScore score = ScoreAnswer(prediction, golds);
    EXPECT_EQ(score.exact, test["exact"].get<double>()) << test;
    EXPECT_EQ(score.f1, test["f1"].get<double>()) << test;
    EXPECT_EQ(score.has_answer, !golds.empty());
    EXPECT_EQ(ExactMatch(prediction, golds), score.exact);
    EXPECT_EQ(TokenF1(prediction, golds), score.f1);
    if (!test.contains("v1") || HasEmptyGold(golds)) continue;  // the documented difference
    EXPECT_EQ(score.exact, test["v1"][0].get<double>()) << test;
    EXPECT_EQ(score.f1, test["v1"][1].get<double>()) << test;
  }
}

TEST(ScoreAnswerTest, CountsRepeatedWordsAsOftenAsBothHaveThem) {
  const AnswerScore score = ScoreAnswer("x x x y", Strings{"x x z"});
  EXPECT_EQ(score.precision, 2.0 / 4);
  EXPECT_EQ(score.recall, 2.0 / 3);
  EXPECT_DOUBLE_EQ(score.f1, 4.0 / 7);
  EXPECT_EQ(score.exact, 0);
}

TEST(ScoreAnswerTest, TakesOnlyEmptyTextsForNoAnswer) {
  const AnswerScore right = ScoreAnswer(".", Strings{"", ""});
  EXPECT_FALSE(right.has_answer);
  EXPECT_EQ(right.exact, 1);
  EXPECT_EQ(right.precision, 1);
  EXPECT_EQ(ScoreAnswer("Paris", {}).f1, 0);
  EXPECT_TRUE(ScoreAnswer("", Strings{"", "Paris"}).has_answer);
  EXPECT_EQ(ScoreAnswer("", Strings{"", "Paris"}).f1, 0);
}

TEST(SummariseAnswersTest, AgreesWithTheOfficialScript) {
  for (const auto& test : stats::ReadGolden("squad/squad.json", "aggregates")) {
    std::vector<AnswerOutcome> questions;
    for (const auto& question : test["questions"]) {
      const std::string prediction = question["prediction"];
      questions.push_back({ScoreAnswer(prediction, question["golds"].get<Strings>()),
                           !prediction.empty(), question["chance"].get<double>()});
    }
    const AnswerSummary found = SummariseAnswers(questions, test["threshold"].get<double>());
    const auto& expected = test["expected"];
    // Shares times 100 round once more than the script's 100 * sum / total.
    const auto check = [&](const char* key, double value) {
      stats::ExpectGolden(value, expected.contains(key) ? expected[key] : nlohmann::json(), key);
    };
    check("exact", 100 * found.exact);
    check("f1", 100 * found.f1);
    check("HasAns_exact", 100 * found.has_answer_exact);
    check("HasAns_f1", 100 * found.has_answer_f1);
    check("NoAns_exact", 100 * found.no_answer_exact);
    check("NoAns_f1", 100 * found.no_answer_f1);
    check("best_exact", 100 * found.best_exact);
    check("best_f1", 100 * found.best_f1);
    check("best_exact_thresh", found.best_exact_threshold);
    check("best_f1_thresh", found.best_f1_threshold);
    EXPECT_EQ(found.total, expected["total"]);
    EXPECT_EQ(found.has_answer_total, expected.value("HasAns_total", 0));
    EXPECT_EQ(found.no_answer_total, expected.value("NoAns_total", 0));
  }
}

TEST(SummariseAnswersTest, IsUndefinedOverNoQuestion) {
  const AnswerSummary found = SummariseAnswers({});
  EXPECT_EQ(found.total, 0);
  EXPECT_TRUE(std::isnan(found.exact));
  EXPECT_TRUE(std::isnan(found.best_f1));
}

// Of texts without other letters than a to z: see ReadsEveryScript.
TEST(RougeLTest, AgreesWithRougeScore) {
  for (const auto& test : stats::ReadGolden("rouge/rouge.json", "cases")) {
    const FScore score =
        RougeL(test["prediction"].get<std::string>(), test["references"].get<Strings>());
    EXPECT_EQ(score.precision, test["expected"][0].get<double>()) << test;
    EXPECT_EQ(score.recall, test["expected"][1].get<double>()) << test;
    EXPECT_EQ(score.f1, test["expected"][2].get<double>()) << test;
  }
}

TEST(RougeLTest, ReadsEveryScript) {
  const auto f1 = [](std::string_view prediction, const char* reference) {
    return RougeL(prediction, Strings{reference}).f1;
  };
  // Characters: 東京です of 東京は首都です is a subsequence of 4 of 7.
  EXPECT_DOUBLE_EQ(f1("東京です", "東京は首都です。"), 2 * 1.0 * (4.0 / 7) / (1 + 4.0 / 7));
  EXPECT_EQ(f1("間違い", "東京は日本の首都です"), 0);
  EXPECT_EQ(f1("กรุงเทพ", "กรุงเทพ"), 1);
  EXPECT_LT(f1("เชียงใหม่", "กรุงเทพ"), 0.5);
  // Words: 1 of 2, case apart.
  for (const auto& [prediction, reference] :
       {std::pair("москва ночью", "Москва днём"), std::pair("서울 밤", "서울 낮"),
        std::pair("القاهرة ليلا", "القاهرة نهارا"), std::pair("हिन्दी रात", "हिन्दी दिन"),
        std::pair("café noir", "Café blanc")}) {
    EXPECT_DOUBLE_EQ(f1(prediction, reference), 0.5) << reference;
  }
  EXPECT_EQ(f1("été", "ete"), 0) << "an accent makes another word";
  EXPECT_DOUBLE_EQ(f1("GPT-4は速い", "gpt 4 は 遅い"), 2 * 0.8 * 0.8 / 1.6) << "gpt 4 は 速 い";
}

TEST(RougeLTest, IsUndefinedWithoutReferences) {
  EXPECT_TRUE(std::isnan(RougeL("x", {}).f1));
  EXPECT_EQ(RougeL("", Strings{""}).f1, 0);
}

}  // namespace
}  // namespace tare::scores
