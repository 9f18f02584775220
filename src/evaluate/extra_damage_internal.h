// What quantization costs under other conditions beyond what it costs on the clean test set.

#pragma once

#include "tare/evaluate/evidence.h"

namespace tare::evaluate {

/// Returns the difference of two paired differences of one metric, with its interval.
///
///   value = (metric of candidate - baseline, there) - (the same on the clean set)
///   low   = value - sqrt((a - lower a)^2 + (upper b - b)^2), high likewise, from the one-sided bounds of both
///
/// Edge     no samples on either side: undefined (NaN). Where either has no bound, there is none.
/// Bound    treats the two sets as independent: where the one is the other under a corruption, flips go
///          together and the interval is wider than it need be, never narrower.
/// Source   Zou and Donner, Statistics in Medicine 27 (2008) 1693, method of variance estimates recovery.
Estimate ExtraDamage(const Estimate& there, const Estimate& clean, double confidence);

}  // namespace tare::evaluate
