#include <algorithm>
#include <cmath>

#include "search/candidates_internal.h"
#include "search/decision_internal.h"
#include "search/repair_internal.h"
#include "tare/core/text.h"
#include "tare/quantize/apply.h"

namespace tare::search {
namespace {

using quantize::NodeChoice;

constexpr size_t kMaxRankedNodes = 64;  // more are ranked in groups of neighbours

std::vector<NodeChoice> NodesToRank(const std::vector<NodeChoice>& nodes) {
  std::vector<NodeChoice> ranked;
  for (const NodeChoice& choice : nodes) {
    graph::Node probe;
    probe.op_type = choice.op_type;
    if (!quantize::IsMoverOp(probe) || choice.format != quantize::Format::kInt8Static)
      ranked.push_back(choice);
  }
  return ranked;
}

std::vector<NodeChoice> WithoutWorst(const quantize::Prepared& prepared, const Candidate& candidate,
                                     const std::vector<RankedNode>& ranked, size_t count) {
  std::vector<std::string> in_float;
  for (size_t i = 0; i < count; ++i) in_float.push_back(ranked[i].node);
  return PlanWithout(prepared, candidate.nodes, in_float);
}

}  // namespace

Result<std::vector<RankedNode>> RankNodes(const std::vector<NodeChoice>& nodes,
                                          const Trials& trials, Progress& progress) {
  const std::vector<NodeChoice> rest = NodesToRank(nodes);
  const size_t group = (rest.size() + kMaxRankedNodes - 1) / kMaxRankedNodes;
  std::vector<RankedNode> ranked;
  progress.Begin("rank", static_cast<int64_t>(rest.size()));
  for (size_t at = 0; at < rest.size(); at += group) {
    if (progress.cancelled()) return Cancelled();
    const size_t end = std::min(at + group, rest.size());
    const std::vector<NodeChoice> alone(rest.begin() + static_cast<int64_t>(at),
                                        rest.begin() + static_cast<int64_t>(end));
    const auto closeness = trials.quick(alone);
    const double damage = closeness ? closeness->judged.strain : INFINITY;
    for (const NodeChoice& choice : alone) ranked.push_back({choice.node, damage});
    progress.Update(static_cast<int64_t>(at + group));
  }
  progress.End("");
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const RankedNode& a, const RankedNode& b) { return a.damage > b.damage; });
  return ranked;
}

Result<size_t> LeastInFloat(size_t num_nodes, const std::function<bool(size_t)>& holds,
                            Progress& progress) {
  size_t low = 0;           // breaks
  size_t high = num_nodes;  // holds: nothing quantized
  while (high - low > 1) {
    if (progress.cancelled()) return Cancelled();
    const bool is_first = low == 0 && high == num_nodes;
    const size_t middle = low + std::max<size_t>(1, (high - low) / (is_first ? 4 : 2));
    (holds(middle) ? high : low) = middle;
  }
  return high;
}

Result<std::optional<Candidate>> Repair(const Candidate& broken, const quantize::Prepared& prepared,
                                        const Trials& trials, Progress& progress) {
  TARE_TRY(const auto ranked, RankNodes(broken.nodes, trials, progress));
  const auto holds = [&](size_t count) {
    const auto closeness = trials.full(WithoutWorst(prepared, broken, ranked, count));
    return closeness && HoldsWithMargin(*closeness);
  };
  TARE_TRY(const size_t count, LeastInFloat(ranked.size(), holds, progress));
  if (count >= ranked.size()) return std::optional<Candidate>();
  Candidate repaired;
  repaired.name = StrCat(broken.name, ", ", count, " of ", ranked.size(), " nodes in float");
  repaired.nodes = WithoutWorst(prepared, broken, ranked, count);
  return std::optional(std::move(repaired));
}

}  // namespace tare::search
