#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/samples/label_rankings_internal.h"
#include "tare/core/random.h"

namespace tare::evaluate {
namespace {

const verdict::Estimate& Of(const verdict::Metrics& metrics) {
  return *verdict::FindMetric(metrics, "average_precision_macro");
}

TEST(LabelRankingsTest, IsTheMeanOverClassesWithAPositive) {
  // By hand: class 0 ranks sample 1 (wrong), 0, 2 (right, right): (1/2 + 2/3) / 2; class 1 is
  // perfect; class 2 has no positive.
  LabelRankings rankings;
  const std::vector<float> scores[] = {{0.8F, 0.9F, 0.5F}, {0.9F, 0.1F, 0.4F}, {0.7F, 0.2F, 0.3F}};
  const std::set<int64_t> gold[] = {{0, 1}, {}, {0}};
  for (int i = 0; i < 3; ++i) rankings.Add(gold[i], scores[i], scores[i]);
  TestEvidence evidence;
  evidence.paired.emplace();
  rankings.AddTo(0.95, 1, evidence);
  EXPECT_DOUBLE_EQ(Of(evidence.baseline).value, (7.0 / 12 + 1) / 2);
  EXPECT_FALSE(Of(evidence.baseline).low);  // three samples have no interval
  EXPECT_EQ(Of(evidence.paired->difference).value, 0);
}

TEST(LabelRankingsTest, CoversWhatItEstimates) {
  // Scores of positives are normal around 1, of negatives around 0; a candidate that adds noise.
  // The truth of the difference is that of a set of 200,000.
  const auto draw = [](size_t n, uint64_t seed) {
    Random random(seed);
    const auto normal = [&] {
      double sum = -6;
      for (int i = 0; i < 12; ++i) sum += random.Uniform();
      return sum;
    };
    LabelRankings rankings;
    for (size_t i = 0; i < n; ++i) {
      std::set<int64_t> gold;
      std::vector<float> before(2), after(2);
      for (size_t c = 0; c < 2; ++c) {
        const bool positive = random.Uniform() < 0.3;
        if (positive) gold.insert(static_cast<int64_t>(c));
        before[c] = static_cast<float>(normal() + (positive ? 1 : 0));
        after[c] = static_cast<float>(static_cast<double>(before[c]) + 0.7 * normal());
      }
      rankings.Add(gold, before, after);
    }
    TestEvidence evidence;
    evidence.paired.emplace();
    rankings.AddTo(0.95, seed, evidence);
    return Of(evidence.paired->difference);
  };
  const double truth = draw(200'000, 999).value;
  ASSERT_LT(truth, -0.03);
  constexpr int kTrials = 300;
  int covered = 0;
  for (uint64_t trial = 0; trial < kTrials; ++trial) {
    const verdict::Estimate found = draw(400, trial);
    covered += *found.low <= truth && truth <= *found.high ? 1 : 0;
  }
  // 95 % of 300 is 285; three standard deviations are 11.
  EXPECT_GE(covered, 285 - 12);
}

TEST(LabelRankingsTest, IsUndefinedWithoutAPositiveOrWithNaN) {
  LabelRankings none, nan;
  none.Add({}, std::vector<float>{1}, std::vector<float>{1});
  nan.Add({0}, std::vector<float>{NAN}, std::vector<float>{1});
  TestEvidence evidence, other;
  evidence.paired.emplace();
  other.paired.emplace();
  none.AddTo(0.95, 1, evidence);
  nan.AddTo(0.95, 1, other);
  EXPECT_TRUE(std::isnan(Of(evidence.baseline).value));
  EXPECT_TRUE(std::isnan(Of(other.baseline).value));
}

}  // namespace
}  // namespace tare::evaluate
