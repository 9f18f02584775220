// What one pass over the calibration samples tells about values and nodes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "search/observe_internal.h"
#include "tare/data/dataset.h"

namespace tare::search {
namespace {

using graph::ModelBuilder;
using quantize::Format;
using testing::ElementsAre;
using testing::IsEmpty;

class ObservePlansTest : public testing::Test {
 protected:
  static constexpr int64_t kSamples = 6;

  Result<Observed> Observe(const graph::Model& model, const Formats& formats) {
    TARE_TRY(prepared_, quantize::Prepare(model, {}, {}));
    TARE_TRY(const auto dataset,
             data::MakeDataset("test", {{"x", graph::RandomTensor({kSamples, 16}, 7)}}));
    const std::vector<ValueInfo> inputs{{"x", DType::kFloat32, {-1, 16}}};
    TARE_TRY(const auto feed, data::Feed::Bind(*dataset, inputs));
    AutoOptions options;
    options.formats = formats;
    return ObservePlans(prepared_, {&feed, {0, 1, 3, 5}, {2, 4}}, options, NoProgress());
  }

  static ModelBuilder Begin(int64_t opset = 13) {
    return ModelBuilder(opset)
        .Input("x", {-1, 16})
        .Uniform("w", {16, 8}, 1)
        .Uniform("v", {8, 4}, 2)
        .Op("MatMul", {"x", "w"}, {"h"});
  }

  quantize::Prepared prepared_;
};

TEST_F(ObservePlansTest, CountsTheElementsOfASample) {
  const auto observed =
      Observe(Begin().Op("MatMul", {"h", "v"}, {"y"}).Output("y").Build(), {Format::kInt8Static});
  ASSERT_TRUE(observed) << observed.error().what;
  EXPECT_EQ(observed->elements, (std::map<std::string, double>{{"h", 8}, {"x", 16}, {"y", 4}}));
  EXPECT_EQ(observed->observations.num_samples, 4) << "the check samples are not among them";
  EXPECT_THAT(observed->unranged, IsEmpty());
}

TEST_F(ObservePlansTest, NamesTheNodesAroundAValueWithNan) {
  // 0 / 0 wherever Relu cut: "m" reads it, "y" does not.
  const auto observed = Observe(Begin()
                                    .Op("Relu", {"h"}, {"r"})
                                    .Op("Div", {"r", "r"}, {"bad"})
                                    .Op("MatMul", {"bad", "v"}, {"m"})
                                    .Op("MatMul", {"h", "v"}, {"y"})
                                    .Output("m")
                                    .Output("y")
                                    .Build(),
                                {Format::kInt8Static});
  ASSERT_TRUE(observed) << observed.error().what;
  EXPECT_THAT(observed->unranged, ElementsAre("m"));
}

TEST_F(ObservePlansTest, ObservesNothingWhereNoStaticPlanIsAllowed) {
  const auto model = Begin().Op("MatMul", {"h", "v"}, {"y"}).Output("y").Build();
  const auto observed = Observe(model, {Format::kInt8Dynamic, Format::kInt8Weights});
  ASSERT_TRUE(observed) << observed.error().what;
  EXPECT_THAT(observed->observations.tensors, IsEmpty());
  EXPECT_THAT(observed->elements, IsEmpty());
}

TEST_F(ObservePlansTest, LeavesWhatWasNotObservedWithoutRange) {
  const auto observed =
      Observe(Begin().Op("MatMul", {"h", "v"}, {"y"}).Output("y").Build(), {Format::kInt8Static});
  ASSERT_TRUE(observed) << observed.error().what;
  quantize::Recipe recipe;
  recipe.nodes = {{"h", "MatMul", Format::kInt8Static, ""}};
  ASSERT_TRUE(
      FillRanges(recipe, prepared_, observed->observations, calibrate::RangeMethod::kMinMax));
  std::vector<std::string> names;
  for (const auto& tensor : recipe.tensors) names.push_back(tensor.tensor);
  EXPECT_THAT(names, ElementsAre("h", "x"));
  const auto filled = FillRanges(recipe, prepared_, {}, calibrate::RangeMethod::kMinMax);
  ASSERT_FALSE(filled);
  EXPECT_EQ(filled.error().code, ErrorCode::kFailedPrecondition);
  EXPECT_EQ(filled.error().next_step, "calibrate again with this model");
}

// A cut may leave a mover in float that every scope moves as integers: its output is then a value of
// its own that nobody observed.
TEST_F(ObservePlansTest, TakesTheRangeOfWhatAFloatMoverMoves) {
  auto observed = Observe(Begin()
                              .Ints("shape", {-1, 8})
                              .Op("Reshape", {"h", "shape"}, {"t"})
                              .Op("Add", {"t", "t"}, {"a"})
                              .Op("MatMul", {"a", "v"}, {"y"})
                              .Output("y")
                              .Build(),
                          {Format::kInt8Static});
  ASSERT_TRUE(observed) << observed.error().what;
  EXPECT_FALSE(observed->elements.contains("t")) << "else the case tests nothing";
  quantize::Recipe recipe;
  recipe.nodes = {{"h", "MatMul", Format::kInt8Static, ""},
                  {"a", "Add", Format::kInt8Static, ""},
                  {"y", "MatMul", Format::kInt8Static, ""}};
  EXPECT_THAT(NodesWithoutRange(prepared_, recipe.nodes, *observed), IsEmpty());
  ASSERT_TRUE(
      FillRanges(recipe, prepared_, observed->observations, calibrate::RangeMethod::kMinMax));
  ASSERT_NE(recipe.FindRange("t"), nullptr);
  EXPECT_EQ(*recipe.FindRange("t"), *recipe.FindRange("h"));
  observed->elements.erase("h");
  EXPECT_THAT(NodesWithoutRange(prepared_, recipe.nodes, *observed), ElementsAre("h", "t", "a"));
}

}  // namespace
}  // namespace tare::search
