// Intervals and bounds of one proportion.

#pragma once

#include <cstdint>

#include "tare/stats/interval.h"

namespace tare::stats {

/// Returns Wilson's score interval of a proportion.
///
///   (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n),  p = count / n
///
/// Edge     n == 0 gives [0, 1]. The ends are 0 and 1 exactly at count 0 and n.
/// Bound    two-sided coverage is near `confidence` on average over p, not at least it.
/// Source   Wilson, JASA 22 (1927); Newcombe, Statistics in Medicine 17 (1998) 857, method 3.
Interval Wilson(int64_t count, int64_t n, double confidence);

/// Returns the exact one-sided lower bound: the p with P[X >= count] == 1 - confidence.
///
/// Edge     count == 0 gives 0; n == 0 gives 0.
/// Bound    coverage at least `confidence`.
/// Source   Clopper and Pearson, Biometrika 26 (1934).
double ClopperPearsonLower(int64_t count, int64_t n, double confidence);

/// Returns the exact one-sided upper bound: the p with P[X <= count] == 1 - confidence.
/// Edge     count == n gives 1; n == 0 gives 1; count == 0 gives 1 - (1 - confidence)^(1/n).
double ClopperPearsonUpper(int64_t count, int64_t n, double confidence);

/// Returns the two-sided exact interval, each end at (1 + confidence) / 2.
Interval ClopperPearson(int64_t count, int64_t n, double confidence);

}  // namespace tare::stats
