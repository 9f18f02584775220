// p-values of several tests at once.

#pragma once

#include <span>
#include <vector>

namespace tare::stats {

/// Returns the p-values adjusted by Holm: the chance that any true hypothesis is rejected where all
/// with an adjusted p below alpha are is at most alpha, whatever the tests have to do with each
/// other.
///
///   adjusted (of the i-th smallest of m, from 0) = min(1, max over j <= i of (m - j) p_j)
///
/// Shape    as `p`, in its order. Each in [0, 1].
/// Source   Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
///          of Statistics 6 (1979).
std::vector<double> AdjustByHolm(std::span<const double> p);

}  // namespace tare::stats
