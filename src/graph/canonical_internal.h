// What several rewrites need.

#pragma once

#include "tare/graph/model.h"

namespace tare::graph {

/// The tensor of a Constant node, or null for a kind that Tensor does not hold.
SharedTensor ConstantValue(const Node& node);

}  // namespace tare::graph
