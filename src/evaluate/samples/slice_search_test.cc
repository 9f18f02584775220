#include <gtest/gtest.h>

#include <random>

#include "evaluate/samples/slice_search_internal.h"
#include "tare/evaluate/samples/slices.h"

namespace tare::evaluate {
namespace {

struct Data {
  std::vector<float> label, size, weight;
  std::vector<uint8_t> damaged;

  SliceSearchResult Search() const {
    const SearchColumn columns[] = {{"label", label}, {"size", size}, {"weight", weight}};
    return FindDamagedSlices(columns, damaged);
  }
};

// 1 % of samples are damaged, and `extra` of those of label 3 whose size is among the least
// quarter.
Data Make(uint32_t seed, double extra) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform;
  Data data;
  for (int i = 0; i < 4'000; ++i) {
    data.label.push_back(static_cast<float>(i % 10));
    data.size.push_back(uniform(random));
    data.weight.push_back(uniform(random));
    const bool planted = data.label.back() == 3 && data.size.back() < 0.25F;
    data.damaged.push_back(uniform(random) < (planted ? 0.01 + extra : 0.01) ? 1 : 0);
  }
  return data;
}

TEST(FindDamagedSlicesTest, FindsWhatWasPlanted) {
  const Data data = Make(1, 0.3);
  const auto found = data.Search().found;
  ASSERT_FALSE(found.empty());
  EXPECT_NE(found[0].where.find("label == 3"), std::string::npos) << found[0].where;
  EXPECT_NE(found[0].where.find("size < 0.2"), std::string::npos) << found[0].where;
  EXPECT_LT(found[0].p_holm, 1e-6);
  // The text is a slice that a user can copy, and the counts are those of its members.
  const auto where = SliceExpression::Parse(found[0].where);
  ASSERT_TRUE(where);
  int64_t n = 0;
  int64_t damaged = 0;
  for (size_t i = 0; i < data.damaged.size(); ++i) {
    const double values[] = {data.label[i], data.size[i]};
    if (!where->Matches(values)) continue;
    ++n;
    damaged += data.damaged[i];
  }
  EXPECT_EQ(found[0].damaged, damaged);
  // The printed cut has 6 digits; a sample may fall between it and the exact one.
  EXPECT_NEAR(static_cast<double>(found[0].n), static_cast<double>(n), 1);
}

TEST(FindDamagedSlicesTest, FindsNothingWhereThereIsNothing) {
  int false_alarms = 0;
  for (uint32_t seed = 100; seed < 300; ++seed)
    false_alarms += Make(seed, 0).Search().found.empty() ? 0 : 1;
  // At most 5 % of 200 are expected; 10 and three standard deviations.
  EXPECT_LE(false_alarms, 19);
}

TEST(FindDamagedSlicesTest, AgreesWithFishersExactTest) {
  // 8 of 40 damaged in the slice, 2 of 160 elsewhere. By exact integers: (C(10,8) C(190,32) +
  // C(10,9) C(190,31) + C(10,10) C(190,30)) / C(200,40) = 4.5558e-5, and two conditions were
  // possible.
  std::vector<float> column;
  std::vector<uint8_t> damaged;
  for (int i = 0; i < 200; ++i) {
    column.push_back(i < 40 ? 1 : 0);
    damaged.push_back(i < 8 || i >= 198 ? 1 : 0);
  }
  const SearchColumn columns[] = {{"a", column}};
  const auto [num_tests, found] = FindDamagedSlices(columns, damaged);
  EXPECT_EQ(num_tests, 2);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].where, "a == 1");
  EXPECT_EQ(found[0].n, 40);
  EXPECT_EQ(found[0].damaged, 8);
  EXPECT_EQ(found[0].rest_damaged, 2);
  EXPECT_NEAR(found[0].p_holm, 9.111623341654893e-05, 1e-14);
  EXPECT_NEAR(found[0].p, 9.111623341654893e-05 / 2, 1e-14);
  ASSERT_EQ(std::ssize(found[0].members), found[0].n);
  for (int64_t i = 0; i < found[0].n; ++i) EXPECT_EQ(found[0].members[static_cast<size_t>(i)], i);
}

TEST(FindDamagedSlicesTest, TakesEmptyAndUniformData) {
  EXPECT_TRUE(FindDamagedSlices({}, {}).found.empty());
  const std::vector<float> column(100, 1);
  const SearchColumn columns[] = {{"a", column}};
  EXPECT_TRUE(FindDamagedSlices(columns, std::vector<uint8_t>(100, 1)).found.empty());
  EXPECT_TRUE(FindDamagedSlices(columns, std::vector<uint8_t>(100, 0)).found.empty());
}

TEST(SliceSearchTest, EqualSamplesMayStandInOnePlace) {
  // 400 samples of four labels; label 2 holds most of the damage.
  std::vector<float> labels, kinds;
  std::vector<uint8_t> damaged, of_kinds;
  std::vector<int64_t> sizes;
  for (int label = 0; label < 4; ++label) {
    for (const bool is_damaged : {false, true}) {
      const int64_t size = is_damaged ? (label == 2 ? 30 : 3) : (label == 2 ? 70 : 97);
      kinds.push_back(static_cast<float>(label));
      of_kinds.push_back(is_damaged ? 1 : 0);
      sizes.push_back(size);
      for (int64_t i = 0; i < size; ++i) {
        labels.push_back(static_cast<float>(label));
        damaged.push_back(is_damaged ? 1 : 0);
      }
    }
  }
  const std::vector<SearchColumn> one_each = {{"label", labels, true}};
  const std::vector<SearchColumn> together = {{"label", kinds, true}};
  const auto expected = FindDamagedSlices(one_each, damaged);
  const auto found = FindDamagedSlices(together, of_kinds, {}, sizes);
  ASSERT_EQ(expected.found.size(), 1U);
  ASSERT_EQ(found.found.size(), 1U);
  EXPECT_EQ(found.found[0].where, "label == 2");
  EXPECT_EQ(found.found[0].n, 100);
  EXPECT_EQ(found.found[0].damaged, 30);
  EXPECT_EQ(found.found[0].p, expected.found[0].p);
}

}  // namespace
}  // namespace tare::evaluate
