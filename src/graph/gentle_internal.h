// Whether a value may move in its last digits without anybody noticing.

#pragma once

#include <string>

#include "tare/graph/index.h"

namespace tare::graph {

/// True when no reader of `value` can turn a change of a few units in the last place into more: on
/// every way from it to an output of the graph, to a convolution, a matrix product or a recurrent
/// cell, each operator is one under which a small change of its data stays small.
///
/// Those sums end the way because the runtime itself does not fix their last digits: they depend on
/// the kernel, the processor and the number of threads.
///
/// Edge     a value that a body reads, an operator that is not known here or of another domain: false.
/// Cost     O(nodes behind the value).
bool StaysGentle(const Graph& graph, const GraphIndex& index, const std::string& value);

}  // namespace tare::graph
