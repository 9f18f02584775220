#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "data/corrupt/corrupt_table_internal.h"
#include "data/splits_internal.h"

namespace tare::data {
namespace {

TEST(DescribeColumnsTest, GivesMeanAndSpreadOfEachColumn) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> values = {1, 10, nan, 3, 10, nan, 5, nan, nan};
  const auto facts = DescribeColumns(std::span<const float>(values), 3);
  ASSERT_EQ(facts.size(), 3U);
  EXPECT_DOUBLE_EQ(facts[0].mean, 3);
  EXPECT_DOUBLE_EQ(facts[0].spread, std::sqrt(8.0 / 3));
  EXPECT_DOUBLE_EQ(facts[1].mean, 10);
  EXPECT_DOUBLE_EQ(facts[1].spread, 0);
  EXPECT_DOUBLE_EQ(facts[2].mean, 0);
}

TEST(CorruptTableTest, ShiftsByAShareOfTheSpread) {
  const std::vector<ColumnFacts> facts = {{0, 2}, {5, 0}};
  const double shares[] = {0.1, 0.2, 0.3, 0.5, 0.8};
  for (int severity = 1; severity <= 5; ++severity) {
    std::vector<double> values = {1, 5};
    ASSERT_TRUE(CorruptTable({TableCorruption::kShifted, severity}, facts, NumbersFrom(0, 1),
                             std::span(values)));
    EXPECT_DOUBLE_EQ(values[0], 1 + 2 * shares[severity - 1]);
    EXPECT_EQ(values[1], 5);
  }
}

TEST(CorruptTableTest, AddsNormalNoiseOfAShareOfTheSpread) {
  constexpr size_t kRows = 20000;
  const std::vector<ColumnFacts> facts = {{100, 4}, {0, 0}, {1, 1}};
  std::vector<double> values;
  for (size_t i = 0; i < kRows; ++i) values.insert(values.end(), {100, 7, 1});
  ASSERT_TRUE(
      CorruptTable({TableCorruption::kNoise, 4}, facts, NumbersFrom(0, kRows), std::span(values)));
  const auto after = DescribeColumns(std::span<const double>(values), 3);
  // 20,000 draws: the deviation of the mean is 2 / sqrt(20000) = 0.014, of the spread 0.5 % of 2.
  EXPECT_NEAR(after[0].mean, 100, 0.06);
  EXPECT_NEAR(after[0].spread, 0.5 * 4, 0.04);
  EXPECT_EQ(after[1].mean, 7);
  EXPECT_NEAR(after[2].spread, 0.5, 0.01);
}

TEST(CorruptTableTest, SetsAShareToTheMeanOrToAValue) {
  constexpr size_t kRows = 10000;
  const std::vector<ColumnFacts> facts = {{3, 1}};
  std::vector<float> values(kRows, 9.0F);
  ASSERT_TRUE(CorruptTable({TableCorruption::kMissing, 3}, facts, NumbersFrom(0, kRows),
                           std::span(values)));
  const auto missing = static_cast<double>(std::ranges::count(values, 3.0F));
  EXPECT_EQ(std::ranges::count(values, 9.0F),
            static_cast<int64_t>(kRows) - static_cast<int64_t>(missing));
  EXPECT_NEAR(missing / kRows, 0.2, 0.016);  // 4 deviations of a share of 10,000
  std::vector<float> empty(kRows, 9.0F);
  CorruptTableOptions options{TableCorruption::kMissing, 3};
  options.missing_value = std::numeric_limits<double>::quiet_NaN();
  ASSERT_TRUE(CorruptTable(options, facts, NumbersFrom(0, kRows), std::span(empty)));
  for (size_t i = 0; i < kRows; ++i) EXPECT_EQ(std::isnan(empty[i]), values[i] == 3.0F);
}

TEST(CorruptTableTest, DependsOnTheSampleAndNotOnTheBatch) {
  const std::vector<ColumnFacts> facts = {{0, 1}, {0, 1}};
  std::vector<float> all(20, 0.0F);
  ASSERT_TRUE(
      CorruptTable({TableCorruption::kNoise, 2}, facts, NumbersFrom(0, 10), std::span(all)));
  const int64_t seventh[] = {7};
  std::vector<float> one(2, 0.0F);
  ASSERT_TRUE(CorruptTable({TableCorruption::kNoise, 2}, facts, seventh, std::span(one)));
  EXPECT_EQ(one, (std::vector<float>{all[14], all[15]}));
  std::vector<float> other(2, 0.0F);
  ASSERT_TRUE(CorruptTable({TableCorruption::kNoise, 2, 99}, facts, seventh, std::span(other)));
  EXPECT_NE(one, other);
}

TEST(CorruptTableTest, RefusesWhatItDoesNotKnow) {
  std::vector<float> values(1);
  const std::vector<ColumnFacts> facts(1);
  EXPECT_EQ(CorruptTable({TableCorruption::kNoise, 0}, facts, NumbersFrom(0, 1), std::span(values))
                .error()
                .next_step,
            "give 1 to 5");
  EXPECT_EQ(FindTableCorruption("shifted").value(), TableCorruption::kShifted);
  EXPECT_EQ(FindTableCorruption("mising").error().next_step, "did you mean 'missing'?");
  EXPECT_EQ(FindTableCorruption("rain").error().next_step, "choose of noise, missing, shifted");
}

}  // namespace
}  // namespace tare::data
