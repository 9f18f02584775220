#include <algorithm>
#include <limits>
#include <set>

#include "search/kernel_plan_internal.h"
#include "search/min_cut_internal.h"
#include "tare/graph/index.h"
#include "tare/quantize/apply.h"
#include "tare/stats/quantile.h"

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

  // Both times of each node. Those of convolutions and products that one profile or both lack by name
  // (the runtime renamed what it fused) are what others of the plan suggest: the float time by the usual
  // gain, or the usual times. A sum or an activation that has no kernel was fused into its neighbour.
  std::vector<SplitProblem::Node> OfPlan(const std::set<std::string>& planned,
                                         const runtime::KernelTimes& float_times,
                                         const runtime::KernelTimes& int8_times) const {
    const auto& nodes = prepared_.model.graph.nodes;
    std::vector<SplitProblem::Node> costs(nodes.size());
    std::vector<double> in_float, in_int8, gains;
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (!planned.contains(nodes[i].name) || quantize::IsMoverOp(nodes[i])) continue;
      costs[i] = {TimeOf(i, float_times), TimeOf(i, int8_times)};
      if (!IsCompute(nodes[i]) || costs[i].cost_a == 0 || costs[i].cost_b == 0) continue;
      in_float.push_back(costs[i].cost_a);
      in_int8.push_back(costs[i].cost_b);
      gains.push_back(costs[i].cost_a / costs[i].cost_b);
    }
    const bool none = gains.empty();
    const double gain = none ? 1 : stats::MedianOf(gains);
    const SplitProblem::Node usual =
        none ? SplitProblem::Node{0, 0}
             : SplitProblem::Node{stats::MedianOf(in_float), stats::MedianOf(in_int8)};
    for (size_t i = 0; i < nodes.size(); ++i) {
      if (!planned.contains(nodes[i].name) || quantize::IsMoverOp(nodes[i])) continue;
      auto& [a, b] = costs[i];
      if (!IsCompute(nodes[i])) {
        if (b == 0) a = 0;
      } else if (a == 0 && b == 0) {
        costs[i] = usual;
      } else if (a == 0 || b == 0) {
        (a == 0 ? a : b) = a == 0 ? b * gain : a / gain;
      }
    }
    return costs;
  }

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
  static bool IsCompute(const Node& node) {
    return node.Is("Conv") || node.Is("MatMul") || node.Is("Gemm");
  }

  static double Lookup(const runtime::KernelTimes& times, const std::string& name) {
    const auto found = times.find(name);
    return found == times.end() ? 0 : found->second;
  }

  const quantize::Prepared& prepared_;
  const GraphIndex& index_;
};

// The minimum cut: side A is float, side B integers.
class KernelCut {
 public:
  KernelCut(const quantize::Prepared& prepared, const std::vector<quantize::NodeChoice>& plan,
            const std::map<std::string, double>& elements)
      : prepared_(prepared), index_(prepared.model.graph), elements_(elements) {
    for (const auto& choice : plan) planned_.insert(choice.node);
  }

  // Each node at what it costs on either side.
  void AddNodes(const runtime::KernelTimes& float_times, const runtime::KernelTimes& int8_times) {
    const auto costs = Costs(prepared_, index_).OfPlan(planned_, float_times, int8_times);
    for (size_t i = 0; i < nodes().size(); ++i) {
      owner_.push_back(OwnerOf(i));
      problem_.nodes.push_back(IsPlanned(nodes()[i]) ? costs[i] : SplitProblem::Node{0, kNever});
    }
    outside_ = std::ssize(problem_.nodes);
    problem_.nodes.push_back({0, kNever});  // inputs and outputs of the graph: float
  }

  // Each value that may change sides between two nodes, or between a node and the outside.
  void AddCrossings() {
    for (size_t i = 0; i < nodes().size(); ++i) {
      for (size_t input = 0; input < nodes()[i].inputs.size(); ++input) {
        const std::string& value = nodes()[i].inputs[input];
        if (!ChangesSides(i, input) || value.empty() || index_.IsInitializer(value)) continue;
        const int64_t producer = index_.Producer(value);
        AddCrossing(value, producer < 0 ? outside_ : owner_[static_cast<size_t>(producer)],
                    owner_[i]);
      }
      for (const std::string& output : nodes()[i].outputs) {
        if (index_.IsOutput(output)) AddCrossing(output, owner_[i], outside_);
      }
    }
  }

  std::vector<std::string> PlannedInFloat() {
    BoundCosts(problem_);
    const std::vector<bool> integers = CheapestSplit(problem_);
    std::vector<std::string> names;
    for (size_t i = 0; i < nodes().size(); ++i) {
      if (IsPlanned(nodes()[i]) && !integers[i]) names.push_back(nodes()[i].name);
    }
    return names;
  }

 private:
  const std::vector<Node>& nodes() const { return prepared_.model.graph.nodes; }
  bool IsPlanned(const Node& node) const { return planned_.contains(node.name); }

  // Activations go with the node before them.
  int64_t OwnerOf(size_t i) const {
    const Node& node = nodes()[i];
    const bool follows = (node.Is("Relu") || node.Is("Clip")) && index_.HasOneUse(node.Input(0));
    const int64_t producer = follows ? index_.Producer(node.Input(0)) : -1;
    return producer < 0 ? static_cast<int64_t>(i) : owner_[static_cast<size_t>(producer)];
  }

  // A float node reads every input as it is; one of the plan keeps its shapes and indices.
  bool ChangesSides(size_t i, size_t input) const {
    const auto& data_inputs = prepared_.abilities[i].data_inputs;
    return !IsPlanned(nodes()[i]) || std::ranges::find(data_inputs, input) != data_inputs.end();
  }

  void AddCrossing(const std::string& value, int64_t from, int64_t to) {
    if (from == to) return;
    const auto found = elements_.find(value);
    const double elements = found == elements_.end() ? 0 : found->second;
    const double cost = kCrossingStartUs + kCrossingUsPerElement * elements;
    problem_.edges.push_back({from, to, cost, cost});
  }

  const quantize::Prepared& prepared_;
  const GraphIndex index_;
  const std::map<std::string, double>& elements_;
  std::set<std::string> planned_;
  std::vector<int64_t> owner_;  // of each node: the place of the node that decides for it
  int64_t outside_ = 0;
  SplitProblem problem_;
};

}  // namespace

std::vector<std::string> NodesBetterInFloat(const quantize::Prepared& prepared,
                                            const std::vector<quantize::NodeChoice>& plan,
                                            const runtime::KernelTimes& float_times,
                                            const runtime::KernelTimes& int8_times,
                                            const std::map<std::string, double>& elements) {
  KernelCut cut(prepared, plan, elements);
  cut.AddNodes(float_times, int8_times);
  cut.AddCrossings();
  return cut.PlannedInFloat();
}

}  // namespace tare::search
