// Which nodes of a quantized model the runtime really runs in integers.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/graph/model.h"
#include "tare/quantize/recipe.h"
#include "tare/runtime/session.h"

namespace tare::quantize {

/// A node that was to run in integers and does not.
struct Island {
  std::string node;
  std::string op_type;
  std::string rule;    ///< the condition that it breaks
  std::string reason;  ///< the same in words, with the names
};

struct FusionReport {
  int64_t expected = 0;  ///< nodes of the recipe that are int8_static or int8_dynamic
  int64_t fused = 0;     ///< of them, those that run in integers
  std::vector<Island> islands;
};

/// Opens `model` in the runtime, reads the graph as optimised there and looks for each node of the
/// recipe by name.
///
/// An int8_static or int8_dynamic node runs in integers when an integer operator has its name. So
/// does a mover (Reshape, MaxPool, ...) that is gone or does not read from a DequantizeLinear; and
/// a dynamic node that is gone where any dynamic kernel stands: fused ones are renamed.
///
/// Edge     a recipe without such nodes: 0 of 0, no islands.
/// Errors   as Session::FromBytes; kResourceExhausted: no room in $TMPDIR for the optimised graph;
///          as graph::ReadOnnx of what the runtime wrote.
/// Cost     loads the model once; writes and reads a file of its size.
Result<FusionReport> CountFused(const graph::Model& model, const Recipe& recipe,
                                const runtime::SessionOptions& options);

}  // namespace tare::quantize
