// Evaluation and latency of models that ONNX Runtime runs.

#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/evaluate/evaluate.h"
#include "tare/evaluate/latency.h"
#include "tare/runtime/analysis.h"

namespace tare::evaluate {
namespace {

using graph::ModelBuilder;

// logits = x W: a classifier of four features and three classes.
runtime::Session Classifier(const std::vector<float>& weight) {
  auto session = runtime::MakeSession(ModelBuilder(13)
                                          .Input("x", {-1, 4})
                                          .Floats("w", {4, 3}, weight)
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
  Result<std::optional<EvaluationBatch>> Next() override {
    if (next_ == kCount) return std::optional<EvaluationBatch>();
    EvaluationBatch batch;
    std::vector<float> values;
    for (; next_ < kCount && batch.num_valid < 16; ++next_, ++batch.num_valid) {
      for (int64_t f = 0; f < 4; ++f) values.push_back(f == next_ % 3 ? 3.0F : 0.5F);
      batch.labels.push_back(next_ % 3);
    }
    batch.inputs.push_back({"x", Tensor::Of<float>({batch.num_valid, 4}, values)});
    return std::optional<EvaluationBatch>(std::move(batch));
  }
  int64_t num_samples() const override { return kCount; }

 private:
  static constexpr int64_t kCount = 40;
  int64_t next_ = 0;
};

const std::vector<float> kGood = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
// Class 2 is read from the wrong feature.
const std::vector<float> kWorse = {1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1};

TEST(SessionEvaluationTest, FindsTheClassThatWasLost) {
  const auto baseline = Classifier(kGood);
  const auto candidate = Classifier(kWorse);
  Samples samples;
  EvaluateOptions options;
  options.classification.bootstrap.replicates = 200;
  options.outputs.bootstrap.replicates = 200;
  const auto found = Evaluate(RunnableOf(baseline), RunnableOf(candidate), samples,
                              "classification", options, NoProgress());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->n, 40);
  EXPECT_DOUBLE_EQ(FindMetric(found->baseline.metrics, "accuracy")->value, 1);
  EXPECT_EQ(found->paired->counts.harmful, 13);  // the samples of class 2
  EXPECT_DOUBLE_EQ(found->candidate.per_class[2].recall.value, 0);
  EXPECT_DOUBLE_EQ(found->candidate.per_class[1].recall.value, 1);
}

TEST(SessionEvaluationTest, TimesBothSessions) {
  const auto baseline = Classifier(kGood);
  const auto candidate = Classifier(kWorse);
  const std::vector<NamedTensor> inputs{
      {"x", Tensor::Of<float>({1, 4}, std::vector<float>{1, 2, 3, 4})}};
  LatencyOptions options;
  options.max_pairs = 20;
  options.budget_ms = 100;
  const auto found = MeasurePair(baseline, candidate, inputs, options);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_GT(found->baseline.p50.value, 0);
  EXPECT_GT(found->speedup.value, 0);
  EXPECT_GE(found->baseline.runs, 10);
}

TEST(SessionEvaluationTest, HandsOnWhatTheRuntimeSays) {
  const auto session = Classifier(kGood);
  const std::vector<NamedTensor> inputs{
      {"y", Tensor::Of<float>({1, 4}, std::vector<float>{1, 2, 3, 4})}};
  EXPECT_FALSE(MeasurePair(session, session, inputs, {}));
}

}  // namespace
}  // namespace tare::evaluate
