// Inner loops of quantizing weights, in the widest instructions that the processor has.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace tare::internal {

/// Sums that do not wait for each other: element i belongs to lane i mod 8. Fixed, so that every
/// processor adds in the same order.
inline constexpr size_t kErrorLanes = 8;
using ErrorLanes = std::array<double, kErrorLanes>;

/// The code of a value, still real:
///
///   code = round_half_even(clamp(value / scale, -127, 127))
///
/// Edge     the value is finite and the scale positive.
float WeightCode(float value, float scale);

/// sums[i] += (values[i] - code[i] * scales[i])^2, for `count` elements with scales of their own.
void AddErrors(const float* values, const float* scales, size_t count, double* sums);
/// The same of elements with one scale, into lanes.
void AddErrors(const float* values, float scale, size_t count, ErrorLanes& sums);

/// codes[i] = code of values[i], for `count` elements with scales of their own.
void RoundToCodes(const float* values, const float* scales, size_t count, int8_t* codes);
/// The same of elements with one scale.
void RoundToCodes(const float* values, float scale, size_t count, int8_t* codes);

}  // namespace tare::internal
