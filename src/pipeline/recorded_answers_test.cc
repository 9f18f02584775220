#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "pipeline/recorded_answers_internal.h"
#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

using evaluate::RunnableModel;

const std::vector<ValueInfo> kOutputs = {{"double", DType::kFloat32, {-1}},
                                         {"count", DType::kInt64, {}}};

// Answers 2 x, and how many values there were.
RunnableModel Doubler() {
  return {kOutputs, [](std::span<const NamedTensor> inputs, const RunnableModel::Use& use) {
            std::vector<float> doubled;
            for (const float x : inputs[0].value.data<float>()) doubled.push_back(2 * x);
            const std::vector<int64_t> count = {std::ssize(doubled)};
            const Tensor first = Tensor::Of<float>({count[0]}, doubled);
            const Tensor second = Tensor::Of<int64_t>({}, count);
            const TensorView views[] = {{first.dtype(), first.shape(), first.bytes()},
                                        {second.dtype(), second.shape(), second.bytes()}};
            return use(views);
          }};
}

std::vector<NamedTensor> Inputs(const std::vector<float>& values) {
  const auto count = std::ssize(values);
  return {{"x", Tensor::Of<float>({count}, values)}};
}

// What a model answers: the first output, and the number.
Result<std::pair<std::vector<float>, int64_t>> Ask(const RunnableModel& model,
                                                   const std::vector<float>& values) {
  std::pair<std::vector<float>, int64_t> answer;
  TARE_TRY_VOID(model.run(Inputs(values), [&](std::span<const TensorView> views) -> Result<void> {
    const auto floats = views[0].data<float>();
    answer.first.assign(floats.begin(), floats.end());
    answer.second = views[1].data<int64_t>()[0];
    return {};
  }));
  return answer;
}

bool IsKept(const std::string& path, const std::string& key) {
  const auto replayed = ReplayAnswers(path, key, kOutputs);
  EXPECT_TRUE(replayed) << replayed.error().what;
  return replayed && replayed->has_value();
}

class RecordedAnswersTest : public testing::Test {
 protected:
  void RecordTwoRuns(int64_t max_bytes = kMaxRecordedBytes) {
    AnswerRecorder recorder(path_, "key", max_bytes);
    const RunnableModel recorded = recorder.Record(Doubler());
    EXPECT_EQ(Ask(recorded, {1, 2})->first, (std::vector<float>{2, 4})) << "answers as before";
    EXPECT_TRUE(Ask(recorded, {5}));
    recorder.Keep();
  }
  TemporaryFolder folder_ = TemporaryFolder::Create().value();
  std::string path_ = folder_.path() + "/answers";
};

TEST_F(RecordedAnswersTest, AreGivenAgainInTheirOrder) {
  RecordTwoRuns();
  const auto found = ReplayAnswers(path_, "key", kOutputs);
  ASSERT_TRUE(found && *found);
  const RunnableModel& replayed = **found;
  EXPECT_EQ(replayed.outputs, kOutputs);
  EXPECT_EQ(*Ask(replayed, {}), std::pair(std::vector<float>{2, 4}, int64_t{2}));
  EXPECT_EQ(*Ask(replayed, {}), std::pair(std::vector<float>{10}, int64_t{1}));
  const auto beyond = Ask(replayed, {});
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::kDataLoss);
  EXPECT_FALSE(beyond.error().next_step.empty());
}

TEST_F(RecordedAnswersTest, AreThoseOfOneKeyAlone) {
  RecordTwoRuns();
  EXPECT_FALSE(IsKept(path_, "other"));
  EXPECT_FALSE(IsKept(path_, "ke"));
  EXPECT_FALSE(IsKept(path_ + "s", "key"));
}

TEST_F(RecordedAnswersTest, AreNotKeptUnfinishedOrTooLarge) {
  {
    AnswerRecorder recorder(path_, "key");
    EXPECT_TRUE(Ask(recorder.Record(Doubler()), {1}));
  }
  EXPECT_FALSE(IsKept(path_, "key")) << "Keep() was not called";
  RecordTwoRuns(/*max_bytes=*/27);  // the runs have 2 * 4 + 8 and 4 + 8 bytes
  EXPECT_FALSE(IsKept(path_, "key"));
  RecordTwoRuns(/*max_bytes=*/28);
  EXPECT_TRUE(IsKept(path_, "key"));
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
    EXPECT_EQ(entry.path().string(), path_) << "nothing else stays";
}

TEST_F(RecordedAnswersTest, WithoutAPathAreKeptNowhere) {
  AnswerRecorder recorder("", "key");
  EXPECT_TRUE(Ask(recorder.Record(Doubler()), {1}));
  recorder.Keep();
  EXPECT_FALSE(std::filesystem::exists(".part"));
}

TEST_F(RecordedAnswersTest, OfADamagedFileAreRefused) {
  RecordTwoRuns();
  const std::string whole = *ReadFile(path_);
  const size_t head = std::string_view("tareans2key\n").size();
  const auto refused = [&](const std::string& content) {
    EXPECT_TRUE(WriteFileAtomic(path_, content));
    const auto replayed = ReplayAnswers(path_, "key", kOutputs);
    return !replayed && replayed.error().code == ErrorCode::kDataLoss &&
           !replayed.error().next_step.empty();
  };
  EXPECT_FALSE(refused(whole));
  for (size_t size = head; size < whole.size(); ++size)
    EXPECT_TRUE(refused(whole.substr(0, size))) << "cut to " << size << " bytes";
  for (size_t at = head; at < whole.size(); ++at) {
    std::string wrong = whole;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_TRUE(refused(wrong)) << "byte " << at << " is another one";
  }
  EXPECT_TRUE(refused(whole + "x"));
}

// Without its head a file is nobody's.
TEST_F(RecordedAnswersTest, OfAFileWithoutItsHeadAreNone) {
  RecordTwoRuns();
  const std::string whole = *ReadFile(path_);
  for (size_t size = 0; size < std::string_view("tareans2key\n").size(); ++size) {
    ASSERT_TRUE(WriteFileAtomic(path_, std::string_view(whole).substr(0, size)));
    const auto replayed = ReplayAnswers(path_, "key", kOutputs);
    ASSERT_TRUE(replayed);
    EXPECT_FALSE(*replayed);
  }
}

}  // namespace
}  // namespace tare::pipeline
