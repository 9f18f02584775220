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
  std::vector<Ability> body_abilities;        ///< of weighted nodes in bodies: DescribeBodies
  std::vector<graph::RewriteCount> rewrites;  ///< what was done
  std::vector<std::string> left_out;          ///< the rewrites that were not made, by name
  std::vector<std::string> notes;             ///< what was not done, and why
  std::string decline_reason;                 ///< see ReasonToDecline
};

/// Those of the graph and behind them those of its bodies.
std::vector<Ability> AllAbilities(const Prepared& prepared);

/// Inputs of one run.
using Inputs = std::vector<NamedTensor>;

/// Brings `model`, the source, into canonical form, by the rewrites of graph/canonical.h in this order:
///
///   opset       7 to 11 raised to 12, with what ONNX dropped on the way written in other operators
///   constants   lifted and folded, Identity and Dropout gone
///   float32     inside a model of float16
///   arithmetic  strided selections made Conv, per-channel constants folded
///   forms       a MatMul of a matrix and the Add of a row behind it made Gemm; axes of Pad and Resize spelt out
///
/// Every node has a name after it, and every random operator a seed (graph::SeedRandomOps; what is written
/// for the user loses them again). With `probes` (inputs of real runs) the result is compared with
/// the source in the runtime; a rewrite that moves an output by more than 1e-3 of its norm (3e-2
/// when float16 became float32) is taken back, noted, and listed in `left_out`. Those in the
/// argument `left_out` are not tried: with the list of an earlier call the same form comes back
/// without probes.
/// Errors  what the runtime says when it cannot load or run the source model.
Result<Prepared> Prepare(const graph::Model& model, std::span<const Inputs> probes,
                         const runtime::SessionOptions& options,
                         std::span<const std::string> left_out = {});

}  // namespace tare::quantize
