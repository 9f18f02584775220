// What quantization costs under other conditions beyond what it costs on the clean test set.

#pragma once

#include "tare/evaluate/evidence.h"

namespace tare::evaluate {

/// Returns the difference of two paired differences of accuracy, with its interval.
///
///   value = (accuracy of candidate - baseline, there) - (the same on the clean set)
///   low   = value - sqrt((a - lower a)^2 + (upper b - b)^2), high likewise, from Tango's bounds
///
/// Edge     no samples on either side: undefined (NaN).
/// Bound    treats the two sets as independent: where the one is the other under a corruption, flips go
///          together and the interval is wider than it need be, never narrower.
/// Source   Zou and Donner, Statistics in Medicine 27 (2008) 1693, method of variance estimates recovery.
Estimate ExtraDamage(const stats::PairedCounts& there, const stats::PairedCounts& clean, double confidence);

}  // namespace tare::evaluate
