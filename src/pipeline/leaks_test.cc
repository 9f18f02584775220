#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "pipeline/leaks_internal.h"
#include "tare/core/random.h"
#include "tare/data/dataset.h"

namespace tare::pipeline {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

constexpr int64_t kWidth = 8;

std::vector<double> RandomRows(int64_t count, uint64_t seed) {
  Random random(seed);
  std::vector<double> values(static_cast<size_t>(count * kWidth));
  for (double& value : values) value = random.Uniform();
  return values;
}

// Row `from` of `source` becomes row `to`, each number 1e-6 further: nearly the same.
void CopyNearly(const std::vector<double>& source, size_t from, std::vector<double>& values,
                size_t to) {
  for (size_t i = 0; i < kWidth; ++i) values[to * kWidth + i] = source[from * kWidth + i] + 1e-6;
}

struct Sets {
  std::unique_ptr<data::Dataset> calibration, search, test;
  std::vector<data::Split> splits;
};

std::unique_ptr<data::Dataset> DatasetOf(const std::vector<double>& values,
                                         const std::string& source) {
  std::vector<NamedTensor> arrays;
  arrays.push_back({"x", Tensor::Of<double>({std::ssize(values) / kWidth, kWidth}, values)});
  return data::MakeDataset(source, std::move(arrays)).value();
}

Sets SetsOf(const std::vector<double>& calibration, const std::vector<double>& test) {
  Sets sets{DatasetOf(calibration, "train.npy"),
            DatasetOf(RandomRows(50, 99), "search.npy"),
            DatasetOf(test, "test.npy"),
            {}};
  const std::pair<const char*, const data::Dataset*> named[] = {
      {"calibration", sets.calibration.get()},
      {"search", sets.search.get()},
      {"test", sets.test.get()}};
  for (const auto& [name, dataset] : named) {
    data::Split split{
        name, dataset, {"x"}, std::vector<int64_t>(static_cast<size_t>(dataset->num_samples()))};
    std::iota(split.samples.begin(), split.samples.end(), int64_t{0});
    sets.splits.push_back(std::move(split));
  }
  return sets;
}

TEST(FindLeaksTest, PassesDisjointSplits) {
  const Sets sets = SetsOf(RandomRows(100, 1), RandomRows(500, 2));
  const auto leaks = FindLeaks(sets.splits, false, NoProgress());
  ASSERT_TRUE(leaks) << leaks.error().what;
  EXPECT_EQ(leaks->num_duplicates, 0);
  EXPECT_TRUE(leaks->looked_for_near);
  EXPECT_THAT(leaks->warning, IsEmpty());
}

TEST(FindLeaksTest, StopsAtOneExactDuplicateAndSaysHowToGoOn) {
  const auto calibration = RandomRows(100, 1);
  auto test = RandomRows(2000, 2);
  std::copy_n(calibration.begin(), kWidth, test.begin());
  const Sets sets = SetsOf(calibration, test);
  const auto leaks = FindLeaks(sets.splits, false, NoProgress());
  ASSERT_FALSE(leaks);
  EXPECT_EQ(leaks.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(
      leaks.error().what,
      HasSubstr("test sample 0 (test.npy) is the same as calibration sample 0 (train.npy)"));
  EXPECT_THAT(leaks.error().next_step, HasSubstr("'allow_leak: true' under data"));
  const auto allowed = FindLeaks(sets.splits, true, NoProgress());
  ASSERT_TRUE(allowed) << allowed.error().what;
  EXPECT_EQ(allowed->num_duplicates, 1);
  EXPECT_EQ(allowed->warning, "calibration and test share 1 sample (exactly)");
}

TEST(FindLeaksTest, StopsAtNearDuplicates) {
  const auto calibration = RandomRows(100, 1);
  auto test = RandomRows(500, 2);
  CopyNearly(calibration, 7, test, 11);
  const Sets sets = SetsOf(calibration, test);
  const auto leaks = FindLeaks(sets.splits, false, NoProgress());
  ASSERT_FALSE(leaks);
  EXPECT_EQ(leaks.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(leaks.error().what,
              HasSubstr("test sample 11 (test.npy) is nearly calibration sample 7 (train.npy)"));
  EXPECT_THAT(leaks.error().next_step, HasSubstr("tare data check"));
  EXPECT_EQ(FindLeaks(sets.splits, true, NoProgress())->warning,
            "calibration and test share 1 sample (nearly)");
}

TEST(FindLeaksTest, WarnsOfOneNearDuplicateInAThousand) {
  const auto calibration = RandomRows(100, 1);
  auto test = RandomRows(1000, 2);
  CopyNearly(calibration, 7, test, 11);
  const Sets one = SetsOf(calibration, test);
  const auto leaks = FindLeaks(one.splits, false, NoProgress());
  ASSERT_TRUE(leaks) << leaks.error().what;
  EXPECT_EQ(leaks->warning, "calibration and test share 1 sample (nearly)");
  CopyNearly(calibration, 8, test, 12);
  const Sets two = SetsOf(calibration, test);
  EXPECT_FALSE(FindLeaks(two.splits, false, NoProgress()));
}

}  // namespace
}  // namespace tare::pipeline
