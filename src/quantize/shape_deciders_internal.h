// Which nodes decide how long something is.

#pragma once

#include <string>
#include <vector>

#include "tare/graph/model.h"

namespace tare::quantize {

/// Returns for each node of the graph the operand whose extent its values decide, as
/// "Range 'frames'", or "" where they decide none.
///
/// A node decides when the values it makes reach, through any nodes and bodies, an operand that
/// says how long an output is: bounds of Range and Slice, repeats of Tile, the shape of Expand,
/// Reshape and ConstantOfShape, sizes of Resize, pads, the trip count of Loop, depth of OneHot,
/// split of Split, k of TopK. An extent (Shape, Size) does not depend on values, so the walk ends
/// there. A step of rounding more or less is another length there, and another sample has all of its
/// output elsewhere: no closeness of outputs says how often.
///
/// What NonZero, Compress and NonMaxSuppression select is not taken for a length: their rows are
/// matched (runtime::OutputsComparison), and a plan that changes a shape is repaired.
/// Cost     O(nodes + values).
std::vector<std::string> LengthsDecided(const graph::Graph& graph);

}  // namespace tare::quantize
