// What can be quantized in a graph, and why the rest cannot.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tare/graph/model.h"
#include "tare/runtime/analysis.h"

namespace tare::quantize {

/// The part that a node plays in a static int8 graph. Each is a row of the runtime's table of
/// operators that it runs in integers (docs/guide/fusion.md).
enum class Role {
  kNone,     ///< no integer kernel: stays float
  kCompute,  ///< Conv, MatMul, Gemm: where the time goes
  kElement,  ///< has an integer kernel with a range of its own: Add, Mul, AveragePool, ...
  kMover,    ///< moves integers and keeps their scale: Reshape, MaxPool, Slice, Pad, ...
};

struct Ability {
  std::string node;
  std::string op_type;
  Role role = Role::kNone;
  bool dynamic_int8 = false;  ///< MatMul or Gemm with a constant weight
  bool weights_int8 = false;  ///< a constant float weight of 2 axes or more
  int64_t weight_elements = 0;
  /// Inputs of the node that become quantized activations, as positions.
  std::vector<size_t> data_inputs;
  std::string reason;  ///< why not, when role is kNone; else empty
};

/// Describes every node of a canonical graph (named nodes, lifted constants), in order.
std::vector<Ability> DescribeAbilities(const graph::Model& model, const runtime::TypeMap& types);

/// Says how the model is quantized already, or "". Folding constants hides int8 weights behind
/// Cast: ask the model as it was read, with its constants lifted.
std::string ReasonQuantizedAlready(const graph::Model& model);

/// A reason why no node of the model may be quantized: it is quantized already, or has nothing to
/// quantize. Empty when there is none.
std::string ReasonToDecline(const graph::Model& model, const std::vector<Ability>& abilities);

}  // namespace tare::quantize
