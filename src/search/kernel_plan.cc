#include <algorithm>
#include <limits>
#include <set>

#include "search/kernel_plan_internal.h"
#include "search/min_cut_internal.h"
#include "tare/graph/index.h"
#include "tare/quantize/apply.h"

namespace tare::search {
namespace {

using graph::GraphIndex;
using graph::Node;

constexpr double kNever = std::numeric_limits<double>::infinity();

// Puts more than all other costs together in the place of kNever. A fixed large number would do
// too, but the cut takes what is small beside its largest cost for rounding, and kernels are short.
void BoundCosts(SplitProblem& problem) {
  double never = 1;
  for (const auto& node : problem.nodes) {
    for (const double cost : {node.cost_a, node.cost_b}) never += cost < kNever ? cost : 0;
  }
  for (const auto& edge : problem.edges) never += edge.cost_ab + edge.cost_ba;
  for (auto& node : problem.nodes) {
    node.cost_a = std::min(node.cost_a, never);
    node.cost_b = std::min(node.cost_b, never);
  }
}

class Costs {
 public:
  Costs(const quantize::Prepared& prepared, const GraphIndex& index)
      : prepared_(prepared), index_(index) {}

  // Time of node i in a profile, with the activation behind it: under its own name or its output's;
  // a pair that was fused stands under the output of the second.
  double TimeOf(size_t i, const runtime::KernelTimes& times) const {
    const Node& node = prepared_.model.graph.nodes[i];
    double time = Lookup(times, node.name);
    if (time == 0) time = Lookup(times, node.outputs[0]);
    const Node* activation = quantize::FollowingActivation(prepared_.model.graph, index_, node);
    if (activation == nullptr) return time;
    const double behind = Lookup(times, activation->name);
    return time + behind == 0 ? Lookup(times, activation->outputs[0]) : time + behind;
  }

 private:
  static double Lookup(const runtime::KernelTimes& times, const std::string& name) {
    const auto found = times.find(name);
    return found == times.end() ? 0 : found->second;
  }

  const quantize::Prepared& prepared_;
  const GraphIndex& index_;
};

}  // namespace

std::vector<std::string> NodesBetterInFloat(const quantize::Prepared& prepared,
                                            const std::vector<quantize::NodeChoice>& plan,
                                            const runtime::KernelTimes& float_times,
                                            const runtime::KernelTimes& int8_times,
                                            const std::map<std::string, double>& elements) {
  const graph::Graph& graph = prepared.model.graph;
  const GraphIndex index(graph);
  const Costs costs(prepared, index);
  std::set<std::string> planned;
  for (const auto& choice : plan) planned.insert(choice.node);

  // Side A is float, side B integers. Activations go with the node before them.
  SplitProblem problem;
  std::vector<size_t> owner(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    owner[i] = i;
    const int64_t producer = (node.Is("Relu") || node.Is("Clip")) && index.HasOneUse(node.Input(0))
                                 ? index.Producer(node.Input(0))
                                 : -1;
    if (producer >= 0) owner[i] = owner[static_cast<size_t>(producer)];
    SplitProblem::Node cost{0, kNever};
    if (planned.contains(node.name)) {
      const double in_float = costs.TimeOf(i, float_times);
      const double in_int8 = costs.TimeOf(i, int8_times);
      const bool known = quantize::IsMoverOp(node) || (in_float > 0 && in_int8 > 0);
      cost = known ? SplitProblem::Node{in_float, in_int8} : SplitProblem::Node{0, 0};
      if (quantize::IsMoverOp(node)) cost = {0, 0};
    }
    problem.nodes.push_back(cost);
  }
  const int64_t outside = static_cast<int64_t>(problem.nodes.size());
  problem.nodes.push_back({0, kNever});  // inputs and outputs of the graph: float

  const auto crossing = [&](const std::string& value) {
    const auto found = elements.find(value);
    return kCrossingStartUs + kCrossingUsPerElement * (found == elements.end() ? 0 : found->second);
  };
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const auto& data_inputs = prepared.abilities[i].data_inputs;
    for (size_t input = 0; input < graph.nodes[i].inputs.size(); ++input) {
      const std::string& value = graph.nodes[i].inputs[input];
      // A float node reads every input as it is.
      const bool crosses =
          !planned.contains(graph.nodes[i].name) ||
          std::find(data_inputs.begin(), data_inputs.end(), input) != data_inputs.end();
      if (!crosses || value.empty() || index.IsInitializer(value)) continue;
      const int64_t producer = index.Producer(value);
      const int64_t from =
          producer < 0 ? outside : static_cast<int64_t>(owner[static_cast<size_t>(producer)]);
      const int64_t to = static_cast<int64_t>(owner[i]);
      if (from != to) problem.edges.push_back({from, to, crossing(value), crossing(value)});
    }
    for (const std::string& output : graph.nodes[i].outputs) {
      if (index.IsOutput(output))
        problem.edges.push_back(
            {static_cast<int64_t>(owner[i]), outside, crossing(output), crossing(output)});
    }
  }
  BoundCosts(problem);
  const std::vector<bool> integers = CheapestSplit(problem);
  std::vector<std::string> names;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (planned.contains(graph.nodes[i].name) && !integers[i]) names.push_back(graph.nodes[i].name);
  }
  return names;
}

}  // namespace tare::search
