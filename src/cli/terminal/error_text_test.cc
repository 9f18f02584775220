#include "cli/terminal/error_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tare::cli {
namespace {

Error MissingRange() {
  return Error{ErrorCode::kFailedPrecondition,
               "no calibration range for activation 'x': ranges.json was made from graph 9c1f03aa",
               "make a table for this graph",
               {"inserting the QDQ pair of node '/conv2'", "quantizing resnet18.onnx"}};
}

TEST(ErrorTextTest, HasTheFormOfTheStyleGuide) {
  EXPECT_EQ(ErrorText(MissingRange(), 60),
            "error: no calibration range for activation 'x': ranges.json\n"
            "       was made from graph 9c1f03aa\n"
            "       while inserting the QDQ pair of node '/conv2'\n"
            "       while quantizing resnet18.onnx\n"
            "next:  make a table for this graph\n");
}

TEST(ErrorTextTest, LeavesOutAnEmptyNextStep) {
  EXPECT_EQ(ErrorText({ErrorCode::kNotFound, "gone", "", {}}, 60), "error: gone\n");
}

TEST(ErrorTextTest, DisarmsNamesFromForeignFiles) {
  EXPECT_EQ(ErrorText(InvalidArgument("node '\x1b[2J'", ""), 60), "error: node '\\x1b[2J'\n");
}

TEST(ErrorJsonTest, CarriesTheWholeError) {
  const auto json = nlohmann::json::parse(ErrorJson(MissingRange()))["error"];
  EXPECT_EQ(json["code"], "failed_precondition");
  EXPECT_EQ(json["exit_code"], 4);
  EXPECT_EQ(json["next_step"], "make a table for this graph");
  EXPECT_EQ(json["context"].size(), 2U);
}

TEST(ErrorJsonTest, SurvivesBytesThatAreNotUtf8) {
  const auto json = nlohmann::json::parse(ErrorJson(InvalidArgument("node '\xff'", "")));
  EXPECT_EQ(json["error"]["what"], "node '\xef\xbf\xbd'");
}

}  // namespace
}  // namespace tare::cli
