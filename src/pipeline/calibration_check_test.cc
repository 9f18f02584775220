// What tells data that cannot be right, and what does not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "graph/model_builder.h"
#include "pipeline/calibration_check_internal.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"

namespace tare::pipeline {
namespace {

using graph::ModelBuilder;
using testing::HasSubstr;

constexpr int64_t kSamples = 40;

// Conv of 4 channels, a BatchNormalization that expects N(0, variance) a channel, and a mean.
graph::Model Normed(float variance) {
  const std::vector<float> weight = {1, -1, 1, -1};
  return ModelBuilder(13)
      .Input("x", {-1, 1, 4, 4})
      .Floats("w", {4, 1, 1, 1}, weight)
      .Floats("scale", {4}, {1, 1, 1, 1})
      .Floats("shift", {4}, {0, 0, 0, 0})
      .Floats("mean", {4}, {0.001F, 0, 0, 0})
      .Floats("variance", {4}, {variance, variance, variance, 1.01F * variance})
      .Op("Conv", {"x", "w"}, {"c"})
      .Op("BatchNormalization", {"c", "scale", "shift", "mean", "variance"}, {"n"})
      .Op("GlobalAveragePool", {"n"}, {"y"})
      .Output("y")
      .Build();
}

class CalibrationCheckTest : public testing::Test {
 protected:
  Result<CalibrationEvidence> Look(const graph::Model& source, Tensor x) {
    const std::string path = folder_->path() + "/m.onnx";
    TARE_TRY_VOID(graph::WriteOnnx(source, path));
    TARE_TRY(auto opened, OpenedModel::Open({.path = path}));
    model_ = std::make_unique<OpenedModel>(std::move(opened));
    const auto n = x.shape()[0];
    TARE_TRY(dataset_, data::MakeDataset("test", {{"x", std::move(x)}}));
    TARE_TRY(auto feed, data::Feed::Bind(*dataset_, model_->inputs()));
    feed_ = std::make_unique<data::Feed>(std::move(feed));
    samples_.clear();
    for (int64_t i = 0; i < n; ++i) samples_.push_back(i);
    return LookAtCalibration({model_.get(), dataset_.get(), feed_.get(), samples_, ""},
                             NoProgress());
  }

  Result<TemporaryFolder> folder_ = TemporaryFolder::Create();
  std::unique_ptr<OpenedModel> model_;
  std::unique_ptr<data::Dataset> dataset_;
  std::unique_ptr<data::Feed> feed_;
  std::vector<int64_t> samples_;
};

std::string WhatOf(const CalibrationEvidence& evidence) {
  auto judged = JudgeCalibration(evidence);
  if (judged) judged = JudgeAnswers(evidence);
  if (judged) return "";
  EXPECT_EQ(judged.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(judged.error().next_step, HasSubstr("give"));
  return judged.error().what;
}

TEST_F(CalibrationCheckTest, ComparesTheFirstNormWithItsTraining) {
  // Uniform over [-1, 1): a variance of 1/3.
  const Tensor x = graph::RandomTensor({kSamples, 1, 4, 4}, 3);
  const auto right = Look(Normed(1.0F / 3), x);
  ASSERT_TRUE(right) << right.error().what;
  ASSERT_TRUE(right->norm);
  // 640 values: their variance is within 6 %, one standard deviation, of 1/3.
  EXPECT_NEAR(right->norm->log2_variance_ratio, 0, 0.25);
  EXPECT_LT(right->norm->mean_shift, 0.2);
  EXPECT_EQ(WhatOf(*right), "");
  const auto wrong = Look(Normed(1.0F / 3 / 16), x);
  ASSERT_TRUE(wrong) << wrong.error().what;
  EXPECT_NEAR(wrong->norm->log2_variance_ratio, 4, 0.25);
  EXPECT_THAT(WhatOf(*wrong), HasSubstr("not prepared as in training"));
}

TEST_F(CalibrationCheckTest, DoesNotAskANormThatWasNeverTrained) {
  graph::Model model = Normed(1);
  model.graph.initializers[4].value =
      std::make_shared<const Tensor>(Tensor::Of<float>({4}, {1, 1, 1, 1}));
  const Tensor x = graph::RandomTensor({kSamples, 1, 4, 4}, 3);
  const auto evidence = Look(model, x);
  ASSERT_TRUE(evidence) << evidence.error().what;
  EXPECT_FALSE(evidence->norm);
  // Statistics of a training, and weights that a benchmark filled in.
  graph::Model filled = Normed(1.0F / 3 / 16);
  filled.graph.initializers[0].value =
      std::make_shared<const Tensor>(Tensor::Of<float>({4, 1, 1, 1}, {1, 1, 1, 1}));
  EXPECT_FALSE(Look(filled, x)->norm);
}

TEST_F(CalibrationCheckTest, SeesSamplesThatAreAllAlike) {
  const auto zeros = Look(Normed(1), *Tensor::Zeros(DType::kFloat32, {kSamples, 1, 4, 4}));
  ASSERT_TRUE(zeros) << zeros.error().what;
  EXPECT_EQ(WhatOf(*zeros),
            "the first 32 samples are all zero: no range of real inputs can be found "
            "on them");
  const auto alike = Look(Normed(1), Tensor::Of<float>({3, 1, 4, 4}, std::vector<float>(48, 0.5F)));
  EXPECT_THAT(WhatOf(*alike), HasSubstr("the first 3 samples are all alike"));
  const auto one = Look(Normed(1), graph::RandomTensor({1, 1, 4, 4}, 3));
  EXPECT_THAT(WhatOf(*one), HasSubstr("only one sample"));
}

TEST_F(CalibrationCheckTest, SeesAnswersThatDoNotDependOnTheSample) {
  const auto model = ModelBuilder(13)
                         .Input("x", {-1, 8})
                         .Floats("w", {8, 2}, std::vector<float>(16, 1e-7F))
                         .Floats("b", {2}, {1, -2})
                         .Op("Gemm", {"x", "w", "b"}, {"y"})
                         .Output("y")
                         .Build();
  const auto evidence = Look(model, graph::RandomTensor({kSamples, 8}, 3));
  ASSERT_TRUE(evidence) << evidence.error().what;
  ASSERT_TRUE(evidence->answer_spread);
  EXPECT_LT(*evidence->answer_spread, 1e-6);
  EXPECT_THAT(WhatOf(*evidence), HasSubstr("answers 40 different samples alike"));
}

TEST_F(CalibrationCheckTest, SeesNaNInTheAnswerToEachSample) {
  const auto rooted = [](float bias) {
    return ModelBuilder(13)
        .Input("x", {-1, 8})
        .Floats("b", {8}, std::vector<float>(8, bias))
        .Op("Add", {"x", "b"}, {"a"})
        .Op("Sqrt", {"a"}, {"y"})
        .Output("y")
        .Build();
  };
  const Tensor x = graph::RandomTensor({kSamples, 8}, 3);
  const auto evidence = Look(rooted(0), x);
  ASSERT_TRUE(evidence) << evidence.error().what;
  EXPECT_THAT(WhatOf(*evidence), HasSubstr("has NaN in its answer to every sample, in output 'y'"));
  const auto right = Look(rooted(100), x);
  ASSERT_TRUE(right) << right.error().what;
  EXPECT_EQ(WhatOf(*right), "");
}

TEST_F(CalibrationCheckTest, SeesScoresThatHardlyMoveAndNameOneClass) {
  // One row of weights for each of three classes; the bias decides.
  const auto model = [](float weight) {
    std::vector<float> weights;
    for (int i = 0; i < 24; ++i) weights.push_back(i % 5 == 0 ? weight : -weight);
    return ModelBuilder(13)
        .Input("x", {-1, 8})
        .Floats("w", {8, 3}, weights)
        .Floats("b", {3}, {1, -2, 0})
        .Op("Gemm", {"x", "w", "b"}, {"y"})
        .Output("y")
        .Build();
  };
  const Tensor x = graph::RandomTensor({kSamples, 8}, 3);
  const auto still = Look(model(1e-3F), x);
  ASSERT_TRUE(still) << still.error().what;
  EXPECT_TRUE(still->one_class);
  EXPECT_THAT(WhatOf(*still), HasSubstr("and all name one class"));
  const auto moving = Look(model(1), x);
  ASSERT_TRUE(moving) << moving.error().what;
  EXPECT_FALSE(moving->one_class);
  EXPECT_EQ(WhatOf(*moving), "");
}

CalibrationEvidence Plausible() {
  CalibrationEvidence evidence;
  evidence.num_samples = 300;
  return evidence;
}

TEST(JudgeCalibrationTest, TakesWhatRealDataShow) {
  EXPECT_EQ(WhatOf(Plausible()), "");
  // ResNet-20 and PP-OCR on their own data, and pictures at half brightness.
  for (const double ratio : {-0.4, -0.5, -0.7, -2.3}) {
    CalibrationEvidence evidence = Plausible();
    evidence.norm = NormEvidence{"bn", ratio, 0.6};
    EXPECT_EQ(WhatOf(evidence), "") << ratio;
  }
}

TEST(JudgeCalibrationTest, RefusesAnotherScaleOrMean) {
  // [-1, 1], [0, 1], normalised twice, raw bytes; a mean far off.
  for (const auto& [ratio, shift] :
       {std::pair(-2.7, 0.1), std::pair(-4.4, 0.2), std::pair(3.9, 0.8), std::pair(11.5, 36.0),
        std::pair(0.0, 5.0)}) {
    CalibrationEvidence evidence = Plausible();
    evidence.norm = NormEvidence{"bn", ratio, shift};
    EXPECT_THAT(WhatOf(evidence), HasSubstr("'bn'")) << ratio;
  }
}

TEST(JudgeCalibrationTest, TakesTheWayUnderWhichTheFloatModelIsRight) {
  CalibrationEvidence evidence = Plausible();
  evidence.labels = LabelEvidence{"label", 128, 0.14, 0.86, UsualWays(3)[3]};
  const auto judged = JudgeCalibration(evidence);
  ASSERT_FALSE(judged);
  EXPECT_EQ(judged.error().what,
            "as they are fed, the float model gets 14.0 % of 128 samples right by 'label'; with "
            "mean and deviation of ImageNet it gets 86.0 %");
  EXPECT_THAT(judged.error().next_step,
              HasSubstr("--scale 1/255 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225"));
  evidence.labels->as_fed = 0.83;  // 3 points: chance
  EXPECT_EQ(WhatOf(evidence), "");
}

}  // namespace
}  // namespace tare::pipeline
