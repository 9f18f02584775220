#include <algorithm>
#include <map>
#include <set>

#include "search/candidates_internal.h"
#include "tare/core/text.h"

namespace tare::search {
namespace {

using quantize::Ability;
using quantize::Format;
using quantize::NodeChoice;
using quantize::Prepared;

// Ranging activations at each run costs more than a product with fewer weights saves.
constexpr int64_t kLargeWeight = 16384;

bool Computes(const NodeChoice& choice) {
  return choice.op_type == "Conv" || choice.op_type == "MatMul" || choice.op_type == "Gemm" ||
         choice.op_type == "LSTM" || choice.format == Format::kInt8Weights;
}

// Dynamic MatMul beside static Conv, in graph order. Empty where the model lacks one of the two.
std::vector<NodeChoice> PlanMixed(const Prepared& prepared, std::vector<std::string> excluded) {
  std::map<std::string, NodeChoice> all;
  for (const NodeChoice& choice : quantize::PlanDynamic(quantize::AllAbilities(prepared), {})) {
    all[choice.node] = choice;
    excluded.push_back(choice.node);
  }
  const auto fixed =
      quantize::PlanStatic(prepared.model, prepared.abilities, quantize::Scope::kChain, excluded);
  if (fixed.empty() || all.empty()) return {};
  for (const NodeChoice& choice : fixed) all[choice.node] = choice;
  std::vector<NodeChoice> ordered;
  for (const Ability& ability : quantize::AllAbilities(prepared)) {
    const auto found = all.find(ability.node);
    if (found != all.end()) ordered.push_back(found->second);
  }
  return ordered;
}

}  // namespace

Formats AutoFormats(Goal goal) {
  Formats formats = {Format::kInt8Static, Format::kInt8Dynamic};
  if (goal == Goal::kSize) formats.insert(Format::kInt8Weights);
  return formats;
}

Formats FormatsOf(const AutoOptions& options) {
  return options.formats.empty() ? AutoFormats(options.goal) : options.formats;
}

std::vector<Candidate> FirstCandidates(const Prepared& prepared, const AutoOptions& options,
                                       const Observed& observed) {
  const Formats formats = FormatsOf(options);
  const bool is_static = formats.contains(Format::kInt8Static);
  const bool is_dynamic = formats.contains(Format::kInt8Dynamic);
  const std::vector<Ability> all = quantize::AllAbilities(prepared);
  std::vector<Candidate> candidates;
  if (is_static && !observed.observations.tensors.empty()) {
    for (const quantize::Scope scope : kScopes) {
      AddCandidate(
          candidates, StrCat("static, ", quantize::ScopeName(scope)),
          quantize::PlanStatic(prepared.model, prepared.abilities, scope, observed.unranged));
    }
  }
  if (is_dynamic) {
    AddCandidate(candidates, "dynamic", quantize::PlanDynamic(all, {}));
    std::vector<std::string> small;
    for (const Ability& ability : all) {
      if (ability.dynamic_int8 && ability.weight_elements < kLargeWeight)
        small.push_back(ability.node);
    }
    AddCandidate(candidates, "dynamic, large weights", quantize::PlanDynamic(all, small));
  }
  if (is_static && is_dynamic) {
    AddCandidate(candidates, "static Conv, dynamic MatMul", PlanMixed(prepared, observed.unranged));
  }
  if (formats.contains(Format::kInt8Weights))
    AddCandidate(candidates, "int8 weights", quantize::PlanWeights(all));
  return candidates;
}

bool IsWorthIntegers(const std::vector<NodeChoice>& nodes) {
  return std::any_of(nodes.begin(), nodes.end(), Computes);
}

void AddCandidate(std::vector<Candidate>& candidates, std::string name,
                  std::vector<NodeChoice> nodes) {
  const bool known = std::any_of(candidates.begin(), candidates.end(),
                                 [&](const Candidate& other) { return other.nodes == nodes; });
  if (known || !IsWorthIntegers(nodes)) return;
  Candidate candidate;
  candidate.name = std::move(name);
  candidate.nodes = std::move(nodes);
  candidates.push_back(std::move(candidate));
}

std::vector<NodeChoice> PlanWithin(const Prepared& prepared, const std::vector<NodeChoice>& nodes,
                                   std::vector<std::string> excluded) {
  std::set<std::string> kept;
  for (const NodeChoice& choice : nodes) kept.insert(choice.node);
  for (const Ability& ability : prepared.abilities) {
    if (!kept.contains(ability.node)) excluded.push_back(ability.node);
  }
  return quantize::PlanStatic(prepared.model, prepared.abilities, quantize::Scope::kAll, excluded);
}

std::vector<NodeChoice> PlanObserved(const Prepared& prepared, const std::vector<NodeChoice>& nodes,
                                     std::vector<std::string> excluded, const Observed& observed) {
  while (true) {
    auto plan = PlanWithin(prepared, nodes, excluded);
    const auto missing = NodesWithoutRange(prepared, plan, observed);
    if (missing.empty()) return plan;
    excluded.insert(excluded.end(), missing.begin(), missing.end());
  }
}

std::vector<NodeChoice> PlanWithout(const Prepared& prepared, const std::vector<NodeChoice>& nodes,
                                    const std::vector<std::string>& in_float) {
  const bool is_static = std::all_of(nodes.begin(), nodes.end(), [](const NodeChoice& choice) {
    return choice.format == Format::kInt8Static;
  });
  if (is_static) return PlanWithin(prepared, nodes, in_float);
  const std::set<std::string> out(in_float.begin(), in_float.end());
  std::vector<NodeChoice> rest;
  for (const NodeChoice& choice : nodes) {
    if (!out.contains(choice.node)) rest.push_back(choice);
  }
  return rest;
}

}  // namespace tare::search
