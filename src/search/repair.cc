#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "search/candidates_internal.h"
#include "search/decision_internal.h"
#include "search/repair_internal.h"
#include "tare/core/text.h"
#include "tare/quantize/apply.h"

namespace tare::search {
namespace {

using quantize::NodeChoice;

// More nodes are ranked in groups of neighbours, of which the worst are looked into.
constexpr size_t kMaxAlone = 24;
constexpr size_t kGroups = 16;
constexpr size_t kLookedInto = 4;
constexpr size_t kParts = 4;

// Neighbours among the nodes to rank, and the share of their damage that falls on each.
struct Group {
  size_t begin = 0, end = 0;
  double damage = 0;
};

// [begin, end) in at most `count` groups of equal size, but for the last.
std::vector<Group> Cut(size_t begin, size_t end, size_t count) {
  std::vector<Group> groups;
  const size_t size = (end - begin + count - 1) / count;
  for (size_t at = begin; at < end; at += size) groups.push_back({at, std::min(at + size, end)});
  return groups;
}

void SortWorstFirst(std::vector<Group>& groups) {
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    return a.damage != b.damage ? a.damage > b.damage : a.begin < b.begin;
  });
}

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

constexpr size_t kMaxBlockers = 16;
constexpr size_t kMaxSuspects = 8;
// So many nodes of one operator, and it is the operator.
constexpr int64_t kBlockersOfAnOp = 3;

bool IsCompute(const NodeChoice& choice) {
  return choice.op_type == "Conv" || choice.op_type == "MatMul" || choice.op_type == "Gemm" ||
         choice.op_type == "LSTM";
}

// The node of `plan` that keeps it from running, when the nodes before it alone do run.
Result<NodeChoice> FirstBlocker(const quantize::Prepared& prepared,
                                const std::vector<NodeChoice>& plan,
                                const std::function<bool(const std::vector<NodeChoice>&)>& runs,
                                Progress& progress) {
  size_t low = 0;             // that many from the start run
  size_t high = plan.size();  // and these do not
  const auto first = [&](size_t count) {
    return std::vector<NodeChoice>(plan.begin(), plan.begin() + static_cast<int64_t>(count));
  };
  while (high - low > 1) {
    if (progress.cancelled()) return Cancelled();
    const size_t middle = low + (high - low) / 2;
    (runs(PlanWithout(prepared, first(middle), {})) ? low : high) = middle;
  }
  // A mover or a sum joins a plan only with the node behind it: it is asked before that node is blamed.
  const std::vector<NodeChoice> broken = first(high);
  size_t num_asked = 0;
  for (size_t i = high - 1; i-- > 0 && num_asked < kMaxSuspects;) {
    if (IsCompute(plan[i])) continue;
    ++num_asked;
    const auto without = PlanWithout(prepared, broken, {plan[i].node});
    if (!without.empty() && runs(without)) return plan[i];
  }
  return plan[high - 1];
}

}  // namespace

Result<std::vector<std::string>> NodesThatDoNotRun(
    const quantize::Prepared& prepared, const std::vector<NodeChoice>& nodes,
    const std::function<bool(const std::vector<NodeChoice>&)>& runs, Progress& progress) {
  std::vector<std::string> blockers;
  std::map<std::string, int64_t> by_op;
  while (blockers.size() <= kMaxBlockers) {
    const auto plan = PlanWithout(prepared, nodes, blockers);
    if (plan.empty()) break;
    if (runs(plan)) return blockers;
    TARE_TRY(const NodeChoice blocker, FirstBlocker(prepared, plan, runs, progress));
    blockers.push_back(blocker.node);
    if (++by_op[blocker.op_type] < kBlockersOfAnOp) continue;
    for (const NodeChoice& choice : plan) {
      if (choice.op_type == blocker.op_type && choice.node != blocker.node)
        blockers.push_back(choice.node);
    }
  }
  return std::vector<std::string>();
}

Result<std::vector<RankedNode>> RankNodes(const std::vector<NodeChoice>& nodes,
                                          const Trials& trials, Progress& progress) {
  const std::vector<NodeChoice> rest = NodesToRank(nodes);
  int64_t num_tried = 0;
  const auto ask = [&](std::vector<Group>& groups) -> Result<void> {
    for (Group& group : groups) {
      if (progress.cancelled()) return Cancelled();
      const std::span part = std::span(rest).subspan(group.begin, group.end - group.begin);
      const auto closeness = trials.quick({part.begin(), part.end()});
      const double damage = closeness ? closeness->judged.strain : INFINITY;
      group.damage = damage / static_cast<double>(part.size());
      progress.Update(++num_tried);
    }
    SortWorstFirst(groups);
    return {};
  };
  if (rest.empty()) return std::vector<RankedNode>();
  const bool alone = rest.size() <= kMaxAlone;
  auto groups = Cut(0, rest.size(), alone ? rest.size() : kGroups);
  const size_t looked_into = alone ? 0 : std::min(kLookedInto, groups.size());
  progress.Begin("rank", static_cast<int64_t>(groups.size() + looked_into * kParts));
  TARE_TRY_VOID(ask(groups));
  std::vector<Group> parts;
  for (size_t i = 0; i < looked_into; ++i) {
    for (const Group& part : Cut(groups[i].begin, groups[i].end, kParts)) parts.push_back(part);
  }
  TARE_TRY_VOID(ask(parts));
  groups.erase(groups.begin(), groups.begin() + static_cast<int64_t>(looked_into));
  groups.insert(groups.end(), parts.begin(), parts.end());
  SortWorstFirst(groups);
  progress.End("");
  std::vector<RankedNode> ranked;
  for (const Group& group : groups) {
    for (size_t i = group.begin; i < group.end; ++i) ranked.push_back({rest[i].node, group.damage});
  }
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
