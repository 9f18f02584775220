// The centre of a few values, and what their signs and ranks say about the true one.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tare::stats {

/// Returns the averages (x[i] + x[j]) / 2 of all pairs i <= j, rising: n (n + 1) / 2 of them.
/// Time     n^2 log n: for tens of values.
std::vector<double> WalshAverages(std::span<const double> values);

/// Returns the probability that the signed-rank statistic of n values is at most `w`, when each of
/// the ranks 1 ... n has either sign with probability 1/2.
///
///   P[sum of the ranks with a plus <= w]
///
/// Edge     w < 0 gives 0; n is at most 60, where 2^n still is an exact double (TARE_CHECK).
/// Source   Hollander, Wolfe and Chicken, Nonparametric Statistical Methods, 3rd ed., section 3.1.
double SignedRankBelow(int64_t w, int64_t n);

/// Returns the Hodges-Lehmann estimate of the centre: the median of the Walsh averages.
/// Edge     empty gives NaN.
double HodgesLehmann(std::span<const double> walsh);

/// Returns the one-sided lower bound of the centre: the k-th smallest Walsh average with the
/// largest k for which SignedRankBelow(k - 1, n) <= 1 - confidence.
///
/// Edge     nullopt when n is too small to have one (2^-n > 1 - confidence).
/// Bound    coverage at least `confidence` for independent values, each symmetric about the centre.
///          No distribution is assumed beyond that, nor one for all.
/// Source   Hollander, Wolfe and Chicken, section 3.3.
std::optional<double> CentreLower(std::span<const double> walsh, int64_t n, double confidence);
/// Returns the upper bound, counted from the largest.
std::optional<double> CentreUpper(std::span<const double> walsh, int64_t n, double confidence);

}  // namespace tare::stats
