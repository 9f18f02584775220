#include "tare/pipeline/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/core/file.h"
#include "tare/graph/onnx.h"

namespace tare::pipeline {
namespace {

using graph::ModelBuilder;

Result<Inspection> Inspected(const graph::Model& model) {
  const auto folder = TemporaryFolder::Create();
  EXPECT_TRUE(folder);
  const std::string path = folder->path() + "/model.onnx";
  EXPECT_TRUE(graph::WriteOnnx(model, path));
  return Inspect(path, {}, 600);
}

TEST(InspectTest, CountsOperatorsAndFloatConstants) {
  const auto found = Inspected(
      ModelBuilder()
          .Input("x", {1, 4})
          .Uniform("w", {4, 3}, 1)
          .Uniform("v", {3, 2}, 2)
          .Ints("axes", {0})
          .Op("MatMul", {"x", "w"}, {"m"})
          .Op("Relu", {"m"}, {"r"})
          .Op("MatMul", {"r", "v"}, {"p"})
          .Op("Constant", {}, {"c"},
              {graph::TensorOf("value", Tensor::Of<float>({2}, std::vector<float>{1, 2}))})
          .Op("Add", {"p", "c"}, {"s"})
          .Op("Unsqueeze", {"s", "axes"}, {"y"})
          .Output("y", DType::kFloat32, {1, 1, 2})
          .Build());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->opset, 13);
  EXPECT_EQ(found->num_nodes, 6);
  EXPECT_EQ(found->num_parameters, 12 + 6 + 2) << "axes are no parameters";
  EXPECT_EQ(found->parameter_bytes, 80);
  ASSERT_EQ(found->operators.size(), 5U);
  EXPECT_EQ(found->operators[0].op, "MatMul");
  EXPECT_EQ(found->operators[0].count, 2);
  EXPECT_EQ(found->operators[1].op, "Add") << "equal counts by name";
  ASSERT_EQ(found->inputs.size(), 1U);
  EXPECT_EQ(found->inputs[0].name, "x");
  EXPECT_EQ(found->decline_reason, "");
}

TEST(InspectTest, GroupsNodesByTheirFate) {
  const auto found = Inspected(ModelBuilder()
                                   .Input("x", {1, 4})
                                   .Uniform("w", {4, 3}, 1)
                                   .Uniform("v", {3, 2}, 2)
                                   .Op("MatMul", {"x", "w"}, {"m"})
                                   .Op("Relu", {"m"}, {"r"})
                                   .Op("MatMul", {"r", "v"}, {"p"})
                                   .Op("Exp", {"p"}, {"y"})
                                   .Output("y", DType::kFloat32, {1, 2})
                                   .Build());
  ASSERT_TRUE(found) << found.error().what;
  ASSERT_EQ(found->abilities.size(), 3U);
  EXPECT_EQ(found->abilities[0].fate, "static");
  EXPECT_EQ(found->abilities[0].count, 2);
  EXPECT_EQ(found->abilities[0].weight_elements, 12 + 6);
  EXPECT_THAT(found->abilities[0].examples, testing::ElementsAre("m", "p"));
  EXPECT_EQ(found->abilities[1].fate, "merged");
  EXPECT_THAT(found->abilities[1].examples, testing::ElementsAre("r"));
  EXPECT_EQ(found->abilities[2].fate, "float");
  EXPECT_EQ(found->abilities[2].operators[0].op, "Exp");
  EXPECT_NE(found->abilities[2].reason, "");
}

TEST(InspectTest, CountsBodiesAndSaysWhatTheirNodesCanBe) {
  const auto body = [](const std::string& name) {
    return ModelBuilder()
        .Op("MatMul", {"x", "w"}, {name})
        .Output(name, DType::kFloat32, {1, 3})
        .Body();
  };
  const auto found = Inspected(
      ModelBuilder()
          .Input("x", {1, 4})
          .Input("flag", {}, DType::kBool)
          .Uniform("w", {4, 3}, 1)
          .Op("If", {"flag"}, {"y"},
              {graph::BodyOf("then_branch", body("a")), graph::BodyOf("else_branch", body("b"))})
          .Output("y", DType::kFloat32, {1, 3})
          .Build());
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->num_nodes, 3);
  ASSERT_EQ(found->operators.size(), 2U);
  EXPECT_EQ(found->operators[0].op, "MatMul");
  EXPECT_EQ(found->operators[0].in_bodies, 2);
  EXPECT_EQ(found->operators[1].in_bodies, 0);
  EXPECT_EQ(found->decline_reason, "");
  ASSERT_EQ(found->abilities.size(), 2U);
  EXPECT_EQ(found->abilities[0].fate, "dynamic");
  EXPECT_EQ(found->abilities[0].count, 2);
  EXPECT_EQ(found->abilities[0].weight_elements, 24);
  EXPECT_EQ(found->abilities[1].fate, "float") << "the If itself";
}

}  // namespace
}  // namespace tare::pipeline
