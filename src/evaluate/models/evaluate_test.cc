#include "tare/evaluate/models/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tare::evaluate {
namespace {

using testing::HasSubstr;
using verdict::Task;

// Batches of two samples; the input is the scores that the model gives back.
class FakeSource : public BatchSource {
 public:
  explicit FakeSource(int num_batches, bool with_labels = true)
      : left_(num_batches), with_labels_(with_labels) {}

  Result<std::optional<EvaluationBatch>> Next() override {
    if (left_-- == 0) return std::optional<EvaluationBatch>();
    EvaluationBatch batch;
    const std::vector<float> scores = {1, 2, 3, 1, 9, 9};
    batch.inputs.push_back({"x", Tensor::Of<float>({3, 2}, scores)});  // one row of padding
    if (with_labels_) batch.labels = {1, 0};
    batch.columns.push_back({"width", {1, 2}});
    batch.num_valid = 2;
    return std::optional<EvaluationBatch>(std::move(batch));
  }
  int64_t num_samples() const override { return 0; }

 private:
  int left_;
  bool with_labels_;
};

RunnableModel FakeModel(float factor, Shape shape = {-1, 2}) {
  return {{{"logits", DType::kFloat32, std::move(shape)}},
          [factor](std::span<const NamedTensor> inputs, const RunnableModel::Use& use) {
            Tensor out = inputs[0].value;
            for (float& value : out.mutable_data<float>()) value *= factor;
            const TensorView views[] = {{out.dtype(), out.shape(), out.bytes()}};
            return use(views);
          }};
}

EvaluateOptions Fast(Task task = Task::kClassification) {
  EvaluateOptions options;
  options.task = task;
  options.test.bootstrap.replicates = 200;
  options.outputs.bootstrap.replicates = 200;
  options.outputs.layouts = {{0}};
  return options;
}

TEST(EvaluateTest, FeedsBothModelsAndLeavesPaddingOut) {
  FakeSource source(3);
  auto options = Fast();
  options.test.slices = {{"wide", "width == 2"}};
  const auto found = Evaluate(FakeModel(1), FakeModel(-1), source, options, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->n, 6);
  EXPECT_EQ(found->paired->counts.harmful, 6);
  EXPECT_EQ(found->paired->slices[0].counts.n, 3);
  ASSERT_EQ(found->outputs.size(), 1);
  EXPECT_EQ(found->outputs[0].n, 6);
  EXPECT_DOUBLE_EQ(found->outputs[0].cosine->value, -1);
}

TEST(EvaluateTest, ComparesOutputsWithoutLabels) {
  FakeSource source(2, false);
  const auto found =
      Evaluate(FakeModel(1), FakeModel(2), source, Fast(Task::kOutputs), NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->n, 4);
  EXPECT_FALSE(found->paired);
  EXPECT_DOUBLE_EQ(found->outputs[0].cosine->value, 1);
  EXPECT_DOUBLE_EQ(found->outputs[0].relative_error->value, 1);
  EXPECT_EQ(found->outputs[0].flips, (verdict::Share{0, 4}));
}

TEST(EvaluateTest, GivesTheEvidenceOfADistribution) {
  FakeSource source(1);
  const auto found =
      EvaluateDistribution(FakeModel(1), FakeModel(-1), source, Fast(), NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  verdict::Evidence evidence;
  AddDistribution("noise", "severity 3", *found, evidence);
  ASSERT_EQ(evidence.paired->distributions.size(), 1);
  EXPECT_EQ(evidence.paired->distributions[0].counts.harmful, 2);
  EXPECT_EQ(evidence.candidate.distributions[0].text, "severity 3");
}

std::string ErrorOf(const Result<verdict::Evidence>& found) {
  EXPECT_FALSE(found);
  if (found) return "";
  EXPECT_FALSE(found.error().next_step.empty());
  return found.error().what;
}

TEST(EvaluateTest, SaysWhatDoesNotFit) {
  FakeSource empty(0), unlabelled(1, false), good(1);
  const auto run = [&](const RunnableModel& a, const RunnableModel& b, BatchSource& source,
                       Task task = Task::kClassification, std::string output = "") {
    auto options = Fast(task);
    options.score_output = std::move(output);
    return ErrorOf(Evaluate(a, b, source, options, NoProgress()));
  };
  EXPECT_THAT(run(FakeModel(1), FakeModel(1), empty), HasSubstr("holds no sample"));
  EXPECT_THAT(run(FakeModel(1), FakeModel(1), unlabelled), HasSubstr("has 0 labels"));
  EXPECT_THAT(run(FakeModel(1), FakeModel(1), good, Task::kRetrieval),
              HasSubstr("the task 'retrieval'"));
  EXPECT_THAT(run(FakeModel(1), FakeModel(1), good, Task::kClassification, "z"),
              HasSubstr("no output 'z'"));
  EXPECT_THAT(run(FakeModel(1, {-1, 2, 7}), FakeModel(1, {-1, 2, 7}), good),
              HasSubstr("no output holds one row of class scores a sample: logits float32"));
  auto other = FakeModel(1);
  other.outputs[0].name = "y";
  EXPECT_THAT(run(FakeModel(1), other, good),
              HasSubstr("output 0 is 'logits' in the baseline and 'y'"));
}

class ImpatientProgress : public Progress {
 public:
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view) override {}
  bool cancelled() const override { return true; }
};

TEST(EvaluateTest, StopsWhenTheUserAsks) {
  FakeSource source(5);
  ImpatientProgress progress;
  const auto found = Evaluate(FakeModel(1), FakeModel(1), source, Fast(), progress);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace tare::evaluate
