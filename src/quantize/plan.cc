#include "tare/quantize/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "tare/graph/index.h"
#include "tare/quantize/apply.h"

namespace tare::quantize {
namespace {

using graph::GraphIndex;
using graph::Node;
using graph::Use;

// The nodes of a plan as a set over node positions, with the walks that the rules need.
class Planner {
 public:
  Planner(const graph::Graph& graph, const std::vector<Ability>& abilities)
      : graph_(graph), index_(graph), abilities_(abilities), in_plan_(abilities.size(), false) {}

  void Insert(size_t i) { in_plan_[i] = true; }
  bool Contains(size_t i) const { return in_plan_[i]; }

  // Takes elements out until each rests on the plan.
  void DropUnfed(const std::vector<bool>& compute) {
    // To the fixed point: an element that goes may have been what another rested on.
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = 0; i < abilities_.size(); ++i) {
        if (!in_plan_[i] || compute[i] || abilities_[i].role != Role::kElement) continue;
        if (!IsFed(i)) {
          in_plan_[i] = false;
          changed = true;
        }
      }
    }
  }

  // Movers from a node of the plan to a node of the plan.
  void AddMovers(const std::set<std::string>& excluded) {
    std::vector<bool> reaches(abilities_.size(), false);
    // Against the topological order, so that one pass sees through chains of movers.
    for (size_t i = abilities_.size(); i-- > 0;) {
      if (abilities_[i].role != Role::kMover || excluded.contains(abilities_[i].node)) continue;
      const auto uses = index_.Uses(graph_.nodes[i].outputs[0]);
      reaches[i] = std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
        const auto at = static_cast<size_t>(use.node);
        return use.input != Use::kCaptured && ReadsData(use) && (in_plan_[at] || reaches[at]);
      });
    }
    for (size_t i = 0; i < abilities_.size(); ++i) {
      // Both ends matter: between float nodes a mover would cost a Q and a DQ and gain nothing.
      if (reaches[i] && IsFed(i)) in_plan_[i] = true;
    }
  }

 private:
  bool ReadsData(const Use& use) const {
    const auto& inputs = abilities_[static_cast<size_t>(use.node)].data_inputs;
    return std::find(inputs.begin(), inputs.end(), static_cast<size_t>(use.input)) != inputs.end();
  }

  // True when each activation of node i comes from the plan, movers looked through.
  bool IsFed(size_t i) const {
    const Node& node = graph_.nodes[i];
    return std::all_of(
        abilities_[i].data_inputs.begin(), abilities_[i].data_inputs.end(), [&](size_t input) {
          return index_.Constant(node.Input(input)) != nullptr || ComesFromPlan(node.Input(input));
        });
  }

  bool ComesFromPlan(const std::string& value) const {
    int64_t at = index_.Producer(value);
    while (at >= 0) {
      const auto i = static_cast<size_t>(at);
      if (in_plan_[i]) return true;
      const Node& node = graph_.nodes[i];
      const bool activation = node.Is("Relu") || node.Is("Clip");
      if (abilities_[i].role != Role::kMover && !activation) return false;
      // Where something else reads its input, the activation stays a float node
      // (FollowingActivation).
      if (activation && !index_.HasOneUse(node.Input(0))) return false;
      at = index_.Producer(node.Input(0));
    }
    return false;
  }

  const graph::Graph& graph_;
  GraphIndex index_;
  const std::vector<Ability>& abilities_;
  std::vector<bool> in_plan_;
};

bool InScope(const Ability& ability, const Node& node, const GraphIndex& index, Scope scope) {
  if (ability.role == Role::kCompute) {
    // MatMul of two activations gains little and loses much: only in the widest scope.
    return !node.Is("MatMul") || index.Constant(node.Input(1)) != nullptr || scope == Scope::kAll;
  }
  if (ability.role != Role::kElement || scope == Scope::kCompute) return false;
  if (scope == Scope::kAll) return true;
  const bool constant_operand =
      index.Constant(node.Input(0)) != nullptr || index.Constant(node.Input(1)) != nullptr;
  if (node.Is("Add")) return !constant_operand || scope == Scope::kGates;
  if (scope == Scope::kGates && (node.Is("Mul") || node.Is("Div") || node.Is("Sigmoid")))
    return true;
  return node.Is("Concat") || node.Is("AveragePool") || node.Is("GlobalAveragePool") ||
         node.Is("LeakyRelu");
}

}  // namespace

std::string ScopeName(Scope scope) {
  switch (scope) {
    case Scope::kCompute:
      return "compute";
    case Scope::kChain:
      return "chain";
    case Scope::kGates:
      return "gates";
    case Scope::kAll:
      return "all";
  }
  return "";
}

std::vector<NodeChoice> PlanStatic(const graph::Model& model, const std::vector<Ability>& abilities,
                                   Scope scope, const std::vector<std::string>& excluded) {
  const graph::Graph& graph = model.graph;
  const GraphIndex index(graph);
  const std::set<std::string> out(excluded.begin(), excluded.end());
  Planner planner(graph, abilities);
  std::vector<bool> compute(abilities.size(), false);
  for (size_t i = 0; i < abilities.size(); ++i) {
    if (out.contains(abilities[i].node) || !InScope(abilities[i], graph.nodes[i], index, scope))
      continue;
    compute[i] = abilities[i].role == Role::kCompute;
    planner.Insert(i);
  }
  planner.DropUnfed(compute);
  if (scope != Scope::kCompute) planner.AddMovers(out);
  std::vector<NodeChoice> nodes;
  for (size_t i = 0; i < abilities.size(); ++i) {
    if (!planner.Contains(i)) continue;
    std::string reason = abilities[i].role == Role::kCompute   ? "runs in integers"
                         : abilities[i].role == Role::kElement ? "joins quantized nodes"
                                                               : "carries the codes on";
    nodes.push_back(
        {abilities[i].node, abilities[i].op_type, Format::kInt8Static, std::move(reason)});
  }
  return nodes;
}

std::vector<NodeChoice> PlanDynamic(const std::vector<Ability>& abilities,
                                    const std::vector<std::string>& excluded,
                                    int64_t min_table_elements) {
  const std::set<std::string> out(excluded.begin(), excluded.end());
  std::vector<NodeChoice> nodes;
  for (const Ability& ability : abilities) {
    if (out.contains(ability.node)) continue;
    if (ability.dynamic_int8) {
      nodes.push_back(
          {ability.node, ability.op_type, Format::kInt8Dynamic, "activations ranged at each run"});
    } else if (ability.op_type == "Gather" && ability.weights_int8 &&
               ability.weight_elements >= min_table_elements) {
      nodes.push_back({ability.node, ability.op_type, Format::kInt8Weights,
                       "a table, stored in a quarter of the bytes"});
    }
  }
  return nodes;
}

std::vector<NodeChoice> PlanWeights(const std::vector<Ability>& abilities, int64_t min_elements) {
  std::vector<NodeChoice> nodes;
  for (const Ability& ability : abilities) {
    if (!ability.weights_int8 || ability.weight_elements < min_elements) continue;
    nodes.push_back(
        {ability.node, ability.op_type, Format::kInt8Weights, "stored in a quarter of the bytes"});
  }
  return nodes;
}

const ValueRange* FixedRange(const Node& node) {
  // Their outputs lie in [0, 1] whatever the data, so there is nothing to calibrate. Ending at
  // 255/256 the scale is exactly 1/256; 1 itself is one step beyond.
  static constexpr ValueRange kUnit{0.0F, 255.0F / 256.0F};
  return node.Is("Softmax") || node.Is("Sigmoid") ? &kUnit : nullptr;
}

std::vector<std::string> ValuesToCalibrate(const graph::Model& model,
                                           const std::vector<Ability>& abilities,
                                           const std::vector<NodeChoice>& nodes) {
  const graph::Graph& graph = model.graph;
  const GraphIndex index(graph);
  Recipe recipe;
  recipe.nodes = nodes;
  std::map<std::string, Format> formats;
  for (const NodeChoice& choice : nodes) formats[choice.node] = choice.format;
  std::set<std::string> values;
  const auto need = [&](const std::string& value) {
    const std::string source = RangeSource(graph, index, recipe, value);
    const int64_t producer = index.Producer(source);
    const bool fixed =
        producer >= 0 && FixedRange(graph.nodes[static_cast<size_t>(producer)]) != nullptr;
    if (!fixed && index.Constant(source) == nullptr) values.insert(source);
  };
  for (size_t i = 0; i < abilities.size(); ++i) {
    const auto format = formats.find(abilities[i].node);
    if (format == formats.end() || format->second != Format::kInt8Static) continue;
    const Node& node = graph.nodes[i];
    const bool weighted = node.Is("Conv") || node.Is("Gemm");
    for (const size_t input : abilities[i].data_inputs) {
      // Weights and biases are constants: their scales come from their own values.
      if (!weighted || input == 0) need(node.Input(input));
    }
    if (abilities[i].role == Role::kMover) continue;
    const Node* activation = FollowingActivation(graph, index, node);
    need(activation == nullptr ? node.outputs[0] : activation->outputs[0]);
    // A Clip that turns out not to be clipped by the range keeps its own input quantized.
    if (activation != nullptr && activation->Is("Clip")) need(node.outputs[0]);
  }
  return {values.begin(), values.end()};
}

}  // namespace tare::quantize
