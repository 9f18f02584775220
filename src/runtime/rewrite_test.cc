// Rewrites of graph/canonical.h keep every output: both graphs run in the runtime.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/graph/canonical.h"

namespace tare::runtime {
namespace {

using graph::FloatOf;
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

// A convolution of 6 channels, every second row and third column, 2 channels of zeros before and 1
// after.
struct Shortcut {
  std::vector<int64_t> pads = {0, 2, 0, 0, 0, 1, 0, 0};
  int64_t first_row = 0;
  int64_t row_axis = 2;
  float value = 0;

  Model Build() const {
    ModelBuilder builder(13);
    builder.Input("x", {2, 4, 5, 8})
        .Uniform("w", {6, 4, 1, 1}, 1)
        .Ints("zero", {0})
        .Ints("first_row", {first_row})
        .Ints("end", {std::numeric_limits<int64_t>::max()})
        .Ints("row_axis", {row_axis})
        .Ints("column_axis", {3})
        .Ints("two", {2})
        .Ints("three", {3})
        .Ints("pads", pads)
        .Floats("value", {}, {value})
        .Op("Conv", {"x", "w"}, {"c"})
        .Op("Relu", {"c"}, {"r"})
        .Op("Slice", {"r", "first_row", "end", "row_axis", "two"}, {"rows"})
        .Op("Slice", {"rows", "zero", "end", "column_axis", "three"}, {"columns"})
        .Op("Pad", {"columns", "pads", "value"}, {"padded"})
        .Op("Relu", {"padded"}, {"y"})
        .Output("y");
    return builder.Build();
  }
};

TEST(ConvolveStridedSelectionsTest, MakesOneConvolutionWithTheSameOutputs) {
  const Model model = Shortcut().Build();
  Model rewritten = model;
  EXPECT_EQ(graph::ConvolveStridedSelections(rewritten.graph), 1);
  EXPECT_EQ(graph::GraphText(rewritten.graph),
            "c = Conv(x, w)\nr = Relu(c)\npadded = Conv(r, padded_selection)\ny = Relu(padded)\n");
  ExpectSameOutputs(model, rewritten, {{"x", RandomTensor({2, 4, 5, 8}, 99)}}, 0);
}

TEST(ConvolveStridedSelectionsTest, LeavesWhatIsNoSelection) {
  Shortcut pads_pixels;
  pads_pixels.pads = {0, 2, 1, 0, 0, 1, 0, 0};
  Shortcut starts_late;
  starts_late.first_row = 1;
  Shortcut slices_channels;
  slices_channels.row_axis = 1;
  Shortcut pads_ones;
  pads_ones.value = 1;
  for (const Shortcut& shortcut : {pads_pixels, starts_late, slices_channels, pads_ones}) {
    Model model = shortcut.Build();
    EXPECT_EQ(graph::ConvolveStridedSelections(model.graph), 0) << graph::GraphText(model.graph);
  }
}

}  // namespace
}  // namespace tare::runtime
