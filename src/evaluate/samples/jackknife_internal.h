// The interval of a statistic that is no sum over samples: what becomes of it when groups of
// samples are left out.

#pragma once

#include <cstdint>
#include <span>

#include "tare/verdict/evidence.h"

namespace tare::evaluate {

inline constexpr int kJackknifeGroups = 20;
/// With fewer samples there is no interval, and the gate says INCONCLUSIVE.
inline constexpr int64_t kMinJackknifeSamples = 2 * kJackknifeGroups;

/// Returns the interval of a statistic from its values with one of G groups of samples left out.
///
///   variance = (G - 1) / G * sum (left_out_g - mean left_out)^2
///   bounds   = value +- t sqrt(variance),  t of Student's distribution with G - 1 degrees of
///            freedom
///
/// Shape    G >= 2 values (TARE_CHECK); of a paired difference, the difference of both models'
///          values.
/// Edge     no spread beyond rounding (1e-12 of `scale`): no bounds. Groups that tell nothing apart
///          say nothing about samples that are not here.
/// Bound    for smooth statistics: means, ratios, rates; a median or a maximum may have another
///          interval.
/// Source   Kott, "The delete-a-group jackknife", Journal of Official Statistics 17 (2001) 521;
///          Shao and Tu, The Jackknife and Bootstrap (1995).
verdict::Estimate JackknifeEstimate(double value, std::span<const double> left_out, double scale,
                                    int64_t n, double confidence);

}  // namespace tare::evaluate
