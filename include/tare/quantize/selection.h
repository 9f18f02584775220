// Nodes that the user keeps in float.

#pragma once

#include <string>
#include <vector>

#include "tare/quantize/prepare.h"
#include "tare/quantize/recipe.h"

namespace tare::quantize {

/// Glob patterns over the names of nodes: '*' stands for any characters ('/' too), '?' for one.
struct NodeSelection {
  std::vector<std::string> exclude;  ///< what one of these matches stays float
  std::vector<std::string> only;     ///< not empty: what none of these matches stays float

  bool empty() const { return exclude.empty() && only.empty(); }
};

/// Takes the abilities of the nodes that the selection keeps in float, so that no plan holds them,
/// and returns those that could have been quantized, in graph order, as float32 with the pattern as
/// reason. Where nothing is left to quantize, `prepared` has a decline_reason.
///
/// Names    of the canonical graph and of the weighted nodes in bodies, as `tare inspect` shows them
///          and the recipe has them. `source` is the model before it was prepared, for messages.
/// Errors   kNotFound: a pattern matches no node; names the nearest ones, or says that the node went
///          into another.
Result<std::vector<NodeChoice>> KeepInFloat(const NodeSelection& selection,
                                            const graph::Model& source, Prepared& prepared);

/// `nodes` and `in_float` together in graph order, each node once.
std::vector<NodeChoice> InGraphOrder(const Prepared& prepared, const std::vector<NodeChoice>& nodes,
                                     const std::vector<NodeChoice>& in_float);

}  // namespace tare::quantize
