#include "tare/stats/multiplicity.h"

#include <gtest/gtest.h>

namespace tare::stats {
namespace {

TEST(HolmTest, MultipliesByWhatIsLeftAndNeverFallsAgain) {
  // By hand: 0.01 * 4, 0.02 * 3 = 0.06, 0.03 * 2 = 0.06, then 0.04 * 1 raised to 0.06.
  const std::vector<double> p = {0.04, 0.01, 0.03, 0.02};
  const auto adjusted = AdjustByHolm(p);
  ASSERT_EQ(adjusted.size(), 4);
  EXPECT_DOUBLE_EQ(adjusted[0], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[1], 0.04);
  EXPECT_DOUBLE_EQ(adjusted[2], 0.06);
  EXPECT_DOUBLE_EQ(adjusted[3], 0.06);
}

TEST(HolmTest, StaysWithinOneAndStandsNothing) {
  EXPECT_TRUE(AdjustByHolm({}).empty());
  const std::vector<double> p = {0.9, 0.8};
  EXPECT_EQ(AdjustByHolm(p), (std::vector<double>{1, 1}));
  const std::vector<double> one = {0.3};
  EXPECT_EQ(AdjustByHolm(one), one);
}

}  // namespace
}  // namespace tare::stats
