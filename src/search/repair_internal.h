// Where a plan is fast but breaks the outputs: the fewest of its most harmful nodes that must stay
// float.

#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/quantize/prepare.h"
#include "tare/quantize/recipe.h"
#include "tare/search/auto_format.h"

namespace tare::search {

/// What a repair needs to try plans.
struct Trials {
  /// How close a plan keeps the outputs on the first run of the check samples.
  std::function<Result<Closeness>(const std::vector<quantize::NodeChoice>&)> quick;
  /// The same on all of them.
  std::function<Result<Closeness>(const std::vector<quantize::NodeChoice>&)> full;
};

/// Returns the nodes that must stay float for a plan to load and run, found by bisection over the nodes
/// in graph order; empty when there is no such set of 16 or fewer (more of one operator, after its third),
/// or the plan runs as it is. `runs` says of a plan whether it does.
/// Errors  kCancelled.
/// Cost    about log2(nodes) + 8 loads a blocker.
Result<std::vector<std::string>> NodesThatDoNotRun(
    const quantize::Prepared& prepared, const std::vector<quantize::NodeChoice>& nodes,
    const std::function<bool(const std::vector<quantize::NodeChoice>&)>& runs, Progress& progress);

struct RankedNode {
  std::string node;
  double damage =
      0;  ///< strain (runtime::Judgement) when it alone is quantized; infinite when that
          ///< does not run
};

/// Returns the nodes of a plan by the damage each does alone, the worst first; equals in order.
/// Static movers are left out: they carry the codes of their neighbours. Of more than 24 nodes,
/// sixteen groups of neighbours are ranked, and then quarters of the worst four: each node has an
/// equal share of the damage of its group.
/// Errors  kCancelled.
/// Cost    at most 32 quick trials.
Result<std::vector<RankedNode>> RankNodes(const std::vector<quantize::NodeChoice>& nodes,
                                          const Trials& trials, Progress& progress);

/// Returns, by bisection, a count in 1 to `num_nodes` for which `holds` and of which the count
/// before does not hold: the least one where `holds` is monotone. `num_nodes` holds without asking,
/// 0 does not.
///
/// The first step goes to a quarter: few nodes break most models.
/// Edge     at most one node: `num_nodes`.
/// Errors   kCancelled.
/// Cost     about log2(num_nodes) calls.
Result<size_t> LeastInFloat(size_t num_nodes, const std::function<bool(size_t)>& holds,
                            Progress& progress);

/// Returns `broken` with the fewest of its most harmful nodes in float, named and not yet measured;
/// nothing when no node may stay in integers.
/// Errors  kCancelled.
Result<std::optional<Candidate>> Repair(const Candidate& broken, const quantize::Prepared& prepared,
                                        const Trials& trials, Progress& progress);

}  // namespace tare::search
