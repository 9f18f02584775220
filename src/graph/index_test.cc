#include "tare/graph/index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/graph/canonical.h"

namespace tare::graph {
namespace {

using testing::UnorderedElementsAre;

// y = cond ? x * w : inner, where both branches read values of the graph around them.
Graph WithIf() {
  const Graph then_body = ModelBuilder()
                              .Op("Mul", {"x", "only_in_body"}, {"then_y"})
                              .Output("then_y", DType::kFloat32)
                              .Body();
  const Graph else_body = ModelBuilder()
                              .Op("Neg", {"hidden"}, {"inner"})
                              .Op("Abs", {"inner"}, {"else_y"})
                              .Output("else_y", DType::kFloat32)
                              .Body();
  return ModelBuilder()
      .Input("x", {2})
      .Input("cond", {}, DType::kBool)
      .Floats("only_in_body", {2}, {1, 2})
      .Op("Relu", {"x"}, {"hidden"})
      .Op("If", {"cond"}, {"y"},
          {BodyOf("then_branch", then_body), BodyOf("else_branch", else_body)})
      .Output("y")
      .Body();
}

TEST(GraphIndexTest, KnowsProducersAndUses) {
  const Graph graph = ModelBuilder()
                          .Input("x", {2})
                          .Op("Relu", {"x"}, {"a"})
                          .Op("Add", {"a", "a"}, {"b"})
                          .Op("Mul", {"a", "b"}, {"y"})
                          .Output("y")
                          .Body();
  const GraphIndex index(graph);
  EXPECT_EQ(index.Producer("a"), 0);
  EXPECT_EQ(index.Producer("x"), -1);
  EXPECT_EQ(index.Producer("nobody"), -1);
  const auto uses = index.Uses("a");
  ASSERT_EQ(uses.size(), 3U);
  EXPECT_EQ(uses[0].node, 1);
  EXPECT_EQ(uses[1].input, 1);
  EXPECT_EQ(uses[2].node, 2);
  EXPECT_FALSE(index.HasOneUse("a"));
  EXPECT_TRUE(index.HasOneUse("b"));
  EXPECT_FALSE(index.HasOneUse("y")) << "an output is read by the caller";
}

TEST(GraphIndexTest, CountsWhatABodyReadsAsAUse) {
  const Graph graph = WithIf();
  const GraphIndex index(graph);
  ASSERT_EQ(index.Uses("hidden").size(), 1U);
  EXPECT_EQ(index.Uses("hidden")[0].input, Use::kCaptured);
  EXPECT_FALSE(index.HasOneUse("hidden"));
  EXPECT_THAT(CapturedNames(*graph.nodes[1].Bodies()[0]),
              UnorderedElementsAre("x", "only_in_body"));
  EXPECT_THAT(CapturedNames(*graph.nodes[1].Bodies()[1]), UnorderedElementsAre("hidden"));
}

TEST(GraphIndexTest, SeesThroughTwoLevelsOfBodies) {
  const Graph outer = ModelBuilder()
                          .Op("If", {"inner_cond"}, {"o"}, {BodyOf("then_branch", WithIf())})
                          .Output("o")
                          .Body();
  EXPECT_THAT(CapturedNames(outer), UnorderedElementsAre("inner_cond"));
  const Graph reads_far =
      ModelBuilder()
          .Op("If", {"c"}, {"o"},
              {BodyOf("then_branch", ModelBuilder().Op("Abs", {"far"}, {"n"}).Output("n").Body())})
          .Output("o")
          .Body();
  EXPECT_THAT(CapturedNames(reads_far), UnorderedElementsAre("c", "far"));
}

TEST(NameMakerTest, NumbersANameThatIsTaken) {
  const Graph graph = ModelBuilder()
                          .Floats("bias", {1}, {1})
                          .Floats("bias_1", {1}, {2})
                          .Op("Abs", {"bias"}, {"y"})
                          .Output("y")
                          .Body();
  NameMaker names(graph);
  EXPECT_EQ(names.Make("fresh"), "fresh");
  EXPECT_EQ(names.Make("fresh"), "fresh_1");
  EXPECT_EQ(names.Make("bias"), "bias_2") << "bias_1 is another tensor";
}

TEST(NameMakerTest, KnowsNodeNamesAndNamesInsideBodies) {
  NameMaker names(WithIf());
  EXPECT_EQ(names.Make("inner"), "inner_1");
  EXPECT_EQ(names.Make("else_y"), "else_y_1");
  EXPECT_EQ(names.Make("cond"), "cond_1");
}

TEST(NameNodesTest, NamesEveryNodeApart) {
  Graph graph = ModelBuilder()
                    .Input("x", {2})
                    .Op("Relu", {"x"}, {"a"})
                    .Named("")
                    .Op("Abs", {"a"}, {"b"})
                    .Named("same")
                    .Op("Abs", {"b"}, {"c"})
                    .Named("same")
                    .Op("Neg", {"c"}, {"Relu_0"})
                    .Named("")
                    .Output("Relu_0")
                    .Body();
  NameNodes(graph);
  EXPECT_EQ(graph.nodes[0].name, "Relu_0_1") << "Relu_0 is the name of a value";
  EXPECT_EQ(graph.nodes[1].name, "same");
  EXPECT_EQ(graph.nodes[2].name, "same_1");
  EXPECT_EQ(graph.nodes[3].name, "Neg_3");
}

TEST(PruneTest, RemovesWhatNobodyReads) {
  Graph graph = ModelBuilder()
                    .Input("x", {2})
                    .Input("unused_input", {2})
                    .Input("listed", {1})
                    .Floats("listed", {1}, {1})
                    .Floats("unused", {1}, {1})
                    .Op("Relu", {"x"}, {"y"})
                    .Op("Add", {"y", "listed"}, {"dead"})
                    .Output("y")
                    .Body();
  graph.value_infos.push_back({{"dead", DType::kFloat32, {2}}, ""});
  Prune(graph);
  EXPECT_EQ(GraphText(graph), "y = Relu(x)\n");
  EXPECT_EQ(graph.FindInitializer("unused"), nullptr);
  EXPECT_NE(graph.FindInitializer("listed"), nullptr) << "the default of an optional input";
  EXPECT_TRUE(graph.value_infos.empty());
  EXPECT_EQ(graph.inputs.size(), 3U) << "what a caller may give stays";
}

TEST(PruneTest, KeepsWhatOnlyABodyReads) {
  Graph graph = WithIf();
  Prune(graph);
  EXPECT_EQ(graph.nodes.size(), 2U);
  EXPECT_NE(graph.FindInitializer("only_in_body"), nullptr);
}

TEST(PruneTest, KeepsANodeForItsSecondOutput) {
  Graph graph =
      ModelBuilder().Input("x", {4}).Op("Split", {"x"}, {"left", "right"}).Output("right").Body();
  Prune(graph);
  EXPECT_EQ(graph.nodes.size(), 1U);
}

TEST(SortNodesTest, PutsProducersFirstAndKeepsTheRestInPlace) {
  Graph graph = ModelBuilder()
                    .Input("x", {2})
                    .Op("Add", {"a", "b"}, {"y"})
                    .Op("Abs", {"x"}, {"b"})
                    .Op("Neg", {"x"}, {"a"})
                    .Output("y")
                    .Body();
  ASSERT_TRUE(SortNodes(graph));
  EXPECT_EQ(GraphText(graph), "b = Abs(x)\na = Neg(x)\ny = Add(a, b)\n");
}

TEST(SortNodesTest, PutsTheProducerOfACapturedValueFirst) {
  Graph graph = WithIf();
  std::swap(graph.nodes[0], graph.nodes[1]);
  ASSERT_TRUE(SortNodes(graph));
  EXPECT_EQ(graph.nodes[0].op_type, "Relu");
}

TEST(SortNodesTest, RefusesACycle) {
  Graph graph = ModelBuilder().Op("Abs", {"b"}, {"a"}).Op("Neg", {"a"}, {"b"}).Output("a").Body();
  const auto sorted = SortNodes(graph);
  ASSERT_FALSE(sorted);
  EXPECT_EQ(sorted.error().code, ErrorCode::kDataLoss);
  EXPECT_FALSE(sorted.error().next_step.empty());
}

TEST(SortNodesTest, RefusesAValueThatIsMadeTwice) {
  Graph graph = ModelBuilder()
                    .Input("x", {2})
                    .Op("Abs", {"x"}, {"y"})
                    .Op("Neg", {"y"}, {"y"})
                    .Output("y")
                    .Body();
  const auto sorted = SortNodes(graph);
  ASSERT_FALSE(sorted);
  EXPECT_EQ(sorted.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(sorted.error().what, testing::HasSubstr("'y' is made twice"));
}

TEST(SortNodesTest, LeavesTheGraphWholeWhenItRefuses) {
  Graph graph = ModelBuilder()
                    .Input("x", {2})
                    .Op("Abs", {"x"}, {"first"})
                    .Op("Abs", {"b"}, {"a"})
                    .Op("Neg", {"a"}, {"b"})
                    .Output("a")
                    .Body();
  ASSERT_FALSE(SortNodes(graph));
  EXPECT_EQ(graph.nodes[0].op_type, "Abs") << "a moved-from node would have no operator";
}

}  // namespace
}  // namespace tare::graph
