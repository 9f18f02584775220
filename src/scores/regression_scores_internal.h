// Scores of predicted numbers.
//
// A value that is not defined is NaN: no samples, zero variance, a NaN among the numbers.

#pragma once

#include <span>

namespace tare::scores {

struct RegressionScore {
  double mae = 0;   ///< mean |found - truth|
  double rmse = 0;  ///< sqrt(mean (found - truth)^2)
  double r2 = 0;    ///< 1 - sum (found - truth)^2 / sum (truth - mean truth)^2
};

/// Shape    one prediction for each truth (TARE_CHECK).
/// Edge     r2 is NaN where all truths are equal (one sample too). Infinite numbers give what IEEE
///          arithmetic gives.
/// Source   scikit-learn 1.9, mean_absolute_error, root_mean_squared_error, r2_score. Differs: that
///          r2 is 0 or 1 for equal truths.
RegressionScore ScoreRegression(std::span<const double> truths, std::span<const double> found);

/// Returns Spearman's rank correlation: Pearson's of the ranks, equal numbers sharing the mean of
/// their ranks.
///
/// Edge     NaN where one side's numbers are all equal, or one is NaN. Infinite numbers have ranks.
/// Cost     O(n log n).
/// Source   scipy 1.17, stats.spearmanr.
double Spearman(std::span<const double> truths, std::span<const double> found);

}  // namespace tare::scores
