// The cheapest split of a graph's nodes in two, exactly.

#pragma once

#include <cstdint>
#include <vector>

namespace tare::search {

/// Two ways of doing each of n things, and what it costs when neighbours differ.
struct SplitProblem {
  struct Node {
    double cost_a = 0;  ///< >= 0; of side A
    double cost_b = 0;  ///< >= 0; of side B
  };
  struct Edge {
    int64_t from = 0;
    int64_t to = 0;
    double cost_ab = 0;  ///< >= 0; when `from` is on side A and `to` on side B
    double cost_ba = 0;  ///< >= 0; the other way round
  };
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

/// Returns for each node whether it lies on side B in a split of least total cost
///
///   sum of node costs of the chosen sides + sum of edge costs where the ends differ.
///
/// Bound    exact but for rounding: what is below 1e-12 of the largest cost counts as nothing.
/// Edge     no nodes: empty. Among equally cheap splits the one with the fewest nodes on side B.
/// Cost     O(V^2 E) at worst, near linear on the sparse graphs of networks.
/// Source   Boykov, Kolmogorov, "An Experimental Comparison of Min-Cut/Max-Flow Algorithms", PAMI
///          2004, Sec. 2 (energies of two labels as cuts); flow by Dinic's algorithm.
std::vector<bool> CheapestSplit(const SplitProblem& problem);

}  // namespace tare::search
