#include "tare/quantize/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "tare/quantize/plan.h"

namespace tare::quantize {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> Names(const std::vector<NodeChoice>& nodes) {
  std::vector<std::string> names;
  for (const NodeChoice& node : nodes) names.push_back(node.node);
  return names;
}

// Three products in a row.
class SelectionTest : public testing::Test {
 protected:
  SelectionTest()
      : source_(graph::ModelBuilder()
                    .Input("x", {2, 8})
                    .Uniform("wa", {8, 8}, 1)
                    .Uniform("wb", {8, 8}, 2)
                    .Uniform("wc", {8, 8}, 3)
                    .Op("MatMul", {"x", "wa"}, {"/body/a"})
                    .Op("MatMul", {"/body/a", "wb"}, {"/body/b"})
                    .Op("MatMul", {"/body/b", "wc"}, {"/head/c"})
                    .Output("/head/c")
                    .Build()) {
    auto prepared = Prepare(source_, {}, {});
    EXPECT_TRUE(prepared) << prepared.error().what;
    prepared_ = *std::move(prepared);
  }
  std::vector<NodeChoice> Kept(const NodeSelection& selection) {
    auto kept = KeepInFloat(selection, source_, prepared_);
    EXPECT_TRUE(kept) << kept.error().what;
    return kept ? *std::move(kept) : std::vector<NodeChoice>();
  }

  graph::Model source_;
  Prepared prepared_;
};

TEST_F(SelectionTest, KeepsWhatIsExcludedOutOfEveryPlan) {
  EXPECT_THAT(Names(PlanStatic(prepared_.model, prepared_.abilities, Scope::kAll, {})),
              ElementsAre("/body/a", "/body/b", "/head/c"));
  const auto kept = Kept({.exclude = {"/body/*"}});
  EXPECT_THAT(Names(kept), ElementsAre("/body/a", "/body/b"));
  EXPECT_EQ(kept[0].format, Format::kFloat32);
  EXPECT_EQ(kept[0].reason, "excluded by '/body/*'");
  EXPECT_THAT(Names(PlanStatic(prepared_.model, prepared_.abilities, Scope::kAll, {})),
              ElementsAre("/head/c"));
  EXPECT_THAT(Names(PlanDynamic(prepared_.abilities, {})), ElementsAre("/head/c"));
  EXPECT_THAT(Names(PlanWeights(prepared_.abilities, 1)), ElementsAre("/head/c"));
}

TEST_F(SelectionTest, KeepsAllOthersThanThoseThatAreNamed) {
  EXPECT_THAT(Names(Kept({.exclude = {"*b"}, .only = {"/body/?"}})),
              ElementsAre("/body/b", "/head/c"));
  EXPECT_THAT(Names(PlanDynamic(prepared_.abilities, {})), ElementsAre("/body/a"));
}

TEST_F(SelectionTest, NamesTheClosestNodesOfAPatternWithoutAny) {
  for (const NodeSelection& selection :
       {NodeSelection{.exclude = {"/had/c"}}, NodeSelection{.only = {"/head/c", "/had/c"}}}) {
    const auto kept = KeepInFloat(selection, source_, prepared_);
    ASSERT_FALSE(kept);
    EXPECT_EQ(kept.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(kept.error().what, "no node's name matches '/had/c'");
    EXPECT_THAT(kept.error().next_step, HasSubstr("the closest: /head/c, "));
  }
}

TEST_F(SelectionTest, SaysWhereANodeOfTheFileWent) {
  const graph::Model with_identity = graph::ModelBuilder()
                                         .Input("x", {2, 8})
                                         .Uniform("w", {8, 8}, 1)
                                         .Op("Identity", {"x"}, {"copy"})
                                         .Op("MatMul", {"copy", "w"}, {"y"})
                                         .Output("y")
                                         .Build();
  auto prepared = Prepare(with_identity, {}, {});
  ASSERT_TRUE(prepared);
  const auto kept = KeepInFloat({.exclude = {"copy"}}, with_identity, *prepared);
  ASSERT_FALSE(kept);
  EXPECT_THAT(kept.error().what, HasSubstr("'copy' (Identity) is no node of its own"));
}

TEST_F(SelectionTest, DeclinesWhereNothingIsLeft) {
  Kept({.exclude = {"*"}});
  EXPECT_EQ(prepared_.decline_reason,
            "nothing is left to quantize: '/body/a' and 2 more nodes are kept in float, excluded "
            "by '*'");
}

TEST_F(SelectionTest, ChangesNothingWhereNothingIsAskedFor) {
  EXPECT_THAT(Kept({}), IsEmpty());
  EXPECT_EQ(prepared_.decline_reason, "");
  EXPECT_EQ(PlanDynamic(prepared_.abilities, {}).size(), 3U);
}

TEST_F(SelectionTest, OrdersChoicesAsTheGraphDoes) {
  const auto ordered = InGraphOrder(prepared_, {{"/head/c", "MatMul", Format::kInt8Dynamic, ""}},
                                    {{"/body/a", "MatMul", Format::kFloat32, ""}});
  EXPECT_THAT(Names(ordered), ElementsAre("/body/a", "/head/c"));
}

}  // namespace
}  // namespace tare::quantize
