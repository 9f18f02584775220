#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "evaluate/samples/jackknife_internal.h"
#include "stats/golden_test_internal.h"

namespace tare::evaluate {
namespace {

TEST(JackknifeTest, AgreesWithAstropyAndScipy) {
  for (const auto& golden : stats::ReadGolden("jackknife/jackknife.json", "cases")) {
    const auto left_out = golden.at("left_out").get<std::vector<double>>();
    const auto found = JackknifeEstimate(golden.at("value"), left_out, 1, 100, 0.95);
    EXPECT_EQ(found.method, "jackknife");
    const auto error = golden.at("error").get<double>();
    for (const auto& bound : golden.at("bounds")) {
      const auto mine =
          std::ranges::find(found.bounds, bound[0].get<double>(), &verdict::Bound::confidence);
      ASSERT_NE(mine, found.bounds.end());
      EXPECT_NEAR(*mine->low, bound[1], 1e-7 * error);  // quantiles of t agree to 1e-9
      EXPECT_NEAR(*mine->high, bound[2], 1e-7 * error);
      if (bound[0] == 0.975) {
        EXPECT_EQ(*found.low, *mine->low) << "both ends at 95 %";
      }
    }
  }
}

TEST(JackknifeTest, HasNoBoundsWhereNothingVaries) {
  const std::vector<double> same(20, 0.1);
  EXPECT_TRUE(JackknifeEstimate(0.1, same, 1, 100, 0.95).bounds.empty());
  std::vector<double> rounded = same;
  rounded[3] += 1e-16;
  EXPECT_FALSE(JackknifeEstimate(0.1, rounded, 1, 100, 0.95).low);
}

TEST(JackknifeTest, CoversTheTrueMeanAsOftenAsItSays) {
  // The jackknife of a mean over 20 groups of 2, of uniform values with mean 0.5: 95 % of the
  // intervals hold it, of 400 between 361 and 397 with probability 0.9995 (binomial).
  std::mt19937 random(11);
  std::uniform_real_distribution<double> uniform;
  int covered = 0;
  for (int trial = 0; trial < 400; ++trial) {
    std::vector<double> groups(20);
    double total = 0;
    for (double& group : groups) total += group = uniform(random) + uniform(random);
    std::vector<double> left_out;
    for (const double group : groups) left_out.push_back((total - group) / 38);
    const verdict::Estimate found = JackknifeEstimate(total / 40, left_out, 1, 40, 0.95);
    if (*found.low <= 0.5 && 0.5 <= *found.high) ++covered;
  }
  EXPECT_GE(covered, 361);
  EXPECT_LE(covered, 397);
}

}  // namespace
}  // namespace tare::evaluate
