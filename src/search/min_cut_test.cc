// Splits against every split there is, and long chains against dynamic programming.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "search/min_cut_internal.h"
#include "tare/core/random.h"

namespace tare::search {
namespace {

double CostOf(const SplitProblem& problem, const std::vector<bool>& on_b) {
  double cost = 0;
  for (size_t i = 0; i < problem.nodes.size(); ++i)
    cost += on_b[i] ? problem.nodes[i].cost_b : problem.nodes[i].cost_a;
  for (const auto& edge : problem.edges) {
    const bool from = on_b[static_cast<size_t>(edge.from)];
    const bool to = on_b[static_cast<size_t>(edge.to)];
    if (!from && to) cost += edge.cost_ab;
    if (from && !to) cost += edge.cost_ba;
  }
  return cost;
}

// All 2^n splits: the least cost, and of the splits that cost it the one with the fewest on side B.
// Costs are whole numbers, so that equal means equal.
std::vector<bool> SlowSplit(const SplitProblem& problem) {
  const size_t n = problem.nodes.size();
  std::vector<bool> best(n, false);
  for (size_t bits = 1; bits < size_t{1} << n; ++bits) {
    std::vector<bool> split(n);
    for (size_t i = 0; i < n; ++i) split[i] = (bits >> i & 1) != 0;
    const double cost = CostOf(problem, split);
    const double best_cost = CostOf(problem, best);
    const bool fewer =
        std::count(split.begin(), split.end(), true) < std::count(best.begin(), best.end(), true);
    if (cost < best_cost || (cost == best_cost && fewer)) best = split;
  }
  return best;
}

// Whole numbers in [0, most]; zeros are frequent where most is small.
SplitProblem RandomProblem(Random& random, int64_t most) {
  const auto number = [&](int64_t below) {
    return static_cast<int64_t>(random.Uniform() * static_cast<double>(below));
  };
  const auto cost = [&] { return static_cast<double>(number(most + 1)); };
  SplitProblem problem;
  const int64_t n = 1 + number(10);
  for (int64_t i = 0; i < n; ++i) problem.nodes.push_back({cost(), cost()});
  const int64_t num_edges = number(2 * n + 1);
  for (int64_t e = 0; e < num_edges; ++e) {
    const int64_t from = number(n);
    const int64_t to = number(n);
    if (from != to) problem.edges.push_back({from, to, cost(), cost()});
  }
  return problem;
}

TEST(CheapestSplitTest, AnswersWhatTryingAllSplitsAnswers) {
  Random random(11);
  for (int trial = 0; trial < 600; ++trial) {
    const SplitProblem problem = RandomProblem(random, trial % 3 == 0 ? 3 : 1000);
    EXPECT_EQ(CheapestSplit(problem), SlowSplit(problem)) << "trial " << trial;
  }
}

TEST(CheapestSplitTest, HasNothingToSplitInNothing) { EXPECT_TRUE(CheapestSplit({}).empty()); }

TEST(CheapestSplitTest, LeavesEqualsOnSideA) {
  EXPECT_EQ(CheapestSplit({{{2, 2}, {0, 0}, {3, 2}}, {}}), (std::vector<bool>{false, false, true}));
}

TEST(CheapestSplitTest, TakesTheDirectionOfAnEdge) {
  // Node 0 wants A and node 1 wants B, each by 5: dear from A to B, free the other way round.
  SplitProblem problem{{{0, 5}, {5, 0}}, {{0, 1, 9, 0}}};
  EXPECT_EQ(CheapestSplit(problem), (std::vector<bool>{false, false}));
  problem.edges[0] = {0, 1, 0, 9};
  EXPECT_EQ(CheapestSplit(problem), (std::vector<bool>{false, true}));
  problem.edges[0] = {1, 0, 0, 9};
  EXPECT_EQ(CheapestSplit(problem), (std::vector<bool>{false, false}));
}

// Networks are deep: a chain of thousands, where dynamic programming knows the answer.
TEST(CheapestSplitTest, SplitsALongChainExactly) {
  constexpr int64_t kLength = 3000;
  Random random(12);
  const auto cost = [&](double most) { return std::floor(random.Uniform() * most); };
  SplitProblem problem;
  for (int64_t i = 0; i < kLength; ++i) {
    problem.nodes.push_back({cost(20), cost(20)});
    if (i > 0) problem.edges.push_back({i - 1, i, cost(30), cost(30)});
  }
  double on_a = problem.nodes[0].cost_a;
  double on_b = problem.nodes[0].cost_b;
  for (size_t i = 1; i < problem.nodes.size(); ++i) {
    const auto& edge = problem.edges[i - 1];
    const double next_a = std::min(on_a, on_b + edge.cost_ba) + problem.nodes[i].cost_a;
    on_b = std::min(on_b, on_a + edge.cost_ab) + problem.nodes[i].cost_b;
    on_a = next_a;
  }
  EXPECT_EQ(CostOf(problem, CheapestSplit(problem)), std::min(on_a, on_b));
}

}  // namespace
}  // namespace tare::search
