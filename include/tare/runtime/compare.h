// How close two outputs are.

#pragma once

#include <cstdint>

#include "tare/tensor/tensor.h"

namespace tare::runtime {

/// Sums over pairs of values (a from the reference, b from the other), for cosine and errors.
/// Sums of several runs add up.
struct PairSums {
  double aa = 0;             ///< sum of a^2
  double bb = 0;             ///< sum of b^2
  double ab = 0;             ///< sum of a b
  double squared_error = 0;  ///< sum of (a - b)^2
  int64_t count = 0;
  int64_t mismatches = 0;  ///< one is NaN or infinite and the other is not the same

  /// Cosine of the two; 1 when both are all zero, 0 when one is, -1 when there are mismatches.
  double Cosine() const;
  /// sqrt(sum (a - b)^2 / sum a^2); 0 when equal, infinite when only a is zero or on mismatches.
  double RelativeError() const;
  PairSums& operator+=(const PairSums& other);
};

/// Compares two numeric tensors of one shape; integers as numbers. NaN equals NaN, an infinity
/// itself; both are left out of the sums.
///
/// Shape    any, the same for both; no element gives zero sums.
/// Edge     different shapes or types: every element of `a` is a mismatch, one at least. Types that
///          have no float32 form (4 bits): bytes that differ are mismatches, and nothing is summed.
/// Bound    sums in double; int32, int64 and both floats enter with their own values, all other
///          types through float32.
/// Threads  fully.
PairSums ComparePair(const TensorView& a, const TensorView& b);

using tare::ViewOf;

}  // namespace tare::runtime
