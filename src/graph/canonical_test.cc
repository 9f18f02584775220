// The form of rewritten graphs, as text; that outputs stay is shown in runtime/rewrite_test.cc.

#include "tare/graph/canonical.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"

namespace tare::graph {
namespace {

std::string Rewritten(Graph graph) {
  FoldChannelConstants(graph);
  return GraphText(graph);
}

TEST(LiftConstantsTest, TurnsEveryNumericKindIntoAnInitializer) {
  Model model = ModelBuilder()
                    .Input("x", {2})
                    .Op("Constant", {}, {"t"}, {TensorOf("value", Tensor::Of<float>({2}, {1, 2}))})
                    .Op("Constant", {}, {"f"}, {FloatOf("value_float", 1.5F)})
                    .Op("Constant", {}, {"i"}, {IntOf("value_int", -7)})
                    .Op("Constant", {}, {"fs"}, {FloatsOf("value_floats", {1, 2})})
                    .Op("Constant", {}, {"is"}, {IntsOf("value_ints", {3, 4, 5})})
                    .Op("Constant", {}, {"s"}, {TextOf("value_string", "text")})
                    .Op("Sum", {"x", "t", "f", "fs"}, {"y"})
                    .Output("y")
                    .Build();
  EXPECT_EQ(LiftConstants(model), 5);
  ASSERT_EQ(model.graph.nodes.size(), 2U) << "text stays a node";
  EXPECT_EQ(*model.graph.FindInitializer("f")->value, Tensor::Of<float>({}, {1.5F}));
  EXPECT_EQ(*model.graph.FindInitializer("i")->value, Tensor::Of<int64_t>({}, {-7}));
  EXPECT_EQ(*model.graph.FindInitializer("fs")->value, Tensor::Of<float>({2}, {1, 2}));
  EXPECT_EQ(*model.graph.FindInitializer("is")->value, Tensor::Of<int64_t>({3}, {3, 4, 5}));
}

TEST(LiftConstantsTest, DropsInitializersFromTheInputsOfIr3) {
  Model model = ModelBuilder(9, 3)
                    .Input("x", {2})
                    .Floats("w", {2}, {1, 2})
                    .ListConstantsAsInputs()
                    .Op("Mul", {"x", "w"}, {"y"})
                    .Output("y")
                    .Build();
  LiftConstants(model);
  ASSERT_EQ(model.graph.inputs.size(), 1U);
  EXPECT_EQ(model.graph.inputs[0].info.name, "x");
  EXPECT_EQ(model.ir_version, 4) << "IR 3 would ask for the entry";
}

TEST(RemoveIdentitiesTest, RemovesAChain) {
  Graph graph = ModelBuilder()
                    .Input("x", {2})
                    .Op("Identity", {"x"}, {"a"})
                    .Op("Identity", {"a"}, {"b"})
                    .Op("Relu", {"b"}, {"y"})
                    .Output("y")
                    .Body();
  EXPECT_EQ(RemoveIdentities(graph), 2);
  EXPECT_EQ(GraphText(graph), "y = Relu(x)\n");
}

TEST(RemoveIdentitiesTest, KeepsTheNameOfAnOutput) {
  Graph graph = ModelBuilder()
                    .Input("x", {2})
                    .Op("Relu", {"x"}, {"r"})
                    .Op("Identity", {"r"}, {"y"})
                    .Op("Neg", {"r"}, {"z"})
                    .Output("y")
                    .Output("z")
                    .Body();
  EXPECT_EQ(RemoveIdentities(graph), 1);
  EXPECT_EQ(GraphText(graph), "y = Relu(x)\nz = Neg(y)\n");
}

TEST(RemoveIdentitiesTest, KeepsAnInputApartFromAnOutput) {
  Graph graph = ModelBuilder().Input("x", {2}).Op("Identity", {"x"}, {"y"}).Output("y").Body();
  EXPECT_EQ(RemoveIdentities(graph), 0);
}

TEST(RemoveIdentitiesTest, KeepsTwoOutputsOfOneValue) {
  Graph graph = ModelBuilder()
                    .Input("x", {2})
                    .Op("Relu", {"x"}, {"y"})
                    .Op("Identity", {"y"}, {"z"})
                    .Output("y")
                    .Output("z")
                    .Body();
  EXPECT_EQ(RemoveIdentities(graph), 0);
}

TEST(RemoveIdentitiesTest, KeepsWhatABodyReadsByName) {
  const Graph body = ModelBuilder().Op("Abs", {"i"}, {"b"}).Output("b", DType::kFloat32).Body();
  Graph graph =
      ModelBuilder()
          .Input("x", {2})
          .Input("c", {}, DType::kBool)
          .Op("Identity", {"x"}, {"i"})
          .Op("If", {"c"}, {"y"}, {BodyOf("then_branch", body), BodyOf("else_branch", body)})
          .Output("y")
          .Body();
  EXPECT_EQ(RemoveIdentities(graph), 0);
}

Graph WithDropout(std::vector<std::string> inputs, std::vector<std::string> outputs,
                  bool mask_is_output = false) {
  ModelBuilder builder(13);
  builder.Input("x", {2})
      .Floats("ratio", {}, {0.5F})
      .Constant("off", *Tensor::Zeros(DType::kBool, {}))
      .Constant("on", *Tensor::FromBytes(DType::kBool, {}, {std::byte{1}}))
      .Input("asked", {}, DType::kBool)
      .Op("Dropout", std::move(inputs), std::move(outputs))
      .Op("Relu", {"d"}, {"y"})
      .Output("y");
  if (mask_is_output) builder.Output("mask");
  return builder.Body();
}

TEST(RemoveIdentitiesTest, RemovesDropoutOfInferenceOnly) {
  const auto removed = [](Graph graph) { return RemoveIdentities(graph); };
  EXPECT_EQ(removed(WithDropout({"x"}, {"d"})), 1);
  EXPECT_EQ(removed(WithDropout({"x", "ratio"}, {"d", "mask"})), 1) << "nobody reads the mask";
  EXPECT_EQ(removed(WithDropout({"x", "ratio", "off"}, {"d"})), 1);
  EXPECT_EQ(removed(WithDropout({"x", "ratio", "on"}, {"d"})), 0) << "training";
  EXPECT_EQ(removed(WithDropout({"x", "ratio", "asked"}, {"d"})), 0) << "the caller decides";
  EXPECT_EQ(removed(WithDropout({"x", "ratio"}, {"d", "mask"}, true)), 0)
      << "the mask is an output";
}

ModelBuilder ConvThen() {
  ModelBuilder builder(13);
  builder.Input("x", {2, 3, 5, 6})
      .Uniform("w", {4, 3, 1, 1}, 1)
      .Uniform("b", {4}, 2)
      .Op("Conv", {"x", "w", "b"}, {"c"});
  return builder;
}

// Text after folding `op` with a constant of `shape` behind a Conv of 4 channels and rank 4.
std::string ConvAnd(const std::string& op, const Shape& shape) {
  return Rewritten(
      ConvThen().Uniform("k", shape, 3, 0.5, 2).Op(op, {"c", "k"}, {"y"}).Output("y").Body());
}

TEST(FoldChannelConstantsTest, FoldsConstantsAlongTheChannels) {
  for (const std::string op : {"Mul", "Div"}) {
    for (const Shape& shape :
         {Shape{4, 1, 1}, Shape{1, 4, 1, 1}, Shape{}, Shape{1}, Shape{1, 1, 1, 1}}) {
      EXPECT_EQ(ConvAnd(op, shape), "y = Conv(x, w_folded, c_bias)\n") << op << ShapeText(shape);
    }
  }
  for (const std::string op : {"Add", "Sub"}) {
    EXPECT_EQ(ConvAnd(op, {4, 1, 1}), "y = Conv(x, w, c_bias)\n") << "the weight stays as it is";
  }
}

TEST(FoldChannelConstantsTest, LeavesConstantsOfOtherAxes) {
  for (const std::string op : {"Mul", "Add", "Sub", "Div"}) {
    for (const Shape& shape :
         {Shape{6}, Shape{4}, Shape{5, 1}, Shape{2, 1, 1, 1}, Shape{2, 4, 1, 1}, Shape{4, 5, 6},
          Shape{1, 1, 1, 1, 1}, Shape{1, 1, 4, 1, 1}}) {
      EXPECT_EQ(ConvAnd(op, shape), "c = Conv(x, w, b)\ny = " + op + "(c, k)\n")
          << ShapeText(shape);
    }
  }
}

TEST(FoldChannelConstantsTest, LeavesAConstantThatIsDividedOrSubtractedFrom) {
  for (const std::string op : {"Div", "Sub"}) {
    const auto graph =
        ConvThen().Uniform("k", {4, 1, 1}, 3, 0.5, 2).Op(op, {"k", "c"}, {"y"}).Output("y").Body();
    EXPECT_EQ(Rewritten(graph), "c = Conv(x, w, b)\ny = " + op + "(k, c)\n");
  }
}

TEST(FoldChannelConstantsTest, LeavesADivisionByZero) {
  const auto graph = ConvThen()
                         .Floats("k", {4, 1, 1}, {1, 0, 1, 1})
                         .Op("Div", {"c", "k"}, {"y"})
                         .Output("y")
                         .Body();
  EXPECT_EQ(Rewritten(graph), "c = Conv(x, w, b)\ny = Div(c, k)\n");
}

TEST(FoldChannelConstantsTest, LeavesAValueThatOthersRead) {
  const auto twice = ConvThen()
                         .Uniform("k", {}, 3)
                         .Op("Mul", {"c", "k"}, {"y"})
                         .Op("Abs", {"c"}, {"z"})
                         .Output("y")
                         .Output("z")
                         .Body();
  EXPECT_EQ(Rewritten(twice), "c = Conv(x, w, b)\ny = Mul(c, k)\nz = Abs(c)\n");
  const auto output =
      ConvThen().Uniform("k", {}, 3).Op("Mul", {"c", "k"}, {"y"}).Output("y").Output("c").Body();
  EXPECT_EQ(Rewritten(output), "c = Conv(x, w, b)\ny = Mul(c, k)\n");
  const auto squared = ConvThen().Op("Mul", {"c", "c"}, {"y"}).Output("y").Body();
  EXPECT_EQ(Rewritten(squared), "c = Conv(x, w, b)\ny = Mul(c, c)\n");
}

TEST(FoldChannelConstantsTest, LeavesASharedWeightToItsOtherReader) {
  Graph graph = ConvThen()
                    .Uniform("k", {4, 1, 1}, 3)
                    .Op("Mul", {"c", "k"}, {"y"})
                    .Op("Conv", {"x", "w", "b"}, {"z"})
                    .Output("y")
                    .Output("z")
                    .Body();
  const Tensor before = *graph.FindInitializer("w")->value;
  EXPECT_EQ(Rewritten(graph), "y = Conv(x, w_folded, c_bias)\nz = Conv(x, w, b)\n");
  EXPECT_EQ(*graph.FindInitializer("w")->value, before);
}

TEST(FoldChannelConstantsTest, TakesAnotherNameWhereItsOwnIsTaken) {
  const auto graph = ConvThen()
                         .Uniform("k", {4, 1, 1}, 3)
                         .Uniform("w_folded", {1, 4, 5, 6}, 4)
                         .Uniform("c_bias", {1, 4, 5, 6}, 5)
                         .Op("Mul", {"c", "k"}, {"m"})
                         .Op("Sum", {"m", "w_folded", "c_bias"}, {"y"})
                         .Output("y")
                         .Body();
  EXPECT_EQ(Rewritten(graph), "m = Conv(x, w_folded_1, c_bias_1)\ny = Sum(m, w_folded, c_bias)\n");
}

TEST(FoldChannelConstantsTest, FoldsAChainIntoOneConv) {
  Graph graph = ConvThen()
                    .Uniform("k", {4, 1, 1}, 3)
                    .Uniform("l", {4, 1, 1}, 4)
                    .Op("Mul", {"c", "k"}, {"m"})
                    .Op("Add", {"l", "m"}, {"y"})
                    .Output("y")
                    .Body();
  const auto counts = FoldChannelConstants(graph);
  EXPECT_EQ(GraphText(graph), "y = Conv(x, w_folded, c_bias_1)\n");
  ASSERT_EQ(counts.size(), 2U);
  EXPECT_EQ(counts[0].what, "Add folded into Conv");
  EXPECT_EQ(counts[1].what, "Mul folded into Conv");
}

TEST(FoldChannelConstantsTest, SurvivesNodesThatNoRuntimeWouldTake) {
  const auto fold = [](const Shape& weight, const Shape& bias, int64_t group) {
    return Rewritten(ModelBuilder()
                         .Input("x", {1, 1, 2, 2})
                         .Uniform("w", weight, 1)
                         .Uniform("b", bias, 2)
                         .Uniform("k", {}, 3)
                         .Op("ConvTranspose", {"x", "w", "b"}, {"c"}, {IntOf("group", group)})
                         .Op("Mul", {"c", "k"}, {"y"})
                         .Output("y")
                         .Body());
  };
  const std::string unchanged = "c = ConvTranspose(x, w, b)\ny = Mul(c, k)\n";
  EXPECT_EQ(fold({1, 1, 1, 1}, {}, 1), unchanged) << "a bias without an axis";
  EXPECT_EQ(fold({0, 2, 1, 1}, {2}, int64_t{1} << 62), unchanged);
  EXPECT_EQ(fold({1, 2, 1, 1}, {2}, -1), unchanged);
  EXPECT_EQ(fold({1}, {1}, 1), unchanged);
}

TEST(FoldChannelConstantsTest, LeavesABatchNormThatTrains) {
  ModelBuilder builder = ConvThen();
  for (const char* name : {"g", "s", "m", "v"}) builder.Uniform(name, {4}, 7, 0.5, 1);
  const auto graph =
      builder
          .Op("BatchNormalization", {"c", "g", "s", "m", "v"}, {"y"}, {IntOf("training_mode", 1)})
          .Output("y")
          .Body();
  EXPECT_EQ(Rewritten(graph), "c = Conv(x, w, b)\ny = BatchNormalization(c, g, s, m, v)\n");
}

TEST(RaiseOpsetTest, LeavesOtherOpsets) {
  for (const int64_t opset : {6, 12, 13, 21}) {
    Model model = ModelBuilder(opset)
                      .Input("x", {4})
                      .Op("Slice", {"x"}, {"y"}, {IntsOf("starts", {0}), IntsOf("ends", {1})})
                      .Output("y")
                      .Build();
    ASSERT_TRUE(RaiseOpset(model));
    EXPECT_EQ(model.opset(), opset);
    EXPECT_EQ(GraphText(model.graph), "y = Slice(x)\n");
  }
}

TEST(RaiseOpsetTest, RefusesWhatHasNoEqualAndChangesNothing) {
  const Graph body =
      ModelBuilder()
          .Op("BatchNormalization", {"x", "x", "x", "x", "x"}, {"b"}, {IntOf("spatial", 0)})
          .Output("b")
          .Body();
  Model model =
      ModelBuilder(8)
          .Input("x", {4})
          .Input("c", {}, DType::kBool)
          .Op("Slice", {"x"}, {"s"}, {IntsOf("starts", {0}), IntsOf("ends", {1})})
          .Op("If", {"c"}, {"y"}, {BodyOf("then_branch", body), BodyOf("else_branch", body)})
          .Output("y")
          .Output("s")
          .Build();
  const auto refused = RaiseOpset(model);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().what, testing::HasSubstr("'b' (BatchNormalization) of opset 8"));
  EXPECT_THAT(refused.error().next_step, testing::HasSubstr("opset 13"));
  EXPECT_EQ(model.opset(), 8);
  EXPECT_EQ(model.graph.nodes[0].inputs.size(), 1U);
}

}  // namespace
}  // namespace tare::graph
