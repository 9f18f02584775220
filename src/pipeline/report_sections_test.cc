#include <gtest/gtest.h>

#include "graph/model_builder.h"
#include "pipeline/report_sections_internal.h"

namespace tare::pipeline {
namespace {

using quantize::Format;

TEST(FormatOfTest, IsTheOneFormatOfTheNodesOrMixed) {
  quantize::Recipe recipe;
  recipe.nodes = {{"a", "Conv", Format::kInt8Static, ""}, {"b", "Conv", Format::kInt8Static, ""}};
  EXPECT_EQ(FormatOf(recipe), "int8_static");
  recipe.nodes.push_back({"c", "MatMul", Format::kInt8Dynamic, ""});
  EXPECT_EQ(FormatOf(recipe), "int8_mixed");
}

// x [1, 4] times 4 x 3, Relu, times 3 x 2: the first product in static int8, the second is one node
// of several in the quantized graph, as dynamic products are.
quantize::Prepared PreparedModel() {
  quantize::Prepared prepared;
  prepared.model = graph::ModelBuilder()
                       .Input("x", {1, 4})
                       .Uniform("w", {4, 3}, 1)
                       .Uniform("v", {3, 2}, 2)
                       .Op("MatMul", {"x", "w"}, {"m"})
                       .Op("Relu", {"m"}, {"r"})
                       .Op("MatMul", {"r", "v"}, {"y"})
                       .Output("y")
                       .Build();
  prepared.abilities = {{.node = "m", .op_type = "MatMul", .role = quantize::Role::kCompute},
                        {.node = "r", .op_type = "Relu", .reason = "merged"},
                        {.node = "y", .op_type = "MatMul", .role = quantize::Role::kCompute}};
  return prepared;
}

search::Choice ChoiceOf(std::vector<quantize::NodeChoice> nodes) {
  search::Choice choice;
  choice.model = graph::ModelBuilder()
                     .Input("x", {1, 4})
                     .Constant("xs", Tensor::Of<float>({}, std::vector<float>{0.5F}))
                     .Constant("xz", Tensor::Of<uint8_t>({}, std::vector<uint8_t>{0}))
                     .Constant("wq", Tensor::Of<int8_t>({4, 3}, std::vector<int8_t>(12)))
                     .Uniform("ws", {3}, 1)
                     .Constant("wz", Tensor::Of<int8_t>({3}, std::vector<int8_t>(3)))
                     .Op("QuantizeLinear", {"x", "xs", "xz"}, {"xq"})
                     .Op("DequantizeLinear", {"xq", "xs", "xz"}, {"xd"})
                     .Op("DequantizeLinear", {"wq", "ws", "wz"}, {"wd"})
                     .Op("MatMul", {"xd", "wd"}, {"m"})
                     .Output("m")
                     .Build();
  choice.recipe.nodes = std::move(nodes);
  return choice;
}

verdict::Report ReportOf(const search::Choice& choice,
                         const calibrate::CalibrationTable& table = {}) {
  verdict::Report report;
  AddChoice(PreparedModel(), choice, table, {1000, 4.0}, report);
  return report;
}

TEST(AddChoiceTest, CountsTheBytesOfEachNode) {
  const auto report = ReportOf(ChoiceOf({{"m", "MatMul", Format::kInt8Static, "runs in integers"},
                                         {"y", "MatMul", Format::kInt8Dynamic, "ranged"}}));
  ASSERT_EQ(report.nodes.size(), 2U) << "Relu has no weights and was not considered";
  const verdict::NodeRow& first = report.nodes[0];
  EXPECT_EQ(first.name, "m");
  EXPECT_EQ(first.format, "int8_static");
  EXPECT_EQ(first.float_bytes, 4 * 3 * 4);
  // 12 weights, 3 scales of 4 bytes, 3 zero points; what x is scaled by is not the node's.
  EXPECT_EQ(first.quantized_bytes, 12 + 3 * 4 + 3);
  EXPECT_EQ(first.fused, true);
  EXPECT_EQ(first.reason, "runs in integers");
  const verdict::NodeRow& second = report.nodes[1];
  EXPECT_EQ(second.float_bytes, 3 * 2 * 4);
  EXPECT_EQ(second.quantized_bytes, 3 * 2) << "no node has its name: a quarter";
}

TEST(AddChoiceTest, SaysOfEachNodeWhetherItRunsInIntegers) {
  auto choice = ChoiceOf({{"m", "MatMul", Format::kInt8Static, ""}});
  choice.fusion = {2, 1, {{"m", "MatMul", "shape", "its shape"}}};
  const auto report = ReportOf(choice);
  EXPECT_EQ(report.nodes[0].fused, false) << "an island";
  EXPECT_EQ(report.nodes[1].format, "float32");
  EXPECT_EQ(report.nodes[1].quantized_bytes, 24);
  EXPECT_EQ(report.nodes[1].fused, std::nullopt);
  EXPECT_EQ(report.nodes[1].reason, "left in float by the measured choice");
  ASSERT_TRUE(report.fusion);
  EXPECT_EQ(report.fusion->expected, 2);
  EXPECT_EQ(report.fusion->fused, 1);
  ASSERT_EQ(report.fusion->islands.size(), 1U);
  EXPECT_EQ(report.fusion->islands[0].rule, "shape");
  EXPECT_EQ(ReportOf(ChoiceOf({{"m", "MatMul", Format::kInt8Weights, ""}})).nodes[0].fused,
            std::nullopt)
      << "weights of 8 bits have nothing to fuse";
}

TEST(AddChoiceTest, ListsWhatWasMeasuredBehindTheBaseline) {
  auto choice = ChoiceOf({{"m", "MatMul", Format::kInt8Static, ""}});
  choice.fusion = {2, 1, {}};
  search::Candidate taken{.name = "static, chain", .speedup = {2, 1.9, 2.1}, .model_bytes = 300};
  taken.chosen = true;
  taken.closeness = {{}, 0.999, 0.99};
  search::Candidate broken{.name = "dynamic", .problem = "output 'y' moves"};
  search::Candidate slower{.name = "static", .speedup = {1.5, 1.4, 1.6}};
  choice.candidates = {taken, broken, slower};
  const auto rows = ReportOf(choice).candidates;
  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows[0].format, "float32");
  EXPECT_EQ(rows[0].latency_ms, 4.0);
  EXPECT_FALSE(rows[0].chosen);
  EXPECT_EQ(rows[1].format, "static, chain");
  EXPECT_EQ(rows[1].size_ratio, 0.3);  // 300 of 1000 bytes
  EXPECT_EQ(rows[1].latency_ms, 2.0);  // half of 4 ms
  EXPECT_EQ(rows[1].speedup.low, 1.9);
  EXPECT_EQ(rows[1].mean_cosine, 0.999);
  EXPECT_EQ(rows[1].least_cosine, 0.99);
  EXPECT_EQ(rows[1].fused, 1);
  EXPECT_EQ(rows[1].expected, 2);
  EXPECT_TRUE(rows[1].chosen);
  EXPECT_EQ(rows[2].reason, "output 'y' moves");
  EXPECT_EQ(rows[2].size_ratio, std::nullopt);
  EXPECT_EQ(rows[2].latency_ms, std::nullopt);
  EXPECT_EQ(rows[3].fused, std::nullopt);
  EXPECT_EQ(rows[3].reason, "another one is faster");
}

TEST(AddChoiceTest, DoesNotCallAnotherFasterThanWhatMeasuredFaster) {
  auto choice = ChoiceOf({{"m", "MatMul", Format::kInt8Static, ""}});
  search::Candidate taken{.name = "static", .speedup = {2, 1.9, 2.1}, .model_bytes = 300};
  taken.chosen = true;
  search::Candidate faster{.name = "dynamic", .speedup = {2.02, 1.9, 2.1}};
  choice.candidates = {taken, faster};
  const auto rows = ReportOf(choice).candidates;
  EXPECT_EQ(rows[1].reason, "chosen among those whose outputs hold");
  EXPECT_EQ(rows[2].reason,
            "measured faster, but no more than times differ by chance, or size was the objective");
}

TEST(AddChoiceTest, WithoutAModelTheBaselineIsTheChoice) {
  search::Choice choice;
  choice.reason = "nothing to gain";
  const auto report = ReportOf(choice);
  ASSERT_EQ(report.candidates.size(), 1U);
  EXPECT_TRUE(report.candidates[0].chosen);
  EXPECT_EQ(report.candidates[0].reason, "nothing to gain");
  EXPECT_FALSE(report.fusion);
  EXPECT_TRUE(report.nodes.empty());
}

// Ten values in each of four bins over [0, 4]; five of the forty are 0.
calibrate::CalibratedTensor Even(const std::string& name) {
  calibrate::CalibratedTensor tensor;
  tensor.name = name;
  tensor.counts.num_values = 40;
  tensor.counts.num_zeros = 5;
  tensor.max = 4;
  tensor.histogram = {0, 4, {10, 10, 10, 10}};
  return tensor;
}

TEST(AddChoiceTest, DescribesTheRangeOfEachTensorInGraphOrder) {
  auto choice = ChoiceOf({{"m", "MatMul", Format::kInt8Static, ""}});
  choice.recipe.tensors = {{"r", {0, 5.1F}, "minmax"}, {"x", {0, 2.55F}, "mse"}};
  calibrate::CalibrationTable table;
  table.tensors = {Even("r"), Even("x"), Even("m")};
  const auto rows = ReportOf(choice, table).tensors;
  ASSERT_EQ(rows.size(), 2U) << "m has no range in the recipe";
  EXPECT_EQ(rows[0].name, "x");
  EXPECT_EQ(rows[0].method, "mse");
  EXPECT_EQ(rows[0].n, 40);
  EXPECT_EQ(rows[0].zero_share, 5.0 / 40);
  ASSERT_EQ(rows[0].scale.size(), 1U);
  // 255 steps over the range; float32 holds its ends.
  EXPECT_NEAR(rows[0].scale[0], 0.01, 1e-8);
  EXPECT_EQ(rows[0].zero_point, std::vector<int64_t>{0});
  EXPECT_NEAR(rows[0].high, 2.55, 1e-6);
  // The last bin, and 0.45 of the one that the end cuts.
  EXPECT_NEAR(*rows[0].clipped_share, (10 + 4.5) / 40, 1e-6);
  EXPECT_EQ(rows[0].histogram_counts, (std::vector<int64_t>{10, 10, 10, 10}));
  EXPECT_EQ(rows[1].name, "r");
  EXPECT_EQ(rows[1].clipped_share, 0);
}

}  // namespace
}  // namespace tare::pipeline
