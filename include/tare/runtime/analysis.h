// What the runtime knows about a graph: types of every value, values of its constant part.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>

#include "tare/core/result.h"
#include "tare/graph/model.h"
#include "tare/runtime/session.h"

namespace tare::runtime {

/// Element type and shape of the values of a graph, by name; -1 is a dynamic extent.
using TypeMap = std::map<std::string, ValueInfo>;

/// Loads a model of any size; its large weights are read where they are, in files or in memory, and
/// not copied.
Result<Session> MakeSession(const graph::Model& model, const SessionOptions& options);

/// Returns a copy of the model whose outputs are exactly `taps`, pruned to what they need. Any
/// value of the top-level graph may be tapped.
graph::Model WithOutputs(const graph::Model& model, std::span<const std::string> taps);

/// Asks the runtime for the types of all inputs and node outputs of the top-level graph.
/// Errors  as MakeSession.
Result<TypeMap> InferTypes(const graph::Model& model, const SessionOptions& options);

/// Evaluates, in the runtime, every node that depends on constants alone, and every Shape whose
/// answer the types already give, and replaces them by initializers. Values over
/// `max_bytes` in all are left as they are; so are random generators, QDQ nodes, and what would make
/// the file grow by more than 1 KB: Tile or Expand of a constant, a constant whose source is read
/// elsewhere too. A weight of Conv, MatMul, Gemm or LSTM may grow to 4 times what it is made from,
/// since it is no weight before it is folded.
/// Returns the number of nodes removed.
Result<int64_t> FoldConstants(graph::Model& model, const SessionOptions& options,
                              int64_t max_bytes = int64_t{256} << 20);

}  // namespace tare::runtime
