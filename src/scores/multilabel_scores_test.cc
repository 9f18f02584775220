#include <gtest/gtest.h>

#include <cmath>

#include "scores/golden_test_internal.h"
#include "scores/multilabel_scores_internal.h"

namespace tare::scores {
namespace {

TEST(MultilabelScoresTest, AgreesWithScikitLearn) {
  for (const auto& test : stats::ReadGolden("sklearn/sklearn.json", "multilabel")) {
    const size_t rows = test["truths"].size();
    std::vector<LabelCounts> counts(test["counts"].size());
    double num_exact = 0, num_wrong = 0;
    for (size_t i = 0; i < rows; ++i) {
      const auto outcome = JudgeLabels(test["truths"][i].get<std::vector<uint8_t>>(),
                                       test["scores"][i].get<std::vector<double>>(),
                                       test["threshold"].get<double>(), counts);
      num_exact += outcome.exact() ? 1 : 0;
      num_wrong += static_cast<double>(outcome.num_wrong);
    }
    for (size_t c = 0; c < counts.size(); ++c) {
      const auto& expected = test["counts"][c];
      EXPECT_EQ(counts[c], (LabelCounts{expected[0], expected[1], expected[2]}));
      stats::ExpectGolden(ScoreLabel(counts[c]).f1, test["f1"][c], "f1 of a class");
    }
    ExpectScore(MicroScore(counts), test["micro"]);
    ExpectScore(MacroScore(counts), test["macro"]);
    const auto n = static_cast<double>(rows);
    stats::ExpectGolden(num_exact / n, test["subset_accuracy"], "subset accuracy");
    stats::ExpectGolden(num_wrong / n / static_cast<double>(counts.size()), test["hamming_loss"],
                        "hamming loss");
  }
}

TEST(MultilabelScoresTest, IsUndefinedForAClassThatNeverOccurs) {
  EXPECT_TRUE(std::isnan(ScoreLabel({}).precision));
  EXPECT_TRUE(std::isnan(MacroScore({}).f1));
  EXPECT_TRUE(std::isnan(MicroScore({}).f1));
  EXPECT_EQ(ScoreLabel({.true_positive = 0, .false_positive = 0, .false_negative = 3}).precision,
            0);
}

TEST(MultilabelScoresTest, PredictsNothingForNan) {
  std::vector<LabelCounts> counts(1);
  const double nan = NAN;
  const uint8_t truth = 1;
  EXPECT_FALSE(JudgeLabels({&truth, 1}, {&nan, 1}, 0.5, counts).exact());
  EXPECT_EQ(counts[0].false_negative, 1);
}

}  // namespace
}  // namespace tare::scores
