#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stats/binomial_internal.h"
#include "stats/golden_test_internal.h"
#include "tare/stats/normal.h"
#include "tare/stats/proportion.h"
#include "tare/stats/student.h"

namespace tare::stats {
namespace {

TEST(NormalTest, AgreesWithScipy) {
  const auto golden = ReadGolden("stats.json")["normal"];
  for (const auto& row : golden["quantile"]) {
    const double expected = row[1];
    EXPECT_NEAR(NormalQuantile(row[0]), expected, 1e-13 * std::abs(expected)) << "p " << row[0];
  }
  for (const auto& row : golden["cdf"]) {
    const double expected = row[1];
    EXPECT_NEAR(NormalCdf(row[0]), expected, 1e-13 * expected) << "z " << row[0];
  }
}

TEST(NormalTest, GivesInfinityAtTheEndsAndKeepsNan) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(NormalQuantile(0), -infinity);
  EXPECT_EQ(NormalQuantile(1), infinity);
  EXPECT_TRUE(std::isnan(NormalQuantile(NAN)));
  EXPECT_EQ(NormalCdf(-infinity), 0);
  EXPECT_EQ(NormalCdf(infinity), 1);
}

TEST(NormalTest, QuantileInvertsTheCdf) {
  for (double z = -6; z <= 6; z += 0.37) {
    // Above 0 the CDF itself has lost digits: 1 - 1e-9 has seven left.
    EXPECT_NEAR(NormalQuantile(NormalCdf(z)), z, z > 3 ? 1e-7 : 1e-12);
  }
}

// P[X >= k] by adding up the terms of the definition.
double SlowUpperTail(int64_t k, int64_t n, double p) {
  double sum = 0;
  for (int64_t i = std::max<int64_t>(0, k); i <= n; ++i) {
    double term = 1;
    for (int64_t j = 0; j < i; ++j) {
      term *= p * static_cast<double>(n - j) / static_cast<double>(j + 1);
    }
    sum += term * std::pow(1 - p, static_cast<double>(n - i));
  }
  return sum;
}

TEST(BinomialTest, EqualsTheSumOfItsTerms) {
  for (const int64_t n : {0, 1, 2, 7, 30}) {
    for (const double p : {0.01, 0.3, 0.5, 0.99}) {
      for (int64_t k = -1; k <= n + 1; ++k) {
        EXPECT_NEAR(BinomialUpperTail(k, n, p), SlowUpperTail(k, n, p), 1e-12);
        EXPECT_NEAR(BinomialLowerTail(k, n, p) + BinomialUpperTail(k + 1, n, p), 1, 1e-12);
      }
    }
  }
}

TEST(BinomialTest, AgreesWithScipy) {
  const auto golden = ReadGolden("stats.json");
  for (const auto& row : golden["binomial"]["upper_tail"]) {
    const double expected = row[3];
    EXPECT_NEAR(BinomialUpperTail(row[0], row[1], row[2]), expected, 1e-9 * expected) << row;
  }
}

TEST(ProportionTest, AgreesWithStatsmodelsAndScipy) {
  const auto golden = ReadGolden("stats.json");
  for (const auto& row : golden["binomial"]["proportion"]) {
    const int64_t count = row[0];
    const int64_t n = row[1];
    const Interval wilson = Wilson(count, n, 0.95);
    EXPECT_NEAR(wilson.low, row[2], 1e-12);
    EXPECT_NEAR(wilson.high, row[3], 1e-12);
    const Interval exact = ClopperPearson(count, n, 0.95);
    EXPECT_NEAR(exact.low, row[4], 1e-10);
    EXPECT_NEAR(exact.high, row[5], 1e-10);
    EXPECT_NEAR(ClopperPearsonUpper(count, n, 0.95), row[7], 1e-10);
    EXPECT_NEAR(ClopperPearsonLower(count, n, 0.95), row[6], 1e-10);
  }
}

TEST(ProportionTest, KnowsNothingWithoutSamples) {
  EXPECT_EQ(Wilson(0, 0, 0.95), (Interval{0, 1}));
  EXPECT_EQ(ClopperPearson(0, 0, 0.95), (Interval{0, 1}));
}

TEST(ProportionTest, FollowsTheRuleOfThree) {
  // No event in n samples: the 95 % bound is 1 - 0.05^(1/n), about 3 / n.
  EXPECT_NEAR(ClopperPearsonUpper(0, 300, 0.95), 1 - std::pow(0.05, 1.0 / 300), 1e-12);
}

TEST(StudentTest, AgreesWithScipy) {
  const auto golden = ReadGolden("student/student.json")["quantile"];
  ASSERT_FALSE(golden.empty());
  for (const auto& row : golden) {
    const double expected = row[2];
    EXPECT_NEAR(StudentQuantile(row[0], row[1]), expected, 1e-9 * std::abs(expected))
        << "p " << row[0] << ", degrees " << row[1];
  }
}

TEST(StudentTest, GivesInfinityAtTheEndsAndKeepsNan) {
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(StudentQuantile(0, 19), -infinity);
  EXPECT_EQ(StudentQuantile(1, 19), infinity);
  EXPECT_EQ(StudentQuantile(0.5, 19), 0);
  EXPECT_TRUE(std::isnan(StudentQuantile(NAN, 19)));
}

}  // namespace
}  // namespace tare::stats
