#include "tare/scores/support_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "stats/resample_internal.h"
#include "tare/core/random.h"

namespace tare::scores {
namespace {

constexpr std::string_view kContext =
    "The Norman dynasty had a major political, cultural and military impact on medieval Europe. "
    "In 1,066.0 they invaded England; pi is 3.14, it was -5 degrees, 2010-2015, on 12.03.2020, "
    "and 1,234,567 of them didn\u2019t come.";

TEST(ScoreSupportTest, FindsTheNormalisedAnswerWordForWord) {
  for (const std::string_view answer :
       {"the Norman Dynasty", "Cultural, and military impact!", "medieval europe", "a major",
        "didn't come", "didn\u2019t come", "1,066.0"}) {
    const Support support = ScoreSupport(answer, kContext);
    EXPECT_TRUE(support.span_supported) << answer;
    EXPECT_TRUE(support.supported) << answer;
    EXPECT_FALSE(support.hallucinated()) << answer;
    EXPECT_EQ(support.overlap, 1) << answer;
  }
  // Parts of words, and words that do not stand side by side.
  for (const std::string_view answer : {"dynast", "orman dynasty", "Norman Europe"}) {
    EXPECT_FALSE(ScoreSupport(answer, kContext).span_supported) << answer;
  }
}

TEST(ScoreSupportTest, ReadsScriptsWithoutSpaces) {
  constexpr std::string_view kJapanese = "東京は日本の首都です。人口は1400万人です。";
  for (const std::string_view answer : {"東京", "日本の首都", "人口は1400万人"}) {
    EXPECT_TRUE(ScoreSupport(answer, kJapanese).supported) << answer;
  }
  EXPECT_TRUE(ScoreSupport("東京は日本の首都", kJapanese).span_supported);
  // 5 of 7 pairs occur: 東京 京は は日 日本 本の, but not の都 都市.
  EXPECT_DOUBLE_EQ(ScoreSupport("東京は日本の都市", kJapanese).overlap, 5.0 / 7);
  for (const std::string_view answer : {"大阪", "間違い", "京東", "人口は1500万人"}) {
    EXPECT_FALSE(ScoreSupport(answer, kJapanese).supported) << answer;
  }
  EXPECT_TRUE(ScoreSupport("กรุงเทพ", "กรุงเทพเป็นเมืองหลวง").supported);
  EXPECT_FALSE(ScoreSupport("เชียงใหม่", "กรุงเทพเป็นเมืองหลวง").supported);
}

TEST(ScoreSupportTest, CountsContentWordsThatOccur) {
  struct Case {
    std::string_view answer;
    double overlap;
    bool supported;
  };
  const Case cases[] = {
      {"impact of the Norman dynasty", 1, true},
      {"Norman dynasty influenced Europe", 3.0 / 4, true},
      {"the dynasty influenced Europe", 2.0 / 3, false},
      {"Viking dynasty", 1.0 / 2, false},
      {"the Ottoman Empire", 0, false},
      {"Norman Norman Norman Norman Viking", 4.0 / 5, true},
      {"it was on them", 1, true},  // stop words alone
      {"who with whom", 0, false},
      {"not England", 1.0 / 2, false},  // a negation is content
  };
  for (const auto& [answer, overlap, supported] : cases) {
    const Support support = ScoreSupport(answer, kContext);
    EXPECT_DOUBLE_EQ(support.overlap, overlap) << answer;
    EXPECT_EQ(support.supported, supported) << answer;
    EXPECT_EQ(support.hallucinated(), !supported) << answer;
  }
}

TEST(ScoreSupportTest, TakesTheThresholdAsReached) {
  EXPECT_TRUE(ScoreSupport("Viking dynasty", kContext, {.threshold = 0.5}).supported);
  EXPECT_FALSE(
      ScoreSupport("Norman dynasty influenced Europe", kContext, {.threshold = 0.76}).supported);
}

TEST(ScoreSupportTest, ComparesNumbersByValue) {
  for (const std::string_view answer :
       {"1066", "01066", "1,066", "1066.00", "pi is 3.140", "-5", "\u22125 degrees", "2010", "2015",
        "12.03.2020", "1234567.0", "1,234,567.", "3.14,1066"}) {
    EXPECT_TRUE(ScoreSupport(answer, kContext).numbers_supported) << answer;
  }
  for (const std::string_view answer : {"106", "10660", "314", "5", "-2015", "12.3.2020", "12",
                                        "1.234.567", "66", "1,234", "0", "3.141"}) {
    const Support support = ScoreSupport(answer, kContext);
    EXPECT_FALSE(support.numbers_supported) << answer;
    EXPECT_FALSE(support.supported) << answer;
  }
  // Normalised, "31.4" and "3.14" are one word: the span alone would support it.
  const Support shifted = ScoreSupport("31.4", kContext);
  EXPECT_TRUE(shifted.span_supported);
  EXPECT_FALSE(shifted.supported);
  // One wrong number among many right words.
  const Support wrong =
      ScoreSupport("in 1067 they invaded England, a major military impact", kContext);
  EXPECT_GT(wrong.overlap, 0.8);
  EXPECT_TRUE(wrong.hallucinated());
}

TEST(ScoreSupportTest, HasNothingToSupportInAnAbstention) {
  const Support support = ScoreSupport("I don't know.", "I don't know.");
  EXPECT_TRUE(support.abstained);
  EXPECT_FALSE(support.supported);
  EXPECT_FALSE(support.hallucinated());
  EXPECT_TRUE(std::isnan(support.overlap));
  EXPECT_TRUE(ScoreSupport("", "").abstained);
  EXPECT_TRUE(ScoreSupport("Paris", "").hallucinated());
}

TEST(IsAbstentionTest, KnowsRefusals) {
  for (const std::string_view answer :
       {"", " ", "the", "...", "Unanswerable", "UNANSWERABLE.", "No answer", "N/A", "unknown",
        "None.", "I don't know", "I don\u2019t know the answer to that.", "Sorry, I do not know.",
        "The answer cannot be determined from the context.", "It can't be determined.",
        "There is not enough information in the passage to say.", "The question is unanswerable.",
        "This is not mentioned in the text.",
        "The passage does not provide information about it."}) {
    EXPECT_TRUE(IsAbstention(answer)) << answer;
  }
}

TEST(IsAbstentionTest, KnowsAnswers) {
  for (const std::string_view answer :
       {"Paris", "no", "not Paris", "unknown soldier", "none of the above", "0", "\u4e0d\u660e",
        "answer", "the Unanswerable Question", "I know", "undetermined causes",
        "a no-answer policy", "I don't knowingly lie"}) {
    EXPECT_FALSE(IsAbstention(answer)) << answer;
  }
  std::string essay = "I don't know";
  for (int i = 0; i < 22; ++i) essay += " word";
  EXPECT_TRUE(IsAbstention(essay));  // 25 words
  EXPECT_FALSE(IsAbstention(essay + " more"));
}

// The published equations, worked in Python (statistics.NormalDist) to 15 digits.
TEST(RoganGladenTest, AgreesWithThePublishedEquations) {
  struct Case {
    int64_t flagged, n;
    JudgeCounts labelled;
    double confidence, rate, low, high;
  };
  const Case cases[] = {
      {3, 263, {88, 1, 132, 2}, 0.95, 0, 0, 0.0259199195714797},
      {300, 1000, {45, 5, 140, 10}, 0.95, 0.28, 0.22423721005354, 0.341748866678055},
      {60, 200, {51, 9, 48, 12}, 0.9, 0.153846153846154, 0, 0.28118864332618},
      {950, 1000, {80, 20, 95, 5}, 0.99, 1, 1, 1},
  };
  for (const Case& c : cases) {
    const auto found = RoganGladen(c.flagged, c.n, c.labelled, c.confidence);
    ASSERT_TRUE(found);
    EXPECT_NEAR(found->rate, c.rate, 1e-12);
    EXPECT_NEAR(found->interval.low, c.low, 1e-12);
    EXPECT_NEAR(found->interval.high, c.high, 1e-12);
  }
  EXPECT_DOUBLE_EQ(RoganGladen(300, 1000, {45, 5, 140, 10}, 0.95)->sensitivity, 0.9);
  EXPECT_DOUBLE_EQ(RoganGladen(300, 1000, {45, 5, 135, 15}, 0.95)->specificity, 0.9);
}

TEST(RoganGladenTest, GivesBackTheRateBehindExactCounts) {
  // 200 of 1000 positive, judge 0.8 and 0.9: flags 160 + 80.
  const auto found = RoganGladen(240, 1000, {80, 20, 90, 10}, 0.95);
  ASSERT_TRUE(found);
  EXPECT_NEAR(found->rate, 0.2, 1e-12);
  // A perfect judge changes nothing.
  EXPECT_NEAR(RoganGladen(240, 1000, {100, 0, 100, 0}, 0.95)->rate, 0.24, 1e-12);
}

TEST(RoganGladenTest, IsUndefinedForAJudgeThatTellsNothing) {
  EXPECT_FALSE(RoganGladen(0, 0, {10, 0, 10, 0}, 0.95));
  EXPECT_FALSE(RoganGladen(1, 10, {0, 0, 10, 0}, 0.95));
  EXPECT_FALSE(RoganGladen(1, 10, {10, 0, 0, 0}, 0.95));
  EXPECT_FALSE(RoganGladen(1, 10, {7, 3, 3, 7}, 0.95));  // 0.7 + 0.3
  EXPECT_FALSE(RoganGladen(1, 10, {1, 9, 2, 8}, 0.95));
  // Barely better than nothing: known to be in [0, 1].
  const auto vague = RoganGladen(5, 10, {1, 0, 1, 8}, 0.95);
  ASSERT_TRUE(vague);
  EXPECT_EQ(vague->interval, (stats::Interval{0, 1}));
}

TEST(RoganGladenTest, CoversTheTruthAsOftenAsItSays) {
  // 2,000 draws: the share covered has standard error 0.005; below 0.93 by chance 1 in 30,000 times
  // if the coverage is 0.95.
  constexpr double kRate = 0.15, kSensitivity = 0.85, kSpecificity = 0.8;
  Random random(7);
  int covered = 0;
  for (int i = 0; i < 2000; ++i) {
    const int64_t flagged =
        stats::DrawBinomial(random, 500, kRate * kSensitivity + (1 - kRate) * (1 - kSpecificity));
    const int64_t right = stats::DrawBinomial(random, 60, kSensitivity);
    const int64_t rejected = stats::DrawBinomial(random, 90, kSpecificity);
    const auto found =
        RoganGladen(flagged, 500, {right, 60 - right, rejected, 90 - rejected}, 0.95);
    ASSERT_TRUE(found);
    covered += found->interval.low <= kRate && kRate <= found->interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 1860);
}

}  // namespace
}  // namespace tare::scores
