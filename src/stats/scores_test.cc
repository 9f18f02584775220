#include "tare/stats/scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stats/golden_test_internal.h"

namespace tare::stats {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

std::vector<double> Logs(const std::vector<double>& scores, ScoreKind kind) {
  std::vector<double> out(scores.size());
  LogProbabilities(scores, kind, out);
  return out;
}

TEST(KlDivergenceTest, AgreesWithScipy) {
  const auto golden = ReadGolden("stats.json")["scores"];
  for (size_t i = 0; i < golden["kl"].size(); ++i) {
    const auto p = Logs(golden["logits"][i], ScoreKind::kLogits);
    const auto q = Logs(golden["other"][i], ScoreKind::kLogits);
    EXPECT_NEAR(KlDivergence(p, q), golden["kl"][i], 1e-12);
    EXPECT_EQ(KlDivergence(p, p), 0);
  }
}

TEST(LogProbabilitiesTest, StandsHugeAndMinusInfiniteLogits) {
  const auto logs = Logs({1e30F, 0, -kInfinity}, ScoreKind::kLogits);
  EXPECT_EQ(logs[0], 0);
  EXPECT_LT(logs[1], -1e29);
  EXPECT_EQ(logs[2], -std::numeric_limits<double>::infinity());
}

TEST(LogProbabilitiesTest, NormalisesAndLimitsProbabilities) {
  const auto logs = Logs({0.5F, 0.0F, 0.5F}, ScoreKind::kProbabilities);
  EXPECT_DOUBLE_EQ(logs[0], std::log(0.5));
  EXPECT_DOUBLE_EQ(logs[1], std::log(kLeastProbability));
  const auto scaled = Logs({0.2F, 0.2F}, ScoreKind::kProbabilities);
  EXPECT_DOUBLE_EQ(scaled[0], std::log(0.5));
}

TEST(ArgMaxTest, TakesTheLowestIndexOfEquals) {
  EXPECT_EQ(ArgMax(std::vector<float>{1, 3, 3}), 1);
  EXPECT_EQ(ArgMax(std::vector<float>{-kInfinity, -kInfinity}), 0);
}

TEST(ArgMaxTest, ReadsNothingFromNanOrInfinity) {
  EXPECT_EQ(ArgMax(std::vector<float>{1, NAN}), -1);
  EXPECT_EQ(ArgMax(std::vector<float>{1, kInfinity}), -1);
  EXPECT_EQ(ArgMax(std::span<const float>()), -1);
}

TEST(RankOfTest, CountsEqualScoresByIndex) {
  const std::vector<double> scores = {5, 7, 5, 1};
  EXPECT_EQ(RankOf(scores, 1), 0);
  EXPECT_EQ(RankOf(scores, 0), 1);
  EXPECT_EQ(RankOf(scores, 2), 2);
  EXPECT_EQ(RankOf(scores, 3), 3);
}

TEST(LookLikeProbabilitiesTest, WantsRowsThatSumToOne) {
  EXPECT_TRUE(LookLikeProbabilities(std::vector<float>{0.25F, 0.75F, 1, 0}, 2));
  EXPECT_FALSE(LookLikeProbabilities(std::vector<float>{0.25F, 0.7F}, 2));
  EXPECT_FALSE(LookLikeProbabilities(std::vector<float>{1.5F, -0.5F}, 2));
  EXPECT_FALSE(LookLikeProbabilities(std::vector<float>{NAN, 1}, 2));
  EXPECT_FALSE(LookLikeProbabilities(std::span<const float>(), 2));
  EXPECT_FALSE(LookLikeProbabilities(std::vector<float>{1}, 1));
}

TEST(CalibrationErrorTest, AgreesWithNumpysArraySplit) {
  const auto golden = ReadGolden("stats.json")["scores"];
  const std::vector<float> confidence = golden["confidence"];
  const std::vector<uint8_t> correct = golden["correct"];
  EXPECT_NEAR(ExpectedCalibrationError(EqualMassBins(confidence), confidence, correct),
              golden["ece"], 1e-9);
}

TEST(CalibrationErrorTest, IsTheGapOfOneBinByHand) {
  const std::vector<float> confidence = {0.5F, 0.75F, 1.0F, 0.75F};
  const std::vector<uint8_t> correct = {1, 0, 1, 1};
  // (0.5 - 0.75 + 0 + 0.25) / 4 = 0 in one bin; two bins: |0.5 - 0.75| / 4 + |0 + 0.25| / 4.
  EXPECT_NEAR(ExpectedCalibrationError(EqualMassBins(confidence, 1), confidence, correct), 0, 1e-7);
  EXPECT_NEAR(ExpectedCalibrationError(EqualMassBins(confidence, 2), confidence, correct), 0.125,
              1e-7);
  EXPECT_TRUE(std::isnan(ExpectedCalibrationError(EqualMassBins({}), {}, {})));
}

}  // namespace
}  // namespace tare::stats
