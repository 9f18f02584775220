// Recipes to begin with: which nodes take which format before anything is measured.

#pragma once

#include <string>
#include <vector>

#include "tare/graph/model.h"
#include "tare/quantize/ability.h"
#include "tare/quantize/recipe.h"

namespace tare::quantize {

/// How much of the graph a static plan covers.
enum class Scope {
  kCompute,  ///< Conv, Gemm and MatMul with constant weights; everything between them stays float
  kChain,  ///< also what joins them without a scale of its own to lose: Add, Concat, pools, movers
  kGates,  ///< also Mul, Div by a constant and Sigmoid: SiLU, hard swish and squeeze-excitation stay in integers
  kAll,    ///< every operator with an integer kernel: also Softmax, Where, MatMul of activations
};

std::string ScopeName(Scope scope);

/// Returns the nodes of a static int8 plan, in graph order.
///
/// An element (Add, Concat, pool) joins when each of its activations comes, through movers, from a
/// node of the plan; a mover when it carries the output of a node of the plan to another one.
/// `excluded` nodes stay float and so does what only they would feed.
std::vector<NodeChoice> PlanStatic(const graph::Model& model, const std::vector<Ability>& abilities,
                                   Scope scope, const std::vector<std::string>& excluded);

/// Returns MatMul and Gemm as int8_dynamic, tables of Gather with at least `min_table_elements`
/// as int8_weights.
std::vector<NodeChoice> PlanDynamic(const std::vector<Ability>& abilities,
                                    const std::vector<std::string>& excluded,
                                    int64_t min_table_elements = 65536);

/// Returns every node with a constant weight of at least `min_elements` as int8_weights.
std::vector<NodeChoice> PlanWeights(const std::vector<Ability>& abilities,
                                    int64_t min_elements = 1024);

/// Names of the values whose ranges a recipe over `nodes` needs, sorted: what to calibrate.
/// Fixed ranges (Softmax and Sigmoid end in [0, 255/256]) are left out; see FixedRange.
std::vector<std::string> ValuesToCalibrate(const graph::Model& model,
                                           const std::vector<Ability>& abilities,
                                           const std::vector<NodeChoice>& nodes);

/// The range that an operator's definition gives its output, instead of data: [0, 255/256] for
/// Softmax and Sigmoid, whose uint8 scale is then 1/256 exactly. Null for others.
const ValueRange* FixedRange(const graph::Node& node);

}  // namespace tare::quantize
