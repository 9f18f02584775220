// Lengths that values decide, on graphs as exporters write them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "quantize/shape_deciders_internal.h"
#include "tare/quantize/prepare.h"

namespace tare::quantize {
namespace {

using graph::ModelBuilder;
using testing::ElementsAre;
using testing::HasSubstr;

// A duration per token becomes the length of a signal: x -> e -> d -> n -> Range, and x -> e -> y.
ModelBuilder Durations() {
  return std::move(ModelBuilder(17)
                       .Input("x", {1, 6, 4})
                       .Uniform("we", {4, 4}, 1)
                       .Uniform("wd", {4, 1}, 2)
                       .Uniform("wy", {4, 4}, 3)
                       .Constant("zero", Tensor::Of<int64_t>({}, {0}))
                       .Constant("one", Tensor::Of<int64_t>({}, {1}))
                       .Op("MatMul", {"x", "we"}, {"e"})
                       .Op("MatMul", {"e", "wd"}, {"d"})
                       .Op("Ceil", {"d"}, {"c"})
                       .Op("Cast", {"c"}, {"i"}, {graph::IntOf("to", 7)})
                       .Op("ReduceSum", {"i"}, {"n"}, {graph::IntOf("keepdims", 0)}));
}

TEST(LengthsDecidedTest, FollowsARangeBackToTheValuesThatDecideIt) {
  const auto model = Durations()
                         .Op("Range", {"zero", "n", "one"}, {"t"})
                         .Op("MatMul", {"e", "wy"}, {"y"})
                         .Output("t")
                         .Output("y")
                         .Build();
  const auto lengths = LengthsDecided(model.graph);
  std::vector<bool> decides;
  for (const std::string& length : lengths) decides.push_back(!length.empty());
  EXPECT_THAT(decides, ElementsAre(true, true, true, true, true, false, false));
  EXPECT_THAT(lengths[0], HasSubstr("Range"));
}

TEST(LengthsDecidedTest, EndsAtAnExtent) {
  const auto model = ModelBuilder(17)
                         .Input("x", {-1, 4})
                         .Uniform("w", {4, 4}, 1)
                         .Op("MatMul", {"x", "w"}, {"y"})
                         .Op("Shape", {"y"}, {"s"})
                         .Op("Reshape", {"y", "s"}, {"z"})
                         .Op("ConstantOfShape", {"s"}, {"o"})
                         .Output("z")
                         .Output("o")
                         .Build();
  EXPECT_EQ(LengthsDecided(model.graph)[0], "");
}

TEST(LengthsDecidedTest, KnowsEveryOperandThatSaysALength) {
  const struct {
    const char* op;
    std::vector<std::string> inputs;
  } cases[] = {{"Tile", {"x", "n"}},          {"Expand", {"x", "n"}},
               {"Slice", {"x", "one", "n"}},  {"Slice", {"x", "n", "one"}},
               {"ConstantOfShape", {"n"}},    {"Resize", {"x", "", "", "n"}},
               {"Pad", {"x", "n"}},           {"TopK", {"x", "n"}},
               {"OneHot", {"one", "n", "x"}}, {"Reshape", {"x", "n"}}};
  for (const auto& [op, inputs] : cases) {
    const auto model = Durations().Op(op, inputs, {"out"}).Output("out").Build();
    EXPECT_NE(LengthsDecided(model.graph)[0], "") << op;
  }
  // The first operand is what is tiled, not how often.
  const auto data = Durations().Op("Tile", {"n", "one"}, {"out"}).Output("out").Build();
  EXPECT_EQ(LengthsDecided(data.graph)[0], "");
}

TEST(LengthsDecidedTest, SeesATripCountAndWhatABodyAsksFor) {
  graph::Graph body;
  body.inputs = {{{"i", DType::kInt64, {}}, ""}, {{"go", DType::kBool, {}}, ""}};
  body.outputs = {{{"go", DType::kBool, {}}, ""}};
  const auto trips = Durations()
                         .Op("Loop", {"n", ""}, {"last"}, {graph::BodyOf("body", body)})
                         .Output("d")
                         .Build();
  EXPECT_THAT(LengthsDecided(trips.graph)[0], HasSubstr("Loop"));

  graph::Graph branch;
  graph::Node range;
  range.name = "inner";
  range.op_type = "Range";
  range.inputs = {"zero", "n", "one"};
  range.outputs = {"t"};
  branch.nodes = {range};
  branch.outputs = {{{"t", DType::kInt64, {-1}}, ""}};
  const auto inside =
      Durations()
          .Input("flag", {}, DType::kBool)
          .Op("If", {"flag"}, {"out"},
              {graph::BodyOf("then_branch", branch), graph::BodyOf("else_branch", branch)})
          .Output("out")
          .Build();
  EXPECT_THAT(LengthsDecided(inside.graph)[0], HasSubstr("Range 'inner'"));
}

TEST(DescribeAbilitiesTest, LeavesWhatDecidesALengthInFloatAndSaysWhich) {
  const auto model = Durations()
                         .Op("Range", {"zero", "n", "one"}, {"t"})
                         .Op("MatMul", {"e", "wy"}, {"y"})
                         .Output("t")
                         .Output("y")
                         .Build();
  const auto prepared = Prepare(model, {}, {});
  ASSERT_TRUE(prepared) << prepared.error().what;
  int decided = 0;
  for (const Ability& ability : prepared->abilities) {
    if (ability.op_type != "MatMul") continue;
    const bool decides = ability.reason.starts_with("it decides a length: Range");
    decided += decides ? 1 : 0;
    EXPECT_EQ(ability.role == Role::kNone, decides);
    EXPECT_NE(ability.dynamic_int8, decides);
  }
  EXPECT_EQ(decided, 2);
}

}  // namespace
}  // namespace tare::quantize
