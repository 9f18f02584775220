// From a stranger's model to the canonical graph that everything else works on.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/graph/canonical.h"
#include "tare/graph/model.h"
#include "tare/quantize/ability.h"
#include "tare/runtime/analysis.h"

namespace tare::quantize {

/// The canonical model and what is known about it.
struct Prepared {
  graph::Model model;
  runtime::TypeMap types;
  std::vector<Ability> abilities;             ///< one a node, in order
  std::vector<graph::RewriteCount> rewrites;  ///< what was done
  std::vector<std::string> notes;             ///< what was not done, and why
  std::string decline_reason;                 ///< see ReasonToDecline
};

/// Inputs of one run.
using Inputs = std::vector<NamedTensor>;

/// Brings a model into canonical form: constants lifted and folded, Identity and Dropout gone,
/// BatchNorm and per-channel constants folded, every node named, opset at least 12 where that is
/// possible.
///
/// With `probes` (inputs of real runs) the result is compared with the source in the runtime; a
/// rewrite that moves an output by more than 1e-3 of its norm is taken back and noted.
/// Errors  what the runtime says when it cannot load or run the source model.
Result<Prepared> Prepare(const graph::Model& source, std::span<const Inputs> probes, const runtime::SessionOptions& options);

/// Loads the model and runs it on each of `probes`: to be called in a child process first.
Result<void> RunOnce(const graph::Model& model, std::span<const Inputs> probes, const runtime::SessionOptions& options);

}  // namespace tare::quantize
