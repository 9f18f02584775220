#include "tare/stats/signed_rank.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace tare::stats {
namespace {

// By the definition: every way to give n ranks a sign.
double BelowByCounting(int64_t w, int64_t n) {
  int64_t below = 0;
  for (int64_t signs = 0; signs < (int64_t{1} << n); ++signs) {
    int64_t sum = 0;
    for (int64_t i = 0; i < n; ++i) sum += (signs >> i & 1) != 0 ? i + 1 : 0;
    below += sum <= w;
  }
  return static_cast<double>(below) / std::ldexp(1.0, static_cast<int>(n));
}

TEST(SignedRankTest, AgreesWithCountingAllSigns) {
  for (const int64_t n : {0, 1, 2, 3, 7, 12}) {
    for (int64_t w = -1; w <= n * (n + 1) / 2 + 1; ++w)
      EXPECT_EQ(SignedRankBelow(w, n), BelowByCounting(w, n)) << "w " << w << " n " << n;
  }
}

TEST(SignedRankTest, HasTheCriticalValuesOfThePublishedTable) {
  // Largest w with P <= 0.025: n = 6: 0, 8: 3, 10: 8, 15: 25, 20: 52 (McCornack 1965).
  const std::pair<int64_t, int64_t> rows[] = {{6, 0}, {8, 3}, {10, 8}, {15, 25}, {20, 52}};
  for (const auto& [n, w] : rows) {
    EXPECT_LE(SignedRankBelow(w, n), 0.025) << n;
    EXPECT_GT(SignedRankBelow(w + 1, n), 0.025) << n;
  }
}

TEST(SignedRankTest, GivesTheMedianOfPairwiseAverages) {
  // Averages of 1, 2, 6: 1, 1.5, 2, 3.5, 4, 6.
  const std::vector<double> values = {6, 1, 2};
  const auto walsh = WalshAverages(values);
  EXPECT_EQ(walsh, (std::vector<double>{1, 1.5, 2, 3.5, 4, 6}));
  EXPECT_EQ(HodgesLehmann(walsh), 2.75);
  EXPECT_TRUE(std::isnan(HodgesLehmann({})));
}

TEST(SignedRankTest, BoundsAreTheAveragesThatTheTableNames) {
  // n = 8 at 97.5 % each: the 4th from each end, as the table's 3 is the last that is too few.
  const std::vector<double> values = {1, 2, 4, 8, 16, 32, 64, 128};
  const auto walsh = WalshAverages(values);
  EXPECT_EQ(CentreLower(walsh, 8, 0.975), walsh[3]);
  EXPECT_EQ(CentreUpper(walsh, 8, 0.975), walsh[walsh.size() - 4]);
}

TEST(SignedRankTest, FewValuesHaveNoBound) {
  const std::vector<double> values = {1, 2, 3, 4, 5};
  const auto walsh = WalshAverages(values);
  EXPECT_FALSE(CentreLower(walsh, 5, 0.975));      // 2^-5 = 0.031 > 0.025
  EXPECT_EQ(CentreLower(walsh, 5, 0.96875), 1.0);  // exactly 2^-5
  EXPECT_EQ(CentreUpper(walsh, 5, 0.95), 5.0);
}

// Coverage at a centre of 0, of values that are symmetric but far from normal and not alike: one in
// five has a spread 30 times as wide. Binomial(4000, 0.95): below 0.936 has a probability of 1e-4.
TEST(SignedRankTest, IntervalsHoldTheCentreOfHeavyTails) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  constexpr int kTrials = 4000;
  int held = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> values(10);
    for (double& value : values) value = normal(random) * (uniform(random) < 0.2 ? 30 : 1);
    const auto walsh = WalshAverages(values);
    held += *CentreLower(walsh, 10, 0.975) <= 0 && *CentreUpper(walsh, 10, 0.975) >= 0;
  }
  EXPECT_GE(held, static_cast<int>(0.936 * kTrials));
  EXPECT_LE(held, static_cast<int>(0.97 * kTrials));  // and not by being wide: exact is 0.951
}

}  // namespace
}  // namespace tare::stats
