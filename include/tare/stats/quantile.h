// Sample quantiles, and what the order statistics say about the true ones.

#pragma once

#include <optional>
#include <span>

#include "tare/stats/interval.h"

namespace tare::stats {

/// Returns the sample quantile of sorted values, linear between order statistics.
///
///   x[i] + f (x[i+1] - x[i]),  i + f = probability (n - 1)
///
/// Edge     one value gives that value; empty gives NaN. `sorted` rises (caller's duty).
/// Source   Hyndman and Fan, The American Statistician 50 (1996), definition 7 (numpy's default).
double Quantile(std::span<const double> sorted, double probability);

/// Returns the one-sided lower bound of the true quantile, free of any distribution: the largest
/// order statistic x(r) with P[Binomial(n, probability) >= r] >= confidence.
///
/// Edge     nullopt when n is too small to have one.
/// Bound    coverage at least `confidence` for independent values.
/// Source   David and Nagaraja, Order Statistics, 3rd ed., section 7.1.
std::optional<double> QuantileLower(std::span<const double> sorted, double probability,
                                    double confidence);
/// Returns the one-sided upper bound: the smallest x(r) with P[Binomial(n, probability) < r] >=
/// confidence.
std::optional<double> QuantileUpper(std::span<const double> sorted, double probability,
                                    double confidence);

/// Returns the median: the middle value, or the mean of the two in the middle.
/// Edge     empty gives NaN. `values` need not be sorted.
double MedianOf(std::span<const double> values);

/// The median of a sample and its distribution-free interval.
struct Median {
  double value = 0;
  /// Absent where the sample is too small for the confidence: below 6 values at 0.95.
  std::optional<Interval> interval;
};

/// Returns the median with its interval, each end at (1 + confidence) / 2.
/// Edge     empty gives NaN without an interval. `values` need not be sorted.
Median MedianWithInterval(std::span<const double> values, double confidence);

}  // namespace tare::stats
