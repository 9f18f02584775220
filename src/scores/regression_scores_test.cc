#include <gtest/gtest.h>

#include <cmath>

#include "scores/regression_scores_internal.h"
#include "stats/golden_test_internal.h"

namespace tare::scores {
namespace {

using Doubles = std::vector<double>;

TEST(ScoreRegressionTest, AgreesWithScikitLearnAndScipy) {
  for (const auto& test : stats::ReadGolden("sklearn/sklearn.json", "regression")) {
    const Doubles truths = test["truths"];
    const Doubles found = test["found"];
    const RegressionScore score = ScoreRegression(truths, found);
    stats::ExpectGolden(score.mae, test["mae"], "mae");
    stats::ExpectGolden(score.rmse, test["rmse"], "rmse");
    if (!test["r2"].is_null()) {
      // 1 - r2 is what is summed.
      const double left = 1 - test["r2"].get<double>();
      EXPECT_NEAR(1 - score.r2, left, 1e-9 * std::max(1.0, left));
    } else {
      EXPECT_TRUE(std::isnan(score.r2));
    }
    stats::ExpectGolden(Spearman(truths, found), test["spearman"], "spearman");
  }
}

TEST(ScoreRegressionTest, IsUndefinedWithoutSamplesOrSpread) {
  EXPECT_TRUE(std::isnan(ScoreRegression({}, {}).mae));
  const RegressionScore one = ScoreRegression(Doubles{2}, Doubles{3});
  EXPECT_EQ(one.mae, 1);
  EXPECT_EQ(one.rmse, 1);
  EXPECT_TRUE(std::isnan(one.r2));
  // The mean of three 0.1 is not 0.1.
  EXPECT_TRUE(std::isnan(ScoreRegression(Doubles{0.1, 0.1, 0.1}, Doubles{0, 1, 2}).r2));
  EXPECT_TRUE(std::isnan(ScoreRegression(Doubles{1, 2}, Doubles{NAN, 2}).rmse));
}

TEST(SpearmanTest, RanksInfiniteNumbersAndRefusesNan) {
  EXPECT_DOUBLE_EQ(Spearman(Doubles{-INFINITY, 0, INFINITY}, Doubles{1, 2, 3}), 1);
  EXPECT_DOUBLE_EQ(Spearman(Doubles{1, 2, 3}, Doubles{3, 2, 1}), -1);
  EXPECT_TRUE(std::isnan(Spearman(Doubles{1, NAN}, Doubles{1, 2})));
  EXPECT_TRUE(std::isnan(Spearman(Doubles{1, 1}, Doubles{1, 2})));
  EXPECT_TRUE(std::isnan(Spearman({}, {})));
}

}  // namespace
}  // namespace tare::scores
