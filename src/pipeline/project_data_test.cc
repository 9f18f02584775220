#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

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

}  // namespace
}  // namespace tare::pipeline
