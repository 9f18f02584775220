// Do no harm, on models of a few nodes. What is faster on a machine that is never quiet is not
// asserted; what must never be taken is.

#include "tare/search/auto_format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/data/dataset.h"

namespace tare::search {
namespace {

using graph::Model;
using graph::ModelBuilder;
using quantize::Format;
using testing::HasSubstr;

struct Chosen {
  quantize::Prepared prepared;
  Choice choice;
};

// Prepares and chooses on `count` random samples of the inputs, two thirds to calibrate.
class ChooseFormatsTest : public testing::Test {
 protected:
  static constexpr int64_t kSamples = 24;

  Result<Chosen> Choose(const Model& model, AutoOptions options, double low = -1, double high = 1) {
    TARE_TRY(const auto session, runtime::MakeSession(model, {}));
    std::vector<NamedTensor> arrays;
    for (const ValueInfo& input : session.inputs()) {
      Shape shape = input.shape;
      shape[0] = kSamples;
      arrays.push_back({input.name, graph::RandomTensor(shape, 77, low, high)});
    }
    return ChooseOn(model, std::move(arrays), options);
  }

  Result<Chosen> ChooseOn(const Model& model, std::vector<NamedTensor> arrays,
                          AutoOptions options) {
    TARE_TRY(const auto session, runtime::MakeSession(model, {}));
    TARE_TRY(const auto dataset, data::MakeDataset("test", std::move(arrays)));
    TARE_TRY(const auto feed, data::Feed::Bind(*dataset, session.inputs()));
    Samples samples{&feed, {}, {}};
    for (int64_t i = 0; i < kSamples; ++i)
      (i % 3 == 0 ? samples.check : samples.calibration).push_back(i);
    Chosen chosen;
    TARE_TRY(chosen.prepared, quantize::Prepare(model, {}, {}));
    options.timing_budget_ms = 5;
    TARE_TRY(chosen.choice, ChooseFormats(model, chosen.prepared, samples, options, NoProgress()));
    return chosen;
  }

  static AutoOptions Allowing(Formats formats) {
    AutoOptions options;
    options.formats = std::move(formats);
    return options;
  }
};

// Every scale that was written, as evidence that no placeholder reached one.
float LargestScale(const Model& model) {
  float largest = 0;
  for (const auto& constant : model.graph.initializers) {
    if (constant.name.find("_scale") == std::string::npos ||
        constant.value->dtype() != DType::kFloat32)
      continue;
    for (const float value : constant.value->data<float>()) {
      largest = std::isfinite(value) ? std::max(largest, value) : INFINITY;
    }
  }
  return largest;
}

Model Perceptron() {
  return ModelBuilder(13)
      .Input("x", {-1, 32})
      .Uniform("w", {32, 64}, 1, -0.3, 0.3)
      .Uniform("v", {64, 8}, 2, -0.3, 0.3)
      .Op("MatMul", {"x", "w"}, {"h"})
      .Op("Relu", {"h"}, {"r"})
      .Op("MatMul", {"r", "v"}, {"y"})
      .Output("y")
      .Build();
}

TEST_F(ChooseFormatsTest, MakesTheStaticModelThatWasAskedFor) {
  const auto chosen = Choose(Perceptron(), Allowing({Format::kInt8Static}));
  ASSERT_TRUE(chosen) << chosen.error().what;
  ASSERT_TRUE(chosen->choice.model) << chosen->choice.reason;
  EXPECT_EQ(chosen->choice.fusion.fused, chosen->choice.fusion.expected);
  EXPECT_GE(chosen->choice.fusion.expected, 2);
  ASSERT_FALSE(chosen->choice.candidates.empty());
  for (const Candidate& candidate : chosen->choice.candidates) {
    if (candidate.chosen) {
      EXPECT_GE(candidate.closeness.cosine, 0.99);
    }
  }
}

TEST_F(ChooseFormatsTest, GivesTheSameStaticModelTwice) {
  const auto first = Choose(Perceptron(), Allowing({Format::kInt8Static}));
  const auto second = Choose(Perceptron(), Allowing({Format::kInt8Static}));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->choice.recipe, second->choice.recipe);
}

TEST_F(ChooseFormatsTest, MakesTheDynamicModelThatWasAskedFor) {
  const auto chosen = Choose(Perceptron(), Allowing({Format::kInt8Dynamic}));
  ASSERT_TRUE(chosen) << chosen.error().what;
  ASSERT_TRUE(chosen->choice.model) << chosen->choice.reason;
  for (const auto& node : chosen->choice.recipe.nodes) EXPECT_EQ(node.format, Format::kInt8Dynamic);
  EXPECT_TRUE(chosen->choice.recipe.tensors.empty()) << "dynamic nodes need no ranges";
}

TEST_F(ChooseFormatsTest, ChoosesTheSmallerFileForSize) {
  AutoOptions options = Allowing({});
  options.goal = Goal::kSize;
  options.tolerance = 0.05;
  const auto chosen = Choose(Perceptron(), options);
  ASSERT_TRUE(chosen) << chosen.error().what;
  ASSERT_TRUE(chosen->choice.model) << chosen->choice.reason;
  int64_t best = 0;
  int64_t smallest = std::numeric_limits<int64_t>::max();
  for (const Candidate& candidate : chosen->choice.candidates) {
    if (candidate.chosen) best = candidate.model_bytes;
    if (candidate.problem.empty() && candidate.model_bytes > 0)
      smallest = std::min(smallest, candidate.model_bytes);
  }
  EXPECT_EQ(best, smallest);
}

// Failure 23 of reference/peers.md.
TEST_F(ChooseFormatsTest, SaysWhyWhenNothingIsToBeGained) {
  AutoOptions options = Allowing({});
  options.min_speedup = 1000;  // nothing is
  const auto chosen = Choose(Perceptron(), options);
  ASSERT_TRUE(chosen) << chosen.error().what;
  EXPECT_FALSE(chosen->choice.model);
  EXPECT_THAT(chosen->choice.reason, HasSubstr("nothing to gain here"));
  EXPECT_THAT(chosen->choice.reason, HasSubstr("cosine"));
  for (const Candidate& candidate : chosen->choice.candidates)
    EXPECT_FALSE(candidate.problem.empty()) << candidate.name;
}

// Failure 7 of reference/peers.md: x / x is NaN where x is 0, and Where hides it again.
TEST_F(ChooseFormatsTest, KeepsANanPlaceholderOutOfEveryScale) {
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 16})
                          .Uniform("w", {16, 16}, 1, -0.5, 0.5)
                          .Uniform("v", {16, 16}, 2, -0.5, 0.5)
                          .Floats("zero", {}, {0})
                          .Op("MatMul", {"x", "w"}, {"h"})
                          .Op("Relu", {"h"}, {"r"})
                          .Op("Div", {"r", "r"}, {"placeholder"})
                          .Op("Greater", {"r", "zero"}, {"valid"})
                          .Op("Add", {"placeholder", "h"}, {"sum"})
                          .Op("Where", {"valid", "sum", "h"}, {"hidden"})
                          .Op("MatMul", {"hidden", "v"}, {"y"})
                          .Output("y")
                          .Build();
  const auto chosen = Choose(model, Allowing({Format::kInt8Static}));
  ASSERT_TRUE(chosen) << chosen.error().what;
  if (!chosen->choice.model) GTEST_FAIL() << chosen->choice.reason;
  EXPECT_LT(LargestScale(*chosen->choice.model), 1);
  for (const auto& node : chosen->choice.recipe.nodes) EXPECT_NE(node.node, "sum");
}

// Failure 25 of reference/peers.md.
TEST_F(ChooseFormatsTest, KeepsAnAttentionMaskFloat) {
  std::vector<float> mask(64, 0.0F);
  for (size_t i = 0; i < 64; i += 3) mask[i] = -3.4e38F;
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 8, 8})
                          .Uniform("w", {8, 8}, 1)
                          .Uniform("v", {8, 8}, 2)
                          .Floats("mask", {1, 8, 8}, mask)
                          .Op("MatMul", {"x", "w"}, {"scores"})
                          .Op("Add", {"scores", "mask"}, {"masked"})
                          .Op("Softmax", {"masked"}, {"attention"}, {graph::IntOf("axis", -1)})
                          .Op("MatMul", {"attention", "v"}, {"y"})
                          .Output("y")
                          .Build();
  const auto chosen = Choose(model, Allowing({Format::kInt8Static}));
  ASSERT_TRUE(chosen) << chosen.error().what;
  if (!chosen->choice.model) GTEST_FAIL() << chosen->choice.reason;
  EXPECT_LT(LargestScale(*chosen->choice.model), 1);
  for (const auto& node : chosen->choice.recipe.nodes) EXPECT_NE(node.node, "masked");
}

// Failure 8 of reference/peers.md.
TEST_F(ChooseFormatsTest, TakesAModelWithASoftmaxOnDouble) {
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 16})
                          .Uniform("w", {16, 16}, 1)
                          .Op("MatMul", {"x", "w"}, {"m"})
                          .Op("Cast", {"m"}, {"d"}, {graph::IntOf("to", 11)})
                          .Op("Softmax", {"d"}, {"s"}, {graph::IntOf("axis", -1)})
                          .Op("Cast", {"s"}, {"f"}, {graph::IntOf("to", 1)})
                          .Op("MatMul", {"f", "w"}, {"y"})
                          .Output("y")
                          .Build();
  const auto chosen = Choose(model, Allowing({Format::kInt8Static}));
  ASSERT_TRUE(chosen) << chosen.error().what;
  EXPECT_TRUE(chosen->choice.model) << chosen->choice.reason;
}

// Failure 19 of reference/peers.md: powers over 10 decades do not fit 8 linear bits.
TEST_F(ChooseFormatsTest, NeverTakesWhatBreaksTheOutputs) {
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 16})
                          .Uniform("w", {16, 16}, 1)
                          .Uniform("p", {16, 16}, 2)
                          .Floats("tiny", {}, {1e-6F})
                          .Floats("ten", {}, {12})
                          .Op("MatMul", {"x", "w"}, {"a"})
                          .Op("Mul", {"a", "ten"}, {"big"})
                          .Op("Exp", {"big"}, {"power"})
                          .Op("MatMul", {"power", "p"}, {"mixed"})
                          .Op("Abs", {"mixed"}, {"abs"})
                          .Op("Add", {"abs", "tiny"}, {"positive"})
                          .Op("Log", {"positive"}, {"y"})
                          .Output("y")
                          .Build();
  for (const Formats& formats : {Formats{}, Formats{Format::kInt8Static}}) {
    const auto chosen = Choose(model, Allowing(formats));
    ASSERT_TRUE(chosen) << chosen.error().what;
    for (const Candidate& candidate : chosen->choice.candidates) {
      if (!candidate.chosen) continue;
      EXPECT_GE(candidate.closeness.cosine, 0.99) << candidate.name;
      for (const auto& node : candidate.nodes) EXPECT_NE(node.node, "mixed") << candidate.name;
    }
    if (!chosen->choice.model) {
      EXPECT_FALSE(chosen->choice.reason.empty());
    }
  }
}

TEST_F(ChooseFormatsTest, StopsAtNanInTheDataAndNamesTheSample) {
  Tensor data = graph::RandomTensor({kSamples, 32}, 1);
  data.mutable_data<float>()[7 * 32 + 3] = std::numeric_limits<float>::quiet_NaN();
  const auto chosen = ChooseOn(Perceptron(), {{"x", data}}, Allowing({Format::kInt8Static}));
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(chosen.error().what, HasSubstr("'x'"));
  EXPECT_THAT(chosen.error().what, HasSubstr("sample 7"));
  EXPECT_FALSE(chosen.error().next_step.empty());
}

TEST_F(ChooseFormatsTest, StopsWhenTheUserAsks) {
  class Stopping : public Progress {
    void Begin(std::string_view, int64_t) override {}
    void Update(int64_t) override {}
    void End(std::string_view) override {}
    bool cancelled() const override { return true; }
  } stopping;
  const Model model = Perceptron();
  const auto dataset = data::MakeDataset("test", {{"x", graph::RandomTensor({kSamples, 32}, 1)}});
  ASSERT_TRUE(dataset);
  const std::vector<ValueInfo> inputs{{"x", DType::kFloat32, {-1, 32}}};
  const auto feed = data::Feed::Bind(**dataset, inputs);
  ASSERT_TRUE(feed) << feed.error().what;
  const auto prepared = quantize::Prepare(model, {}, {});
  ASSERT_TRUE(prepared);
  const auto chosen = ChooseFormats(model, *prepared, {&*feed, {0, 1, 2}, {3, 4}}, {}, stopping);
  ASSERT_FALSE(chosen);
  EXPECT_EQ(chosen.error().code, ErrorCode::kCancelled);
}

}  // namespace
}  // namespace tare::search
