// Raising old opsets keeps every output: both models run in the runtime.

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

// ONNX dropped it, the runtime still runs it up to opset 9.
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

}  // namespace
}  // namespace tare::runtime
