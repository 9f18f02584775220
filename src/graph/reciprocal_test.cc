#include <gtest/gtest.h>

#include <limits>

#include "tare/graph/canonical.h"

namespace tare::graph {
namespace {

Graph Divides(const std::vector<float>& divisor) {
  Graph graph;
  Node node;
  node.op_type = "Div";
  node.inputs = {"x", "c"};
  node.outputs = {"y"};
  graph.nodes.push_back(node);
  graph.AddInitializer("c", Tensor::Of<float>({static_cast<int64_t>(divisor.size())}, divisor));
  graph.inputs.push_back({{"x", DType::kFloat32, {2}}, ""});
  graph.outputs.push_back({{"y", DType::kFloat32, {2}}, ""});
  return graph;
}

TEST(MultiplyByReciprocalsTest, TurnsADivisionByAConstantIntoAMultiplication) {
  Graph graph = Divides({6.0F, -4.0F});
  EXPECT_EQ(MultiplyByReciprocals(graph), 1);
  EXPECT_EQ(GraphText(graph), "y = Mul(x, c_reciprocal)\n");
  const auto values = graph.FindInitializer("c_reciprocal")->value->data<float>();
  EXPECT_EQ(values[0], 1.0F / 6.0F);
  EXPECT_EQ(values[1], -0.25F);
  EXPECT_EQ(graph.FindInitializer("c"), nullptr);
}

TEST(MultiplyByReciprocalsTest, LeavesZerosAndDivisorsWhoseReciprocalIsNoNumber) {
  for (const float divisor :
       {0.0F, 1e-45F,
        std::numeric_limits<float>::infinity()}) {  // the second has an infinite reciprocal
    Graph graph = Divides({1.0F, divisor});
    EXPECT_EQ(MultiplyByReciprocals(graph), 0);
    EXPECT_TRUE(graph.nodes[0].Is("Div"));
  }
}

}  // namespace
}  // namespace tare::graph
