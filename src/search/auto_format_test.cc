// Do no harm, on models of a few nodes, with times that are given: nothing here depends on how fast
// the machine is.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "search/auto_format_internal.h"
#include "search/search_test_internal.h"
#include "tare/data/dataset.h"

namespace tare::search {
namespace {

using graph::Model;
using graph::ModelBuilder;
using quantize::Format;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

struct Chosen {
  quantize::Prepared prepared;
  Choice choice;
  std::vector<NamedTensor> arrays;
};

// Prepares and chooses on `count` random samples of the inputs, two thirds to calibrate.
class ChooseFormatsTest : public testing::Test {
 protected:
  static constexpr int64_t kSamples = 24;

  Result<Chosen> Choose(const Model& model, const AutoOptions& options, double low = -1,
                        double high = 1) {
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
                          const AutoOptions& options) {
    TARE_TRY(const auto session, runtime::MakeSession(model, {}));
    TARE_TRY(const auto dataset, data::MakeDataset("test", arrays));
    TARE_TRY(const auto feed, data::Feed::Bind(*dataset, session.inputs()));
    Samples samples{&feed, {}, {}};
    for (int64_t i = 0; i < arrays[0].value.shape()[0]; ++i)
      (i % 3 == 0 ? samples.check : samples.calibration).push_back(i);
    Chosen chosen;
    TARE_TRY(chosen.prepared, quantize::Prepare(model, {}, {}));
    TARE_TRY(
        chosen.choice,
        ChooseFormatsWith(instruments_, {model, chosen.prepared, samples, options}, NoProgress()));
    chosen.arrays = std::move(arrays);
    return chosen;
  }

  static AutoOptions Allowing(Formats formats) {
    AutoOptions options;
    options.formats = std::move(formats);
    return options;
  }

  // Static plans are fast and dynamic ones hardly.
  Instruments instruments_ = Scripted({{"static", 2}, {"dynamic", 1.2}, {"int8 weights", 0.8}});
};

// The chosen model, run again on every sample, keeps the first output of `expected`. The tolerance
// of the search is 0.01 on the samples that it checked; the others get as much again.
void ExpectKeeps(const Matrix& expected, const Chosen& chosen) {
  ASSERT_TRUE(chosen.choice.model) << chosen.choice.reason;
  const auto outputs =
      runtime::RunModel(*chosen.choice.model, chosen.arrays, runtime::Optimization::kAll);
  ASSERT_FALSE(outputs.empty());
  EXPECT_GE(SlowCosine(expected, MatrixOf(outputs[0])), 0.98) << chosen.choice.reason;
}

// The float model's own answer, for operators that the slow reference does not know.
Matrix FloatAnswer(const Model& model, const Chosen& chosen) {
  return MatrixOf(runtime::RunModel(model, chosen.arrays).at(0));
}

// What the float model answers, node by node in double.
Matrix SlowAnswer(const Model& model, const Chosen& chosen) {
  return RunSlowly(model, MatrixOf(chosen.arrays[0].value));
}

std::vector<std::string> NodesIn(const Choice& choice, Format format) {
  std::vector<std::string> names;
  for (const auto& node : choice.recipe.nodes) {
    if (node.format == format) names.push_back(node.node);
  }
  return names;
}

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
  EXPECT_THAT(NodesIn(chosen->choice, Format::kInt8Static), ElementsAre("h", "y"));
  ExpectKeeps(SlowAnswer(Perceptron(), *chosen), *chosen);
}

TEST_F(ChooseFormatsTest, HoldsNoTwoSessionsOfALargeModelAndChoosesTheSame) {
  size_t most = 0;
  instruments_.time = [&most, time = instruments_.time](std::span<const Timed> timed,
                                                        std::span<const NamedTensor> inputs,
                                                        const runtime::TimingOptions& options) {
    most = std::max(most, timed.size());
    return time(timed, inputs, options);
  };
  AutoOptions options;
  const auto small = Choose(Perceptron(), options);
  ASSERT_TRUE(small) << small.error().what;
  EXPECT_GT(most, 1U);
  most = 0;
  options.side_by_side_bytes = 0;
  const auto large = Choose(Perceptron(), options);
  ASSERT_TRUE(large) << large.error().what;
  EXPECT_EQ(most, 1U);
  ASSERT_TRUE(large->choice.model) << large->choice.reason;
  EXPECT_EQ(large->choice.recipe.nodes, small->choice.recipe.nodes);
  ASSERT_EQ(large->choice.candidates.size(), small->choice.candidates.size());
  for (size_t i = 0; i < large->choice.candidates.size(); ++i) {
    EXPECT_EQ(large->choice.candidates[i].speedup.value, small->choice.candidates[i].speedup.value);
    EXPECT_EQ(large->choice.candidates[i].batch_speedup.value,
              small->choice.candidates[i].batch_speedup.value);
    EXPECT_EQ(large->choice.candidates[i].problem, small->choice.candidates[i].problem);
  }
}

TEST_F(ChooseFormatsTest, TimesBatchesOfFinalistsAlone) {
  std::set<std::string> in_batches;
  instruments_.time = [&in_batches, time = instruments_.time](
                          std::span<const Timed> timed, std::span<const NamedTensor> inputs,
                          const runtime::TimingOptions& options) {
    for (const Timed& one : timed) {
      if (inputs[0].value.shape()[0] > 1) in_batches.emplace(one.candidate);
    }
    return time(timed, inputs, options);
  };
  AutoOptions options;
  const auto chosen = Choose(Perceptron(), options);
  ASSERT_TRUE(chosen) << chosen.error().what;
  ASSERT_TRUE(chosen->choice.model);
  // Static plans are 2x, dynamic ones 1.2x.
  EXPECT_FALSE(in_batches.contains("dynamic"));
  EXPECT_THAT(in_batches, Contains(StartsWith("static")));
}

// Samples [72, 32], of which each third is checked: eight that calibration saw the like of, then
// sixteen ten times as large, which static ranges cut. The first look is at the former.
Tensor LargeBehindTheFirst() {
  Tensor samples = graph::RandomTensor({72, 32}, 9);
  for (int64_t i = 24; i < 72; i += 3) {
    for (float& value : samples.mutable_data<float>().subspan(static_cast<size_t>(32 * i), 32))
      value *= 10.0F;
  }
  return samples;
}

TEST_F(ChooseFormatsTest, TakesTheNextWhereTheBestBreaksOnSamplesBehindTheFirst) {
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 32})
                          .Uniform("w", {32, 64}, 1, -0.3, 0.3)
                          .Op("MatMul", {"x", "w"}, {"y"})
                          .Output("y")
                          .Build();
  const auto chosen = ChooseOn(model, {{"x", LargeBehindTheFirst()}}, {});
  ASSERT_TRUE(chosen) << chosen.error().what;
  ASSERT_TRUE(chosen->choice.model) << chosen->choice.reason;
  EXPECT_THAT(chosen->choice.reason, StartsWith("dynamic"));
  for (const Candidate& candidate : chosen->choice.candidates) {
    if (candidate.name.starts_with("static")) {
      EXPECT_THAT(candidate.problem, HasSubstr("the outputs move"));
    }
  }
}

// Large inputs end in Tanh: only the product before it breaks. A row of its weights is large, which
// costs the others digits, and those of the other one are halves, which 8 bits hold exactly: so it
// harms more on the first samples too.
TEST_F(ChooseFormatsTest, TakesWhatIsRepairedBehindTheFirstFinalOverASlowerOneThatHeld) {
  instruments_ = Scripted({{"static", 2.3}, {"dynamic", 2.0}});
  Tensor rows = graph::RandomTensor({32, 64}, 1, -0.1, 0.1);
  for (float& value : rows.mutable_data<float>().first(64)) value *= 20.0F;
  Tensor halves = graph::RandomTensor({64, 16}, 2);
  for (float& value : halves.mutable_data<float>()) value = value < 0 ? -0.5F : 0.5F;
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 32})
                          .Constant("w", rows)
                          .Constant("v", halves)
                          .Op("MatMul", {"x", "w"}, {"h"})
                          .Op("Tanh", {"h"}, {"t"})
                          .Op("MatMul", {"t", "v"}, {"y"})
                          .Output("y")
                          .Build();
  const auto chosen = ChooseOn(model, {{"x", LargeBehindTheFirst()}}, {});
  ASSERT_TRUE(chosen) << chosen.error().what;
  ASSERT_TRUE(chosen->choice.model) << chosen->choice.reason;
  EXPECT_THAT(chosen->choice.reason, AllOf(StartsWith("static"), HasSubstr("in float")));
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
  ExpectKeeps(SlowAnswer(Perceptron(), *chosen), *chosen);
}

TEST_F(ChooseFormatsTest, TriesNoFormatThatIsNotAllowed) {
  const struct {
    Formats formats;
    std::vector<std::string> names;
    std::string chosen;
  } cases[] = {
      {{}, {"static, chain", "dynamic"}, "static, chain"},
      {{Format::kInt8Static, Format::kInt8Weights},
       {"static, chain", "int8 weights"},
       "static, chain"},
      {{Format::kInt8Dynamic, Format::kInt8Weights}, {"dynamic", "int8 weights"}, "dynamic"},
      {{Format::kInt8Weights}, {"int8 weights"}, "int8 weights"},
  };
  for (const auto& [formats, names, taken] : cases) {
    const auto chosen = Choose(Perceptron(), Allowing(formats));
    ASSERT_TRUE(chosen) << chosen.error().what;
    std::vector<std::string> tried;
    for (const Candidate& candidate : chosen->choice.candidates) tried.push_back(candidate.name);
    EXPECT_EQ(tried, names);
    EXPECT_THAT(chosen->choice.reason, StartsWith(taken + ": "));
  }
}

// What "planted" reads is shifted in its first column by 200: 8 bits over that range are steps of
// 0.8, and the other columns, the only ones that its weight takes, lie in [-1, 1]. Sub and Tanh
// have no integer kernel, so that no other node is harmed.
Model PlantedAmong(int num_before, int num_after, float first_shift = 200) {
  ModelBuilder builder(13);
  builder.Input("x", {-1, 16});
  std::string value = "x";
  uint64_t seed = 0;
  const auto layer = [&](const std::string& name, size_t first_row) {
    auto weight = graph::RandomFloats(256, ++seed, -0.5, 0.5);
    std::fill_n(weight.begin(), first_row * 16, 0.0F);
    builder.Floats("w_" + name, {16, 16}, weight).Op("MatMul", {value, "w_" + name}, {name});
    builder.Op("Tanh", {name}, {"tanh_" + name});
    value = "tanh_" + name;
  };
  for (int i = 0; i < num_before; ++i) layer("before" + std::to_string(i), 0);
  std::vector<float> shift(16, 0.0F);
  shift[0] = first_shift;
  builder.Floats("shift", {1, 16}, shift).Op("Sub", {value, "shift"}, {"shifted"});
  value = "shifted";
  layer("planted", 1);
  for (int i = 0; i < num_after; ++i) layer("after" + std::to_string(i), 0);
  return builder.Output(value).Build();
}

TEST_F(ChooseFormatsTest, RepairsAPlanByTheOneNodeThatBreaksIt) {
  const Model model = PlantedAmong(3, 4);
  for (const Formats& formats : {Formats{}, Formats{Format::kInt8Static}}) {
    const auto chosen = Choose(model, Allowing(formats));
    ASSERT_TRUE(chosen) << chosen.error().what;
    ASSERT_TRUE(chosen->choice.model) << chosen->choice.reason;
    EXPECT_THAT(chosen->choice.reason, StartsWith("static, chain, 1 of 8 nodes in float: "));
    EXPECT_THAT(
        NodesIn(chosen->choice, Format::kInt8Static),
        ElementsAre("before0", "before1", "before2", "after0", "after1", "after2", "after3"));
    EXPECT_EQ(chosen->choice.recipe.FormatOf("planted"), Format::kFloat32);
    ASSERT_FALSE(chosen->choice.candidates.empty());
    EXPECT_THAT(chosen->choice.candidates[0].problem, HasSubstr("the outputs move: "));
    ExpectKeeps(SlowAnswer(model, *chosen), *chosen);
  }
}

// Asked for by name, the first plan ends the search when it holds; here the sum in integers, whose
// first column is ten thousand times as large as the others, does not.
TEST_F(ChooseFormatsTest, LooksFurtherWhenTheFirstPlanOfAForcedFormatBreaks) {
  auto weight = graph::RandomFloats(256, 2, -0.5, 0.5);
  for (size_t i = 0; i < weight.size(); i += 16) weight[i] *= 1e4F;
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 16})
                          .Uniform("w", {16, 16}, 1, -0.5, 0.5)
                          .Floats("large", {16, 16}, weight)
                          .Uniform("v", {16, 16}, 3, -0.5, 0.5)
                          .Op("MatMul", {"x", "w"}, {"a"})
                          .Op("MatMul", {"x", "large"}, {"b"})
                          .Op("Add", {"a", "b"}, {"sum"})
                          .Op("Tanh", {"sum"}, {"t"})
                          .Op("MatMul", {"t", "v"}, {"y"})
                          .Output("y")
                          .Build();
  const auto chosen = Choose(model, Allowing({Format::kInt8Static}));
  ASSERT_TRUE(chosen) << chosen.error().what;
  EXPECT_THAT(chosen->choice.candidates.at(0).problem, HasSubstr("the outputs move: "));
  EXPECT_THAT(chosen->choice.reason, StartsWith("static, compute: "));
  EXPECT_THAT(NodesIn(chosen->choice, Format::kInt8Static), ElementsAre("a", "b", "y"));
  ExpectKeeps(FloatAnswer(model, *chosen), *chosen);
}

// The plan that would be taken if nobody compared: the same slow reference sees that it is broken.
TEST_F(ChooseFormatsTest, WouldBreakTheModelWithoutRepair) {
  const Model model = PlantedAmong(3, 4);
  AutoOptions careless = Allowing({Format::kInt8Static});
  careless.tolerance = 0.999;
  const auto chosen = Choose(model, careless);
  ASSERT_TRUE(chosen && chosen->choice.model);
  EXPECT_THAT(NodesIn(chosen->choice, Format::kInt8Static), Contains("planted"));
  const auto outputs =
      runtime::RunModel(*chosen->choice.model, chosen->arrays, runtime::Optimization::kAll);
  EXPECT_LT(SlowCosine(SlowAnswer(model, *chosen), MatrixOf(outputs[0])), 0.9);
}

TEST_F(ChooseFormatsTest, CutsAPlanByItsKernelTimes) {
  // "before0" gains nothing in integers; the others together more than two crossings cost.
  runtime::KernelTimes in_float;
  runtime::KernelTimes in_int8;
  for (const char* node : {"before0", "planted", "after0"}) {
    in_float[node] = 100;
    in_int8[node] = node == std::string("before0") ? 100 : 10;
  }
  instruments_ = Scripted({{"static", 2}, {"static, chain, fast nodes", 3}}, {in_float, in_int8});
  const auto chosen =
      Choose(PlantedAmong(1, 1, 0), Allowing({Format::kInt8Static, Format::kInt8Weights}));
  ASSERT_TRUE(chosen) << chosen.error().what;
  EXPECT_THAT(chosen->choice.reason, StartsWith("static, chain, fast nodes: 3.00x"));
  EXPECT_THAT(NodesIn(chosen->choice, Format::kInt8Static), ElementsAre("planted", "after0"));
}

TEST_F(ChooseFormatsTest, TimesOnTheMachineWhenNothingElseIsGiven) {
  instruments_ = RealInstruments();
  AutoOptions options = Allowing({Format::kInt8Dynamic});
  options.timing_budget_ms = 5;
  const auto chosen = Choose(Perceptron(), options);
  ASSERT_TRUE(chosen) << chosen.error().what;
  ASSERT_TRUE(chosen->choice.model) << chosen->choice.reason;
  for (const Candidate& candidate : chosen->choice.candidates)
    EXPECT_GT(candidate.speedup.value, 0) << candidate.name;
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

// Where the float form is simply faster, the model is declined with the numbers.
TEST_F(ChooseFormatsTest, SaysWhyWhenNothingIsToBeGained) {
  AutoOptions options = Allowing({});
  options.min_speedup = 1000;  // nothing is
  const auto chosen = Choose(Perceptron(), options);
  ASSERT_TRUE(chosen) << chosen.error().what;
  EXPECT_FALSE(chosen->choice.model);
  EXPECT_THAT(chosen->choice.reason, HasSubstr("nothing to gain here"));
  EXPECT_THAT(chosen->choice.reason, HasSubstr("its outputs hold: "));
  for (const Candidate& candidate : chosen->choice.candidates)
    EXPECT_FALSE(candidate.problem.empty()) << candidate.name;
}

// x / x is NaN where x is 0, and Where hides it again.
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
  ExpectKeeps(FloatAnswer(model, *chosen), *chosen);
}

// A range that holds -3.4e38 makes a scale of 1e36: all else becomes 0, attention uniform.
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

// Quantizers that take every tensor for float32 fail on it.
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
  ExpectKeeps(FloatAnswer(model, *chosen), *chosen);
}

// Powers over 10 decades do not fit 8 linear bits.
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
      for (const auto& node : candidate.nodes) EXPECT_NE(node.node, "mixed") << candidate.name;
    }
    EXPECT_FALSE(chosen->choice.reason.empty());
    if (chosen->choice.model) ExpectKeeps(FloatAnswer(model, *chosen), *chosen);
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

// Both models draw the same noise while they are compared; what is written draws its own.
TEST_F(ChooseFormatsTest, ComparesRandomModelsOnTheSameNoise) {
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 32})
                          .Uniform("w", {32, 64}, 1, -0.3, 0.3)
                          .Uniform("v", {64, 8}, 2, -0.3, 0.3)
                          .Op("MatMul", {"x", "w"}, {"h"})
                          .Op("RandomNormalLike", {"h"}, {"noise"})
                          .Op("Add", {"h", "noise"}, {"n"})
                          .Op("MatMul", {"n", "v"}, {"y"})
                          .Output("y")
                          .Build();
  const auto chosen = Choose(model, {});
  ASSERT_TRUE(chosen) << chosen.error().what;
  ASSERT_TRUE(chosen->choice.model) << chosen->choice.reason;
  for (const Candidate& candidate : chosen->choice.candidates)
    EXPECT_GE(candidate.closeness.cosine, 0.99) << candidate.name;
  for (const graph::Node& node : chosen->choice.model->graph.nodes)
    EXPECT_EQ(node.Find("seed"), nullptr) << node.name;
}

// Int8 codes of a small weight, with scales and nodes around them, take more room than its floats.
TEST_F(ChooseFormatsTest, WritesNothingForSizeThatIsNotSmaller) {
  const Model model = ModelBuilder(13)
                          .Input("x", {-1, 4})
                          .Uniform("w", {4, 4}, 1)
                          .Op("MatMul", {"x", "w"}, {"y"})
                          .Output("y")
                          .Build();
  AutoOptions options;
  options.goal = Goal::kSize;
  const auto chosen = Choose(model, options);
  ASSERT_TRUE(chosen) << chosen.error().what;
  EXPECT_FALSE(chosen->choice.model);
  ASSERT_FALSE(chosen->choice.candidates.empty());
  for (const Candidate& candidate : chosen->choice.candidates)
    EXPECT_THAT(candidate.problem, StartsWith("not smaller")) << candidate.name;
}

}  // namespace
}  // namespace tare::search
