// Opening files as datasets: detection, several files, tensors in memory, clear refusals.

#include "tare/data/dataset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/test_files_internal.h"
#include "tare/core/parallel.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(OpenDatasetTest, RefusesFoldersMissingAndEmptyFiles) {
  const auto folder = OpenDataset(StoredFile(""));
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(folder.error().next_step, HasSubstr("folder of its class"));
  EXPECT_EQ(OpenDataset("/nonexistent/x.npz").error().code, ErrorCode::kNotFound);
  const FileWith empty("x.npz", "");
  EXPECT_EQ(OpenDataset(empty.path()).error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(OpenDataset("/dev/zero").error().code, ErrorCode::kInvalidArgument);
}

TEST(OpenDatasetTest, NamesWhatIsReadableForAnotherFormat) {
  const FileWith file("x.h5", "\x89HDF\r\n\x1a\n");
  const auto dataset = OpenDataset(file.path());
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(dataset.error().next_step, HasSubstr(".parquet"));
}

TEST(OpenDatasetTest, BlamesAFileThatIsNotWhatItsNameSays) {
  const FileWith file("x.npz", "hello");
  EXPECT_EQ(OpenDataset(file.path()).error().code, ErrorCode::kDataLoss);
}

TEST(OpenDatasetTest, NamesAGitLfsPointer) {
  for (const char* name : {"x.csv", "x.npz", "x.jsonl"}) {
    const FileWith file(name, "version https://git-lfs.github.com/spec/v1\nsize 12\n");
    const auto dataset = OpenDataset(file.path());
    ASSERT_FALSE(dataset) << name;
    EXPECT_THAT(dataset.error().what, testing::HasSubstr("a git-lfs pointer"));
  }
}

TEST(OpenDatasetTest, GoesByContentWhereTheNameSaysNothing) {
  const FileWith npz("renamed.bin", StoredBytes("stored.npz"));
  EXPECT_TRUE(OpenDataset(npz.path()));
  const FileWith lines("log.txt", "{\"a\": 1}\n");
  EXPECT_TRUE(OpenDataset(lines.path()));
}

TEST(DatasetTest, ServesSeveralThreadsAtOnce) {  // members are decoded at the first read
  for (const char* name : {"large_deflated.npz", "stored.npz", "fortran.npy", "iris.csv"}) {
    const auto dataset = OpenStored(name);
    const std::string array = dataset->arrays()[0].name;
    const Tensor expected = ReadAll(*OpenStored(name), array);
    std::vector<int> is_equal(8, 0);
    ParallelFor(8, 4, [&](int64_t i) {
      const auto tensor = dataset->Read(array, AllSamples(*dataset));
      const auto digest = dataset->Digest();
      is_equal[static_cast<size_t>(i)] = tensor && digest && *tensor == expected ? 1 : 0;
    });
    EXPECT_THAT(is_equal, testing::Each(1)) << name;
  }
}

TEST(OpenArraysTest, PutsArraysOfSeveralFilesTogether) {
  const std::vector<ArrayFile> files{{"x", StoredFile("t-images-idx3-ubyte")},
                                     {"y", StoredFile("table.parquet")}};
  EXPECT_THAT(OpenArrays(files).error().what, HasSubstr("has no array 'y'"));
  const std::vector<ArrayFile> named{{"x", StoredFile("t-images-idx3-ubyte")},
                                     {"a", StoredFile("table.parquet")}};
  const auto dataset = OpenArrays(named);
  ASSERT_TRUE(dataset) << dataset.error().what;
  EXPECT_EQ((*dataset)->num_samples(), 5);
  EXPECT_THAT(ArrayNames(**dataset), ElementsAre("x", "a"));
  EXPECT_THAT(ReadAll(**dataset, "a").data<int32_t>(), ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ((*dataset)->Digest()->size(), 64U);
}

TEST(OpenArraysTest, RefusesFilesOfOtherSamples) {
  const std::vector<ArrayFile> files{{"x", StoredFile("int8.npy")},
                                     {"y", StoredFile("scalar.npy")}};
  const auto dataset = OpenArrays(files);
  ASSERT_FALSE(dataset);
  EXPECT_EQ(dataset.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(dataset.error().what, HasSubstr("has 3 samples"));
  EXPECT_FALSE(OpenArrays({}));
  const std::vector<ArrayFile> twice{{"x", StoredFile("int8.npy")}, {"x", StoredFile("int8.npy")}};
  EXPECT_THAT(OpenArrays(twice).error().what, HasSubstr("twice"));
}

TEST(MakeDatasetTest, ServesTensors) {
  std::vector<NamedTensor> tensors;
  tensors.push_back({"x", Tensor::Of<float>({2, 2}, std::vector<float>{1, 2, 3, 4})});
  tensors.push_back({"y", Tensor::Of<int64_t>({2}, std::vector<int64_t>{7, 8})});
  const auto dataset = MakeDataset("memory", std::move(tensors));
  ASSERT_TRUE(dataset);
  const std::vector<int64_t> samples{1, 1, 0};
  EXPECT_THAT((*dataset)->Read("x", samples)->data<float>(), ElementsAre(3, 4, 3, 4, 1, 2));
  EXPECT_FALSE(MakeDataset("memory", {}));
  std::vector<NamedTensor> uneven;
  uneven.push_back({"x", Tensor::Of<float>({2}, std::vector<float>{1, 2})});
  uneven.push_back({"y", Tensor::Of<float>({1}, std::vector<float>{1})});
  EXPECT_THAT(MakeDataset("memory", std::move(uneven)).error().what, HasSubstr("'y'"));
}

TEST(MakeDatasetTest, GivesOneDigestForOneContent) {
  const auto digest = [](const std::vector<float>& values) {
    std::vector<NamedTensor> tensors;
    tensors.push_back({"x", Tensor::Of<float>({2}, values)});
    return *MakeDataset("memory", std::move(tensors)).value()->Digest();
  };
  EXPECT_EQ(digest({1, 2}), digest({1, 2}));
  EXPECT_NE(digest({1, 2}), digest({2, 1}));
}

}  // namespace
}  // namespace tare::data
