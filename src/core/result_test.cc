#include "tare/core/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tare {
namespace {

Result<int> Half(int value) {
  if (value % 2 != 0) return InvalidArgument(StrCat(value, " is odd"), "give an even number");
  return value / 2;
}

Result<int> Quarter(int value) {
  TARE_TRY(const int half, Half(value));
  return Half(half).While("halving again");
}

TEST(ResultTest, CarriesAValue) {
  const auto result = Quarter(12);
  ASSERT_TRUE(result);
  EXPECT_EQ(*result, 3);
}

TEST(ResultTest, ReturnsTheFirstError) {
  const auto result = Quarter(3);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().what, "3 is odd");
  EXPECT_EQ(result.error().next_step, "give an even number");
  EXPECT_TRUE(result.error().context.empty());
}

TEST(ResultTest, AddsContextOnTheWayUp) {
  const auto result = Quarter(6);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().context, testing::ElementsAre("halving again"));
}

TEST(ResultTest, MovesAMoveOnlyValue) {
  const auto make = []() -> Result<std::unique_ptr<int>> { return std::make_unique<int>(7); };
  const auto use = [&]() -> Result<int> {
    TARE_TRY(const auto owned, make());
    return *owned;
  };
  EXPECT_EQ(*use(), 7);
}

TEST(StrCatTest, JoinsTextNumbersAndTruthValues) {
  EXPECT_EQ(StrCat("a", std::string("b"), 'c', 12, -3LL, 0.5, 1e-7, true), "abc12-30.51e-07true");
}

}  // namespace
}  // namespace tare
