#include "tare/pipeline/inspect.h"

#include <algorithm>
#include <map>
#include <set>

#include "pipeline/opened_model_internal.h"
#include "pipeline/repeated_blocks_internal.h"
#include "tare/core/text.h"
#include "tare/graph/index.h"
#include "tare/graph/onnx.h"
#include "tare/quantize/apply.h"
#include "tare/quantize/plan.h"

namespace tare::pipeline {
namespace {

constexpr size_t kMaxExamples = 3;
constexpr int kMaxDepth = 64;

std::string OpName(const graph::Node& node) {
  return node.domain.empty() ? node.op_type : StrCat(node.domain, ".", node.op_type);
}

// Counts of a graph and of the bodies in it.
struct Counter {
  std::map<std::string, OperatorCount> operators;
  Inspection& inspection;

  void Add(const graph::Graph& graph, int depth) {
    for (const graph::Initializer& initializer : graph.initializers)
      AddConstant(initializer.value.get());
    for (const graph::Node& node : graph.nodes) {
      OperatorCount& entry = operators[OpName(node)];
      entry.op = OpName(node);
      ++entry.count;
      if (depth > 0) ++entry.in_bodies;
      ++inspection.num_nodes;
      if (node.Is("Constant")) {
        const graph::AttributeValue* value = node.Find("value");
        const auto* tensor = value == nullptr ? nullptr : std::get_if<graph::SharedTensor>(value);
        if (tensor != nullptr) AddConstant(tensor->get());
      }
      if (depth >= kMaxDepth) continue;
      for (const graph::SharedGraph& body : node.Bodies()) Add(*body, depth + 1);
    }
  }

  void AddConstant(const Tensor* tensor) {
    if (tensor == nullptr || !IsFloat(tensor->dtype())) return;
    inspection.num_parameters += tensor->num_elements();
    inspection.parameter_bytes += std::ssize(tensor->bytes());
  }
};

void AddTo(std::vector<OperatorCount>& counts, const std::string& op) {
  const auto found = std::find_if(counts.begin(), counts.end(),
                                  [&](const OperatorCount& count) { return count.op == op; });
  if (found == counts.end()) {
    counts.push_back({op, 1, 0});
  } else {
    ++found->count;
  }
}

// Relu and Clip whose bounds the integer range of the node before them keeps.
std::set<std::string> MergedActivations(const quantize::Prepared& prepared) {
  const graph::Graph& graph = prepared.model.graph;
  const graph::GraphIndex index(graph);
  std::set<std::string> merged;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    if (prepared.abilities[i].role == quantize::Role::kNone) continue;
    const graph::Node* activation = quantize::FollowingActivation(graph, index, graph.nodes[i]);
    if (activation != nullptr) merged.insert(activation->name);
  }
  return merged;
}

void Group(const quantize::Prepared& prepared, Inspection& inspection) {
  const auto merged = MergedActivations(prepared);
  const auto& nodes = prepared.model.graph.nodes;
  const std::vector<quantize::Ability> all = quantize::AllAbilities(prepared);
  for (size_t i = 0; i < all.size(); ++i) {
    const quantize::Ability& ability = all[i];
    const bool is_static = ability.role != quantize::Role::kNone;
    const std::string fate = is_static                       ? "static"
                             : merged.contains(ability.node) ? "merged"
                             : ability.dynamic_int8          ? "dynamic"
                                                             : "float";
    std::string reason = fate == "float" ? ability.reason : "";
    // Said once for all of them: the operators are listed.
    if (reason == StrCat(ability.op_type, " has no integer kernel in the runtime"))
      reason = "no integer kernel in the runtime";
    auto group = std::find_if(
        inspection.abilities.begin(), inspection.abilities.end(),
        [&](const AbilityGroup& other) { return other.fate == fate && other.reason == reason; });
    if (group == inspection.abilities.end()) {
      inspection.abilities.push_back({fate, reason, {}, 0, 0, {}});
      group = std::prev(inspection.abilities.end());
    }
    ++group->count;
    group->weight_elements += ability.weight_elements;
    // Behind the nodes of the graph come those of bodies.
    AddTo(group->operators, i < nodes.size() ? OpName(nodes[i]) : ability.op_type);
    if (group->examples.size() < kMaxExamples) group->examples.push_back(ability.node);
  }
  const auto rank = [](const AbilityGroup& group) {
    return group.fate == "static"    ? 0
           : group.fate == "merged"  ? 1
           : group.fate == "dynamic" ? 2
                                     : 3;
  };
  std::stable_sort(inspection.abilities.begin(), inspection.abilities.end(),
                   [&](const AbilityGroup& a, const AbilityGroup& b) {
                     return std::pair(rank(a), -a.count) < std::pair(rank(b), -b.count);
                   });
}

std::vector<PlanSize> PlansOf(const quantize::Prepared& prepared) {
  using quantize::Scope;
  std::vector<PlanSize> plans;
  for (const Scope scope : {Scope::kCompute, Scope::kChain, Scope::kGates, Scope::kAll}) {
    const auto nodes = quantize::PlanStatic(prepared.model, prepared.abilities, scope, {});
    const int64_t size = std::ssize(nodes);
    if (size > (plans.empty() ? 0 : plans.back().num_nodes))
      plans.push_back({quantize::ScopeName(scope), size});
  }
  return plans;
}

}  // namespace

Result<Inspection> Inspect(const std::string& model_path, const runtime::SessionOptions& options,
                           double time_limit_s) {
  Inspection inspection;
  TARE_TRY(
      auto opened,
      OpenedModel::Open({.path = model_path, .session = options, .time_limit_s = time_limit_s}));
  const graph::Model& source = opened.source();
  TARE_TRY(inspection.file_bytes, graph::ModelBytes(model_path));
  inspection.opset = source.opset();
  for (const auto& [domain, version] : source.opsets) {
    if (!domain.empty()) inspection.other_domains.emplace_back(domain, version);
  }
  inspection.inputs = opened.inputs();
  for (const graph::Value& output : source.graph.outputs) inspection.outputs.push_back(output.info);
  Counter counter{{}, inspection};
  counter.Add(source.graph, 0);
  for (auto& [name, count] : counter.operators) inspection.operators.push_back(std::move(count));
  std::stable_sort(
      inspection.operators.begin(), inspection.operators.end(),
      [](const OperatorCount& a, const OperatorCount& b) { return a.count > b.count; });

  TARE_TRY(const auto prepared, opened.Prepare({}, NoProgress()));
  for (const graph::RewriteCount& rewrite : prepared.rewrites) {
    inspection.rewrites.push_back(rewrite.count == 1 ? rewrite.what
                                                     : StrCat(rewrite.count, " ", rewrite.what));
  }
  inspection.notes = prepared.notes;
  inspection.decline_reason = prepared.decline_reason;
  Group(prepared, inspection);
  std::vector<std::string> operators;
  for (const graph::Node& node : prepared.model.graph.nodes) operators.push_back(OpName(node));
  inspection.blocks = FindRepeatedBlocks(operators);
  inspection.is_quantized = prepared.decline_reason.starts_with(quantize::kQuantizedAlready);
  if (prepared.decline_reason.empty()) inspection.plans = PlansOf(prepared);
  return inspection;
}

}  // namespace tare::pipeline
