// The shape of quantized graphs: who reads what, what disappears, what is refused.

#include "tare/quantize/apply.h"

#include <gmock/gmock.h>

#include "quantize/reference_for_test.h"
#include "tare/graph/canonical.h"
#include "tare/graph/onnx.h"

namespace tare::quantize {
namespace {

using graph::FloatOf;
using graph::IntOf;
using graph::IntsOf;
using graph::Model;
using graph::ModelBuilder;
using graph::RandomTensor;
using runtime::Optimization;
using runtime::RunModel;
using testing::HasSubstr;

const Shape kImage{1, 2, 4, 4};

ModelBuilder Conv(int64_t opset = 13) {
  ModelBuilder builder(opset);
  builder.Input("x", kImage)
      .Uniform("w", {2, 2, 1, 1}, 1)
      .Uniform("v", {2, 2, 1, 1}, 2)
      .Op("Conv", {"x", "w"}, {"c"});
  return builder;
}

std::vector<NamedTensor> Image() { return {{"x", RandomTensor(kImage, 3)}}; }

// Largest difference to the float model; a few steps of 1/100 with these ranges.
constexpr double kClose = 0.05;

void ExpectClose(const Model& model, const Model& quantized,
                 const std::vector<NamedTensor>& inputs) {
  runtime::ExpectSameOutputs(model, quantized, inputs, kClose);
  const auto a = RunModel(model, inputs);
  const auto b = RunModel(quantized, inputs, Optimization::kAll);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    EXPECT_LE(runtime::MaxDifference(a[i], b[i]), kClose) << "fused, output " << i;
}

TEST(WeightCacheTest, QuantizesAWeightOnceForAllPlans) {
  const auto weight = std::make_shared<const Tensor>(RandomTensor({8, 4}, 1));
  WeightCache cache;
  const auto first = cache.Quantize(weight, 1, {});
  ASSERT_TRUE(first);
  EXPECT_EQ(*first->codes, QuantizeWeight(*weight, 1)->values);
  EXPECT_EQ(cache.Quantize(weight, 1, {})->codes, first->codes);
  // A floor below the scales changes nothing, one above does.
  EXPECT_EQ(cache.Quantize(weight, 1, std::vector<float>(4, 1e-6F))->codes, first->codes);
  const std::vector<float> high(4, 1.0F);
  const auto raised = cache.Quantize(weight, 1, high);
  EXPECT_EQ(raised->scales, high);
  EXPECT_EQ(*raised->codes, QuantizeWeight(*weight, 1, high)->values);
  EXPECT_EQ(cache.Quantize(weight, 0, {})->scales, QuantizeWeight(*weight, 0)->scales);
  EXPECT_EQ(cache.Quantize(weight, 1, {})->codes, first->codes) << "not the raised ones";
}

TEST(WeightCacheTest, GivesThePlansTheBytesThatTheyHaveAlone) {
  const Model model =
      Conv().Op("Relu", {"c"}, {"r"}).Op("Conv", {"r", "v"}, {"y"}).Output("y").Build();
  const Recipe both =
      MakeRecipe(model, {"c", "y"}, {{"x", {-1, 1}}, {"r", {0, 2}}, {"y", {-2, 2}}});
  const Recipe one = MakeRecipe(model, {"c"}, {{"x", {-1, 1}}, {"r", {0, 2}}});
  WeightCache cache;
  for (const Recipe& recipe : {both, one, both}) {
    const auto shared = ApplyRecipe(model, recipe, cache);
    ASSERT_TRUE(shared) << shared.error().what;
    EXPECT_EQ(*graph::SerializeOnnx(*shared), *graph::SerializeOnnx(Applied(model, recipe)));
  }
}

TEST(ApplyRecipeTest, AbsorbsAReluThatTheRangeClips) {
  const Model model =
      Conv().Op("Relu", {"c"}, {"r"}).Op("Conv", {"r", "v"}, {"y"}).Output("y").Build();
  const Recipe recipe =
      MakeRecipe(model, {"c", "y"}, {{"x", {-1, 1}}, {"r", {0, 2}}, {"y", {-2, 2}}});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(CountOps(quantized, "Relu"), 0);
  EXPECT_EQ(Fusion(quantized, recipe), "2/2");
  ExpectClose(model, quantized, Image());
}

TEST(ApplyRecipeTest, AbsorbsAClipOnlyWhereTheRangeEndsInside) {
  const auto clipped = [](ValueRange range) {
    const Model model = Conv()
                            .Floats("low", {}, {0})
                            .Floats("high", {}, {1})
                            .Op("Clip", {"c", "low", "high"}, {"r"})
                            .Op("Conv", {"r", "v"}, {"y"})
                            .Output("y")
                            .Build();
    const Recipe recipe = MakeRecipe(
        model, {"c", "y"}, {{"x", {-1, 1}}, {"c", {-2, 2}}, {"r", range}, {"y", {-2, 2}}});
    const Model quantized = Applied(model, recipe);
    ExpectClose(model, quantized, Image());
    return CountOps(quantized, "Clip");
  };
  EXPECT_EQ(clipped({0, 1}), 0);
  EXPECT_EQ(clipped({0, 1.5F}), 1) << "codes above 1 exist";
  EXPECT_EQ(clipped({-0.5F, 1}), 1) << "codes below 0 exist";
}

TEST(ApplyRecipeTest, KeepsAReluWhoseInputOthersRead) {
  const Model model =
      Conv().Op("Relu", {"c"}, {"r"}).Op("Add", {"r", "c"}, {"y"}).Output("y").Build();
  const Recipe recipe = MakeRecipe(model, {"c", "y"},
                                   {{"x", {-1, 1}}, {"c", {-2, 2}}, {"r", {0, 2}}, {"y", {-2, 4}}});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(CountOps(quantized, "Relu"), 1);
  ExpectClose(model, quantized, Image());
}

TEST(ApplyRecipeTest, GivesAnOutputThatIsAlsoReadTheSameCodes) {
  const Model model = Conv().Op("Conv", {"c", "v"}, {"y"}).Output("c").Output("y").Build();
  const Recipe recipe =
      MakeRecipe(model, {"c", "y"}, {{"x", {-1, 1}}, {"c", {-2, 2}}, {"y", {-2, 2}}});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(Fusion(quantized, recipe), "2/2");
  ExpectClose(model, quantized, Image());
}

TEST(ApplyRecipeTest, LetsFloatNodesReadBesideIntegerOnes) {
  const Model model = Conv()
                          .Op("Conv", {"c", "v"}, {"d"})
                          .Op("Exp", {"c"}, {"e"})
                          .Op("Sum", {"d", "e"}, {"y"})
                          .Output("y")
                          .Build();
  const Recipe recipe =
      MakeRecipe(model, {"c", "d"}, {{"x", {-1, 1}}, {"c", {-2, 2}}, {"d", {-2, 2}}});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(Fusion(quantized, recipe), "2/2");
  const auto a = RunModel(model, Image());
  const auto b = RunModel(quantized, Image());
  EXPECT_LE(runtime::MaxDifference(a[0], b[0]), 0.15)
      << "Exp of up to 2 multiplies a step by up to 7";
}

// Two readers of one tensor, as behind every residual.
TEST(ApplyRecipeTest, FusesATensorWithTwoReaders) {
  const Model model = Conv()
                          .Op("Relu", {"c"}, {"r"})
                          .Op("Conv", {"r", "v"}, {"d"})
                          .Op("Add", {"d", "r"}, {"a"})
                          .Op("Relu", {"a"}, {"y"})
                          .Output("y")
                          .Build();
  const Recipe recipe =
      MakeRecipe(model, {"c", "d", "a"},
                 {{"x", {-1, 1}}, {"r", {0, 2}}, {"d", {-2, 2}}, {"a", {-2, 4}}, {"y", {0, 4}}});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(Fusion(quantized, recipe), "3/3");
  ExpectClose(model, quantized, Image());
}

TEST(ApplyRecipeTest, LeavesABodyTheFloatValue) {
  const auto branch = [](const std::string& op) {
    return ModelBuilder().Op(op, {"c"}, {"b"}).Output("b", DType::kFloat32).Body();
  };
  const Model model = Conv()
                          .Input("cond", {}, DType::kBool)
                          .Op("Conv", {"c", "v"}, {"d"})
                          .Op("If", {"cond"}, {"i"},
                              {graph::BodyOf("then_branch", branch("Neg")),
                               graph::BodyOf("else_branch", branch("Abs"))})
                          .Op("Sum", {"d", "i"}, {"y"})
                          .Output("y")
                          .Build();
  const Recipe recipe =
      MakeRecipe(model, {"c", "d"}, {{"x", {-1, 1}}, {"c", {-2, 2}}, {"d", {-2, 2}}});
  auto inputs = Image();
  inputs.push_back({"cond", *Tensor::FromBytes(DType::kBool, {}, {std::byte{1}})});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(Fusion(quantized, recipe), "2/2");
  ExpectClose(model, quantized, inputs);
}

TEST(ApplyRecipeTest, SharesParametersAlongAChainOfMovers) {
  const Model model = Conv()
                          .Ints("pads", {0, 0, 1, 1, 0, 0, 1, 1})
                          .Ints("shape", {1, 2, -1})
                          .Ints("back", {1, 2, 5, 5})
                          .Op("MaxPool", {"c"}, {"m"}, {IntsOf("kernel_shape", {2, 2})})
                          .Op("Pad", {"m", "pads"}, {"p"})
                          .Op("Reshape", {"p", "shape"}, {"s"})
                          .Op("Reshape", {"s", "back"}, {"t"})
                          .Op("Conv", {"t", "v"}, {"y"})
                          .Output("y")
                          .Build();
  const Recipe recipe = MakeRecipe(model, {"c", "m", "p", "s", "t", "y"},
                                   {{"x", {-1, 1}}, {"c", {-2, 2}}, {"y", {-2, 2}}});
  const graph::GraphIndex index(model.graph);
  EXPECT_EQ(RangeSource(model.graph, index, recipe, "t"), "c");
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(Fusion(quantized, recipe), "6/6");
  ExpectClose(model, quantized, Image());
}

// Add and Mul with a constant carry codes of their own.
TEST(ApplyRecipeTest, QuantizesAConstantOperand) {
  for (const std::string op : {"Add", "Mul"}) {
    const Model model =
        Conv().Uniform("k", {1, 2, 4, 4}, 9).Op(op, {"c", "k"}, {"y"}).Output("y").Build();
    const Recipe recipe =
        MakeRecipe(model, {"c", "y"}, {{"x", {-1, 1}}, {"c", {-2, 2}}, {"y", {-3, 3}}});
    const Model quantized = Applied(model, recipe);
    EXPECT_EQ(Fusion(quantized, recipe), "2/2");
    ExpectClose(model, quantized, Image());
  }
}

// Biases are int32 (the runtime would quantize a float one with Round, of opset 11), in
// com.microsoft up to opset 12.
TEST(ApplyRecipeTest, TakesTheDomainThatHasAnAxis) {
  for (const int64_t opset : {10, 11, 12, 13}) {
    const Model model = ModelBuilder(opset)
                            .Input("x", kImage)
                            .Uniform("w", {2, 2, 1, 1}, 1)
                            .Uniform("b", {2}, 2)
                            .Op("Conv", {"x", "w", "b"}, {"y"})
                            .Output("y")
                            .Build();
    const Recipe recipe = MakeRecipe(model, {"y"}, {{"x", {-1, 1}}, {"y", {-3, 3}}});
    const Model quantized = Applied(model, recipe);
    EXPECT_EQ(quantized.opset(), opset) << "never raised, never lowered";
    EXPECT_EQ(quantized.opsets.contains("com.microsoft"), opset < 13);
    EXPECT_EQ(quantized.graph.FindInitializer("y_bias_quantized")->value->dtype(), DType::kInt32);
    EXPECT_EQ(Fusion(quantized, recipe), "1/1");
    ExpectClose(model, quantized, Image());
  }
}

TEST(ApplyRecipeTest, QuantizesDynamically) {
  for (const bool gemm : {false, true}) {
    for (const int64_t opset : {11, 12, 13, 21}) {
      ModelBuilder builder(opset, opset >= 21 ? 10 : 7);
      builder.Input("x", {3, 8})
          .Uniform("w", gemm ? Shape{5, 8} : Shape{8, 5}, 1)
          .Uniform("b", {5}, 2);
      if (gemm) {
        builder.Op("Gemm", {"x", "w", "b"}, {"y"},
                   {IntOf("transB", 1), FloatOf("alpha", 0.5F), FloatOf("beta", 2)});
      } else {
        builder.Op("MatMul", {"x", "w"}, {"y"});
      }
      const Model model = builder.Output("y").Build();
      const Recipe recipe = MakeRecipe(model, {"y"}, {}, Format::kInt8Dynamic);
      const std::vector<NamedTensor> inputs{{"x", RandomTensor({3, 8}, 5)}};
      const auto values = inputs[0].value.data<float>();
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      const std::vector<NamedTensor> faked{{"x", FakeUint8(inputs[0].value, {*low, *high})}};
      const auto real =
          RunModel(WithConstant(model, "w",
                                FakeInt8(*model.graph.FindInitializer("w")->value, gemm ? 0 : 1)),
                   faked);
      const Model quantized = Applied(model, recipe);
      // DynamicQuantizeLinear computes its scale in float32: 24 bits of sums up to 8.
      EXPECT_LE(runtime::MaxDifference(real[0], RunModel(quantized, inputs)[0]), 1e-4) << opset;
      EXPECT_LE(runtime::MaxDifference(real[0], RunModel(quantized, inputs, Optimization::kAll)[0]),
                1e-4)
          << opset;
      EXPECT_EQ(Fusion(quantized, recipe), "1/1");
    }
  }
}

TEST(ApplyRecipeTest, QuantizesAnLstmDynamically) {
  for (const bool both_ways : {false, true}) {
    const int64_t directions = both_ways ? 2 : 1;
    const Model model =
        ModelBuilder(13)
            .Input("x", {5, 2, 6})
            .Uniform("w", {directions, 16, 6}, 1, -0.5, 0.5)
            .Uniform("r", {directions, 16, 4}, 2, -0.5, 0.5)
            .Uniform("b", {directions, 32}, 3)
            .Op("LSTM", {"x", "w", "r", "b"}, {"y", "h"},
                {IntOf("hidden_size", 4),
                 graph::TextOf("direction", both_ways ? "bidirectional" : "forward")})
            .Output("y")
            .Output("h")
            .Build();
    const Recipe recipe = MakeRecipe(model, {"y"}, {}, Format::kInt8Dynamic);
    const Model quantized = Applied(model, recipe);
    EXPECT_EQ(quantized.graph.FindInitializer("w"), nullptr);
    EXPECT_EQ(Fusion(quantized, recipe), "1/1");
    // Values in (-1, 1), weights and inputs rounded to 1/254 of their range at each of 5 steps.
    runtime::ExpectSameOutputs(model, quantized, {{"x", RandomTensor({5, 2, 6}, 5)}}, 0.03);
  }
}

TEST(ApplyRecipeTest, StoresWeightsOnly) {
  const Model model = ModelBuilder(13)
                          .Input("x", {2}, DType::kInt64)
                          .Uniform("table", {40, 6}, 1)
                          .Uniform("w", {6, 5}, 2)
                          .Op("Gather", {"table", "x"}, {"g"})
                          .Op("Gemm", {"g", "w"}, {"y"}, {FloatOf("alpha", 0.5F)})
                          .Output("y")
                          .Build();
  const Recipe recipe = MakeRecipe(model, {"g", "y"}, {}, Format::kInt8Weights);
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(quantized.graph.FindInitializer("table"), nullptr);
  EXPECT_EQ(quantized.graph.FindInitializer("w"), nullptr);
  Model real =
      WithConstant(model, "table", FakeInt8(*model.graph.FindInitializer("table")->value, 0));
  real = WithConstant(real, "w", FakeInt8(*model.graph.FindInitializer("w")->value, 1));
  const std::vector<NamedTensor> inputs{{"x", Tensor::Of<int64_t>({2}, {7, -1})}};
  EXPECT_LE(runtime::MaxDifference(RunModel(real, inputs)[0], RunModel(quantized, inputs)[0]),
            1e-6);
}

TEST(ApplyRecipeTest, GivesTheSameBytesTwiceAndAfterARoundTripOfTheRecipe) {
  const Model model =
      Conv().Op("Relu", {"c"}, {"r"}).Op("Conv", {"r", "v"}, {"y"}).Output("y").Build();
  const Recipe recipe = MakeRecipe(
      model, {"c", "y"}, {{"x", {-1.1F, 0.7F}}, {"r", {0, 1.0F / 3}}, {"y", {-2e-7F, 2.3456789F}}});
  const auto first = graph::SerializeOnnx(Applied(model, recipe));
  EXPECT_EQ(*graph::SerializeOnnx(Applied(model, recipe)), *first);
  const auto read = ParseRecipe(RecipeText(recipe), "recipe.yaml");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(*graph::SerializeOnnx(Applied(model, *read)), *first);
}

TEST(ApplyRecipeTest, NamesWhatTheRecipeLacksOrInvents) {
  const Model model = Conv().Output("c").Build();
  Recipe unknown;
  unknown.nodes = {{"nobody", "Conv", Format::kInt8Static, ""}};
  const auto invented = ApplyRecipe(model, unknown);
  ASSERT_FALSE(invented);
  EXPECT_EQ(invented.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(invented.error().what, HasSubstr("'nobody'"));
  EXPECT_FALSE(invented.error().next_step.empty());
  const auto lacking = ApplyRecipe(model, MakeRecipe(model, {"c"}, {{"x", {-1, 1}}}));
  ASSERT_FALSE(lacking);
  EXPECT_EQ(lacking.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_THAT(lacking.error().what, HasSubstr("'c'"));
  EXPECT_THAT(lacking.error().next_step, HasSubstr("tare quantize"));
  const auto dynamic_conv = ApplyRecipe(model, MakeRecipe(model, {"c"}, {}, Format::kInt8Dynamic));
  ASSERT_FALSE(dynamic_conv);
  EXPECT_THAT(dynamic_conv.error().what, HasSubstr("'c' (Conv)"));
}

TEST(ApplyRecipeTest, LeavesAModelWithoutChoicesAsItIs) {
  const Model model = Conv().Output("c").Build();
  EXPECT_EQ(graph::GraphText(Applied(model, {}).graph), graph::GraphText(model.graph));
}

}  // namespace
}  // namespace tare::quantize
