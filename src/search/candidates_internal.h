// Which plans are tried, from what the nodes can be and what the user allows. Nothing is measured
// here.

#pragma once

#include <string>
#include <vector>

#include "search/observe_internal.h"
#include "tare/quantize/plan.h"
#include "tare/quantize/prepare.h"
#include "tare/search/auto_format.h"

namespace tare::search {

/// Static scopes in the order in which they are tried.
inline constexpr quantize::Scope kScopes[] = {quantize::Scope::kChain, quantize::Scope::kCompute,
                                              quantize::Scope::kGates, quantize::Scope::kAll};

/// The formats that `options` allow, with auto spelled out.
Formats FormatsOf(const AutoOptions& options);

/// Returns the plans to measure first, none twice, in the order
///
///   static by scope - dynamic - dynamic without small weights - static Conv with dynamic MatMul -
///   weights
///
/// of which each needs its formats allowed, and static by scope something observed.
std::vector<Candidate> FirstCandidates(const quantize::Prepared& prepared,
                                       const AutoOptions& options, const Observed& observed);

/// True when one of the nodes computes or stores weights: movers alone gain nothing.
bool IsWorthIntegers(const std::vector<quantize::NodeChoice>& nodes);

/// Adds a plan, unless none of its nodes is worth integers (movers alone) or it stands there
/// already.
void AddCandidate(std::vector<Candidate>& candidates, std::string name,
                  std::vector<quantize::NodeChoice> nodes);

/// Returns the static plan over `nodes` less those excluded; what no longer has quantized
/// neighbours falls out too.
std::vector<quantize::NodeChoice> PlanWithin(const quantize::Prepared& prepared,
                                             const std::vector<quantize::NodeChoice>& nodes,
                                             std::vector<std::string> excluded);

/// The same, without nodes for which no range was observed either.
std::vector<quantize::NodeChoice> PlanObserved(const quantize::Prepared& prepared,
                                               const std::vector<quantize::NodeChoice>& nodes,
                                               std::vector<std::string> excluded,
                                               const Observed& observed);

/// Returns `nodes` with `in_float` left out: by PlanWithin where all are static, else just these.
std::vector<quantize::NodeChoice> PlanWithout(const quantize::Prepared& prepared,
                                              const std::vector<quantize::NodeChoice>& nodes,
                                              const std::vector<std::string>& in_float);

}  // namespace tare::search
