// Conv, Gemm and MatMul: weights, biases, alpha and beta, against the definition.

#include "quantize/reference_for_test.h"

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

const ValueRange kIn{-1.0F, 0.9F};
const ValueRange kOut{-3.0F, 3.5F};

// Weight, bias and output of one weighted node "y" between x and y, both in integers.
void ExpectStatic(const Model& model, const Shape& input, int64_t axis,
                  const std::string& weight = "w") {
  const Recipe recipe = MakeRecipe(model, {"y"}, {{"x", kIn}, {"y", kOut}});
  const std::vector<NamedTensor> inputs{{"x", RandomTensor(input, 7, -1.2, 1.1)}};
  const std::vector<NamedTensor> faked{{"x", FakeUint8(inputs[0].value, kIn)}};
  const Tensor quantized_weight = FakeInt8(*model.graph.FindInitializer(weight)->value, axis);
  const auto real = RunModel(WithConstant(model, weight, quantized_weight), faked);
  const Model quantized = Applied(model, recipe);
  for (const auto level : {Optimization::kNone, Optimization::kAll}) {
    const auto actual = RunModel(quantized, inputs, level);
    ASSERT_TRUE(real.size() == 1 && actual.size() == 1);
    ExpectWithinSteps(FakeUint8(real[0], kOut), actual[0], StepOf(kOut));
  }
  EXPECT_EQ(Fusion(quantized, recipe), "1/1");
}

class OpsetTest : public testing::TestWithParam<int64_t> {};
INSTANTIATE_TEST_SUITE_P(Opsets, OpsetTest, testing::Values(10, 11, 12, 13, 17, 21, 22, 23));

TEST_P(OpsetTest, QuantizesConv) {
  for (const int64_t group : {1, 2, 4}) {
    for (const bool with_bias : {false, true}) {
      SCOPED_TRACE(StrCat("group ", group, " bias ", with_bias));
      const Model model = ModelBuilder(GetParam(), GetParam() >= 21 ? 10 : 7)
                              .Input("x", {1, 4, 6, 6})
                              .Uniform("w", {8, 4 / group, 3, 3}, 1, -0.3, 0.4)
                              .Uniform("b", {8}, 2)
                              .Op("Conv",
                                  with_bias ? std::vector<std::string>{"x", "w", "b"}
                                            : std::vector<std::string>{"x", "w"},
                                  {"y"}, {IntOf("group", group), IntsOf("pads", {1, 1, 1, 1})})
                              .Output("y")
                              .Build();
      ExpectStatic(model, {1, 4, 6, 6}, 0);
    }
  }
}

// A scale for each channel loads at every opset: DequantizeLinear has `axis` from 13 on only.
TEST_P(OpsetTest, QuantizesMatMulAndGemm) {
  const Model matmul = ModelBuilder(GetParam(), GetParam() >= 21 ? 10 : 7)
                           .Input("x", {3, 8})
                           .Uniform("w", {8, 5}, 1)
                           .Op("MatMul", {"x", "w"}, {"y"})
                           .Output("y")
                           .Build();
  // The output of MatMul ends in float where no integer node reads it; Relu keeps it that way.
  const Recipe recipe = MakeRecipe(matmul, {"y"}, {{"x", kIn}, {"y", kOut}});
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({3, 8}, 7)}};
  const std::vector<NamedTensor> faked{{"x", FakeUint8(inputs[0].value, kIn)}};
  const auto real = RunModel(
      WithConstant(matmul, "w", FakeInt8(*matmul.graph.FindInitializer("w")->value, 1)), faked);
  const Model quantized = Applied(matmul, recipe);
  EXPECT_EQ(CountOps(quantized, "QuantizeLinear"), 1) << "none behind the MatMul";
  for (const auto level : {Optimization::kNone, Optimization::kAll}) {
    const auto actual = RunModel(quantized, inputs, level);
    // The same sums of 8 products, in float32.
    EXPECT_LE(runtime::MaxDifference(real[0], actual[0]), 1e-5);
  }
  EXPECT_EQ(Fusion(quantized, recipe), "1/1");
}

// Output of a Gemm in integers: alpha x w + beta b, w transposed or not.
void ExpectGemm(int64_t transposed, float alpha, float beta, const Shape& bias) {
  SCOPED_TRACE(
      StrCat("transB ", transposed, " alpha ", alpha, " beta ", beta, " bias ", ShapeText(bias)));
  const Model model =
      ModelBuilder(13)
          .Input("x", {3, 8})
          .Uniform("w", transposed != 0 ? Shape{5, 8} : Shape{8, 5}, 1)
          .Uniform("b", bias, 2)
          .Op("Gemm", {"x", "w", "b"}, {"y"},
              {IntOf("transB", transposed), FloatOf("alpha", alpha), FloatOf("beta", beta)})
          .Output("y")
          .Build();
  const Recipe recipe = MakeRecipe(model, {"y"}, {{"x", kIn}, {"y", kOut}});
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({3, 8}, 7)}};
  const std::vector<NamedTensor> faked{{"x", FakeUint8(inputs[0].value, kIn)}};
  const Tensor weight = FakeInt8(*model.graph.FindInitializer("w")->value, transposed != 0 ? 0 : 1);
  const auto real = RunModel(WithConstant(model, "w", weight), faked);
  const Model quantized = Applied(model, recipe);
  for (const auto level : {Optimization::kNone, Optimization::kAll}) {
    const auto actual = RunModel(quantized, inputs, level);
    // Beyond float32 sums: half a step of the bias, s_x s_w / 2 = 0.0075 * 0.008 / 2.
    EXPECT_LE(runtime::MaxDifference(real[0], actual[0]), 5e-5);
  }
  EXPECT_EQ(Fusion(quantized, recipe), "1/1");
}

TEST(GemmTest, FoldsAlphaAndBetaAndTransposes) {
  for (const int64_t transposed : {0, 1}) {
    for (const float alpha : {1.0F, 0.5F}) {
      for (const float beta : {1.0F, 2.0F}) {
        ExpectGemm(transposed, alpha, beta, {5});
        ExpectGemm(transposed, alpha, beta, {1, 5});  // [1, N]: a MatMul + Add that became Gemm
      }
    }
  }
}

TEST(GemmTest, KeepsATransposedFirstOperand) {
  const Model model = ModelBuilder(13)
                          .Input("x", {8, 3})
                          .Uniform("w", {8, 5}, 1)
                          .Op("Gemm", {"x", "w"}, {"y"}, {IntOf("transA", 1)})
                          .Output("y")
                          .Build();
  const auto dynamic = ApplyRecipe(model, MakeRecipe(model, {"y"}, {}, Format::kInt8Dynamic));
  ASSERT_FALSE(dynamic) << "MatMulInteger cannot transpose";
  EXPECT_EQ(dynamic.error().code, ErrorCode::kFailedPrecondition);
}

TEST(MatMulTest, QuantizesAWeightOfThreeAxesWithAScaleAMatrixAndColumn) {
  const Model model = ModelBuilder(13)
                          .Input("x", {2, 3, 8})
                          .Uniform("w", {2, 8, 5}, 1)
                          .Op("MatMul", {"x", "w"}, {"m"})
                          .Op("Neg", {"m"}, {"y"})
                          .Output("y")
                          .Build();
  const Recipe recipe = MakeRecipe(model, {"m"}, {{"x", kIn}, {"m", kOut}});
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({2, 3, 8}, 7)}};
  const std::vector<NamedTensor> faked{{"x", FakeUint8(inputs[0].value, kIn)}};
  const Tensor& weight = *model.graph.FindInitializer("w")->value;
  std::vector<float> values;
  for (int64_t e = 0; e < 2; ++e) {
    const Tensor matrix = FakeInt8(weight.Rows(e, e + 1).Reshaped({8, 5}), 1);
    values.insert(values.end(), matrix.data<float>().begin(), matrix.data<float>().end());
  }
  const auto real = RunModel(WithConstant(model, "w", Tensor::Of<float>({2, 8, 5}, values)), faked);
  const Model quantized = Applied(model, recipe);
  EXPECT_LE(runtime::MaxDifference(real[0], RunModel(quantized, inputs)[0]), 1e-5);
  EXPECT_LE(runtime::MaxDifference(real[0], RunModel(quantized, inputs, Optimization::kAll)[0]),
            1e-5);
  EXPECT_EQ(Fusion(quantized, recipe), "1/1");
}

// ---- biases ------------------------------------------------------------------------------------

Model ConvWith(const Tensor& weight, const Tensor& bias) {
  return ModelBuilder(13)
      .Input("x", {1, 2, 3, 3})
      .Constant("w", weight)
      .Constant("b", bias)
      .Op("Conv", {"x", "w", "b"}, {"y"})
      .Output("y")
      .Build();
}

TEST(BiasTest, WidensTheScaleOfAChannelWhoseBiasWouldOverflow) {
  // s_x s_w is 1/255 * 1e-9/127: a bias of 2 would be 6e13 steps.
  const Model model = ConvWith(Tensor::Of<float>({2, 2, 1, 1}, {1e-9F, -1e-9F, 0.5F, 0.25F}),
                               Tensor::Of<float>({2}, {2.0F, -1.0F}));
  const Recipe recipe = MakeRecipe(model, {"y"}, {{"x", {0, 1}}, {"y", {-1, 2}}});
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({1, 2, 3, 3}, 3, 0, 1)}};
  const Model quantized = Applied(model, recipe);
  const auto real = RunModel(model, inputs);
  for (const auto level : {Optimization::kNone, Optimization::kAll}) {
    // Half a step of the output, and the rounding of inputs and weights of size 0.5: half a step of
    // 1/255 and of 0.5/127 each over two terms.
    EXPECT_LE(runtime::MaxDifference(real[0], RunModel(quantized, inputs, level)[0]),
              1.5 / 255 + 0.006);
  }
  EXPECT_EQ(Fusion(quantized, recipe), "1/1");
}

TEST(BiasTest, StaysFiniteWhenEverythingIsTiny) {
  for (const float size : {1e-30F, 1e-38F, 1e-44F, 0.0F}) {
    for (const float bias : {0.0F, 1e-30F, 1.0F}) {
      const Model model =
          ConvWith(Tensor::Of<float>({1, 2, 1, 1}, {size, -size}), Tensor::Of<float>({1}, {bias}));
      const Recipe recipe = MakeRecipe(model, {"y"}, {{"x", {0, 1e-6F}}, {"y", {0, 1}}});
      const Model quantized = Applied(model, recipe);
      for (const graph::Initializer& constant : quantized.graph.initializers) {
        if (constant.value->dtype() != DType::kFloat32) continue;
        for (const float value : constant.value->data<float>())
          EXPECT_TRUE(std::isfinite(value) && value > 0) << constant.name;
      }
      const auto outputs = RunModel(quantized, {{"x", RandomTensor({1, 2, 3, 3}, 3, 0, 1e-6)}});
      ASSERT_EQ(outputs.size(), 1U);
      EXPECT_NEAR(outputs[0].data<float>()[0], bias, 1.0 / 255) << size << " " << bias;
    }
  }
}

// Names of what is made are new in the whole model: `a_bias_quantized` is another tensor here.
TEST(BiasTest, GivesEachConvItsOwnCodesOfASharedBias) {
  const Model model =
      ModelBuilder(13)
          .Input("x", {1, 2, 4, 4})
          .Uniform("w", {2, 2, 1, 1}, 1)
          .Uniform("w2", {2, 2, 1, 1}, 2, -5, 5)
          .Uniform("b", {2}, 3)
          .Uniform("a_bias_quantized", {1, 2, 4, 4}, 4)
          .Uniform("w_quantized", {1, 2, 4, 4}, 5)
          .Uniform("x_quantized", {1, 2, 4, 4}, 6)
          .Op("Conv", {"x", "w", "b"}, {"a"})
          .Op("Conv", {"x", "w2", "b"}, {"c"})
          .Op("Sum", {"a", "c", "a_bias_quantized", "w_quantized", "x_quantized"}, {"y"})
          .Output("y")
          .Build();
  const Recipe recipe =
      MakeRecipe(model, {"a", "c"}, {{"x", kIn}, {"a", {-3, 3}}, {"c", {-11, 11}}});
  const Model quantized = Applied(model, recipe);
  EXPECT_NE(quantized.graph.FindInitializer("a_bias_quantized_1"), nullptr);
  EXPECT_NE(quantized.graph.FindInitializer("c_bias_quantized"), nullptr);
  EXPECT_EQ(*quantized.graph.FindInitializer("w_quantized")->value,
            *model.graph.FindInitializer("w_quantized")->value);
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({1, 2, 4, 4}, 7, -1, 0.9)}};
  // Steps of a and c, and of x through weights of up to 5 over two terms.
  EXPECT_LE(runtime::MaxDifference(RunModel(model, inputs)[0], RunModel(quantized, inputs)[0]),
            0.15);
  EXPECT_EQ(Fusion(quantized, recipe), "2/2");
}

TEST(BiasTest, RefusesABiasThatIsNotOneValueAChannel) {
  for (const Shape& shape : {Shape{1}, Shape{3, 1}, Shape{3, 5}}) {
    const Model model = ModelBuilder(13)
                            .Input("x", {3, 8})
                            .Uniform("w", {8, 5}, 1)
                            .Uniform("b", shape, 2)
                            .Op("Gemm", {"x", "w", "b"}, {"y"})
                            .Output("y")
                            .Build();
    for (const Format format : {Format::kInt8Static, Format::kInt8Dynamic}) {
      const auto refused =
          ApplyRecipe(model, MakeRecipe(model, {"y"}, {{"x", kIn}, {"y", kOut}}, format));
      ASSERT_FALSE(refused) << ShapeText(shape);
      EXPECT_EQ(refused.error().code, ErrorCode::kFailedPrecondition);
      EXPECT_NE(refused.error().what.find("'y' (Gemm)"), std::string::npos) << refused.error().what;
    }
  }
}

}  // namespace
}  // namespace tare::quantize
