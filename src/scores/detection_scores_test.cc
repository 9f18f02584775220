#include "tare/scores/detection_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "stats/golden_test_internal.h"

namespace tare::scores {
namespace {

using testing::HasSubstr;

// Sums over thresholds and recalls round in another order than numpy's.
constexpr double kRounding = 1e-12;

nlohmann::json Golden() { return stats::ReadGolden("coco/coco.json", "cases"); }

Box BoxOf(const nlohmann::json& row) { return {row[0], row[1], row[2], row[3]}; }

void AddImage(const nlohmann::json& image, DetectionScorer& scorer) {
  std::vector<TrueBox> truths;
  for (const auto& row : image["truths"]) {
    truths.push_back({BoxOf(row), row[4].get<int64_t>(), row[5].get<double>(), row[6] == 1});
  }
  std::vector<DetectedBox> found;
  for (const auto& row : image["found"]) {
    found.push_back({BoxOf(row), row[4].get<int64_t>(), row[5].get<double>()});
  }
  const auto added = scorer.AddImage(truths, found);
  EXPECT_TRUE(added) << added.error().what;
}

DetectionScores ScoresOf(const nlohmann::json& images) {
  DetectionScorer scorer;
  for (const auto& image : images) AddImage(image, scorer);
  return std::move(scorer).Finish();
}

void ExpectCategory(const DetectionMetrics& m, const nlohmann::json& expected) {
  const auto found = std::ranges::find(m.by_category, expected["category"].get<int64_t>(),
                                       &CategoryDetectionScore::category);
  if (found == m.by_category.end()) {
    EXPECT_TRUE(expected["ap"].is_null());
    return;
  }
  stats::ExpectGolden(found->ap, expected["ap"], "ap of a category");
  stats::ExpectGolden(found->ap50, expected["ap50"], "ap50 of a category");
  stats::ExpectGolden(found->ar100, expected["ar"], "ar of a category");
}

TEST(DetectionScoresTest, AgreesWithPycocotools) {
  int number = 0;
  for (const auto& test : Golden()) {
    SCOPED_TRACE(number++);
    const DetectionMetrics m = ScoresOf(test["images"]).Metrics();
    const double stats[] = {m.ap,  m.ap50, m.ap75,  m.ap_small, m.ap_medium, m.ap_large,
                            m.ar1, m.ar10, m.ar100, m.ar_small, m.ar_medium, m.ar_large};
    for (size_t i = 0; i < std::size(stats); ++i) {
      stats::ExpectGolden(stats[i], test["stats"][i], "stat " + std::to_string(i));
    }
    for (const auto& expected : test["by_category"]) ExpectCategory(m, expected);
  }
}

TEST(DetectionScoresTest, AgreesWithPycocotoolsOnRepeatedImages) {
  for (const auto& test : Golden()) {
    const DetectionScores scores = ScoresOf(test["images"]);
    for (const auto& resample : test["resamples"]) {
      const std::vector<double> weights = resample["weights"];
      stats::ExpectGolden(scores.MeanAveragePrecision(weights), resample["stats"][0], "ap");
      stats::ExpectGolden(scores.MeanAveragePrecision(weights, IouRange::k50), resample["stats"][1],
                          "ap50");
      stats::ExpectGolden(scores.MeanAveragePrecision(weights, IouRange::k75), resample["stats"][2],
                          "ap75");
    }
  }
}

TEST(DetectionScoresTest, GivesTheSampleItselfForEqualWeights) {
  for (const auto& test : Golden()) {
    const DetectionScores scores = ScoresOf(test["images"]);
    for (const double weight : {1.0, 7.0}) {
      const std::vector<double> weights(static_cast<size_t>(scores.num_images()), weight);
      stats::ExpectGolden(scores.MeanAveragePrecision(weights), test["stats"][0], "ap");
    }
  }
}

// One true box of 10 by 10; detections that cover 100 %, 80 % and none of it.
TEST(DetectionScoresTest, AgreesWithHand) {
  DetectionScorer scorer;
  const TrueBox truth{{0, 0, 10, 10}, 1, std::nullopt, false};
  const std::vector<TrueBox> truths = {truth, {{50, 50, 10, 10}, 1, std::nullopt, false}};
  const std::vector<DetectedBox> found = {{{0, 0, 10, 8}, 1, 0.9}, {{80, 80, 10, 10}, 1, 0.8}};
  ASSERT_TRUE(scorer.AddImage(truths, found));
  const DetectionMetrics m = std::move(scorer).Finish().Metrics();
  // At IoU 0.50 to 0.80 one of two is found, first: precision 1 at the 51 recalls up to 0.5.
  EXPECT_NEAR(m.ap50, 51.0 / 101, kRounding);
  EXPECT_NEAR(m.ap, 7.0 / 10 * 51 / 101, kRounding);
  EXPECT_NEAR(m.ar100, 7.0 / 10 * 0.5, kRounding);
  EXPECT_EQ(m.by_category[0].num_truths, 2);
  EXPECT_TRUE(std::isnan(m.ap_large));
}

TEST(DetectionScoresTest, IsUndefinedWithoutImages) {
  const DetectionScores scores = DetectionScorer().Finish();
  EXPECT_TRUE(std::isnan(scores.Metrics().ap));
  EXPECT_TRUE(std::isnan(scores.MeanAveragePrecision({})));
}

TEST(DetectionScorerTest, RefusesBrokenNumbersAndAddsNothing) {
  DetectionScorer scorer;
  const auto expect_error = [&](TrueBox truth, DetectedBox found, const char* what) {
    const auto added = scorer.AddImage({&truth, 1}, {&found, 1});
    ASSERT_FALSE(added);
    EXPECT_EQ(added.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(added.error().what, HasSubstr(what));
    EXPECT_FALSE(added.error().next_step.empty());
  };
  const Box good{0, 0, 1, 1};
  expect_error({{0, 0, -1, 1}, 1, {}, false}, {good, 1, 0.5}, "true box 0 of image 0 is [0, 0, -1");
  expect_error({good, 1, -2.0, false}, {good, 1, 0.5}, "true box 0 of image 0 has area -2");
  expect_error({good, 1, {}, false}, {{NAN, 0, 1, 1}, 1, 0.5}, "detected box 0 of image 0 is [nan");
  expect_error({good, 1, {}, false}, {good, 1, NAN}, "detected box 0 of image 0 has score nan");
  EXPECT_EQ(scorer.num_images(), 0);
}

}  // namespace
}  // namespace tare::scores
