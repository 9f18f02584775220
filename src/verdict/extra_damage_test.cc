#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "verdict/extra_damage_internal.h"

namespace tare::verdict {
namespace {

Estimate ExtraDamage(const stats::PairedCounts& there, const stats::PairedCounts& clean) {
  return ExtraDamage(PairedEstimate(there, 0.95), PairedEstimate(clean, 0.95), 0.95);
}

TEST(ExtraDamageTest, CombinesTheBoundsOfBoth) {
  const stats::PairedCounts there{1'000, 30, 10};
  const stats::PairedCounts clean{2'000, 16, 20};
  const Estimate found = ExtraDamage(there, clean);
  EXPECT_DOUBLE_EQ(found.value, -0.02 - 0.002);
  EXPECT_EQ(found.n, 1'000);
  const double a = -0.02 - stats::TangoLower(there, 0.95);
  const double b = stats::TangoUpper(clean, 0.95) - 0.002;
  EXPECT_NEAR(*OneSidedBound(found, Direction::kAbove, 0.95, 0.95),
              -0.022 - std::sqrt(a * a + b * b), 1e-12);
}

TEST(ExtraDamageTest, HoldsItsSizeAtTheMargin) {
  // True extra damage of exactly 1 point: 3 % harmful and 1 % helpful there, 2 % and 1 % on the
  // clean set.
  std::mt19937_64 random(3);
  const auto draw = [&](double harmful, double helpful) {
    const auto b = std::binomial_distribution<int64_t>(2'000, harmful)(random);
    const auto c = std::binomial_distribution<int64_t>(2'000 - b, helpful / (1 - harmful))(random);
    return stats::PairedCounts{2'000, b, c};
  };
  int passed = 0;
  for (int i = 0; i < 4'000; ++i) {
    const Estimate found = ExtraDamage(draw(0.03, 0.01), draw(0.02, 0.01));
    if (*OneSidedBound(found, Direction::kAbove, 0.95, 0.95) > -0.01) ++passed;
  }
  // 5 % of 4,000 is 200; three standard deviations are 41.
  EXPECT_NEAR(passed, 200, 50);
}

TEST(ExtraDamageTest, TakesTheTableOfBoundsOfABootstrap) {
  Estimate there, clean;
  there.value = -0.03;
  clean.value = -0.01;
  there.n = clean.n = 500;
  there.bounds = {{0.95, -0.05, -0.02}};
  clean.bounds = {{0.95, -0.02, 0.002}};
  const Estimate found = ExtraDamage(there, clean, 0.95);
  EXPECT_NEAR(*OneSidedBound(found, Direction::kAbove, 0.95, 0.95), -0.02 - std::hypot(0.02, 0.012),
              1e-12);
  clean.bounds.clear();
  EXPECT_FALSE(OneSidedBound(ExtraDamage(there, clean, 0.95), Direction::kAbove, 0.95, 0.95));
}

// A clean set on which nothing flips, and two that lose.
Evidence WithDistributions() {
  Evidence evidence;
  evidence.task = Task::kClassification;
  evidence.paired.emplace();
  evidence.paired->difference.emplace_back("accuracy", PairedEstimate({1'000, 5, 5}, 0.95));
  for (const int64_t harmful : {40, 10, 5, 2}) {
    evidence.paired->distributions.push_back(
        {"d", {}, {{"accuracy", PairedEstimate({1'000, harmful, 5}, 0.95)}}});
  }
  evidence.paired->distributions.push_back({"other", {}, {{"f1_macro", {}}}});
  return evidence;
}

TEST(DistributionDamagesTest, PIsWhereTheBoundReachesZero) {
  const auto damages = DistributionDamages(WithDistributions());
  ASSERT_EQ(damages.size(), 5U);
  ASSERT_TRUE(damages[1]);
  EXPECT_EQ(damages[1]->metric, "accuracy");
  ASSERT_TRUE(damages[1]->p);
  // By its definition: the upper bound of -0.005 at confidence 1 - p is 0.
  const stats::PairedCounts there{1'000, 10, 5};
  const stats::PairedCounts clean{1'000, 5, 5};
  const double confidence = 1 - *damages[1]->p;
  const double a = stats::TangoUpper(there, confidence) + 0.005;
  const double b = 0 - stats::TangoLower(clean, confidence);
  EXPECT_NEAR(-0.005 + std::hypot(a, b), 0, 1e-9);
  EXPECT_EQ(*damages[2]->p, 1);
  EXPECT_EQ(*damages[3]->p, 1);
  EXPECT_FALSE(damages[4]);
}

TEST(DistributionDamagesTest, AdjustsForAllDistributions) {
  const auto damages = DistributionDamages(WithDistributions());
  // Holm: the least of four times 4, the next times 3, and never less than the one before.
  EXPECT_DOUBLE_EQ(*damages[0]->p_holm, 4 * *damages[0]->p);
  EXPECT_DOUBLE_EQ(*damages[1]->p_holm, std::min(1.0, 3 * *damages[1]->p));
  EXPECT_EQ(*damages[2]->p_holm, 1);
  EXPECT_LT(*damages[0]->p_holm, 1e-4);
  EXPECT_GT(*damages[1]->p_holm, 0.05);
}

TEST(ExtraDamageTest, IsUndefinedWithoutSamples) {
  EXPECT_TRUE(std::isnan(ExtraDamage(stats::PairedCounts{}, stats::PairedCounts{100, 1, 1}).value));
}

}  // namespace
}  // namespace tare::verdict
