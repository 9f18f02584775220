#include "tare/runtime/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/graph/canonical.h"

namespace tare::runtime {
namespace {

using graph::BodyOf;
using graph::GraphText;
using graph::IntOf;
using graph::IntsOf;
using graph::Model;
using graph::ModelBuilder;
using graph::RandomTensor;
using testing::ElementsAre;

int64_t Fold(Model& model, int64_t max_bytes = int64_t{256} << 20) {
  const auto folded = FoldConstants(model, {}, max_bytes);
  EXPECT_TRUE(folded) << folded.error().what;
  return folded ? *folded : -1;
}

TEST(WithOutputsTest, TapsAnyValueAndPrunesTheRest) {
  const Model model = ModelBuilder()
                          .Input("x", {2})
                          .Op("Relu", {"x"}, {"a"})
                          .Op("Neg", {"a"}, {"b"})
                          .Op("Abs", {"b"}, {"y"})
                          .Output("y")
                          .Build();
  const std::vector<std::string> taps{"b", "a"};
  const Model tapped = WithOutputs(model, taps);
  EXPECT_EQ(GraphText(tapped.graph), "a = Relu(x)\nb = Neg(a)\n");
  const auto outputs = RunModel(tapped, {{"x", Tensor::Of<float>({2}, {-1, 3})}});
  ASSERT_EQ(outputs.size(), 2U);
  EXPECT_THAT(outputs[0].data<float>(), ElementsAre(0, -3));
  EXPECT_THAT(outputs[1].data<float>(), ElementsAre(0, 3));
}

TEST(WithOutputsTest, TapsAGraphInput) {
  const Model model = ModelBuilder().Input("x", {2}).Op("Relu", {"x"}, {"y"}).Output("y").Build();
  const std::vector<std::string> taps{"x", "y"};
  const auto outputs = RunModel(WithOutputs(model, taps), {{"x", Tensor::Of<float>({2}, {-1, 3})}});
  ASSERT_EQ(outputs.size(), 2U);
  EXPECT_THAT(outputs[0].data<float>(), ElementsAre(-1, 3));
}

TEST(InferTypesTest, KnowsInputsConstantsAndEveryNodeOutput) {
  const Model model = ModelBuilder()
                          .Input("x", {-1, 3, 8, 8})
                          .Uniform("w", {4, 3, 3, 3}, 1)
                          .Op("Conv", {"x", "w"}, {"c"})
                          .Op("Shape", {"c"}, {"s"})
                          .Output("s")
                          .Build();
  const auto types = InferTypes(model, {});
  ASSERT_TRUE(types) << types.error().what;
  EXPECT_EQ(types->at("x").shape, (Shape{-1, 3, 8, 8}));
  EXPECT_EQ(types->at("w").shape, (Shape{4, 3, 3, 3}));
  EXPECT_EQ(types->at("c").shape, (Shape{-1, 4, 6, 6}));
  EXPECT_EQ(types->at("s").dtype, DType::kInt64);
}

// Shape inference does not know the domain: such an operator's output has no inferred type.
TEST(InferTypesTest, TakesOperatorsOfTheMachineLearningDomain) {
  const Model model =
      ModelBuilder()
          .Opset("ai.onnx.ml", 2)
          .Input("x", {-1, 2})
          .Op("Normalizer", {"x"}, {"n"}, {graph::TextOf("norm", "L2")}, "ai.onnx.ml")
          .Op("Neg", {"n"}, {"y"})
          .Output("y")
          .Build();
  const auto types = InferTypes(model, {});
  ASSERT_TRUE(types) << types.error().what;
  EXPECT_EQ(types->at("n").dtype, DType::kFloat32);
}

TEST(FoldConstantsTest, EvaluatesWhatDependsOnConstantsAlone) {
  Model model = ModelBuilder()
                    .Input("x", {2})
                    .Floats("a", {2}, {1, 2})
                    .Op("Neg", {"a"}, {"n"})
                    .Op("Exp", {"n"}, {"e"})
                    .Op("Add", {"x", "e"}, {"y"})
                    .Output("y")
                    .Build();
  const Model before = model;
  EXPECT_EQ(Fold(model), 2);
  EXPECT_EQ(GraphText(model.graph), "y = Add(x, e)\n");
  EXPECT_EQ(model.graph.FindInitializer("a"), nullptr) << "nobody reads it any more";
  ExpectSameOutputs(before, model, {{"x", RandomTensor({2}, 1)}}, 0);
}

TEST(FoldConstantsTest, FoldsWhatHasAComputedShape) {
  Model model = ModelBuilder()
                    .Input("x", {2})
                    .Ints("eight", {8})
                    .Ints("six", {6})
                    .Op("Sub", {"eight", "six"}, {"two"})
                    .Op("ConstantOfShape", {"two"}, {"zeros"})
                    .Op("Add", {"x", "zeros"}, {"y"})
                    .Output("y")
                    .Build();
  EXPECT_EQ(Fold(model), 2);
  EXPECT_EQ(GraphText(model.graph), "y = Add(x, zeros)\n");
  EXPECT_EQ(*model.graph.FindInitializer("zeros")->value, Tensor::Of<float>({2}, {0, 0}));
}

TEST(FoldConstantsTest, FoldsTheShapeOfAStaticValue) {
  Model model = ModelBuilder()
                    .Input("x", {2, 3, 4})
                    .Op("Relu", {"x"}, {"r"})
                    .Op("Shape", {"r"}, {"s"})
                    .Op("Reshape", {"x", "s"}, {"y"})
                    .Output("y")
                    .Build();
  EXPECT_EQ(Fold(model), 1);
  EXPECT_EQ(GraphText(model.graph), "y = Reshape(x, s)\n");
  EXPECT_EQ(*model.graph.FindInitializer("s")->value, Tensor::Of<int64_t>({3}, {2, 3, 4}));
}

TEST(FoldConstantsTest, FoldsTheStaticExtentsOfADynamicShape) {
  // view(x, [batch, 12]) as exporters write it, with two Gathers of one Shape.
  Model model = ModelBuilder()
                    .Input("x", {-1, 3, 4})
                    .Constant("zero", Tensor::Of<int64_t>({}, {0}))
                    .Constant("one", Tensor::Of<int64_t>({}, {1}))
                    .Constant("last", Tensor::Of<int64_t>({}, {-1}))
                    .Ints("axis", {0})
                    .Op("Shape", {"x"}, {"s"})
                    .Op("Gather", {"s", "zero"}, {"batch"})
                    .Op("Gather", {"s", "one"}, {"rows"})
                    .Op("Gather", {"s", "last"}, {"columns"})
                    .Op("Mul", {"rows", "columns"}, {"size"})
                    .Op("Unsqueeze", {"batch", "axis"}, {"batch1"})
                    .Op("Unsqueeze", {"size", "axis"}, {"size1"})
                    .Op("Concat", {"batch1", "size1"}, {"shape"}, {IntOf("axis", 0)})
                    .Op("Reshape", {"x", "shape"}, {"y"})
                    .Output("y")
                    .Build();
  const Model before = model;
  Fold(model);
  ASSERT_NE(model.graph.FindInitializer("size1"), nullptr) << GraphText(model.graph);
  EXPECT_EQ(*model.graph.FindInitializer("size1")->value, Tensor::Of<int64_t>({1}, {12}));
  EXPECT_EQ(GraphText(model.graph),
            "s = Shape(x)\nbatch = Gather(s, zero)\nbatch1 = Unsqueeze(batch, axis)\n"
            "shape = Concat(batch1, size1)\ny = Reshape(x, shape)\n");
  ExpectSameOutputs(before, model, {{"x", RandomTensor({5, 3, 4}, 1)}}, 0);
}

TEST(FoldConstantsTest, LeavesRandomNumbersRandom) {
  Model model = ModelBuilder()
                    .Input("x", {2})
                    .Floats("a", {2}, {1, 2})
                    .Op("RandomUniformLike", {"a"}, {"r"})
                    .Op("RandomNormal", {}, {"n"}, {IntsOf("shape", {2})})
                    .Op("Sum", {"x", "r", "n"}, {"y"})
                    .Output("y")
                    .Build();
  EXPECT_EQ(Fold(model), 0);
  EXPECT_EQ(model.graph.nodes.size(), 3U);
}

TEST(FoldConstantsTest, LeavesQuantizedWeights) {
  Model model = ModelBuilder()
                    .Input("x", {1, 2})
                    .Constant("w", Tensor::Of<int8_t>({2, 2}, {1, 2, 3, 4}))
                    .Floats("s", {}, {0.5F})
                    .Op("DequantizeLinear", {"w", "s"}, {"d"})
                    .Op("MatMul", {"x", "d"}, {"y"})
                    .Output("y")
                    .Build();
  EXPECT_EQ(Fold(model), 0);
}

TEST(FoldConstantsTest, LeavesWhatIsLargerThanTheBound) {
  Model model = ModelBuilder()
                    .Input("x", {1})
                    .Uniform("c", {1000, 1000}, 1)
                    .Op("Neg", {"c"}, {"big"})
                    .Op("Add", {"x", "big"}, {"y"})
                    .Output("y")
                    .Build();
  EXPECT_EQ(Fold(model, 3'999'999), 0);
  EXPECT_EQ(model.graph.nodes.size(), 2U);
  EXPECT_EQ(Fold(model, 4'000'000), 1);
  EXPECT_EQ(model.graph.FindInitializer("big")->value->num_elements(), 1000000);
}

TEST(FoldConstantsTest, FoldsTheRestBesideOneThatIsTooLarge) {
  Model model = ModelBuilder()
                    .Input("x", {1})
                    .Ints("shape", {1000, 1000})
                    .Floats("a", {1}, {2})
                    .Op("ConstantOfShape", {"shape"}, {"big"})
                    .Op("Neg", {"a"}, {"small"})
                    .Op("Sum", {"x", "big", "small"}, {"y"})
                    .Output("y")
                    .Build();
  EXPECT_EQ(Fold(model, 1000), 1);
  EXPECT_EQ(GraphText(model.graph), "big = ConstantOfShape(shape)\ny = Sum(x, big, small)\n");
}

TEST(FoldConstantsTest, NeverAllocatesWhatAHostileShapeAsksFor) {
  Model model = ModelBuilder()
                    .Input("x", {1})
                    .Ints("shape", {int64_t{1} << 20, int64_t{1} << 14})  // 64 GiB of float
                    .Floats("a", {1}, {2})
                    .Op("ConstantOfShape", {"shape"}, {"big"})
                    .Op("Neg", {"a"}, {"small"})
                    .Op("Add", {"x", "small"}, {"z"})
                    .Op("Gather", {"big", "which"}, {"row"})
                    .Input("which", {}, DType::kInt64)
                    .Op("Add", {"z", "row"}, {"y"})
                    .Output("y")
                    .Build();
  EXPECT_EQ(Fold(model), 1) << GraphText(model.graph);
}

TEST(FoldConstantsTest, KeepsWhatABodyOrTheCallerReads) {
  const graph::Graph body =
      ModelBuilder().Op("Add", {"x", "n"}, {"b"}).Output("b", DType::kFloat32).Body();
  Model model =
      ModelBuilder()
          .Input("x", {2})
          .Input("c", {}, DType::kBool)
          .Floats("a", {2}, {1, 2})
          .Op("Neg", {"a"}, {"n"})
          .Op("Exp", {"n"}, {"e"})
          .Op("If", {"c"}, {"y"}, {BodyOf("then_branch", body), BodyOf("else_branch", body)})
          .Output("y")
          .Output("e")
          .Build();
  const Model before = model;
  EXPECT_EQ(Fold(model), 2);
  EXPECT_EQ(model.graph.nodes.size(), 1U);
  ExpectSameOutputs(
      before, model,
      {{"x", RandomTensor({2}, 1)}, {"c", *Tensor::FromBytes(DType::kBool, {}, {std::byte{1}})}},
      0);
}

// There initializers are inputs too: one that folding removes must leave that list as well.
TEST(FoldConstantsTest, LeavesNoInputWithoutAValueInFilesOfIr3) {
  Model model = ModelBuilder(9, 3)
                    .Input("x", {2})
                    .Floats("a", {2}, {1, 2})
                    .ListConstantsAsInputs()
                    .Op("Neg", {"a"}, {"n"})
                    .Op("Add", {"x", "n"}, {"y"})
                    .Output("y", DType::kFloat32, {2})
                    .Build();
  const Model before = model;
  graph::LiftConstants(model);
  EXPECT_EQ(Fold(model), 1);
  ASSERT_EQ(model.graph.inputs.size(), 1U);
  ExpectSameOutputs(before, model, {{"x", RandomTensor({2}, 1)}}, 0);
}

}  // namespace
}  // namespace tare::runtime
