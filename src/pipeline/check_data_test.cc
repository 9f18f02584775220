#include "tare/pipeline/check_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

class CheckFilesTest : public testing::Test {
 protected:
  CheckFilesTest() : folder_(TemporaryFolder::Create().value()) {}
  std::string Write(const std::string& name, const std::string& text) const {
    std::string path = folder_.path() + "/" + name;
    EXPECT_TRUE(WriteFileAtomic(path, text));
    return path;
  }
  TemporaryFolder folder_;
};

TEST_F(CheckFilesTest, FindsTheRowThatTrainingAndTestShare) {
  const auto train = Write("train.csv", "a,b,label\n1,2,0\n3,4,1\n5,6,0\n");
  const auto test = Write("test.csv", "a,b,label\n7,8,1\n3,4,1\n");
  const auto found = CheckFiles({{"calibration", train}, {"test", test}}, {}, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  ASSERT_EQ(found->splits.size(), 2U);
  EXPECT_EQ(found->splits[0].num_samples, 3);
  // The label was not named: it is the column of that name.
  EXPECT_EQ(found->splits[0].classes, (std::map<std::string, int64_t>{{"0", 2}, {"1", 1}}));
  ASSERT_TRUE(found->has_leak());
  EXPECT_EQ(found->findings[0].n, 1);
}

TEST_F(CheckFilesTest, DifferentRowsAreNoLeak) {
  const auto train = Write("train.csv", "a,b,label\n1,2,0\n3,4,1\n");
  const auto test = Write("test.csv", "a,b,label\n7,8,1\n9,1,0\n");
  const auto found = CheckFiles({{"calibration", train}, {"test", test}}, {}, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_FALSE(found->has_leak());
}

TEST_F(CheckFilesTest, TakesTheLabelThatIsNamed) {
  const auto path = Write("all.csv", "a,b,label,kind\n1,2,0,cat\n3,4,1,cat\n5,6,0,cat\n");
  const auto found = CheckFiles({{"all", path}}, {.label = "kind"}, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->splits[0].classes, (std::map<std::string, int64_t>{{"cat", 3}}));
}

TEST_F(CheckFilesTest, SaysWhichSetCannotBeOpened) {
  const auto found = CheckFiles({{"test", folder_.path() + "/none.csv"}}, {}, NoProgress());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(found.error().context.back(), "opening the test set");
  EXPECT_EQ(CheckFiles({}, {}, NoProgress()).error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace tare::pipeline
