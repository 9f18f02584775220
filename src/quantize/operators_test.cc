// Every operator that tare runs in integers, at every opset: what it computes, and that the
// runtime fuses it.

#include <functional>

#include "quantize/reference_for_test.h"

namespace tare::quantize {
namespace {

using graph::FloatOf;
using graph::IntOf;
using graph::IntsOf;
using graph::Model;
using graph::ModelBuilder;
using graph::RandomTensor;

// One operator "y" between the inputs x (and z) and the output y.
struct Row {
  std::string op;
  Shape input;
  int num_inputs = 1;
  bool moves = false;
  std::function<void(ModelBuilder&, int64_t opset)> add;
  ValueRange range{-1.0F, 0.9F};  ///< of the inputs
  ValueRange out{-1.9F, 1.8F};
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.op; }

// axes moved from attribute to input at opset 13.
void WithAxes(ModelBuilder& builder, const std::string& op, int64_t opset) {
  if (opset < 13) {
    builder.Op(op, {"x"}, {"y"}, {IntsOf("axes", {0})});
  } else {
    builder.Ints("axes", {0}).Op(op, {"x", "axes"}, {"y"});
  }
}

// A table, a row an operator.
std::vector<Row> Rows() {  // NOLINT(readability-function-size)
  const Shape image{1, 4, 6, 6};
  return {
      {"Add", image, 2, false,
       [](ModelBuilder& b, int64_t) {
         b.Op("Add", {"x", "z"}, {"y"});
       }},
      {"Mul",
       image,
       2,
       false,
       [](ModelBuilder& b, int64_t) {
         b.Op("Mul", {"x", "z"}, {"y"});
       },
       {-1, 0.9F},
       {-0.9F, 1}},
      {"MatMul",
       {2, 6, 6},
       2,
       false,
       [](ModelBuilder& b, int64_t) {
         b.Op("MatMul", {"x", "z"}, {"y"});
       },
       {-1, 0.9F},
       {-3, 4}},
      {"Concat",
       image,
       2,
       false,
       [](ModelBuilder& b, int64_t) {
         b.Op("Concat", {"x", "z"}, {"y"}, {IntOf("axis", 1)});
       },
       {-1, 0.9F},
       {-1, 1}},
      {"Where",
       image,
       2,
       false,
       [](ModelBuilder& b, int64_t) {
         b.Input("c", {6}, DType::kBool).Op("Where", {"c", "x", "z"}, {"y"});
       },
       {-1, 0.9F},
       {-1, 1}},
      {"AveragePool", image, 1, false,
       [](ModelBuilder& b, int64_t) {
         b.Op("AveragePool", {"x"}, {"y"}, {IntsOf("kernel_shape", {2, 2})});
       }},
      {"GlobalAveragePool",
       image,
       1,
       false,
       [](ModelBuilder& b, int64_t) { b.Op("GlobalAveragePool", {"x"}, {"y"}); },
       {-1, 0.9F},
       {-0.5F, 0.5F}},
      {"LeakyRelu",
       image,
       1,
       false,
       [](ModelBuilder& b, int64_t) { b.Op("LeakyRelu", {"x"}, {"y"}, {FloatOf("alpha", 0.1F)}); },
       {-1, 0.9F},
       {-0.1F, 1}},
      {"Sigmoid",
       image,
       1,
       false,
       [](ModelBuilder& b, int64_t) { b.Op("Sigmoid", {"x"}, {"y"}); },
       {-1, 0.9F},
       {0, 255.0F / 256}},
      {"Softmax",
       {2, 8},
       1,
       false,
       [](ModelBuilder& b, int64_t) { b.Op("Softmax", {"x"}, {"y"}, {IntOf("axis", 1)}); },
       {-1, 0.9F},
       {0, 255.0F / 256}},
      {"MaxPool", image, 1, true,
       [](ModelBuilder& b, int64_t) {
         b.Op("MaxPool", {"x"}, {"y"}, {IntsOf("kernel_shape", {2, 2})});
       }},
      {"Reshape", image, 1, true,
       [](ModelBuilder& b, int64_t) {
         b.Ints("shape", {4, -1}).Op("Reshape", {"x", "shape"}, {"y"});
       }},
      {"Transpose", image, 1, true,
       [](ModelBuilder& b, int64_t) {
         b.Op("Transpose", {"x"}, {"y"}, {IntsOf("perm", {0, 2, 3, 1})});
       }},
      {"Squeeze", image, 1, true,
       [](ModelBuilder& b, int64_t opset) { WithAxes(b, "Squeeze", opset); }},
      {"Unsqueeze", image, 1, true,
       [](ModelBuilder& b, int64_t opset) { WithAxes(b, "Unsqueeze", opset); }},
      {"Flatten", image, 1, true, [](ModelBuilder& b, int64_t) { b.Op("Flatten", {"x"}, {"y"}); }},
      {"Slice", image, 1, true,
       [](ModelBuilder& b, int64_t) {
         b.Ints("from", {1})
             .Ints("to", {3})
             .Ints("axes", {1})
             .Op("Slice", {"x", "from", "to", "axes"}, {"y"});
       }},
      {"Pad", image, 1, true,
       [](ModelBuilder& b, int64_t) {
         b.Ints("pads", {0, 0, 1, 1, 0, 0, 1, 1}).Op("Pad", {"x", "pads"}, {"y"});
       }},
      {"Resize", image, 1, true,
       [](ModelBuilder& b, int64_t) {
         b.Floats("roi", {0}, {})
             .Floats("scales", {4}, {1, 1, 2, 2})
             .Op("Resize", {"x", "roi", "scales"}, {"y"},
                 {graph::TextOf("mode", "nearest"),
                  graph::TextOf("coordinate_transformation_mode", "asymmetric"),
                  graph::TextOf("nearest_mode", "floor")});
       }},
      {"Gather", image, 1, true,
       [](ModelBuilder& b, int64_t) {
         b.Ints("which", {2, 0}).Op("Gather", {"x", "which"}, {"y"}, {IntOf("axis", 1)});
       }},
      {"Expand",
       {1, 4},
       1,
       true,
       [](ModelBuilder& b, int64_t) {
         b.Ints("shape", {3, 4}).Op("Expand", {"x", "shape"}, {"y"});
       }},
      {"Tile",
       {1, 4},
       1,
       true,
       [](ModelBuilder& b, int64_t) {
         b.Ints("times", {3, 2}).Op("Tile", {"x", "times"}, {"y"});
       }},
  };
}

class EveryOperatorTest : public testing::TestWithParam<std::tuple<Row, int64_t>> {
 protected:
  void SetUp() override {
    const auto& [row, opset] = GetParam();
    ModelBuilder builder(opset, opset >= 21 ? 10 : 8);
    builder.Input("x", row.input);
    if (row.num_inputs > 1) builder.Input("z", row.input);
    row.add(builder, opset);
    model_ = builder.Output("y").Build();
    ranges_ = {{"x", row.range}};
    if (row.num_inputs > 1) ranges_["z"] = {-0.8F, 1.1F};
    if (!row.moves) ranges_["y"] = row.out;
    recipe_ = MakeRecipe(model_, {"y"}, ranges_);
    // Wider than the ranges: saturation is part of the definition.
    inputs_ = {{"x", RandomTensor(row.input, 1, -1.3, 1.3)},
               {"z", RandomTensor(row.input, 2, -1.3, 1.3)}};
    std::vector<std::byte> bits;
    for (int i = 0; i < 6; ++i) bits.push_back(static_cast<std::byte>(i % 2));
    inputs_.push_back({"c", *Tensor::FromBytes(DType::kBool, {6}, bits)});
  }

  Model model_;
  Ranges ranges_;
  Recipe recipe_;
  std::vector<NamedTensor> inputs_;
};

std::string RowName(const testing::TestParamInfo<std::tuple<Row, int64_t>>& row) {
  return StrCat(std::get<0>(row.param).op, std::get<1>(row.param));
}

INSTANTIATE_TEST_SUITE_P(Opsets, EveryOperatorTest,
                         testing::Combine(testing::ValuesIn(Rows()),
                                          testing::Values(12, 13, 17, 21, 23)),
                         RowName);

TEST_P(EveryOperatorTest, ComputesWhatTheDefinitionSays) {
  const Row& row = std::get<0>(GetParam());
  auto faked = inputs_;
  for (NamedTensor& input : faked) {
    if (ranges_.contains(input.name)) input.value = FakeUint8(input.value, ranges_[input.name]);
  }
  const auto real = runtime::RunModel(model_, faked);
  const auto actual = runtime::RunModel(Applied(model_, recipe_), inputs_);
  ASSERT_TRUE(real.size() == 1 && actual.size() == 1);
  const ValueRange out = row.moves ? row.range : row.out;
  if (row.op == "MatMul") {  // ends in float where no integer node follows; sums of 6 products
    EXPECT_LE(runtime::MaxDifference(real[0], actual[0]), 1e-5);
    return;
  }
  ExpectWithinSteps(FakeUint8(real[0], out), actual[0], StepOf(out), row.moves ? 0 : 1.01);
}

TEST_P(EveryOperatorTest, RunsInIntegers) {
  const Model quantized = Applied(model_, recipe_);
  EXPECT_EQ(Fusion(quantized, recipe_), "1/1");
  const Row& row = std::get<0>(GetParam());
  const ValueRange out = row.moves ? row.range : row.out;
  const auto plain = runtime::RunModel(quantized, inputs_);
  const auto fused = runtime::RunModel(quantized, inputs_, runtime::Optimization::kAll);
  ASSERT_TRUE(plain.size() == 1 && fused.size() == 1);
  // Integer kernels round their multipliers: one code now and then (tables of Sigmoid and Softmax
  // are computed apart).
  double sum = 0;
  for (size_t i = 0; i < plain[0].data<float>().size(); ++i) {
    const double difference =
        std::abs(double{plain[0].data<float>()[i]} - double{fused[0].data<float>()[i]});
    ASSERT_LE(difference, 1.01 * StepOf(out) + 1e-6);
    sum += difference;
  }
  EXPECT_LE(sum, 0.2 * StepOf(out) * static_cast<double>(plain[0].num_elements()));
}

}  // namespace
}  // namespace tare::quantize
