// Which samples of a file calibrate, and that an evaluation can leave them out.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "graph/model_builder.h"
#include "pipeline/sample_division_internal.h"
#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

TEST(DivideSamplesTest, ChoosesTheSameDisjointSamplesEachTime) {
  const auto first = DivideSamples(30, {7, 20, 10});
  ASSERT_TRUE(first) << first.error().what;
  std::set<int64_t> all(first->calibration.begin(), first->calibration.end());
  all.insert(first->check.begin(), first->check.end());
  EXPECT_EQ(first->calibration.size(), 20);
  EXPECT_EQ(first->check.size(), 10);
  EXPECT_EQ(all.size(), 30);
  EXPECT_EQ(DivideSamples(30, {7, 20, 10})->calibration, first->calibration);
  EXPECT_NE(DivideSamples(30, {8, 20, 10})->calibration, first->calibration);
  EXPECT_FALSE(DivideSamples(29, {7, 20, 10}));
}

TEST(WithoutCalibrationTest, LeavesOutWhatTheRecipeNamesOfTheSameDataOnly) {
  const auto folder = TemporaryFolder::Create();
  const std::string path = folder->path() + "/r.yaml";
  const auto dataset = data::MakeDataset("test", {{"x", graph::RandomTensor({30, 2}, 1)}});
  ASSERT_TRUE(dataset) << dataset.error().what;
  quantize::Recipe recipe;
  recipe.data_digest = *(*dataset)->Digest();
  recipe.samples = quantize::DataUse{7, 20, 10};
  std::vector<int64_t> all;
  for (int64_t i = 0; i < 30; ++i) all.push_back(i);
  const auto rest = [&] {
    EXPECT_TRUE(WriteFileAtomic(path, quantize::RecipeText(recipe)));
    auto left = WithoutCalibration(all, path, **dataset);
    EXPECT_TRUE(left) << left.error().what;
    return left ? *left : std::vector<int64_t>();
  };
  auto check = DivideSamples(30, {7, 20, 10})->check;
  std::ranges::sort(check);
  EXPECT_EQ(rest(), check);
  recipe.data_digest = "another";
  EXPECT_EQ(rest(), all);
  recipe.samples.reset();
  EXPECT_EQ(rest(), all);
}

}  // namespace
}  // namespace tare::pipeline
