#include "tare/evaluate/cost/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tare/data/dataset.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;

Result<void> CheckedBatches(int64_t extent, std::vector<int64_t> batches) {
  const std::vector<float> values(64);
  TARE_TRY(const auto dataset,
           data::MakeDataset("t.npy", {{"x", Tensor::Of<float>({8, 8}, values)}}));
  const std::vector<ValueInfo> inputs{{"x", DType::kFloat32, {extent, 8}}};
  TARE_TRY(const auto feed, data::Feed::Bind(*dataset, inputs));
  CostOptions costs;
  costs.batches = std::move(batches);
  return CheckBatches(feed, costs);
}

TEST(CheckBatchesTest, TakesAnyBatchOfAModelThatDoes) {
  EXPECT_TRUE(CheckedBatches(-1, {1, 8, 500}));
  EXPECT_TRUE(CheckedBatches(-1, {}));
}

TEST(CheckBatchesTest, TakesOfAFixedBatchOnlyThatOne) {
  EXPECT_TRUE(CheckedBatches(4, {}));
  EXPECT_TRUE(CheckedBatches(4, {4}));
  const auto other = CheckedBatches(4, {4, 8});
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(other.error().what,
              HasSubstr("batch 8 cannot be timed: the model takes batches of 4 only"));
  EXPECT_THAT(other.error().next_step, HasSubstr("leave the batches out"));
}

}  // namespace
}  // namespace tare::evaluate
