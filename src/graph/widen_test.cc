// float16 made float32 inside: the form; that outputs stay is shown in quantize/ability_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/graph/canonical.h"

namespace tare::graph {
namespace {

Tensor Half(float value) {
  const uint16_t bits = FloatToHalf(value);
  return *Tensor::FromBytes(
      DType::kFloat16, {1},
      {static_cast<std::byte>(bits & 255), static_cast<std::byte>(bits >> 8)});
}

TEST(WidenFloat16Test, LeavesModelsWithoutFloat16Constants) {
  Model model = ModelBuilder()
                    .Input("x", {1}, DType::kFloat16)
                    .Op("Relu", {"x"}, {"y"})
                    .Output("y", DType::kFloat16)
                    .Build();
  EXPECT_FALSE(WidenFloat16(model));
  EXPECT_EQ(GraphText(model.graph), "y = Relu(x)\n");
}

TEST(WidenFloat16Test, PutsACastAtEachBorder) {
  Model model = ModelBuilder()
                    .Input("x", {1}, DType::kFloat16)
                    .Input("z", {1})
                    .Constant("w", Half(1.5F))
                    .Op("Mul", {"x", "w"}, {"m"})
                    .Op("Cast", {"z"}, {"h"}, {IntOf("to", 10)})
                    .Op("Add", {"m", "h"}, {"y"})
                    .Op("Abs", {"y"}, {"v"})
                    .Output("y", DType::kFloat16, {1})
                    .Output("v", DType::kFloat16, {1})
                    .Build();
  EXPECT_TRUE(WidenFloat16(model));
  EXPECT_EQ(GraphText(model.graph),
            "x_float32 = Cast(x)\nm = Mul(x_float32, w)\nh = Cast(z)\ny_float32 = Add(m, h)\n"
            "v_float32 = Abs(y_float32)\ny = Cast(y_float32)\nv = Cast(v_float32)\n");
  EXPECT_EQ(*model.graph.FindInitializer("w")->value, Tensor::Of<float>({1}, {1.5F}));
  EXPECT_EQ(model.graph.nodes[2].Int("to", 0), 1) << "a cast to float16 inside";
  EXPECT_EQ(model.graph.nodes[5].Int("to", 0), 10);
  EXPECT_EQ(model.graph.inputs[0].info.dtype, DType::kFloat16) << "the interface stays";
}

TEST(WidenFloat16Test, WidensBodiesThatReadTheGraphAroundThem) {
  const Graph body = ModelBuilder()
                         .Constant("k", Half(2))
                         .Op("Mul", {"x", "k"}, {"b"})
                         .Output("b", DType::kFloat16, {1})
                         .Body();
  Model model =
      ModelBuilder()
          .Input("x", {1}, DType::kFloat16)
          .Input("c", {}, DType::kBool)
          .Constant("w", Half(1.5F))
          .Op("If", {"c"}, {"i"}, {BodyOf("then_branch", body), BodyOf("else_branch", body)})
          .Op("Mul", {"i", "w"}, {"y"})
          .Output("y", DType::kFloat16, {1})
          .Build();
  EXPECT_TRUE(WidenFloat16(model));
  const Graph& widened = *model.graph.nodes[1].Bodies()[0];
  EXPECT_EQ(GraphText(widened), "b = Mul(x_float32, k)\n");
  EXPECT_EQ(widened.outputs[0].info.dtype, DType::kFloat32);
  EXPECT_EQ(widened.initializers[0].value->dtype(), DType::kFloat32);
}

}  // namespace
}  // namespace tare::graph
