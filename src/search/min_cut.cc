#include <algorithm>
#include <limits>
#include <queue>

#include "search/min_cut_internal.h"

namespace tare::search {
namespace {

// Flows below this share of the largest capacity are rounding.
constexpr double kEpsilon = 1e-12;

class Network {
 public:
  explicit Network(size_t num_nodes) : arcs_of_(num_nodes) {}

  void Add(size_t from, size_t to, double forward, double backward) {
    arcs_of_[from].push_back(arcs_.size());
    arcs_.push_back({to, forward});
    arcs_of_[to].push_back(arcs_.size());
    arcs_.push_back({from, backward});
    largest_ = std::max({largest_, forward, backward});
  }

  void Saturate(size_t source, size_t sink) {
    while (Layer(source)[sink] >= 0) {
      next_.assign(arcs_of_.size(), 0);
      while (Push(source, sink, std::numeric_limits<double>::infinity()) > 0) {
      }
    }
  }

  // Level of each node from `source` through arcs with capacity left; -1 for the unreached.
  const std::vector<int64_t>& Layer(size_t source) {
    level_.assign(arcs_of_.size(), -1);
    level_[source] = 0;
    std::queue<size_t> open;
    for (open.push(source); !open.empty(); open.pop()) {
      for (const size_t arc : arcs_of_[open.front()]) {
        if (!HasRoom(arc) || level_[arcs_[arc].to] >= 0) continue;
        level_[arcs_[arc].to] = level_[open.front()] + 1;
        open.push(arcs_[arc].to);
      }
    }
    return level_;
  }

 private:
  struct Arc {
    size_t to;
    double room;
  };

  bool HasRoom(size_t arc) const { return arcs_[arc].room > kEpsilon * largest_; }

  // One augmenting path along the layers, by an explicit stack: networks are deep.
  double Push(size_t source, size_t sink, double limit) {
    std::vector<size_t> path;  // arcs
    size_t at = source;
    while (at != sink) {
      bool advanced = false;
      for (size_t& i = next_[at]; i < arcs_of_[at].size(); ++i) {
        const size_t arc = arcs_of_[at][i];
        if (!HasRoom(arc) || level_[arcs_[arc].to] != level_[at] + 1) continue;
        path.push_back(arc);
        at = arcs_[arc].to;
        advanced = true;
        break;
      }
      if (advanced) continue;
      if (path.empty()) return 0;
      at = arcs_[path.back() ^ 1].to;
      path.pop_back();
      ++next_[at];
    }
    for (const size_t arc : path) limit = std::min(limit, arcs_[arc].room);
    for (const size_t arc : path) {
      arcs_[arc].room -= limit;
      arcs_[arc ^ 1].room += limit;
    }
    return limit;
  }

  std::vector<std::vector<size_t>> arcs_of_;
  std::vector<Arc> arcs_;  // arc i and its reverse i ^ 1
  std::vector<int64_t> level_;
  std::vector<size_t> next_;
  double largest_ = 0;
};

}  // namespace

std::vector<bool> CheapestSplit(const SplitProblem& problem) {
  const size_t n = problem.nodes.size();
  const size_t side_b = n;      // source: what it still reaches is on side B
  const size_t side_a = n + 1;  // sink
  Network network(n + 2);
  for (size_t i = 0; i < n; ++i) {
    // Cutting source -> i puts i on side A and costs cost_a.
    network.Add(side_b, i, problem.nodes[i].cost_a, 0);
    network.Add(i, side_a, problem.nodes[i].cost_b, 0);
  }
  for (const auto& edge : problem.edges) {
    network.Add(static_cast<size_t>(edge.from), static_cast<size_t>(edge.to), edge.cost_ba,
                edge.cost_ab);
  }
  network.Saturate(side_b, side_a);
  const auto& level = network.Layer(side_b);
  std::vector<bool> on_b(n);
  for (size_t i = 0; i < n; ++i) on_b[i] = level[i] >= 0;
  return on_b;
}

}  // namespace tare::search
