#include "tare/verdict/task.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tare/verdict/metric_info.h"

namespace tare::verdict {
namespace {

TEST(TaskTest, IsReadFromItsName) {
  for (int i = 0; i <= static_cast<int>(Task::kObjectDetection); ++i) {
    const auto task = static_cast<Task>(i);
    const auto read = ParseTask(TaskName(task));
    ASSERT_TRUE(read) << TaskName(task);
    EXPECT_EQ(*read, task);
  }
  EXPECT_EQ(TaskName(Task::kMultiLabel), "multi_label");
}

TEST(TaskTest, NamesTheNearestOfAnUnknownOne) {
  const auto near = ParseTask("clasification");
  ASSERT_FALSE(near);
  EXPECT_EQ(near.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(near.error().what, "unknown task 'clasification'");
  EXPECT_EQ(
      near.error().next_step,
      "did you mean 'classification'? the tasks are outputs, classification, multi_label, "
      "regression, token_classification, embedding, question_answering, generation, retrieval, "
      "object_detection");
  EXPECT_THAT(ParseTask("").error().next_step, testing::StartsWith("the tasks are outputs"));
}

TEST(TaskTest, HasAHeadlineThatIsAMetricButForOutputs) {
  for (int i = 1; i <= static_cast<int>(Task::kObjectDetection); ++i) {
    const auto task = static_cast<Task>(i);
    EXPECT_NE(FindMetricInfo(HeadlineMetric(task)), nullptr) << TaskName(task);
  }
  EXPECT_EQ(HeadlineMetric(Task::kRegression), "r2");
  EXPECT_EQ(HeadlineMetric(Task::kOutputs), "");
  EXPECT_EQ(HeadlineMetric(std::nullopt), "");
}

}  // namespace
}  // namespace tare::verdict
