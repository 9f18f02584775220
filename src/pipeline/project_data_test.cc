#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "pipeline/distributions_internal.h"
#include "pipeline/project_data_internal.h"
#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Project ProjectOf(const std::string& calibration, const std::string& search,
                  const std::string& test) {
  Project project;
  project.calibration.path = calibration;
  project.search.path = search;
  project.test.path = test;
  return project;
}

std::vector<size_t> SizesOf(const Result<SplitSamples>& samples) {
  EXPECT_TRUE(samples);
  return {samples->calibration.size(), samples->search.size(), samples->test.size()};
}

TEST(ChooseSplitsTest, LeavesHalfOfOneFileForTheTest) {
  const auto project = ProjectOf("all.csv", "all.csv", "all.csv");
  const auto samples = ChooseSplits(project, {"d", "d", "d"}, {100, 100, 100});
  EXPECT_THAT(SizesOf(samples), ElementsAre(25, 25, 50));
  std::set<int64_t> all;
  for (const auto* part : {&samples->calibration, &samples->search, &samples->test})
    all.insert(part->begin(), part->end());
  EXPECT_EQ(all.size(), 100U) << "no sample is in two splits";
}

TEST(ChooseSplitsTest, TakesHalfOfAFileOfItsOwnUpToTheDefault) {
  const auto project = ProjectOf("a.csv", "b.csv", "c.csv");
  EXPECT_THAT(SizesOf(ChooseSplits(project, {"a", "b", "c"}, {100, 100, 30})),
              ElementsAre(50, 50, 30));
  EXPECT_THAT(SizesOf(ChooseSplits(project, {"a", "b", "c"}, {10'000, 10'000, 7})),
              ElementsAre(300, 2000, 7));
  EXPECT_THAT(SizesOf(ChooseSplits(project, {"a", "b", "c"}, {1, 1, 1})), ElementsAre(1, 1, 1));
}

TEST(ChooseSplitsTest, TakesWhatIsAskedForAndRefusesMoreThanThereIs) {
  auto project = ProjectOf("a.csv", "b.csv", "c.csv");
  project.calibration.num_samples = 7;
  project.test.num_samples = 5;
  EXPECT_THAT(SizesOf(ChooseSplits(project, {"a", "b", "c"}, {10, 10, 10})), ElementsAre(7, 5, 5));
  project.calibration.num_samples = 11;
  const auto found = ChooseSplits(project, {"a", "b", "c"}, {10, 10, 10});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(found.error().what, HasSubstr("a.csv"));
}

TEST(SourceNameTest, IsWithoutFolders) {
  EXPECT_EQ(SourceName({.path = "/home/me/train.npz"}), "train.npz");
  EXPECT_EQ(SourceName({.arrays = {{"x", "data/images.gz"}, {"y", "data/labels.gz"}}}),
            "images.gz, labels.gz");
}

TEST(SamplesDigestTest, TellsOrderAndContent) {
  EXPECT_EQ(SamplesDigest({1, 2}), SamplesDigest({1, 2}));
  EXPECT_NE(SamplesDigest({1, 2}), SamplesDigest({2, 1}));
  // SHA-256 of no bytes.
  EXPECT_EQ(SamplesDigest({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(FileDigestsTest, IsTheFilesOwnForOneFileAndOfAllForSeveral) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const std::string abc = folder->path() + "/abc";
  const std::string copy = folder->path() + "/copy";
  ASSERT_TRUE(WriteFileAtomic(abc, "abc"));
  ASSERT_TRUE(WriteFileAtomic(copy, "abc"));
  FileDigests digests;
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(*digests.Of({.path = abc}),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const auto both = digests.Of({.arrays = {{"x", abc}, {"y", copy}}});
  EXPECT_EQ(*both, *digests.Of({.arrays = {{"x", copy}, {"y", abc}}})) << "content, not paths";
  EXPECT_NE(*both, *digests.Of({.arrays = {{"y", abc}, {"x", copy}}})) << "which array is which";
  EXPECT_EQ(digests.Of({.path = folder->path() + "/none"}).error().code, ErrorCode::kNotFound);
}

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
  Project project;
  project.label = "kind";
  const std::vector<int64_t> samples = {0, 1, 2};
  EXPECT_THAT(*ClassLabels(project, *animals, samples, 2), ElementsAre(0, 1, 0)) << "by name";
  project.classes = {"dog", "cat"};
  EXPECT_THAT(*ClassLabels(project, *animals, samples, 2), ElementsAre(1, 0, 1));
  project.classes = {"dog", "cow"};
  const auto found = ClassLabels(project, *animals, samples, 2);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(found.error().what, HasSubstr("label 'cat' of"));
  EXPECT_THAT(found.error().next_step, HasSubstr("dog, cow"));
}

TEST(ColumnsTest, AreThoseThatSlicesAndKpisReadEachOnce) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  Project project;
  project.label = "kind";
  project.slices = {{"a", "label == 0 and width < 3"}, {"b", "width > 5 or height == 1"}};
  EXPECT_THAT(SliceColumns(project), ElementsAre("width", "height"));
  project.kpis = {{"gain", "if(correct == 1, weight, -2)"}, {"sum", "weight + kind + label"}};
  EXPECT_THAT(KpiColumns(project, *Animals(*folder)), ElementsAre("weight"));
}

// Three samples of two features, a label each, and a column.
struct Rows {
  Project project;
  OpenSource source;
  Rows() = default;
  explicit Rows(const std::vector<float>& x) {
    std::vector<NamedTensor> arrays;
    arrays.push_back({"x", Tensor::Of<float>({3, 2}, x)});
    arrays.push_back({"y", Tensor::Of<int64_t>({3}, std::vector<int64_t>{2, 0, 1})});
    arrays.push_back({"width", Tensor::Of<int64_t>({3}, std::vector<int64_t>{10, 11, 12})});
    source.dataset = data::MakeDataset("rows.npz", std::move(arrays)).value();
    project.task = "classification";
    project.label = "y";
    project.slices = {{"wide", "width > 10"}};
    const ValueInfo input{"x", DType::kFloat32, {-1, 2}};
    source.feed = std::make_unique<data::Feed>(
        data::Feed::Bind(*source.dataset, std::span(&input, 1), {}, "y").value());
  }
};

TEST(SplitBatchesTest, YieldsTheChosenSamplesWithLabelsAndColumns) {
  const Rows rows({1, 2, 3, 4, 5, 6});
  SplitBatches batches(rows.project, rows.source, {2, 0});
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
  SplitBatches without(rows.project, rows.source, {2, 0});
  EXPECT_TRUE(without.Next());
  SplitBatches batches(rows.project, rows.source, {0, 1});
  const auto batch = batches.Next();
  ASSERT_FALSE(batch);
  EXPECT_EQ(batch.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(batch.error().what, "input 'x' holds nan in sample 1");
  EXPECT_EQ(batch.error().next_step, "repair or leave out that sample");
}

}  // namespace
}  // namespace tare::pipeline
