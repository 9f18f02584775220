#include "tare/stats/bootstrap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "stats/golden_test_internal.h"
#include "stats/resample_internal.h"
#include "tare/core/random.h"
#include "tare/stats/quantile.h"

namespace tare::stats {
namespace {

TEST(BootstrapDistributionTest, GivesTheBcaBoundsOfGivenReplicates) {
  const auto golden = ReadGolden("stats.json");
  for (const auto& row : golden["bca"]) {
    const std::vector<double> data = row["data"];
    const std::vector<double> left_out = row["left_out"];
    const double mean = std::accumulate(data.begin(), data.end(), 0.0) / 40;
    const double acceleration = Acceleration(left_out);
    EXPECT_NEAR(acceleration, row["acceleration"], 1e-9) << row["kind"];
    const BootstrapDistribution distribution(mean, acceleration, row["replicates"]);
    for (const auto& bound : row["bounds"]) {
      EXPECT_NEAR(distribution.Bound(bound[0]), bound[1], 1e-9) << row["kind"] << bound;
    }
  }
}

TEST(BootstrapMeansTest, AgreesWithScipyOnItsOwnDraws) {
  const auto golden = ReadGolden("stats.json");
  for (const auto& row : golden["bca"]) {
    const std::vector<double> data = row["data"];
    const std::span<const double> columns[] = {data};
    const auto found = BootstrapMeans(columns, {.replicates = 50'000, .seed = 3});
    const Interval interval = found.front().BcaInterval(0.95);
    // The end of 50,000 replicates has a standard error of about 0.005 of the width.
    const double width =
        row["scipy_interval"][1].get<double>() - row["scipy_interval"][0].get<double>();
    EXPECT_NEAR(interval.low, row["scipy_interval"][0], 0.03 * width) << row["kind"];
    EXPECT_NEAR(interval.high, row["scipy_interval"][1], 0.03 * width) << row["kind"];
  }
}

TEST(BootstrapDistributionTest, StandsEqualAndUndefinedReplicates) {
  const BootstrapDistribution equal(2, 0, std::vector<double>(100, 2.0));
  EXPECT_EQ(equal.Bound(0.01), 2);
  EXPECT_EQ(equal.Bound(0.99), 2);
  const BootstrapDistribution none(2, 0, {NAN, NAN});
  EXPECT_TRUE(std::isnan(none.Bound(0.5)));
  const BootstrapDistribution some(2, 0, {NAN, 1, 2, 3});
  EXPECT_EQ(some.sorted().size(), 3);
}

TEST(BootstrapTest, DoesNotDependOnTheNumberOfThreads) {
  const std::vector<int64_t> sizes = {900, 70, 20, 7, 3};
  const auto statistic = [](std::span<const int64_t> drawn, std::span<double> out) {
    out[0] = static_cast<double>(drawn[0]) / 1000;
    out[1] = static_cast<double>(drawn[1] - drawn[2]);
  };
  const auto one = BootstrapCells(sizes, 2, statistic, {.replicates = 1000, .num_threads = 1});
  const auto four = BootstrapCells(sizes, 2, statistic, {.replicates = 1000, .num_threads = 4});
  for (size_t s = 0; s < 2; ++s) {
    EXPECT_TRUE(std::ranges::equal(one[s].sorted(), four[s].sorted()));
    EXPECT_EQ(one[s].Bound(0.05), four[s].Bound(0.05));
  }
  const auto other = BootstrapCells(sizes, 2, statistic, {.replicates = 1000, .seed = 2});
  EXPECT_FALSE(std::ranges::equal(one[0].sorted(), other[0].sorted()));
}

TEST(BootstrapTest, CellsAndSamplesTellTheSame) {
  // 1,000 samples, 10 % ones: as two cells, and as a column.
  std::vector<double> column(1000, 0.0);
  std::fill(column.begin(), column.begin() + 100, 1.0);
  const std::span<const double> columns[] = {column};
  const auto means = BootstrapMeans(columns, {.replicates = 20'000});
  const auto statistic = [](std::span<const int64_t> drawn, std::span<double> out) {
    out[0] = static_cast<double>(drawn[1]) / 1000;
  };
  const std::vector<int64_t> sizes = {900, 100};
  const auto cells = BootstrapCells(sizes, 1, statistic, {.replicates = 20'000});
  EXPECT_DOUBLE_EQ(means[0].estimate(), cells[0].estimate());
  for (const double p : {0.025, 0.5, 0.975}) {
    EXPECT_NEAR(means[0].Bound(p), cells[0].Bound(p), 0.0011);  // one sample, twice
  }
}

TEST(BootstrapMeansTest, StandsOneSampleAndManyColumns) {
  const std::vector<double> one = {4.0};
  const std::vector<std::span<const double>> columns(9, one);
  const auto found = BootstrapMeans(columns, {.replicates = 100});
  ASSERT_EQ(found.size(), 9);
  for (const auto& distribution : found) EXPECT_EQ(distribution.Bound(0.05), 4);
}

TEST(AccelerationTest, CountsWeightsAsRepeatedValues) {
  const std::vector<double> values = {1, 2, 6};
  const std::vector<int64_t> weights = {3, 1, 2};
  const std::vector<double> repeated = {1, 1, 1, 2, 6, 6};
  EXPECT_DOUBLE_EQ(Acceleration(values, weights), Acceleration(repeated));
  EXPECT_EQ(Acceleration(std::vector<double>{3, 3, 3}), 0);
}

TEST(WithinBudgetTest, KeepsAtLeastAThousandReplicates) {
  EXPECT_EQ(WithinBudget({}, 10'000).replicates, 10'000);
  EXPECT_EQ(WithinBudget({}, 1'000'000).replicates, 2'000);
  EXPECT_EQ(WithinBudget({}, 1'000'000'000).replicates, 1'000);
}

struct BinomialCase {
  int64_t n;
  double p;
};
class DrawBinomialTest : public testing::TestWithParam<BinomialCase> {};

// Mean and variance of 40,000 draws: five standard errors, a false alarm in two million.
TEST_P(DrawBinomialTest, HasMeanAndVarianceOfTheBinomial) {
  const auto [n, p] = GetParam();
  Random random(5);
  constexpr int kDraws = 40'000;
  double sum = 0;
  double squares = 0;
  const double mean = static_cast<double>(n) * p;
  for (int i = 0; i < kDraws; ++i) {
    const int64_t k = DrawBinomial(random, n, p);
    ASSERT_GE(k, 0);
    ASSERT_LE(k, n);
    const double away = static_cast<double>(k) - mean;
    sum += away;
    squares += away * away;
  }
  const double variance = mean * (1 - p);
  EXPECT_NEAR(sum / kDraws, 0, 5 * std::sqrt(variance / kDraws));
  // Var of the squared deviation: 2 v^2 + v (1 - 6 p q).
  const double spread = std::sqrt((2 * variance * variance + variance) / kDraws);
  EXPECT_NEAR(squares / kDraws, variance, 5 * spread);
}

INSTANTIATE_TEST_SUITE_P(Sizes, DrawBinomialTest,
                         testing::Values(BinomialCase{1, 0.5}, BinomialCase{20, 0.1},
                                         BinomialCase{20, 0.5}, BinomialCase{100, 0.11},
                                         BinomialCase{10000, 0.92}, BinomialCase{10000, 0.0005},
                                         BinomialCase{1000000, 0.5}));

TEST(DrawBinomialTest, FollowsTheDistributionFunction) {
  Random random(9);
  constexpr int kDraws = 100'000;
  std::vector<int> counts(41);
  for (int i = 0; i < kDraws; ++i) ++counts[static_cast<size_t>(DrawBinomial(random, 40, 0.4))];
  double chi_square = 0;
  int bins = 0;
  for (int k = 0; k <= 40; ++k) {
    const double expected =
        kDraws * std::exp(std::lgamma(41) - std::lgamma(k + 1) - std::lgamma(41 - k) +
                          k * std::log(0.4) + (40 - k) * std::log(0.6));
    if (expected < 10) continue;
    const double away = counts[static_cast<size_t>(k)] - expected;
    chi_square += away * away / expected;
    ++bins;
  }
  // About 25 degrees of freedom: 60 is passed once in 10,000 seeds.
  EXPECT_GT(bins, 20);
  EXPECT_LT(chi_square, 60);
}

TEST(DrawBinomialTest, StandsTheEdges) {
  Random random(1);
  EXPECT_EQ(DrawBinomial(random, 0, 0.5), 0);
  EXPECT_EQ(DrawBinomial(random, 10, 0), 0);
  EXPECT_EQ(DrawBinomial(random, 10, 1), 10);
  EXPECT_EQ(DrawBinomial(random, 10, NAN), 0);
}

TEST(CellSamplerTest, KeepsTheTotal) {
  const std::vector<int64_t> sizes = {500, 0, 3, 1, 60, 47};
  const CellSampler sampler(sizes);
  Random random(2);
  std::vector<int64_t> drawn(6);
  for (int i = 0; i < 100; ++i) {
    sampler.Draw(random, drawn);
    EXPECT_EQ(std::accumulate(drawn.begin(), drawn.end(), int64_t{0}), 611);
    EXPECT_EQ(drawn[1], 0);
  }
}

TEST(QuantileTest, InterpolatesLikeNumpy) {
  const std::vector<double> sorted = {1, 2, 4, 8};
  EXPECT_DOUBLE_EQ(Quantile(sorted, 0.5), 3);
  EXPECT_DOUBLE_EQ(Quantile(sorted, 0.25), 1.75);
  EXPECT_DOUBLE_EQ(Quantile(sorted, 0), 1);
  EXPECT_DOUBLE_EQ(Quantile(sorted, 1), 8);
  EXPECT_TRUE(std::isnan(Quantile({}, 0.5)));
}

TEST(MedianOfTest, TakesTheMiddle) {
  EXPECT_TRUE(std::isnan(MedianOf({})));
  EXPECT_EQ(MedianOf(std::vector<double>{5}), 5);
  EXPECT_EQ(MedianOf(std::vector<double>{9, 1, 5}), 5);
  EXPECT_EQ(MedianOf(std::vector<double>{9, 1, 5, 2}), 3.5);
}

TEST(MedianTest, TakesTheRanksOfTheBinomialTable) {
  std::vector<double> values;
  for (int i = 20; i >= 1; --i) values.push_back(i);
  const Median median = MedianWithInterval(values, 0.95);
  EXPECT_DOUBLE_EQ(median.value, 10.5);
  // The classical table: for n = 20 the 6th and the 15th value (coverage 95.9 %).
  ASSERT_TRUE(median.interval);
  EXPECT_EQ(*median.interval, (Interval{6, 15}));
}

TEST(MedianTest, HasNoIntervalBelowSixValues) {
  EXPECT_FALSE(MedianWithInterval(std::vector<double>{1, 2, 3, 4, 5}, 0.95).interval);
  EXPECT_TRUE(MedianWithInterval(std::vector<double>{1, 2, 3, 4, 5, 6}, 0.95).interval);
  EXPECT_TRUE(std::isnan(MedianWithInterval({}, 0.95).value));
}

TEST(QuantileBoundTest, NeedsEnoughSamplesForATail) {
  std::vector<double> sorted(298);
  std::iota(sorted.begin(), sorted.end(), 0.0);
  // 1 - 0.99^n >= 0.95 from n = 299 on.
  EXPECT_FALSE(QuantileUpper(sorted, 0.99, 0.95));
  sorted.push_back(298);
  EXPECT_EQ(QuantileUpper(sorted, 0.99, 0.95), 298);
}

}  // namespace
}  // namespace tare::stats
