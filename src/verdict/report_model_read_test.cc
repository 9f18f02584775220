#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tare/verdict/report.h"

namespace tare::verdict {
namespace {

using testing::HasSubstr;

// Every field set, and one of each that is not.
Report ModelReport() {
  Report report;
  FormatCandidate taken{"int8_static", {}, 0.99, 0.9, 0.25, 1.5, 3, 4, true, "the fastest"};
  taken.speedup.value = 2;
  taken.speedup.low = 1.5;
  taken.speedup.high = 2.5;
  FormatCandidate left;
  left.format = "int8_dynamic";
  left.speedup.value = 0.5;
  report.candidates = {taken, left};
  report.fusion = FusionSummary{4, 3, {{"conv", "Conv", "no_relu", "an odd axis"}}};
  report.nodes = {{"conv", "Conv", "int8_static", 400, 100, true, ""},
                  {"cast", "Cast", "float32", 0, 0, std::nullopt, "nothing to fuse"}};
  TensorRow one{"x", "activation", "uint8", 10, -1, 3, -1.5, 3.5, "mse", {0.5}, {-3}};
  one.clipped_share = 0.125;
  one.zero_share = 0.25;
  one.histogram_low = -1;
  one.histogram_high = 3;
  one.histogram_counts = {4, 6};
  TensorRow many{"w", "weight", "int8", 2, -1, 1, -1, 1, "", {0.5, 0.25}, {0, 7}};
  report.tensors = {one, many};
  return report;
}

TEST(ReadModelSectionsTest, GivesBackWhatWasWritten) {
  const auto written = nlohmann::json::parse(WriteReportJson(ModelReport()));
  const auto read = ReadModelSections(written.dump(), "report.json");
  ASSERT_TRUE(read) << read.error().what;
  const auto again = nlohmann::json::parse(WriteReportJson(*read));
  for (const char* section : {"candidates", "fusion", "nodes", "tensors"}) {
    EXPECT_EQ(written.at(section), again.at(section)) << section;
  }
  EXPECT_EQ(read->tensors[0].zero_point, std::vector<int64_t>{-3});
  EXPECT_EQ(read->nodes[0].fused, true);
  EXPECT_FALSE(read->nodes[1].fused.has_value());
  EXPECT_EQ(read->candidates[0].speedup.low, 1.5);
}

TEST(ReadModelSectionsTest, LeavesOutWhatIsNotThere) {
  const auto read = ReadModelSections("{}", "report.json");
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_TRUE(read->nodes.empty());
  EXPECT_FALSE(read->fusion.has_value());
}

TEST(ReadModelSectionsTest, NamesWhatIsOfAnotherType) {
  for (const auto& [text, where] :
       {std::pair(R"({"nodes": [{"name": 3}]})", "nodes[0].name"),
        std::pair(R"({"nodes": [{"fused": "yes"}]})", "nodes[0].fused"),
        std::pair(R"({"tensors": [{}, {"scale": "1"}]})", "tensors[1].scale"),
        std::pair(R"({"candidates": [{"speedup_interval": {"low": []}}]})",
                  "candidates[0].speedup_interval.low")}) {
    const auto read = ReadModelSections(text, "report.json");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(read.error().what, HasSubstr(where));
    EXPECT_FALSE(read.error().next_step.empty());
  }
}

}  // namespace
}  // namespace tare::verdict
