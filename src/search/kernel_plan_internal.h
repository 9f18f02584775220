// Which nodes of a static plan are worth their integers on this host, from kernel times.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "tare/quantize/prepare.h"
#include "tare/quantize/recipe.h"
#include "tare/runtime/profile.h"

namespace tare::search {

/// A crossing is a Q or DQ and, around convolutions, a change of layout: measured on a 3.6 GHz core
/// with AVX-512 at 0.13 to 0.2 ns an element for each of the two, and 2 to 3 us to start a kernel
/// (docs/guide/fusion.md). The cut only needs their order of magnitude; its result is timed.
inline constexpr double kCrossingUsPerElement = 0.35e-3;
inline constexpr double kCrossingStartUs = 4.0;

/// Returns the names of the nodes of `plan` that should stay float: the rest, by a minimum cut over
///
///   sum of kernel times + sum of crossings between float and integer neighbours,
///
/// is the fastest mix of the two profiles. A crossing costs kCrossingStartUs and
/// kCrossingUsPerElement for each element of the value, and counts once for each node that reads
/// it.
///
/// `elements` is the number of elements of values in the profiled run; a value that is not in it
/// counts as small. Movers cost nothing themselves. A Conv, MatMul or Gemm that a profile does not name
/// (the runtime renames some of what it fuses) costs what the others suggest: the other profile's time by
/// their median gain, or their median times. Another node without an int8 kernel counts as equal.
std::vector<std::string> NodesBetterInFloat(const quantize::Prepared& prepared,
                                            const std::vector<quantize::NodeChoice>& plan,
                                            const runtime::KernelTimes& float_times,
                                            const runtime::KernelTimes& int8_times,
                                            const std::map<std::string, double>& elements);

}  // namespace tare::search
