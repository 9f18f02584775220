// Evaluation and latency of models that ONNX Runtime runs.

#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/runtime/analysis.h"

namespace tare::evaluate {
namespace {

using graph::ModelBuilder;
using verdict::Task;

// logits = x W: a classifier of four features and three classes.
runtime::Session Classifier(const std::vector<float>& weight, int64_t outputs = 3) {
  auto session = runtime::MakeSession(ModelBuilder(13)
                                          .Input("x", {-1, 4})
                                          .Floats("w", {4, outputs}, weight)
                                          .Op("MatMul", {"x", "w"}, {"logits"})
                                          .Output("logits")
                                          .Build(),
                                      {});
  TARE_CHECK(session.has_value());
  return *std::move(session);
}

// Forty samples in batches of up to sixteen; feature i % 3 is large and the label is i % 3.
class Samples : public BatchSource {
 public:
  explicit Samples(int64_t targets = 0) : targets_(targets) {}
  Result<std::optional<EvaluationBatch>> Next() override {
    if (next_ == kCount) return std::optional<EvaluationBatch>();
    EvaluationBatch batch;
    std::vector<float> values;
    for (; next_ < kCount && batch.num_valid < 16; ++next_, ++batch.num_valid) {
      for (int64_t f = 0; f < 4; ++f) values.push_back(f == next_ % 3 ? 3.0F : 0.5F);
      batch.labels.push_back(next_ % 3);
    }
    // Of both other tasks: the score that the good model gives to class 0, and the large feature's
    // class.
    for (const int64_t label : batch.labels) {
      for (int64_t c = 0; c < targets_; ++c)
        batch.targets.push_back(targets_ == 1 ? (label == 0 ? 3.0 : 0.5) : (label == c ? 1 : 0));
    }
    if (targets_ > 0) batch.labels.clear();
    batch.inputs.push_back({"x", Tensor::Of<float>({batch.num_valid, 4}, values)});
    return std::optional<EvaluationBatch>(std::move(batch));
  }
  int64_t num_samples() const override { return kCount; }

 private:
  static constexpr int64_t kCount = 40;
  int64_t targets_;
  int64_t next_ = 0;
};

const std::vector<float> kGoodWeights = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
// Class 2 is read from the wrong feature.
const std::vector<float> kWorse = {1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1};

TEST(SessionEvaluationTest, FindsTheClassThatWasLost) {
  const auto baseline = Classifier(kGoodWeights);
  const auto candidate = Classifier(kWorse);
  Samples samples;
  EvaluateOptions options;
  options.test.bootstrap.replicates = 200;
  options.outputs.bootstrap.replicates = 200;
  const auto found =
      Evaluate(RunnableOf(baseline), RunnableOf(candidate), samples, options, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->n, 40);
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found->baseline.metrics, "accuracy")->value, 1);
  EXPECT_EQ(found->paired->counts.harmful, 13);  // the samples of class 2
  EXPECT_DOUBLE_EQ(found->candidate.per_class[2].recall.value, 0);
  EXPECT_DOUBLE_EQ(found->candidate.per_class[1].recall.value, 1);
}

TEST(SessionEvaluationTest, JudgesOneNumberASample) {
  const auto exact = Classifier({1, 0, 0, 0}, 1);  // the first feature
  const auto low = Classifier({0.5F, 0, 0, 0}, 1);
  Samples samples(1);
  EvaluateOptions options;
  options.test.bootstrap.replicates = options.outputs.bootstrap.replicates = 200;
  options.task = Task::kRegression;
  const auto found = Evaluate(RunnableOf(exact), RunnableOf(low), samples, options, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->n, 40);
  EXPECT_EQ(verdict::FindMetric(found->baseline.metrics, "mae")->value, 0);
  EXPECT_EQ(verdict::FindMetric(found->baseline.metrics, "r2")->value, 1);
  // 14 samples of class 0 are 3 and read as 1.5, 26 are 0.5 and read as 0.25.
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found->candidate.metrics, "mae")->value,
                   (14 * 1.5 + 26 * 0.25) / 40);
}

TEST(SessionEvaluationTest, JudgesSetsOfLabels) {
  // Logits x - 2: the large feature alone is above 0. The worse model never sees class 2.
  const auto with_bias = [](const std::vector<float>& weight) {
    auto session = runtime::MakeSession(ModelBuilder(13)
                                            .Input("x", {-1, 4})
                                            .Floats("w", {4, 3}, weight)
                                            .Floats("b", {3}, {-2, -2, -2})
                                            .Op("MatMul", {"x", "w"}, {"m"})
                                            .Op("Add", {"m", "b"}, {"logits"})
                                            .Output("logits")
                                            .Build(),
                                        {});
    TARE_CHECK(session.has_value());
    return *std::move(session);
  };
  const auto good = with_bias(kGoodWeights);
  const auto worse = with_bias(kWorse);
  Samples samples(3);
  EvaluateOptions options;
  options.test.bootstrap.replicates = options.outputs.bootstrap.replicates = 200;
  options.task = Task::kMultiLabel;
  const auto found = Evaluate(RunnableOf(good), RunnableOf(worse), samples, options, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(verdict::FindMetric(found->baseline.metrics, "subset_accuracy")->value, 1);
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found->candidate.metrics, "recall_micro")->value, 27.0 / 40);
  EXPECT_EQ(verdict::FindMetric(found->candidate.metrics, "precision_micro")->value, 1);
  EXPECT_DOUBLE_EQ(verdict::FindMetric(found->candidate.metrics, "f1_macro")->value, 2.0 / 3);
  EXPECT_EQ(found->paired->counts.harmful, 13);
}

}  // namespace
}  // namespace tare::evaluate
