#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "pipeline/test_plan_internal.h"
#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(AddDistributionTest, TellsNamesSamplesAndCorruptions) {
  const auto digest = [](const DistributionSource& distribution) {
    StepKey key("evaluate");
    AddDistribution(distribution, key);
    return key.Digest();
  };
  const DistributionSource noise{
      "noise", {.num_samples = 5}, data::CorruptionSpec{data::Corruption::kGaussianNoise, 3}};
  auto other = noise;
  EXPECT_EQ(digest(noise), digest(other));
  other.name = "night";
  EXPECT_NE(digest(noise), digest(other));
  other = noise;
  other.source.num_samples = 6;
  EXPECT_NE(digest(noise), digest(other));
  other = noise;
  other.corruption->severity = 4;
  EXPECT_NE(digest(noise), digest(other));
  other.corruption.reset();
  EXPECT_NE(digest(noise), digest(other));
}

std::unique_ptr<data::Dataset> Animals(const TemporaryFolder& folder) {
  const std::string path = folder.path() + "/animals.csv";
  EXPECT_TRUE(WriteFileAtomic(path, "weight,kind\n1,cat\n2,dog\n3,cat\n"));
  return data::OpenDataset(path).value();
}

TEST(ClassLabelsTest, NumbersTextByTheOrderOfTheProject) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const auto animals = Animals(*folder);
  TestPlan plan;
  plan.label = "kind";
  const std::vector<int64_t> samples = {0, 1, 2};
  EXPECT_THAT(*ClassLabels(plan, *animals, samples, 2), ElementsAre(0, 1, 0)) << "by name";
  plan.classes = {"dog", "cat"};
  EXPECT_THAT(*ClassLabels(plan, *animals, samples, 2), ElementsAre(1, 0, 1));
  plan.classes = {"dog", "cow"};
  const auto found = ClassLabels(plan, *animals, samples, 2);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(found.error().what, HasSubstr("label 'cat' of"));
  EXPECT_THAT(found.error().next_step, HasSubstr("dog, cow"));
}

TEST(ClassLabelsTest, LooksUpNamesThatSpellNumbers) {
  const auto digits = data::OpenBytes(data::Format::kJsonLines, "{\"y\": \"10\"}\n{\"y\": \"9\"}\n",
                                      "digits.jsonl");
  TestPlan plan;
  plan.label = "y";
  const std::vector<int64_t> samples = {0, 1};
  EXPECT_THAT(*ClassLabels(plan, **digits, samples, 0), ElementsAre(10, 9));
  plan.classes = {"9", "10"};
  EXPECT_THAT(*ClassLabels(plan, **digits, samples, 2), ElementsAre(1, 0));
}

TEST(ColumnsTest, AreThoseThatSlicesAndKpisReadEachOnce) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  TestPlan plan;
  plan.label = "kind";
  plan.slices = {{"a", "label == 0 and width < 3"}, {"b", "width > 5 or height == 1"}};
  EXPECT_THAT(SliceColumns(plan), ElementsAre("width", "height"));
  plan.kpis = {{"gain", "if(correct == 1, weight, -2)"}, {"sum", "weight + kind + label"}};
  EXPECT_THAT(KpiColumns(plan, *Animals(*folder)), ElementsAre("weight"));
}

// Three samples of two features, a label each, and a column.
struct Rows {
  TestPlan plan;
  OpenSource source;
  Rows() = default;
  explicit Rows(const std::vector<float>& x) {
    std::vector<NamedTensor> arrays;
    arrays.push_back({"x", Tensor::Of<float>({3, 2}, x)});
    arrays.push_back({"y", Tensor::Of<int64_t>({3}, std::vector<int64_t>{2, 0, 1})});
    arrays.push_back({"width", Tensor::Of<int64_t>({3}, std::vector<int64_t>{10, 11, 12})});
    source.dataset = data::MakeDataset("rows.npz", std::move(arrays)).value();
    plan.task = verdict::Task::kClassification;
    plan.label = "y";
    plan.slices = {{"wide", "width > 10"}};
    const ValueInfo input{"x", DType::kFloat32, {-1, 2}};
    source.feed = std::make_unique<data::Feed>(
        data::Feed::Bind(*source.dataset, std::span(&input, 1), {}, "y").value());
  }
};

TEST(SplitBatchesTest, YieldsTheChosenSamplesWithLabelsAndColumns) {
  const Rows rows({1, 2, 3, 4, 5, 6});
  SplitBatches batches(rows.plan, rows.source, {2, 0});
  EXPECT_EQ(batches.num_samples(), 2);
  const auto batch = batches.Next();
  ASSERT_TRUE(batch && *batch) << batch.error().what;
  EXPECT_EQ((*batch)->num_valid, 2);
  EXPECT_THAT((*batch)->inputs[0].value.data<float>(), ElementsAre(5, 6, 1, 2));
  EXPECT_THAT((*batch)->labels, ElementsAre(1, 2));
  ASSERT_EQ((*batch)->columns.size(), 1U);
  EXPECT_EQ((*batch)->columns[0].name, "width");
  EXPECT_THAT((*batch)->columns[0].values, ElementsAre(12, 10));
  const auto end = batches.Next();
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

TEST(SplitBatchesTest, NamesTheSampleThatIsNotFinite) {
  const Rows rows({1, 2, 3, std::numeric_limits<float>::quiet_NaN(), 5, 6});
  SplitBatches without(rows.plan, rows.source, {2, 0});
  EXPECT_TRUE(without.Next());
  SplitBatches batches(rows.plan, rows.source, {0, 1});
  const auto batch = batches.Next();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(batch.error().what, "input 'x' holds nan in sample 1, from array 'x' of rows.npz");
  EXPECT_EQ(batch.error().next_step, "repair or leave out that sample");
}

}  // namespace
}  // namespace tare::pipeline
