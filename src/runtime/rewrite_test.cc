// Rewrites of graph/canonical.h keep every output: both graphs run in the runtime.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::runtime {
namespace {

using graph::FloatOf;
using graph::FloatsOf;
using graph::IntOf;
using graph::IntsOf;
using graph::Model;
using graph::ModelBuilder;
using graph::RandomTensor;

// Weights and inputs are of size 1 and sums have up to 30 terms: a few float32 roundings of
// values up to 30, each 2e-6, with room.
constexpr double kRounding = 5e-5;

// Folds, expects one node of `op` to be left, and the same outputs.
void ExpectFolds(const Model& model, const std::string& op, const Shape& input) {
  Model folded = model;
  graph::FoldChannelConstants(folded.graph);
  ASSERT_EQ(folded.graph.nodes.size(), 1U) << graph::GraphText(folded.graph);
  EXPECT_EQ(folded.graph.nodes[0].op_type, op);
  ExpectSameOutputs(model, folded, {{"x", RandomTensor(input, 99)}}, kRounding);
}

ModelBuilder& AddBatchNorm(ModelBuilder& builder, const std::string& from, int64_t channels) {
  return builder.Uniform("gain", {channels}, 11, 0.5, 2)
      .Uniform("shift", {channels}, 12)
      .Uniform("mean", {channels}, 13)
      .Uniform("variance", {channels}, 14, 0.2, 2)
      .Op("BatchNormalization", {from, "gain", "shift", "mean", "variance"}, {"y"},
          {FloatOf("epsilon", 1e-3F)})
      .Output("y");
}

class WithBiasTest : public testing::TestWithParam<bool> {
 protected:
  std::vector<std::string> Inputs() const {
    return GetParam() ? std::vector<std::string>{"x", "w", "b"}
                      : std::vector<std::string>{"x", "w"};
  }
};
INSTANTIATE_TEST_SUITE_P(Bias, WithBiasTest, testing::Bool());

TEST_P(WithBiasTest, FoldsBatchNormIntoConv) {
  for (const int64_t group : {1, 2, 4}) {  // dense, grouped, depthwise
    ModelBuilder builder(13);
    builder.Input("x", {2, 4, 5, 5})
        .Uniform("w", {8, 4 / group, 3, 3}, 1)
        .Uniform("b", {8}, 2)
        .Op("Conv", Inputs(), {"c"}, {IntOf("group", group)});
    ExpectFolds(AddBatchNorm(builder, "c", 8).Build(), "Conv", {2, 4, 5, 5});
  }
}

TEST_P(WithBiasTest, FoldsBatchNormIntoConvTranspose) {
  for (const int64_t group : {1, 2}) {
    ModelBuilder builder(13);
    builder.Input("x", {2, 4, 5, 5})
        .Uniform("w", {4, 6 / group, 3, 3}, 1)
        .Uniform("b", {6}, 2)
        .Op("ConvTranspose", Inputs(), {"c"}, {IntOf("group", group), IntsOf("strides", {2, 2})});
    ExpectFolds(AddBatchNorm(builder, "c", 6).Build(), "ConvTranspose", {2, 4, 5, 5});
  }
}

TEST_P(WithBiasTest, FoldsBatchNormIntoGemm) {
  for (const int64_t transposed : {0, 1}) {
    ModelBuilder builder(13);
    builder.Input("x", {3, 5})
        .Uniform("w", transposed != 0 ? Shape{7, 5} : Shape{5, 7}, 1)
        .Uniform("b", {7}, 2)
        .Op("Gemm", Inputs(), {"c"}, {IntOf("transB", transposed)});
    ExpectFolds(AddBatchNorm(builder, "c", 7).Build(), "Gemm", {3, 5});
  }
}

TEST(FoldChannelConstantsRunTest, FoldsEveryElementwiseOperator) {
  for (const std::string op : {"Mul", "Div", "Add", "Sub"}) {
    for (const bool first : {false, true}) {
      if (first && (op == "Div" || op == "Sub")) continue;
      for (const Shape& shape : {Shape{6, 1, 1}, Shape{1, 6, 1, 1}, Shape{}, Shape{1, 1}}) {
        const Model model =
            ModelBuilder(13)
                .Input("x", {2, 4, 5, 5})
                .Uniform("w", {6, 2, 3, 3}, 1)
                .Uniform("k", shape, 3, 0.5, 2)
                .Op("Conv", {"x", "w"}, {"c"}, {IntOf("group", 2)})
                .Op(op,
                    first ? std::vector<std::string>{"k", "c"} : std::vector<std::string>{"c", "k"},
                    {"y"})
                .Output("y")
                .Build();
        ExpectFolds(model, "Conv", {2, 4, 5, 5});
      }
    }
  }
}

TEST(FoldChannelConstantsRunTest, FoldsIntoConvTransposeAndOneDimensionalConv) {
  const Model transpose = ModelBuilder(13)
                              .Input("x", {1, 4, 5, 5})
                              .Uniform("w", {4, 3, 2, 2}, 1)
                              .Uniform("k", {6, 1, 1}, 3)
                              .Op("ConvTranspose", {"x", "w"}, {"c"}, {IntOf("group", 2)})
                              .Op("Mul", {"c", "k"}, {"y"})
                              .Output("y")
                              .Build();
  ExpectFolds(transpose, "ConvTranspose", {1, 4, 5, 5});
  const Model line = ModelBuilder(13)
                         .Input("x", {1, 4, 9})
                         .Uniform("w", {6, 4, 3}, 1)
                         .Uniform("k", {6, 1}, 3)
                         .Op("Conv", {"x", "w"}, {"c"})
                         .Op("Add", {"c", "k"}, {"y"})
                         .Output("y")
                         .Build();
  ExpectFolds(line, "Conv", {1, 4, 9});
}

// ---- opset 7 to 12 ---------------------------------------------------------------------------

Model Raised(Model model) {
  graph::NameNodes(model.graph);
  graph::LiftConstants(model);
  const auto raised = graph::RaiseOpset(model);
  EXPECT_TRUE(raised) << raised.error().what;
  EXPECT_EQ(model.opset(), 12);
  return model;
}

class OldOpsetTest : public testing::TestWithParam<int64_t> {};
INSTANTIATE_TEST_SUITE_P(Opsets, OldOpsetTest, testing::Values(7, 8, 9));

TEST_P(OldOpsetTest, KeepsSlice) {
  const Model model =
      ModelBuilder(GetParam(), 3)
          .Input("x", {4, 6})
          .Op("Slice", {"x"}, {"a"}, {IntsOf("starts", {1, 0}), IntsOf("ends", {1000000, -2})})
          .Op("Slice", {"a"}, {"y"},
              {IntsOf("axes", {1}), IntsOf("starts", {-3}), IntsOf("ends", {4})})
          .Output("y", DType::kFloat32, {3, 3})
          .Build();
  ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({4, 6}, 1)}}, 0);
}

TEST_P(OldOpsetTest, KeepsUpsample) {
  ModelBuilder builder(GetParam(), 3);
  builder.Input("x", {1, 2, 3, 3});
  if (GetParam() < 9) {
    builder.Op("Upsample", {"x"}, {"y"}, {FloatsOf("scales", {1, 1, 2, 2})});
  } else {
    builder.Floats("scales", {4}, {1, 1, 2, 2})
        .ListConstantsAsInputs()
        .Op("Upsample", {"x", "scales"}, {"y"});
  }
  const Model model = builder.Output("y", DType::kFloat32, {1, 2, 6, 6}).Build();
  ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({1, 2, 3, 3}, 1)}}, 0);
}

TEST_P(OldOpsetTest, KeepsLinearUpsample) {
  ModelBuilder builder(GetParam(), 3);
  builder.Input("x", {1, 2, 3, 3});
  if (GetParam() < 9) {
    builder.Op("Upsample", {"x"}, {"y"},
               {FloatsOf("scales", {1, 1, 2, 3}), graph::TextOf("mode", "linear")});
  } else {
    builder.Floats("scales", {4}, {1, 1, 2, 3})
        .ListConstantsAsInputs()
        .Op("Upsample", {"x", "scales"}, {"y"}, {graph::TextOf("mode", "linear")});
  }
  const Model model = builder.Output("y", DType::kFloat32, {1, 2, 6, 9}).Build();
  // The same kernel: equal up to the order of its sums.
  ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({1, 2, 3, 3}, 1)}}, 1e-6);
}

TEST_P(OldOpsetTest, KeepsTopK) {
  const Model model =
      ModelBuilder(GetParam(), 3)
          .Input("x", {2, 7})
          .Op("TopK", {"x"}, {"values", "indices"}, {IntOf("k", 3), IntOf("axis", 1)})
          .Output("values", DType::kFloat32, {2, 3})
          .Output("indices", DType::kInt64, {2, 3})
          .Build();
  ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({2, 7}, 1)}}, 0);
}

TEST_P(OldOpsetTest, KeepsDropoutBatchNormAndAveragePool) {
  ModelBuilder builder(GetParam(), 3);
  for (const char* name : {"g", "s", "m", "v"}) builder.Uniform(name, {2}, 3, 0.5, 1);
  graph::Attributes spatial;
  if (GetParam() < 9) spatial.push_back(IntOf("spatial", 1));
  builder.ListConstantsAsInputs()
      .Input("x", {1, 2, 4, 4})
      .Op("BatchNormalization", {"x", "g", "s", "m", "v"}, {"n"}, spatial)
      .Op("Dropout", {"n"}, {"d"}, {FloatOf("ratio", 0.3F)})
      .Op("AveragePool", {"d"}, {"a"}, {IntsOf("kernel_shape", {2, 2})})
      .Op("MaxPool", {"a"}, {"y"}, {IntsOf("kernel_shape", {2, 2})})
      .Output("y", DType::kFloat32, {1, 2, 2, 2});
  const Model model = builder.Build();
  ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({1, 2, 4, 4}, 1)}}, 0);
}

TEST(RaiseOpsetRunTest, RefusesABatchNormOfEachElement) {
  ModelBuilder builder(8, 3);
  for (const char* name : {"g", "s", "m", "v"}) builder.Uniform(name, {2, 4, 4}, 3, 0.5, 1);
  Model model =
      builder.Input("x", {1, 2, 4, 4})
          .Op("BatchNormalization", {"x", "g", "s", "m", "v"}, {"y"}, {IntOf("spatial", 0)})
          .Output("y", DType::kFloat32)
          .Build();
  const auto refused = graph::RaiseOpset(model);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(refused.error().what, testing::HasSubstr("'y' (BatchNormalization)"));
}

TEST(RaiseOpsetRunTest, KeepsClipPadAndLinearResize) {
  const Model model =
      ModelBuilder(10)
          .Input("x", {1, 2, 4, 4})
          .Floats("scales", {4}, {1, 1, 2, 3})
          .Op("Clip", {"x"}, {"a"}, {FloatOf("min", -0.5F)})
          .Op("Clip", {"a"}, {"b"}, {FloatOf("max", 0.25F)})
          .Op("Clip", {"b"}, {"c"})
          .Op("Pad", {"c"}, {"p"},
              {IntsOf("pads", {0, 0, 1, 0, 0, 0, 0, 2}), FloatOf("value", 0.75F)})
          .Op("Pad", {"p"}, {"q"},
              {IntsOf("pads", {0, 0, 1, 1, 0, 0, 1, 1}), graph::TextOf("mode", "reflect")})
          .Op("Resize", {"q", "scales"}, {"y"}, {graph::TextOf("mode", "linear")})
          .Output("y")
          .Build();
  // The same kernels: equal up to the order of a sum.
  ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({1, 2, 4, 4}, 1)}}, 1e-6);
}

TEST(RaiseOpsetRunTest, KeepsANearestResizeThatShrinks) {
  for (const float scale : {0.5F, 0.3F, 0.75F, 1.5F, 2.0F}) {
    const Model model = ModelBuilder(10)
                            .Input("x", {1, 1, 8, 8})
                            .Floats("scales", {4}, {1, 1, scale, scale})
                            .Op("Resize", {"x", "scales"}, {"y"})
                            .Output("y")
                            .Build();
    SCOPED_TRACE(scale);
    ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({1, 1, 8, 8}, 1)}}, 0);
  }
}

TEST(RaiseOpsetRunTest, KeepsScatter) {
  const Model model = ModelBuilder(9, 4)
                          .Input("x", {3})
                          .Ints("at", {2})
                          .Floats("v", {1}, {9})
                          .Op("Scatter", {"x", "at", "v"}, {"s"}, {IntOf("axis", 0)})
                          .Op("Dropout", {"s"}, {"y"})
                          .Output("y")
                          .Build();
  ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({3}, 1)}}, 0);
}

// Failure 16 of reference/peers.md: ONNX dropped it, the runtime still runs it up to opset 9.
TEST(RaiseOpsetRunTest, RefusesOperatorsThatOnnxDropped) {
  Model model =
      ModelBuilder(8, 3)
          .Input("x", {1, 2, 3, 3})
          .Op("ImageScaler", {"x"}, {"y"}, {FloatOf("scale", 0.5F), FloatsOf("bias", {1, 2})})
          .Output("y", DType::kFloat32, {1, 2, 3, 3})
          .Build();
  EXPECT_EQ(RunModel(model, {{"x", RandomTensor({1, 2, 3, 3}, 1)}}).size(), 1U);
  const auto refused = graph::RaiseOpset(model);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().what, testing::HasSubstr("'y' (ImageScaler)"));
}

TEST(RaiseOpsetRunTest, RefusesAResizeThatGrowsAndShrinksOrDoesNotSay) {
  const auto refuses = [](const std::vector<float>& scales) {
    Model model =
        ModelBuilder(10)
            .Input("x", {1, 1, 8, 8})
            .Input("given", {4})
            .Floats("scales", {4}, scales.empty() ? std::vector<float>{1, 1, 1, 1} : scales)
            .Op("Resize", {"x", scales.empty() ? "given" : "scales"}, {"y"})
            .Output("y")
            .Build();
    return !graph::RaiseOpset(model);
  };
  EXPECT_TRUE(refuses({1, 1, 0.5F, 2}));
  EXPECT_TRUE(refuses({}));
  EXPECT_FALSE(refuses({1, 1, 0.5F, 0.25F}));
}

TEST(RaiseOpsetRunTest, RefusesAMaskOfDropoutThatIsRead) {
  Model model = ModelBuilder(9, 4)
                    .Input("x", {3})
                    .Op("Dropout", {"x"}, {"y", "mask"})
                    .Output("y")
                    .Output("mask")
                    .Build();
  EXPECT_FALSE(graph::RaiseOpset(model));
  model.graph.outputs.pop_back();
  EXPECT_TRUE(graph::RaiseOpset(model));
}

TEST(RaiseOpsetRunTest, RaisesBodiesToo) {
  const graph::Graph body =
      ModelBuilder()
          .Op("Slice", {"x"}, {"b"}, {IntsOf("starts", {1}), IntsOf("ends", {3})})
          .Output("b", DType::kFloat32, {2})
          .Body();
  const Model model =
      ModelBuilder(9, 4)
          .Input("x", {4})
          .Input("c", {}, DType::kBool)
          .Op("If", {"c"}, {"y"},
              {graph::BodyOf("then_branch", body), graph::BodyOf("else_branch", body)})
          .Output("y", DType::kFloat32, {2})
          .Build();
  const Tensor yes = *Tensor::FromBytes(DType::kBool, {}, {std::byte{1}});
  ExpectSameOutputs(model, Raised(model), {{"x", RandomTensor({4}, 1)}, {"c", yes}}, 0);
}

TEST(RemoveIdentitiesRunTest, KeepsTheOutputs) {
  const Model model = ModelBuilder(13)
                          .Input("x", {3})
                          .Op("Relu", {"x"}, {"r"})
                          .Op("Dropout", {"r"}, {"d", "mask"})
                          .Op("Identity", {"d"}, {"i"})
                          .Op("Neg", {"i"}, {"n"})
                          .Op("Identity", {"n"}, {"y"})
                          .Op("Identity", {"x"}, {"z"})
                          .Output("y")
                          .Output("z")
                          .Build();
  Model removed = model;
  EXPECT_EQ(graph::RemoveIdentities(removed.graph), 3);
  ExpectSameOutputs(model, removed, {{"x", RandomTensor({3}, 1)}}, 0);
}

}  // namespace
}  // namespace tare::runtime
