// Where the time of a run goes, kernel by kernel.

#pragma once

#include <map>
#include <span>
#include <string>

#include "tare/core/result.h"
#include "tare/graph/model.h"
#include "tare/runtime/session.h"

namespace tare::runtime {

/// Median time of each kernel over the runs, in us, by the name of the node in the graph that tare
/// wrote: the runtime's own additions ("_token_7", "_nchwc", "fused ") are taken off, so that a
/// float Conv in a blocked layout stands under the name of its output, and a fused integer one
/// under its own.
using KernelTimes = std::map<std::string, double>;

/// Profiles `num_runs` runs of a model on one input.
/// Errors  those of loading and running; kDataLoss: the runtime wrote no readable trace.
Result<KernelTimes> ProfileKernels(const graph::Model& model, std::span<const NamedTensor> inputs,
                                   const SessionOptions& options, int num_runs);

}  // namespace tare::runtime
