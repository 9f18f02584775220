// Reasons, in words, for what is left alone.

#include "tare/quantize/ability.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/quantize/plan.h"
#include "tare/quantize/prepare.h"

namespace tare::quantize {
namespace {

using graph::BodyOf;
using graph::IntOf;
using graph::IntsOf;
using graph::Model;
using graph::ModelBuilder;
using graph::RandomTensor;
using testing::HasSubstr;

Prepared Canonical(const Model& model) {
  auto prepared = Prepare(model, {}, {});
  EXPECT_TRUE(prepared) << prepared.error().what;
  return prepared ? *std::move(prepared) : Prepared();
}

std::string ReasonOf(const Prepared& prepared, const std::string& node) {
  for (const Ability& ability : prepared.abilities) {
    if (ability.node == node) return ability.role == Role::kNone ? ability.reason : "";
  }
  return "no such node";
}

TEST(AbilityTest, QuantizesPlainOperators) {
  const Prepared prepared = Canonical(ModelBuilder(13)
                                          .Input("x", {1, 2, 4, 4})
                                          .Uniform("w", {4, 2, 1, 1}, 1)
                                          .Uniform("m", {16, 3}, 2)
                                          .Ints("shape", {1, 4, 16})
                                          .Op("Conv", {"x", "w"}, {"c"})
                                          .Op("Reshape", {"c", "shape"}, {"r"})
                                          .Op("MatMul", {"r", "m"}, {"y"})
                                          .Output("y")
                                          .Build());
  EXPECT_EQ(prepared.decline_reason, "");
  ASSERT_EQ(prepared.abilities.size(), 3U);
  EXPECT_EQ(prepared.abilities[0].role, Role::kCompute);
  EXPECT_FALSE(prepared.abilities[0].dynamic_int8);
  EXPECT_EQ(prepared.abilities[1].role, Role::kMover);
  EXPECT_TRUE(prepared.abilities[2].dynamic_int8);
  EXPECT_EQ(prepared.abilities[2].weight_elements, 48);
}

TEST(AbilityTest, SaysWhyANodeStaysFloat) {
  const Prepared prepared = Canonical(
      ModelBuilder(13)
          .Input("x", {1, 2, 4, 4})
          .Input("given", {4, 2, 1, 1})
          .Uniform("w", {2, 2, 1, 1}, 1)
          .Uniform("bias", {2}, 2)
          .Op("Conv", {"x", "given"}, {"free_weight"})
          .Op("Tanh", {"x"}, {"tanh"})
          .Op("AveragePool", {"x"}, {"ceil"},
              {IntsOf("kernel_shape", {3, 3}), IntsOf("strides", {2, 2}), IntOf("ceil_mode", 1)})
          .Op("ConvTranspose", {"x", "w", "bias"}, {"transpose"})
          .Output("free_weight")
          .Output("tanh")
          .Output("ceil")
          .Output("transpose")
          .Build());
  EXPECT_EQ(ReasonOf(prepared, "free_weight"), "its weight is not a float32 constant");
  EXPECT_EQ(ReasonOf(prepared, "tanh"), "Tanh has no integer kernel in the runtime");
  EXPECT_THAT(ReasonOf(prepared, "ceil"), HasSubstr("ceil_mode"));
  EXPECT_THAT(ReasonOf(prepared, "transpose"), HasSubstr("ConvTranspose"));
  EXPECT_THAT(prepared.decline_reason,
              HasSubstr("'free_weight': its weight is not a float32 constant"));
}

// QuantizeLinear takes float32: operators on other types stay as they are, and the reason says so.
TEST(AbilityTest, NamesTheTypeThatIsNotFloat32) {
  for (const auto& [dtype, name] :
       {std::pair(DType::kFloat64, "float64"), {DType::kInt32, "int32"}}) {
    const Prepared prepared = Canonical(ModelBuilder(13)
                                            .Input("x", {2, 3}, dtype)
                                            .Constant("w", *Tensor::Zeros(dtype, {3, 4}))
                                            .Op("MatMul", {"x", "w"}, {"m"})
                                            .Op("Transpose", {"m"}, {"y"})
                                            .Output("y")
                                            .Build());
    EXPECT_THAT(ReasonOf(prepared, "m"), HasSubstr(name));
    EXPECT_THAT(prepared.decline_reason, HasSubstr(name));
  }
}

// QuantizeLinear takes float16 from opset 19 only, DynamicQuantizeLinear never: widen first.
TEST(AbilityTest, TakesFloat16ModelsForFloat32Ones) {
  std::vector<std::byte> halves;
  for (const float value : graph::RandomFloats(12, 1)) {
    const uint16_t bits = FloatToHalf(value);
    halves.push_back(static_cast<std::byte>(bits & 255));
    halves.push_back(static_cast<std::byte>(bits >> 8));
  }
  const Model model = ModelBuilder(13)
                          .Input("x", {2, 3}, DType::kFloat16)
                          .Constant("w", *Tensor::FromBytes(DType::kFloat16, {3, 4}, halves))
                          .Op("MatMul", {"x", "w"}, {"y"})
                          .Output("y", DType::kFloat16, {2, 4})
                          .Build();
  const Prepared prepared = Canonical(model);
  EXPECT_EQ(prepared.decline_reason, "");
  const Tensor input =
      *Tensor::FromBytes(DType::kFloat16, {2, 3}, {halves.begin(), halves.begin() + 12});
  const auto a = runtime::RunModel(model, {{"x", input}});
  const auto b = runtime::RunModel(prepared.model, {{"x", input}});
  ASSERT_TRUE(a.size() == 1 && b.size() == 1);
  EXPECT_EQ(b[0].dtype(), DType::kFloat16) << "inputs and outputs keep their type";
  // Two steps of a float16 between 1 and 2.
  EXPECT_LE(runtime::MaxDifference(a[0], b[0]), 2.0 / 1024);
}

TEST(AbilityTest, LeavesSoftmaxOnDoubleFloat) {
  const Prepared prepared = Canonical(ModelBuilder(13)
                                          .Input("x", {2, 3})
                                          .Uniform("w", {3, 4}, 1)
                                          .Op("MatMul", {"x", "w"}, {"m"})
                                          .Op("Cast", {"m"}, {"d"}, {IntOf("to", 11)})
                                          .Op("Softmax", {"d"}, {"s"})
                                          .Op("Cast", {"s"}, {"y"}, {IntOf("to", 1)})
                                          .Output("y")
                                          .Build());
  EXPECT_EQ(prepared.decline_reason, "");
  EXPECT_THAT(ReasonOf(prepared, "s"), HasSubstr("float64"));
  for (const auto& choice : PlanStatic(prepared.model, prepared.abilities, Scope::kAll, {}))
    EXPECT_NE(choice.node, "s");
}

// Quantizing twice costs the accuracy twice and gains nothing.
TEST(DeclineTest, LeavesModelsThatAreQuantizedAlready) {
  const Model qdq = ModelBuilder(13)
                        .Input("x", {1, 2})
                        .Constant("w", Tensor::Of<int8_t>({2, 2}, {1, 2, 3, 4}))
                        .Floats("s", {}, {0.5F})
                        .Op("DequantizeLinear", {"w", "s"}, {"d"})
                        .Op("MatMul", {"x", "d"}, {"y"})
                        .Output("y")
                        .Build();
  EXPECT_EQ(Canonical(qdq).decline_reason,
            "the model is quantized already: it holds 1 DequantizeLinear node");
  const Model integer = ModelBuilder(13)
                            .Input("x", {1, 2}, DType::kUint8)
                            .Constant("w", Tensor::Of<int8_t>({2, 2}, {1, 2, 3, 4}))
                            .Op("MatMulInteger", {"x", "w"}, {"y"})
                            .Output("y")
                            .Build();
  EXPECT_THAT(Canonical(integer).decline_reason,
              HasSubstr("quantized already: it holds 1 MatMulInteger"));
}

TEST(DeclineTest, SeesInt8WeightsBehindCastAndMul) {
  const Model model = ModelBuilder(13)
                          .Input("x", {1, 32})
                          .Constant("w", *Tensor::Zeros(DType::kInt8, {32, 32}))
                          .Uniform("s", {32}, 1)
                          .Op("Cast", {"w"}, {"f"}, {IntOf("to", 1)})
                          .Op("Mul", {"f", "s"}, {"d"})
                          .Op("MatMul", {"x", "d"}, {"y"})
                          .Output("y")
                          .Build();
  EXPECT_THAT(Canonical(model).decline_reason, HasSubstr("int8 behind Cast"));
}

// Products of activations in bodies of If and Loop stay float: saying nothing would pass for success.
TEST(DeclineTest, SaysThatTheWorkLiesInBodies) {
  const graph::Graph body = ModelBuilder()
                                .Op("Transpose", {"x"}, {"t"})
                                .Op("MatMul", {"x", "t"}, {"b"})
                                .Output("b", DType::kFloat32, {2, 2})
                                .Body();
  const Model model =
      ModelBuilder(13)
          .Input("x", {2, 3})
          .Input("c", {}, DType::kBool)
          .Op("If", {"c"}, {"y"}, {BodyOf("then_branch", body), BodyOf("else_branch", body)})
          .Output("y")
          .Build();
  const Prepared prepared = Canonical(model);
  EXPECT_THAT(prepared.decline_reason, HasSubstr("2 compute nodes lie in bodies of If"));
  EXPECT_THAT(ReasonOf(prepared, "y"), HasSubstr("body"));
}

// There is nothing to quantize in a model of ai.onnx.ml operators alone.
TEST(DeclineTest, NamesTheDomainOfAModelOfTreesAndScalers) {
  const Model model =
      ModelBuilder(13)
          .Opset("ai.onnx.ml", 2)
          .Input("x", {-1, 2})
          .Op("Normalizer", {"x"}, {"y"}, {graph::TextOf("norm", "L2")}, "ai.onnx.ml")
          .Output("y")
          .Build();
  EXPECT_EQ(
      Canonical(model).decline_reason,
      "nothing to quantize: there is no Conv, MatMul or Gemm beside the operators of ai.onnx.ml");
}

TEST(DeclineTest, SurvivesSequenceOutputs) {
  const Model model =
      ModelBuilder(13).Input("x", {2}).Op("SequenceConstruct", {"x"}, {"s"}).Output("s").Build();
  EXPECT_EQ(Canonical(model).decline_reason,
            "nothing to quantize: there is no Conv, MatMul or Gemm in the graph");
}

// Exporters also keep weights in Constant nodes, or make them by ConstantOfShape.
TEST(PrepareTest, FindsWeightsInConstantNodesAndMadeOnes) {
  const Model model =
      ModelBuilder(13)
          .Input("x", {2, 3})
          .Op("Constant", {}, {"w"}, {graph::TensorOf("value", RandomTensor({3, 4}, 1))})
          .Ints("shape", {4, 5})
          .Op("ConstantOfShape", {"shape"}, {"v"},
              {graph::TensorOf("value", Tensor::Of<float>({1}, {0.5F}))})
          .Op("MatMul", {"x", "w"}, {"m"})
          .Op("MatMul", {"m", "v"}, {"y"})
          .Output("y")
          .Build();
  const Prepared prepared = Canonical(model);
  ASSERT_EQ(prepared.abilities.size(), 2U);
  EXPECT_TRUE(prepared.abilities[0].dynamic_int8);
  EXPECT_TRUE(prepared.abilities[1].dynamic_int8);
}

// Files of IR 3 list initializers among the inputs, and opset 7 is before QuantizeLinear.
TEST(PrepareTest, TakesOpset7OfIr3) {
  const Model model = ModelBuilder(7, 3)
                          .Input("x", {1, 2, 4, 4})
                          .Uniform("w", {2, 2, 1, 1}, 1)
                          .ListConstantsAsInputs()
                          .Op("Conv", {"x", "w"}, {"c"})
                          .Op("Dropout", {"c"}, {"d"})
                          .Op("Relu", {"d"}, {"y"})
                          .Output("y", DType::kFloat32, {1, 2, 4, 4})
                          .Build();
  const std::vector<Inputs> probes{{{"x", RandomTensor({1, 2, 4, 4}, 2)}}};
  const auto prepared = Prepare(model, probes, {});
  ASSERT_TRUE(prepared) << prepared.error().what;
  EXPECT_EQ(prepared->model.opset(), 12);
  EXPECT_EQ(prepared->decline_reason, "");
  EXPECT_TRUE(prepared->notes.empty()) << prepared->notes[0];
  runtime::ExpectSameOutputs(model, prepared->model, probes[0], 1e-6);
}

TEST(PrepareTest, ReturnsTheRuntimesReasonForAModelThatDoesNotLoad) {
  const Model model = ModelBuilder(13)
                          .Opset("acme.ops", 1)
                          .Input("x", {2})
                          .Op("Frob", {"x"}, {"y"}, {}, "acme.ops")
                          .Output("y", DType::kFloat32)
                          .Build();
  const auto prepared = Prepare(model, {}, {});
  ASSERT_FALSE(prepared);
  EXPECT_EQ(prepared.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(prepared.error().what, HasSubstr("acme.ops"));
}

TEST(PrepareTest, GivesTheSameGraphWithAndWithoutProbes) {
  const Model model = ModelBuilder(9, 4)
                          .Input("x", {1, 2, 4, 4})
                          .Uniform("w", {2, 2, 1, 1}, 1)
                          .Uniform("k", {2, 1, 1}, 2)
                          .Op("Conv", {"x", "w"}, {"c"})
                          .Op("Mul", {"c", "k"}, {"y"})
                          .Output("y")
                          .Build();
  const std::vector<Inputs> probes{{{"x", RandomTensor({1, 2, 4, 4}, 2)}}};
  const auto with = Prepare(model, probes, {});
  const auto without = Prepare(model, {}, {});
  ASSERT_TRUE(with && without);
  EXPECT_EQ(graph::GraphText(with->model.graph), graph::GraphText(without->model.graph))
      << "a recipe is applied without data";
}

TEST(PrepareTest, TakesBackARewriteThatMovesAnOutputAndSaysWhich) {
  // The convolution overflows; the weight over the divisor does not.
  const Model model = ModelBuilder(13)
                          .Input("x", {1, 1, 2, 2})
                          .Floats("w", {1, 1, 1, 1}, {1e30F})
                          .Floats("k", {1, 1, 1}, {1e20F})
                          .Op("Conv", {"x", "w"}, {"c"})
                          .Op("Div", {"c", "k"}, {"m"})
                          .Op("Identity", {"m"}, {"i"})
                          .Op("Relu", {"i"}, {"y"})
                          .Output("y")
                          .Build();
  const std::vector<Inputs> probes{
      {{"x", Tensor::Of<float>({1, 1, 2, 2}, {1e9F, 2e9F, 3e9F, 4e9F})}}};
  const auto with = Prepare(model, probes, {});
  ASSERT_TRUE(with) << with.error().what;
  EXPECT_EQ(with->left_out, std::vector<std::string>{"arithmetic"});
  EXPECT_EQ(graph::GraphText(with->model.graph), "c = Conv(x, w)\nm = Div(c, k)\ny = Relu(m)\n")
      << "the other rewrites stay";
  ASSERT_EQ(with->notes.size(), 1U);
  EXPECT_THAT(with->notes[0], HasSubstr("output 'y' has 1e+19 where float has inf"));
  const auto again = Prepare(model, {}, {}, with->left_out);
  ASSERT_TRUE(again);
  EXPECT_EQ(graph::GraphText(again->model.graph), graph::GraphText(with->model.graph))
      << "by the list, without data";
}

}  // namespace
}  // namespace tare::quantize
