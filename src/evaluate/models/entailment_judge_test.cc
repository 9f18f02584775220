#include "tare/evaluate/models/entailment_judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/model_builder.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"

namespace tare::evaluate {
namespace {

using graph::ModelBuilder;
using testing::HasSubstr;

constexpr const char* kVocab = "[PAD]\n[UNK]\n[CLS]\n[SEP]\nparis\nlondon\nnan\n";

// Row r of the output is bias plus the sum of the weights of its tokens: paris counts 1 for the
// last class.
ModelBuilder Sums(const std::vector<float>& bias, const Shape& shape = {-1, -1},
                  float nan_weight = 0) {
  const auto classes = static_cast<int64_t>(bias.size());
  std::vector<float> weights(static_cast<size_t>(7 * classes));
  weights[static_cast<size_t>(5 * classes - 1)] = 1;
  weights[static_cast<size_t>(7 * classes - 1)] = nan_weight;
  return ModelBuilder(13)
      .Input("input_ids", shape, DType::kInt64)
      .Input("attention_mask", shape, DType::kInt64)
      .Floats("w", {7, classes}, weights)
      .Floats("b", {classes}, bias)
      .Ints("axes", {1})
      .Op("Gather", {"w", "input_ids"}, {"e"})
      .Op("ReduceSum", {"e", "axes"}, {"s"}, {graph::IntOf("keepdims", 0)})
      .Op("Add", {"s", "b"}, {"logits"})
      .Output("logits");
}

struct Files {
  TemporaryFolder folder;
  EntailmentOptions options;
};

Files Saved(const ModelBuilder& model) {
  auto folder = TemporaryFolder::Create();
  TARE_CHECK(folder.has_value());
  EntailmentOptions options;
  options.model_path = folder->path() + "/judge.onnx";
  options.vocab_path = folder->path() + "/vocab.txt";
  TARE_CHECK(graph::WriteOnnx(model.Build(), options.model_path).has_value());
  TARE_CHECK(WriteFileAtomic(options.vocab_path, kVocab).has_value());
  return {*std::move(folder), options};
}

std::vector<SupportPair> Pairs() {
  return {{"Paris", "Paris", "a:1"}, {"Paris x y", "London", "a:2"}};
}

TEST(EntailmentJudgeTest, TakesTheSoftmaxOfTheClass) {
  for (const Shape& shape : {Shape{-1, -1}, Shape{1, 16}, Shape{4, -1}}) {
    Files files = Saved(Sums({0, -1.5F}, shape));
    files.options.entailment = 1;
    auto judge = LoadEntailmentJudge(files.options);
    ASSERT_TRUE(judge) << judge.error().what;
    const auto scores = (*judge)->Score(Pairs());
    ASSERT_TRUE(scores) << scores.error().what;
    EXPECT_DOUBLE_EQ((*scores)[0], 1 / (1 + std::exp(-0.5)));  // logits 0 and 2 - 1.5
    EXPECT_DOUBLE_EQ((*scores)[1], 1 / (1 + std::exp(0.5)));   // logits 0 and 1 - 1.5
    EXPECT_TRUE((*judge)->warnings().empty());
  }
}

TEST(EntailmentJudgeTest, TakesOneNumberAsItIsOrItsSigmoid) {
  Files logits = Saved(Sums({-1.5F}));
  auto judge = LoadEntailmentJudge(logits.options);
  ASSERT_TRUE(judge) << judge.error().what;
  EXPECT_DOUBLE_EQ((*(*judge)->Score(Pairs()))[1], 1 / (1 + std::exp(0.5)));
  Files scores = Saved(Sums({-1}));
  auto second = LoadEntailmentJudge(scores.options);
  ASSERT_TRUE(second);
  EXPECT_EQ(*(*second)->Score(Pairs()), (std::vector<double>{1, 0}));
  const auto broken = (*second)->Score(std::vector<SupportPair>{{"Paris paris", "Paris", "a:7"}});
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().what, HasSubstr("no probabilities for the answer of a:7"));
}

TEST(EntailmentJudgeTest, CutsThePremiseAndSaysSo) {
  Files files = Saved(Sums({-1.5F}, {-1, 6}));
  auto judge = LoadEntailmentJudge(files.options);
  ASSERT_TRUE(judge) << judge.error().what;
  const auto scores = (*judge)->Score(std::vector<SupportPair>{{"x x Paris", "Paris", "a:1"}});
  ASSERT_TRUE(scores);
  EXPECT_DOUBLE_EQ((*scores)[0],
                   1 / (1 + std::exp(0.5)));  // the Paris of the premise is cut: 1 - 1.5
  ASSERT_EQ((*judge)->warnings().size(), 1U);
  EXPECT_THAT((*judge)->warnings()[0].what,
              HasSubstr("1 of 1 contexts only in part: it takes 6 tokens"));
  const auto refused = (*judge)->Score(std::vector<SupportPair>{{"x", "x x x x", "a:2"}});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().context.back(), HasSubstr("a:2"));
}

void ExpectLoadError(const ModelBuilder& model, std::optional<int64_t> entailment,
                     const std::string& what, const std::string& next,
                     const std::string& output = "") {
  Files files = Saved(model);
  files.options.entailment = entailment;
  files.options.output = output;
  const auto judge = LoadEntailmentJudge(files.options);
  ASSERT_FALSE(judge) << what;
  EXPECT_THAT(judge.error().what, HasSubstr(what));
  EXPECT_THAT(judge.error().next_step, HasSubstr(next));
}

TEST(EntailmentJudgeTest, NamesWhatIsWrongWithAModel) {
  ExpectLoadError(Sums({0, 0, 0}), std::nullopt,
                  "has 3 classes, 0 to 2, and which one is entailment is not said",
                  "--judge-entailment INDEX");
  ExpectLoadError(Sums({0, 0, 0}), 3, "has 3 classes, 0 to 2, not a class 3", "id2label");
  ExpectLoadError(Sums({0, 0}), 1, "has no output 'scores'", "logits", "scores");
  ExpectLoadError(Sums({0, 0}).Input("position_ids", {-1, -1}, DType::kInt64), 1,
                  "an input 'position_ids', which tare cannot fill", "input_ids");
  ExpectLoadError(Sums({0, 0}).Output("e"), 1, "is [2, 3, 2] for 2 texts, not [2, classes]",
                  "--judge-output", "e");
  ExpectLoadError(ModelBuilder(13).Input("x", {-1, 4}).Op("Relu", {"x"}, {"y"}).Output("y"), 1,
                  "has no input 'input_ids'; it has x", "cross-encoder");
}

TEST(EntailmentJudgeTest, RefusesScoresThatAreNotFinite) {
  Files files = Saved(Sums({-1.5F}, {-1, -1}, std::numeric_limits<float>::quiet_NaN()));
  auto judge = LoadEntailmentJudge(files.options);
  ASSERT_TRUE(judge) << judge.error().what;
  const auto scores = (*judge)->Score(std::vector<SupportPair>{{"nan", "Paris", "b:9"}});
  ASSERT_FALSE(scores);
  EXPECT_EQ(scores.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(scores.error().what, HasSubstr("not finite for the answer of b:9"));
}

}  // namespace
}  // namespace tare::evaluate
