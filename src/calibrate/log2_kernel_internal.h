// log2 of many numbers at once.

#pragma once

#include <cstddef>

namespace tare::calibrate::internal {

/// logs[i] = log2(values[i]), for normal values > 0.
///
///   values = 2^e m, m in [0.707, 1.414):  e + 2 / ln 2 (t + t^3/3 + ... + t^15/15),
///   t = (m - 1) / (m + 1)
///
/// Bound    relative error below 1e-13 away from 1, absolute error below 1e-14 near it; the same
///          bits on every instruction set (no fused multiply-add).
void Log2(const double* values, size_t size, double* logs);

}  // namespace tare::calibrate::internal
