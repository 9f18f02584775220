// Kinds of models on which a written file was wrong, larger, slower or did not load.

#include <gmock/gmock.h>

#include "quantize/reference_for_test.h"
#include "tare/graph/canonical.h"
#include "tare/quantize/plan.h"
#include "tare/quantize/prepare.h"

namespace tare::quantize {
namespace {

using graph::BodyOf;
using graph::Graph;
using graph::IntOf;
using graph::IntsOf;
using graph::Model;
using graph::ModelBuilder;
using graph::RandomTensor;
using runtime::MaxDifference;
using runtime::Optimization;
using runtime::RunModel;
using testing::HasSubstr;

int64_t BytesOf(const Graph& graph, DType dtype) {
  int64_t bytes = 0;
  for (const auto& constant : graph.initializers) {
    if (constant.value->dtype() == dtype)
      bytes += static_cast<int64_t>(constant.value->bytes().size());
  }
  return bytes;
}

// ---- no rewrite in float --------------------------------------------------------------------

TEST(KindsTest, KeepsADivisionInFloatAndMultipliesInIntegers) {
  const Model model = ModelBuilder(13)
                          .Input("x", {1, 4, 6, 6})
                          .Uniform("w", {4, 4, 1, 1}, 1)
                          .Floats("k", {}, {6})
                          .Op("Conv", {"x", "w"}, {"c"})
                          .Op("Tanh", {"c"}, {"t"})
                          .Op("Div", {"t", "k"}, {"y"})
                          .Output("y")
                          .Build();
  const auto prepared = Prepare(model, {}, {});
  ASSERT_TRUE(prepared) << prepared.error().what;
  EXPECT_EQ(prepared->model.graph.nodes[2].op_type, "Div");
  const ValueRange in{-1, 1};
  const ValueRange out{-0.17F, 0.17F};
  const Recipe recipe = MakeRecipe(model, {"y"}, {{"t", in}, {"y", out}});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(Fusion(quantized, recipe), "1/1");
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({1, 4, 6, 6}, 7)}};
  const auto real = RunModel(model, inputs);
  const auto actual = RunModel(quantized, inputs, Optimization::kAll);
  ASSERT_TRUE(real.size() == 1 && actual.size() == 1);
  // Half a step of the operand (a sixth of it behind the division), one of the constant, half of the
  // output.
  EXPECT_LE(MaxDifference(real[0], actual[0]), StepOf(in) / 6 + 1.5 * StepOf(out));
}

TEST(KindsTest, LeavesADivisionWithoutReciprocalInFloat) {
  for (const float divisor : {0.0F, 1e-45F, 3e38F, std::numeric_limits<float>::infinity()}) {
    const Model model = ModelBuilder(13)
                            .Input("x", {1, 4})
                            .Floats("k", {2}, {1, divisor})
                            .Uniform("w", {4, 2}, 1)
                            .Op("MatMul", {"x", "w"}, {"m"})
                            .Op("Div", {"m", "k"}, {"y"})
                            .Output("y")
                            .Build();
    const auto prepared = Prepare(model, {}, {});
    ASSERT_TRUE(prepared);
    EXPECT_EQ(prepared->abilities[1].role, Role::kNone) << divisor;
    EXPECT_THAT(prepared->abilities[1].reason, HasSubstr("reciprocal"));
  }
}

// ---- weights once ---------------------------------------------------------------------------

TEST(KindsTest, StoresAWeightOnceForReadersWithBiases) {
  ModelBuilder builder(17, 8);
  builder.Input("x", {1, 8, 16, 16}).Uniform("w", {8, 8, 3, 3}, 1).Uniform("b", {8}, 2);
  Ranges ranges = {{"x", {-1, 1}}};
  std::string from = "x";
  std::vector<std::string> nodes;
  for (const std::string name : {"y1", "y2", "y3"}) {
    builder.Op("Conv", {from, "w", "b"}, {name}, {IntsOf("pads", {1, 1, 1, 1})}).Output(name);
    // Other scales of the input at each level, so other scales of the bias.
    ranges[name] = {-8.0F * static_cast<float>(nodes.size() + 1), 9};
    nodes.push_back(name);
    from = name;
  }
  const Model model = builder.Build();
  const Recipe recipe = MakeRecipe(model, nodes, ranges);
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(BytesOf(quantized.graph, DType::kInt8), 8 * 8 * 9 + 8) << "codes and zero points, once";
  EXPECT_EQ(Fusion(quantized, recipe), "3/3");
}

// A bias of 1e9 weight steps asks for a wider scale; the readers agree on the widest.
TEST(KindsTest, SharesTheWidestScaleThatABiasAsksFor) {
  const Model model = ModelBuilder(17, 8)
                          .Input("x", {4, 8})
                          .Uniform("w", {8, 4}, 1, -1e-6, 1e-6)
                          .Floats("b", {4}, {3000, 0, 1, -2})
                          .Floats("c", {4}, {1, 2, 3, 4})
                          .Op("Gemm", {"x", "w", "b"}, {"y"})
                          .Op("Gemm", {"x", "w", "c"}, {"z"})
                          .Output("y")
                          .Output("z")
                          .Build();
  const Recipe recipe =
      MakeRecipe(model, {"y", "z"}, {{"x", {-1, 1}}, {"y", {-9, 4000}}, {"z", {-9, 9}}});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(BytesOf(quantized.graph, DType::kInt8), 8 * 4 + 4);
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({4, 8}, 7)}};
  const auto real = RunModel(model, inputs);
  const auto actual = RunModel(quantized, inputs, Optimization::kAll);
  // The product is 1e-5: what is left is the bias, to a step of 2^-30 of itself.
  EXPECT_LE(MaxDifference(real[0], actual[0]), 0.01);
  EXPECT_LE(MaxDifference(real[1], actual[1]), 0.01);
}

TEST(KindsTest, StoresATiedTableOnceForGatherAndMatMul) {
  const Tensor table = RandomTensor({128, 64}, 1);
  std::vector<float> turned;
  for (size_t j = 0; j < 64; ++j) {
    for (size_t i = 0; i < 128; ++i) turned.push_back(table.data<float>()[i * 64 + j]);
  }
  const Model model = ModelBuilder(17, 8)
                          .Input("ids", {2, 3}, DType::kInt64)
                          .Constant("table", table)
                          .Floats("turned", {64, 128}, turned)
                          .Op("Gather", {"table", "ids"}, {"e"})
                          .Op("Tanh", {"e"}, {"t"})
                          .Op("MatMul", {"t", "turned"}, {"y"})
                          .Output("y")
                          .Build();
  Recipe recipe = MakeRecipe(model, {"e"}, {}, Format::kInt8Weights);
  recipe.nodes.push_back({"y", "MatMul", Format::kInt8Dynamic, ""});
  const Model quantized = Applied(model, recipe);
  EXPECT_LE(BytesOf(quantized.graph, DType::kInt8), 128 * 64 + 256);
  EXPECT_EQ(Fusion(quantized, recipe), "1/1") << "the Transpose is gone when the runtime fuses";
  const std::vector<NamedTensor> inputs{
      {"ids", Tensor::Of<int64_t>({2, 3}, {0, 1, 5, 77, 127, 3})}};
  const auto real = RunModel(model, inputs);
  const auto actual = RunModel(quantized, inputs, Optimization::kAll);
  // 64 products: of weights and activations up to 1, each off by half a step of 1/127 or 1/128.
  EXPECT_LE(MaxDifference(real[0], actual[0]), 64 * (0.5 / 127 + 0.5 / 128 + 0.5 / 127));
}

TEST(KindsTest, FoldsNothingThatMakesTheFileGrow) {
  const Model model = ModelBuilder(17, 8)
                          .Input("x", {1, 256, 16})
                          .Uniform("small", {1, 2, 16}, 1)
                          .Uniform("also", {1, 2, 16}, 2)
                          .Ints("reps", {1, 128, 1})
                          .Op("Mul", {"small", "also"}, {"product"})
                          .Op("Tile", {"product", "reps"}, {"tiled"})
                          .Op("Add", {"x", "tiled"}, {"y"})
                          .Output("y")
                          .Build();
  Model folded = model;
  const auto count = runtime::FoldConstants(folded, {});
  ASSERT_TRUE(count) << count.error().what;
  EXPECT_EQ(GraphText(folded.graph), "tiled = Tile(product, reps)\ny = Add(x, tiled)\n")
      << "the product is no larger than its operands";
  runtime::ExpectSameOutputs(model, folded, {{"x", RandomTensor({1, 256, 16}, 3)}}, 0);
}

TEST(KindsTest, FoldsAWeightThatIsReadElsewhereToo) {
  const Model model = ModelBuilder(17, 8)
                          .Input("x", {4, 32})
                          .Uniform("table", {64, 32}, 1)
                          .Op("Transpose", {"table"}, {"turned"}, {IntsOf("perm", {1, 0})})
                          .Op("MatMul", {"x", "turned"}, {"y"})
                          .Ints("rows", {1})
                          .Op("Gather", {"table", "rows"}, {"row"})
                          .Op("Add", {"x", "row"}, {"z"})
                          .Output("y")
                          .Output("z")
                          .Build();
  Model folded = model;
  ASSERT_TRUE(runtime::FoldConstants(folded, {}));
  EXPECT_EQ(GraphText(folded.graph), "y = MatMul(x, turned)\nz = Add(x, row)\n");
}

// ---- optional inputs ------------------------------------------------------------------------

TEST(KindsTest, KeepsAnOptionalInputOptional) {
  const Model model = ModelBuilder(17, 8)
                          .Input("x", {2, 32})
                          .Input("scale", {})
                          .Input("state", {32, 32})
                          .Floats("scale", {}, {0.5F})
                          .Uniform("state", {32, 32}, 2)
                          .Uniform("w", {32, 32}, 1)
                          .Op("MatMul", {"x", "w"}, {"h"})
                          .Op("Mul", {"h", "scale"}, {"s"})
                          .Op("MatMul", {"s", "state"}, {"y"})
                          .Output("y")
                          .Build();
  const auto prepared = Prepare(model, {}, {});
  ASSERT_TRUE(prepared) << prepared.error().what;
  EXPECT_EQ(prepared->model.graph.inputs.size(), 3U);
  EXPECT_TRUE(prepared->abilities[0].dynamic_int8);
  EXPECT_FALSE(prepared->abilities[2].dynamic_int8) << "a caller may give another weight";
  const Model quantized =
      Applied(prepared->model, MakeRecipe(prepared->model, {"h"}, {}, Format::kInt8Dynamic));
  const auto session = runtime::MakeSession(quantized, {});
  ASSERT_TRUE(session) << session.error().what;
  EXPECT_EQ(quantized.graph.inputs.size(), 3U);
  EXPECT_EQ(session->inputs().size(), 1U) << "only x must be given";
}

// ---- fusion ---------------------------------------------------------------------------------

TEST(KindsTest, EndsAProductInIntegersWhereAReluStandsBeforeAFloatNode) {
  for (const std::string activation : {"Relu", "Clip"}) {
    ModelBuilder builder(17, 8);
    builder.Input("x", {2, 6, 16}).Uniform("w", {16, 16}, 1).Floats("low", {}, {-0.5F});
    builder.Uniform("g", {16}, 2).Op("MatMul", {"x", "w"}, {"m"});
    if (activation == "Relu") builder.Op("Relu", {"m"}, {"r"});
    if (activation == "Clip") builder.Op("Clip", {"m", "low"}, {"r"});
    const Model model = builder.Op("LayerNormalization", {"r", "g"}, {"y"}, {IntOf("axis", -1)})
                            .Output("y")
                            .Build();
    const ValueRange low{activation == "Relu" ? 0.0F : -0.5F, 4};
    const Recipe recipe = MakeRecipe(model, {"m"}, {{"x", {-1, 1}}, {"m", {-4, 4}}, {"r", low}});
    EXPECT_EQ(Fusion(Applied(model, recipe), recipe), "1/1") << activation;
  }
}

TEST(KindsTest, EndsAProductInFloatWhereItsReluIsAnOutput) {
  const Model model = ModelBuilder(17, 8)
                          .Input("x", {2, 16})
                          .Uniform("w", {16, 16}, 1)
                          .Op("MatMul", {"x", "w"}, {"m"})
                          .Op("Relu", {"m"}, {"y"})
                          .Output("y")
                          .Build();
  const Recipe recipe = MakeRecipe(model, {"m"}, {{"x", {-1, 1}}, {"m", {-4, 4}}, {"y", {0, 4}}});
  const Model quantized = Applied(model, recipe);
  EXPECT_EQ(Fusion(quantized, recipe), "1/1");
  EXPECT_EQ(CountOps(quantized, "QuantizeLinear"), 1);
}

class GemmOpsetTest : public testing::TestWithParam<int64_t> {};
INSTANTIATE_TEST_SUITE_P(Opsets, GemmOpsetTest, testing::Values(8, 10, 11, 12, 13, 17));

TEST_P(GemmOpsetTest, LoadsAndFusesMatMulWithAddAndRelu) {
  ModelBuilder builder(GetParam(), GetParam() < 10 ? 4 : 7);
  builder.Input("x", {4, 16});
  std::string from = "x";
  for (const std::string i : {"0", "1"}) {
    builder.Uniform("w" + i, {16, 16}, 1).Uniform("b" + i, {16}, 2);
    builder.Op("MatMul", {from, "w" + i}, {"m" + i}).Op("Add", {"m" + i, "b" + i}, {"a" + i});
    builder.Op("Relu", {"a" + i}, {"r" + i});
    from = "r" + i;
  }
  const Model model = builder.Output(from).Build();
  const auto prepared = Prepare(model, {}, {});
  ASSERT_TRUE(prepared) << prepared.error().what;
  const auto nodes = PlanStatic(prepared->model, prepared->abilities, Scope::kChain, {});
  Recipe recipe;
  recipe.nodes = nodes;
  for (const std::string& value : ValuesToCalibrate(prepared->model, prepared->abilities, nodes))
    recipe.tensors.push_back({value, {value[0] == 'r' ? 0.0F : -6.0F, 6}, "test"});
  const Model quantized = Applied(prepared->model, recipe);
  EXPECT_EQ(Fusion(quantized, recipe), "2/2");
}

TEST_P(GemmOpsetTest, RunsDynamicProductsAtEveryOpset) {
  const Model model = ModelBuilder(GetParam(), GetParam() < 10 ? 4 : 7)
                          .Input("x", {4, 16})
                          .Uniform("w", {16, 8}, 1)
                          .Uniform("b", {8}, 2)
                          .Op("Gemm", {"x", "w", "b"}, {"y"})
                          .Output("y")
                          .Build();
  const Recipe recipe = MakeRecipe(model, {"y"}, {}, Format::kInt8Dynamic);
  const Model quantized = Applied(model, recipe);
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({4, 16}, 7)}};
  const auto real = RunModel(model, inputs);
  const auto actual = RunModel(quantized, inputs, Optimization::kAll);
  ASSERT_TRUE(real.size() == 1 && actual.size() == 1);
  // 16 products of operands up to 1, off by half a step of 1/127 and 2/255.
  EXPECT_LE(MaxDifference(real[0], actual[0]), 16 * (0.5 / 127 + 1.0 / 255));
}

// ---- batched weights ------------------------------------------------------------------------

// The error of each matrix beside its own size: experts are a thousand times apart.
void ExpectEachMatrixClose(const Model& model, const Recipe& recipe, double most) {
  const Model quantized = Applied(model, recipe);
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({2, 1, 6, 16}, 7)}};
  const auto real = RunModel(model, inputs);
  const auto actual = RunModel(quantized, inputs, Optimization::kAll);
  ASSERT_TRUE(real.size() == 1 && actual.size() == 1);
  ASSERT_EQ(real[0].shape(), (Shape{2, 3, 6, 8}));
  for (size_t e = 0; e < 3; ++e) {
    double error = 0, norm = 0;
    for (size_t n = 0; n < 2; ++n) {
      for (size_t i = 0; i < 48; ++i) {
        const size_t at = (n * 3 + e) * 48 + i;
        error += std::pow(double{real[0].data<float>()[at]} - actual[0].data<float>()[at], 2);
        norm += std::pow(double{real[0].data<float>()[at]}, 2);
      }
    }
    EXPECT_LE(std::sqrt(error / norm), most) << "matrix " << e;
  }
}

TEST(KindsTest, GivesEachMatrixOfABatchedWeightItsOwnScales) {
  Tensor weight = RandomTensor({3, 16, 8}, 1);
  const float sizes[] = {0.001F, 1, 30};
  for (size_t i = 0; i < weight.data<float>().size(); ++i)
    weight.mutable_data<float>()[i] *= sizes[i / 128];
  for (const int64_t opset : {12, 13, 17}) {
    const Model model = ModelBuilder(opset, 7)
                            .Input("x", {2, 1, 6, 16})
                            .Constant("w", weight)
                            .Op("MatMul", {"x", "w"}, {"y"})
                            .Output("y")
                            .Build();
    // Rounding of weights to 1/127 and of activations to 1/255 of their largest: a per cent.
    ExpectEachMatrixClose(model, MakeRecipe(model, {"y"}, {{"x", {-1, 1}}, {"y", {-90, 90}}}),
                          0.015);
    ExpectEachMatrixClose(model, MakeRecipe(model, {"y"}, {}, Format::kInt8Dynamic), 0.015);
    ExpectEachMatrixClose(model, MakeRecipe(model, {"y"}, {}, Format::kInt8Weights), 0.015);
    const Recipe recipe = MakeRecipe(model, {"y"}, {{"x", {-1, 1}}, {"y", {-90, 90}}});
    EXPECT_EQ(Fusion(Applied(model, recipe), recipe), "1/1");
  }
}

// ---- quantized already ----------------------------------------------------------------------

TEST(KindsTest, TakesAMaskOfBytesForAMask) {
  const std::vector<uint8_t> mask(32 * 32, 1);
  const std::vector<float> halves(32 * 32, 0.5F);
  for (const std::string kind : {"where", "added", "pruned"}) {
    ModelBuilder builder(13);
    builder.Input("x", {1, 32, 32})
        .Uniform("w", {32, 32}, 1)
        .Constant("mask", Tensor::Of<uint8_t>({32, 32}, mask))
        .Floats("neg", {}, {-1e4F})
        .Op("Cast", {"mask"}, {"m"}, {IntOf("to", kind == "where" ? 9 : 1)});
    if (kind == "pruned") {
      builder.Op("Mul", {"w", "m"}, {"pruned"}).Op("MatMul", {"x", "pruned"}, {"y"});
    } else {
      builder.Op("MatMul", {"x", "w"}, {"s"});
      if (kind == "where") builder.Op("Where", {"m", "s", "neg"}, {"y"});
      if (kind == "added") builder.Op("Add", {"s", "m"}, {"y"});
    }
    EXPECT_EQ(ReasonQuantizedAlready(builder.Output("y").Build()), "") << kind;
  }
}

TEST(KindsTest, TakesCodesBehindACastForAWeight) {
  const std::vector<int8_t> codes(32 * 32, 3);
  const Model model = ModelBuilder(13)
                          .Input("x", {1, 32})
                          .Constant("w", Tensor::Of<int8_t>({32, 32}, codes))
                          .Uniform("scale", {32}, 1)
                          .Op("Cast", {"w"}, {"c"}, {IntOf("to", 1)})
                          .Op("Mul", {"c", "scale"}, {"real"})
                          .Op("MatMul", {"x", "real"}, {"y"})
                          .Output("y")
                          .Build();
  EXPECT_THAT(ReasonQuantizedAlready(model), HasSubstr("int8 behind Cast"));
}

// ---- bodies ---------------------------------------------------------------------------------

Tensor True() {
  Tensor value = *Tensor::Zeros(DType::kBool, {1});
  value.mutable_data<uint8_t>()[0] = 1;
  return value;
}

// A Loop whose body multiplies its state by a weight of its own and one of the graph around it.
Model Looping() {
  const Graph body = ModelBuilder()
                         .Input("i", {1}, DType::kInt64)
                         .Input("go", {1}, DType::kBool)
                         .Input("h", {2, 32})
                         .Uniform("own", {32, 32}, 1, -0.3, 0.3)
                         .Op("MatMul", {"h", "own"}, {"p"})
                         .Op("Tanh", {"p"}, {"t"})
                         .Op("MatMul", {"t", "outer"}, {"next"})
                         .Op("Identity", {"go"}, {"still"})
                         .Output("still", DType::kBool, {1})
                         .Output("next", DType::kFloat32, {2, 32})
                         .Body();
  return ModelBuilder(13)
      .Input("x", {2, 32})
      .Uniform("outer", {32, 32}, 2, -0.3, 0.3)
      .Constant("count", Tensor::Of<int64_t>({1}, {3}))
      .Constant("true", True())
      .Op("Loop", {"count", "true", "x"}, {"h"}, {BodyOf("body", body)})
      .Op("MatMul", {"h", "outer"}, {"y"})
      .Output("y")
      .Build();
}

TEST(KindsTest, QuantizesWeightsInBodies) {
  const Model model = Looping();
  const auto prepared = Prepare(model, {}, {});
  ASSERT_TRUE(prepared) << prepared.error().what;
  ASSERT_EQ(prepared->body_abilities.size(), 2U);
  EXPECT_EQ(prepared->decline_reason, "");
  const std::vector<NamedTensor> inputs{{"x", RandomTensor({2, 32}, 7)}};
  const auto real = RunModel(model, inputs);
  for (const Format format : {Format::kInt8Dynamic, Format::kInt8Weights}) {
    Recipe recipe;
    for (const Ability& ability : AllAbilities(*prepared)) {
      if (ability.weights_int8) recipe.nodes.push_back({ability.node, ability.op_type, format, ""});
    }
    ASSERT_EQ(recipe.nodes.size(), 3U);
    const Model quantized = Applied(prepared->model, recipe);
    EXPECT_EQ(quantized.graph.FindInitializer("outer"), nullptr) << "its codes serve all three";
    EXPECT_EQ(BytesOf(quantized.graph, DType::kInt8), 32 * 32 + 32);
    const auto actual = RunModel(quantized, inputs, Optimization::kAll);
    ASSERT_TRUE(real.size() == 1 && actual.size() == 1);
    double error = 0, norm = 0;
    for (size_t i = 0; i < 64; ++i) {
      error += std::pow(double{real[0].data<float>()[i]} - actual[0].data<float>()[i], 2);
      norm += std::pow(double{real[0].data<float>()[i]}, 2);
    }
    // Seven products in a row, each off by about a per cent.
    EXPECT_LE(std::sqrt(error / norm), 0.05);
    if (format == Format::kInt8Dynamic) {
      EXPECT_EQ(Fusion(quantized, recipe), "3/3");
    }
  }
}

// Two branches that share a weight of the graph around them, stored as codes.
TEST(KindsTest, LoadsWeightsThatBranchesShare) {
  const auto branch = [](const std::string& op) {
    return ModelBuilder()
        .Op("MatMul", {"x", "w"}, {op + "_m"})
        .Op(op, {op + "_m"}, {op + "_o"})
        .Output(op + "_o", DType::kFloat32, {2, 32})
        .Body();
  };
  const Model model =
      ModelBuilder(13)
          .Input("x", {2, 32})
          .Input("c", {1}, DType::kBool)
          .Uniform("w", {32, 32}, 1)
          .Op("If", {"c"}, {"y"},
              {BodyOf("then_branch", branch("Neg")), BodyOf("else_branch", branch("Abs"))})
          .Output("y")
          .Build();
  for (const Format format : {Format::kInt8Dynamic, Format::kInt8Weights}) {
    Recipe recipe;
    recipe.nodes = {{"Neg_m", "MatMul", format, ""}, {"Abs_m", "MatMul", format, ""}};
    const Model quantized = Applied(model, recipe);
    EXPECT_EQ(BytesOf(quantized.graph, DType::kInt8), 32 * 32 + 32);
    const std::vector<NamedTensor> inputs{{"x", RandomTensor({2, 32}, 7)}, {"c", True()}};
    const auto real = RunModel(model, inputs);
    const auto actual = RunModel(quantized, inputs, Optimization::kAll);
    ASSERT_TRUE(real.size() == 1 && actual.size() == 1);
    // 32 products of operands up to 1, off by half a step of 1/127 and of 2/255.
    EXPECT_LE(MaxDifference(real[0], actual[0]), 32 * (0.5 / 127 + 1.0 / 255));
  }
}

TEST(KindsTest, RefusesAStaticNodeInABody) {
  const auto prepared = Prepare(Looping(), {}, {});
  ASSERT_TRUE(prepared);
  Recipe recipe;
  recipe.nodes.push_back({prepared->body_abilities[0].node, "MatMul", Format::kInt8Static, ""});
  const auto applied = ApplyRecipe(prepared->model, recipe);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().what, HasSubstr("no range is observed in a body"));
}

}  // namespace
}  // namespace tare::quantize
