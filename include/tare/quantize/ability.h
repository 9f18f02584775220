// What can be quantized in a graph, and why the rest cannot.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
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
///
/// A role says what the runtime could do, not that it pays. A node has one when its operator is in
/// that table, its data inputs and first output are float32 by `types`, and its form has a kernel:
/// constant weight, one bias a channel, no transA, ...
///
/// Shape    one Ability a node of the graph; DescribeBodies looks into bodies.
/// Lengths  a node whose values decide how long an output is has no role, and its reason says which.
/// Edge     a value that `types` does not know is not taken for float32: its node stays float.
/// Threads  fully.
std::vector<Ability> DescribeAbilities(const graph::Model& model, const runtime::TypeMap& types);

/// Describes the nodes with weights (Conv, ConvTranspose, MatMul, Gemm, LSTM) in bodies of If, Loop and
/// Scan: ranges cannot be observed there, so each can be int8_dynamic, int8_weights or float. A weight may
/// lie in a graph around the body.
std::vector<Ability> DescribeBodies(const graph::Model& model);

/// How a reason of ReasonQuantizedAlready() begins.
inline constexpr std::string_view kQuantizedAlready = "the model is quantized already";

/// Says how the model is quantized already, or "": by an operator of quantized models, bodies
/// included, or by a weight of Conv, MatMul, Gemm or LSTM that is made from constants of int8 or uint8 (256
/// elements at least, and a quarter of that in float scales at most). Folding constants hides the latter:
/// ask the model as it was read, with its constants lifted.
std::string ReasonQuantizedAlready(const graph::Model& model);

/// A reason why no node of the model may be quantized: it is quantized already, or has nothing to
/// quantize, that is no node with role kCompute and none with dynamic_int8. Empty when there is no
/// such reason.
std::string ReasonToDecline(const graph::Model& model, const std::vector<Ability>& abilities);

}  // namespace tare::quantize
