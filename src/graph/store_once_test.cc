#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/graph/canonical.h"

namespace tare::graph {
namespace {

Tensor Transposed(const Tensor& matrix) {
  const int64_t rows = matrix.shape()[0];
  const int64_t columns = matrix.shape()[1];
  std::vector<float> values;
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t i = 0; i < rows; ++i)
      values.push_back(matrix.data<float>()[static_cast<size_t>(i * columns + j)]);
  }
  return Tensor::Of<float>({columns, rows}, values);
}

TEST(StoreOnceTest, KeepsOneOfEqualAndTransposedConstants) {
  const Tensor table = RandomTensor({64, 32}, 1);
  Graph graph = ModelBuilder(13)
                    .Input("x", {1, 64})
                    .Constant("a", table)
                    .Constant("same", table)
                    .Constant("turned", Transposed(table))
                    .Constant("other", RandomTensor({64, 32}, 2))
                    .Op("MatMul", {"x", "a"}, {"h"})
                    .Op("MatMul", {"x", "same"}, {"i"})
                    .Op("MatMul", {"h", "turned"}, {"j"})
                    .Op("MatMul", {"j", "other"}, {"k"})
                    .Output("i")
                    .Output("k")
                    .Body();
  EXPECT_EQ(StoreOnce(graph), 2);
  EXPECT_EQ(graph.initializers.size(), 2U);
  EXPECT_EQ(GraphText(graph),
            "turned_transposed = Transpose(a)\nh = MatMul(x, a)\ni = MatMul(x, a)\n"
            "j = MatMul(h, turned_transposed)\nk = MatMul(j, other)\n");
}

TEST(StoreOnceTest, LeavesOutputsOptionalInputsAndWhatBodiesRead) {
  const Tensor table = RandomTensor({64, 32}, 1);
  const Graph body = ModelBuilder().Op("Neg", {"captured"}, {"o"}).Output("o").Body();
  Graph graph =
      ModelBuilder(13)
          .Input("x", {1, 64})
          .Input("default", {64, 32})
          .Constant("a", table)
          .Constant("default", table)
          .Constant("captured", table)
          .Constant("out", table)
          .Op("MatMul", {"x", "a"}, {"h"})
          .Op("Add", {"a", "default"}, {"i"})
          .Op("If", {"x"}, {"j"}, {BodyOf("then_branch", body), BodyOf("else_branch", body)})
          .Output("h")
          .Output("i")
          .Output("j")
          .Output("out")
          .Body();
  EXPECT_EQ(StoreOnce(graph), 0);
  EXPECT_EQ(graph.initializers.size(), 4U);
}

TEST(SeedRandomOpsTest, SeedsEachOnceAndTakesItsOwnSeedsAwayAgain) {
  const Graph body = ModelBuilder().Op("RandomUniformLike", {"x"}, {"o"}).Output("o").Body();
  Graph graph = ModelBuilder(13)
                    .Input("x", {1})
                    .Op("RandomNormalLike", {"x"}, {"a"})
                    .Op("RandomNormalLike", {"x"}, {"b"})
                    .Op("RandomNormalLike", {"x"}, {"c"}, {FloatOf("seed", 7)})
                    .Op("If", {"x"}, {"d"}, {BodyOf("then_branch", body)})
                    .Output("a")
                    .Body();
  EXPECT_TRUE(HasRandomOps(graph));
  EXPECT_EQ(SeedRandomOps(graph), 3);
  EXPECT_NE(graph.nodes[0].Float("seed", 0), graph.nodes[1].Float("seed", 0));
  EXPECT_EQ(graph.nodes[2].Float("seed", 0), 7.0F);
  EXPECT_NE(graph.nodes[3].Bodies()[0]->nodes[0].Find("seed"), nullptr);
  UnseedRandomOps(graph);
  EXPECT_EQ(graph.nodes[0].Find("seed"), nullptr);
  EXPECT_EQ(graph.nodes[2].Float("seed", 0), 7.0F);
  EXPECT_EQ(graph.nodes[3].Bodies()[0]->nodes[0].Find("seed"), nullptr);
}

TEST(UnlistConstantsTest, KeepsOptionalInputsAndDropsWhatIsListedOutOfHabit) {
  const auto build = [](int64_t ir_version, bool list_weight) {
    ModelBuilder builder(13, ir_version);
    builder.Input("x", {1, 16}).Uniform("w", {16, 16}, 1).Floats("scale", {}, {0.5F});
    builder.Input("scale", {});
    if (list_weight) builder.Input("w", {16, 16});
    return builder.Op("MatMul", {"x", "w"}, {"h"})
        .Op("Mul", {"h", "scale"}, {"y"})
        .Output("y")
        .Build();
  };
  Model optional = build(8, false);
  EXPECT_EQ(UnlistConstants(optional), 0);
  EXPECT_EQ(optional.graph.inputs.size(), 2U);
  Model habit = build(8, true);
  EXPECT_EQ(UnlistConstants(habit), 2);
  EXPECT_EQ(habit.graph.inputs.size(), 1U);
  Model old = build(3, true);
  EXPECT_EQ(UnlistConstants(old), 2);
  EXPECT_EQ(old.ir_version, 4);
}

}  // namespace
}  // namespace tare::graph
