#include "tare/scores/span_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "scores/golden_test_internal.h"

namespace tare::scores {
namespace {

using Strings = std::vector<std::string>;
using testing::HasSubstr;

void ExpectEntities(const nlohmann::json& tags, const nlohmann::json& expected) {
  const auto found = ReadEntities(tags.get<Strings>());
  ASSERT_TRUE(found) << found.error().what;
  std::vector<Entity> wanted;
  for (const auto& e : expected) wanted.push_back({e[0], e[1], e[2]});
  EXPECT_EQ(*found, wanted) << tags;
}

TEST(SpanScoresTest, AgreesWithSeqeval) {
  for (const auto& test : stats::ReadGolden("seqeval/seqeval.json", "cases")) {
    SpanOutcome sum;
    for (size_t i = 0; i < test["truths"].size(); ++i) {
      ExpectEntities(test["truths"][i], test["entities"][i]);
      ExpectEntities(test["found"][i], test["found_entities"][i]);
      const auto outcome =
          ScoreSpans(test["truths"][i].get<Strings>(), test["found"][i].get<Strings>());
      ASSERT_TRUE(outcome);
      sum += *outcome;
    }
    const nlohmann::json undefined(3, nullptr);
    ExpectScore(ScoreCounts(sum.all), test.value("micro", undefined));
    ExpectScore(MacroScore(sum.by_type), test.value("macro", undefined));
    stats::ExpectGolden(TokenAccuracy(sum), test.value("accuracy", nlohmann::json()), "accuracy");
    const auto by_type = test.value("by_type", nlohmann::json::object());
    EXPECT_EQ(sum.by_type.size(), by_type.size());
    for (const auto& [type, expected] : by_type.items()) {
      ExpectScore(ScoreCounts(sum.by_type.at(type)), expected);
      EXPECT_EQ(sum.by_type.at(type).members, expected[3]);
    }
  }
}

TEST(SpanScoresTest, CountsOneSentence) {
  const auto outcome = ScoreSpans(Strings{"B-PER", "I-PER", "O", "B-LOC", "S-ORG"},
                                  Strings{"B-PER", "I-PER", "O", "B-ORG", "S-ORG"});
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->all, (SpanCounts{2, 3, 3}));
  EXPECT_EQ(outcome->by_type.at("LOC"), (SpanCounts{0, 0, 1}));
  EXPECT_EQ(outcome->by_type.at("ORG"), (SpanCounts{1, 2, 1}));
  EXPECT_EQ(outcome->num_right_tokens, 4);
  EXPECT_DOUBLE_EQ(TokenAccuracy(*outcome), 0.8);
}

TEST(SpanScoresTest, IsUndefinedWithoutEntitiesOrTokens) {
  const auto outcome = ScoreSpans({}, {});
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(std::isnan(ScoreCounts(outcome->all).f1));
  EXPECT_TRUE(std::isnan(MacroScore(outcome->by_type).f1));
  EXPECT_TRUE(std::isnan(TokenAccuracy(*outcome)));
}

TEST(SpanScoresTest, RefusesOtherTagsAndOtherLengths) {
  for (const std::string tag : {"", "PER", "O-PER", "BPER", "U-PER", "L-PER", "o", "b-PER", "."}) {
    const auto read = ReadEntities(Strings{"O", tag});
    ASSERT_FALSE(read) << tag;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(read.error().what, HasSubstr("tag '" + tag + "' of token 1"));
    EXPECT_THAT(read.error().next_step, HasSubstr("B-PER"));
  }
  const auto scored = ScoreSpans(Strings{"O"}, Strings{"O", "O"});
  ASSERT_FALSE(scored);
  EXPECT_THAT(scored.error().what, HasSubstr("2 predicted tags for 1 true ones"));
  EXPECT_FALSE(scored.error().next_step.empty());
}

}  // namespace
}  // namespace tare::scores
