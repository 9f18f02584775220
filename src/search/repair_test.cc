// Ranking and bisection on plans whose damage is written down, without a runtime.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "graph/model_builder.h"
#include "search/repair_internal.h"

namespace tare::search {
namespace {

using graph::ModelBuilder;
using quantize::Format;
using quantize::NodeChoice;
using testing::ElementsAre;

// A chain of products n0, n1, ... that can all be quantized.
quantize::Prepared Chain(size_t length) {
  ModelBuilder builder(13);
  builder.Input("x", {1, 4}).Uniform("w", {4, 4}, 1);
  quantize::Prepared prepared;
  std::string value = "x";
  for (size_t i = 0; i < length; ++i) {
    const std::string name = "n" + std::to_string(i);
    builder.Op("MatMul", {value, "w"}, {name});
    quantize::Ability ability{name, "MatMul", quantize::Role::kCompute, true, true, 16, {0}, ""};
    prepared.abilities.push_back(std::move(ability));
    value = name;
  }
  prepared.model = builder.Output(value).Build();
  return prepared;
}

Candidate StaticPlan(size_t length) {
  Candidate candidate;
  candidate.name = "static, chain";
  for (size_t i = 0; i < length; ++i)
    candidate.nodes.push_back(
        {"n" + std::to_string(i), "MatMul", Format::kInt8Static, "runs in integers"});
  return candidate;
}

// Each node takes its damage off the cosine; those that are not listed do none.
Trials TrialsOf(const std::map<std::string, double>& damage) {
  const auto run = [damage](const std::vector<NodeChoice>& nodes) -> Result<Closeness> {
    Closeness closeness{{}, 1, 1};
    for (const NodeChoice& choice : nodes) {
      const auto found = damage.find(choice.node);
      if (found != damage.end()) closeness.cosine -= found->second;
    }
    // As Judge() takes a wide output with the tolerance 0.01.
    closeness.judged.strain = (1 - closeness.cosine) / 0.01;
    return closeness;
  };
  return {run, run};
}

std::vector<std::string> Names(const std::vector<NodeChoice>& nodes) {
  std::vector<std::string> names;
  for (const NodeChoice& choice : nodes) names.push_back(choice.node);
  return names;
}

class Stopping : public Progress {
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view) override {}
  bool cancelled() const override { return true; }
};

TEST(LeastInFloatTest, FindsEachThresholdOfEachLength) {
  for (size_t n = 2; n <= 70; ++n) {
    for (size_t threshold = 1; threshold <= n; ++threshold) {
      int calls = 0;
      const auto found = LeastInFloat(
          n,
          [&](size_t count) {
            ++calls;
            EXPECT_GE(count, 1U);
            EXPECT_LT(count, n);
            return count >= threshold;
          },
          NoProgress());
      ASSERT_TRUE(found);
      EXPECT_EQ(*found, threshold) << "of " << n;
      // A first step to a quarter leaves three quarters at worst.
      EXPECT_LE(calls, 2 + std::log2(n)) << n << " nodes, threshold " << threshold;
    }
  }
}

TEST(LeastInFloatTest, BeginsAtAQuarter) {
  std::vector<size_t> asked;
  const auto found = LeastInFloat(
      40,
      [&](size_t count) {
        asked.push_back(count);
        return count >= 3;
      },
      NoProgress());
  ASSERT_TRUE(found);
  EXPECT_THAT(asked, ElementsAre(10, 5, 2, 3));
}

TEST(LeastInFloatTest, AsksNothingOfOneNodeOrNone) {
  const auto never = [](size_t) {
    ADD_FAILURE();
    return true;
  };
  EXPECT_EQ(*LeastInFloat(1, never, NoProgress()), 1U);
  EXPECT_EQ(*LeastInFloat(0, never, NoProgress()), 0U);
}

TEST(RankNodesTest, PutsTheWorstFirstAndEqualsInOrder) {
  const auto ranked = RankNodes(StaticPlan(5).nodes,
                                TrialsOf({{"n1", 0.1}, {"n3", 0.5}, {"n4", 0.1}}), NoProgress());
  ASSERT_TRUE(ranked);
  std::vector<std::string> names;
  for (const RankedNode& node : *ranked) names.push_back(node.node);
  EXPECT_THAT(names, ElementsAre("n3", "n1", "n4", "n0", "n2"));
  EXPECT_DOUBLE_EQ((*ranked)[0].damage, 50);
  EXPECT_DOUBLE_EQ((*ranked)[4].damage, 0);
}

TEST(RankNodesTest, TakesWhatDoesNotRunForTheWorst) {
  Trials trials = TrialsOf({{"n0", 0.9}});
  const auto runs = trials.quick;
  trials.quick = [runs](const std::vector<NodeChoice>& nodes) -> Result<Closeness> {
    if (nodes[0].node == "n2") return InvalidArgument("does not load", "");
    return runs(nodes);
  };
  const auto ranked = RankNodes(StaticPlan(3).nodes, trials, NoProgress());
  ASSERT_TRUE(ranked);
  EXPECT_EQ((*ranked)[0].node, "n2");
  EXPECT_EQ((*ranked)[1].node, "n0");
}

TEST(RankNodesTest, LeavesStaticMoversOut) {
  std::vector<NodeChoice> nodes = {{"r", "Reshape", Format::kInt8Static, ""},
                                   {"m", "MatMul", Format::kInt8Static, ""},
                                   {"table", "Gather", Format::kInt8Weights, ""}};
  const auto ranked = RankNodes(nodes, TrialsOf({}), NoProgress());
  ASSERT_TRUE(ranked);
  ASSERT_EQ(ranked->size(), 2U);
  EXPECT_EQ((*ranked)[0].node, "m");
  EXPECT_EQ((*ranked)[1].node, "table");
}

TEST(RankNodesTest, RanksManyNodesInGroupsOfNeighboursAndLooksIntoTheWorst) {
  std::vector<size_t> sizes;
  Trials trials = TrialsOf({{"n100", 0.5}});
  const auto runs = trials.quick;
  trials.quick = [&sizes, runs](const std::vector<NodeChoice>& nodes) {
    sizes.push_back(nodes.size());
    return runs(nodes);
  };
  const auto ranked = RankNodes(StaticPlan(130).nodes, trials, NoProgress());
  ASSERT_TRUE(ranked);
  ASSERT_EQ(ranked->size(), 130U);
  EXPECT_EQ(sizes.size(), 15U + 12U) << "groups of 9, the last of 4; then thirds of four of them";
  EXPECT_EQ(sizes.front(), 9U);
  EXPECT_EQ(sizes[14], 4U);
  EXPECT_EQ(sizes.back(), 3U);
  EXPECT_EQ((*ranked)[0].node, "n99");  // of n99 to n107 the part n99, n100, n101
  EXPECT_EQ((*ranked)[2].node, "n101");
  EXPECT_DOUBLE_EQ((*ranked)[0].damage, 0.5 / 0.01 / 3);
  std::set<std::string> all;
  for (const RankedNode& node : *ranked) all.insert(node.node);
  EXPECT_EQ(all.size(), 130U);
}

// Runs where none of `blockers` is in the plan.
std::function<bool(const std::vector<NodeChoice>&)> Without(const std::set<std::string>& blockers,
                                                            int& calls) {
  return [blockers, &calls](const std::vector<NodeChoice>& nodes) {
    ++calls;
    return std::none_of(nodes.begin(), nodes.end(),
                        [&](const NodeChoice& choice) { return blockers.contains(choice.node); });
  };
}

TEST(NodesThatDoNotRunTest, FindsThemByBisection) {
  for (const std::set<std::string>& blockers :
       {std::set<std::string>{}, {"n0"}, {"n31"}, {"n7"}, {"n3", "n20"}}) {
    int calls = 0;
    const auto found =
        NodesThatDoNotRun(Chain(32), StaticPlan(32).nodes, Without(blockers, calls), NoProgress());
    ASSERT_TRUE(found);
    EXPECT_EQ(std::set<std::string>(found->begin(), found->end()), blockers);
    // Five steps for each, and the question whether that is all.
    EXPECT_LE(calls, 1 + 6 * static_cast<int>(blockers.size()));
  }
}

TEST(NodesThatDoNotRunTest, TakesTheOperatorAfterItsThirdNode) {
  std::set<std::string> all;
  for (int i = 0; i < 40; ++i) all.insert("n" + std::to_string(i));
  int calls = 0;
  const auto found =
      NodesThatDoNotRun(Chain(40), StaticPlan(40).nodes, Without(all, calls), NoProgress());
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->empty()) << "nothing is left to run";
  EXPECT_LE(calls, 30);
}

// A mover is in a plan only with the node behind it, and that one is not to blame.
TEST(NodesThatDoNotRunTest, BlamesAMoverBeforeTheNodeBehindIt) {
  quantize::Prepared prepared;
  prepared.model = ModelBuilder(13)
                       .Input("x", {1, 4})
                       .Uniform("w", {4, 4}, 1)
                       .Op("MatMul", {"x", "w"}, {"a"})
                       .Op("Transpose", {"a"}, {"t"})
                       .Op("MatMul", {"t", "w"}, {"b"})
                       .Output("b")
                       .Build();
  prepared.abilities = {{"a", "MatMul", quantize::Role::kCompute, true, true, 16, {0}, ""},
                        {"t", "Transpose", quantize::Role::kMover, false, false, 0, {0}, ""},
                        {"b", "MatMul", quantize::Role::kCompute, true, true, 16, {0}, ""}};
  const std::vector<NodeChoice> plan = {
      {"a", "MatMul", Format::kInt8Static, "runs in integers"},
      {"t", "Transpose", Format::kInt8Static, "carries the codes on"},
      {"b", "MatMul", Format::kInt8Static, "runs in integers"}};
  int calls = 0;
  const auto found = NodesThatDoNotRun(prepared, plan, Without({"t"}, calls), NoProgress());
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre("t"));
}

TEST(RepairTest, LeavesJustTheHarmfulNodesInFloat) {
  const struct {
    const char* what;
    size_t length;
    std::map<std::string, double> damage;
    std::set<std::string> in_float;
  } cases[] = {
      {"one", 6, {{"n2", 0.3}}, {"n2"}},
      {"two of three: the third stays within three quarters of the tolerance of 0.01",
       8,
       {{"n1", 0.2}, {"n5", 0.05}, {"n6", 0.007}},
       {"n1", "n5"}},
      {"three: it would hold without the third, and not with a margin",
       8,
       {{"n1", 0.2}, {"n5", 0.05}, {"n6", 0.008}},
       {"n1", "n5", "n6"}},
      {"many small ones", 12, {{"n0", .004}, {"n3", .003}, {"n7", .002}, {"n9", .001}}, {"n0"}},
      {"all but one", 4, {{"n0", 0.1}, {"n1", 0.1}, {"n3", 0.1}}, {"n0", "n1", "n3"}},
  };
  for (const auto& [what, length, damage, in_float] : cases) {
    const Candidate broken = StaticPlan(length);
    const auto repaired = Repair(broken, Chain(length), TrialsOf(damage), NoProgress());
    ASSERT_TRUE(repaired && *repaired) << what;
    std::vector<std::string> rest;
    for (const std::string& name : Names(broken.nodes)) {
      if (!in_float.contains(name)) rest.push_back(name);
    }
    EXPECT_EQ(Names((*repaired)->nodes), rest) << what;
    EXPECT_EQ((*repaired)->name, "static, chain, " + std::to_string(in_float.size()) + " of " +
                                     std::to_string(length) + " nodes in float");
    EXPECT_EQ((*repaired)->speedup.value, 0) << "not measured yet";
  }
}

TEST(RepairTest, GivesUpWhereEveryNodeHarms) {
  std::map<std::string, double> damage;
  for (int i = 0; i < 5; ++i) damage["n" + std::to_string(i)] = 0.1;
  const auto repaired = Repair(StaticPlan(5), Chain(5), TrialsOf(damage), NoProgress());
  ASSERT_TRUE(repaired);
  EXPECT_FALSE(*repaired);
}

TEST(RepairTest, StopsWhenTheUserAsks) {
  Stopping stopping;
  EXPECT_EQ(RankNodes(StaticPlan(3).nodes, TrialsOf({}), stopping).error().code,
            ErrorCode::kCancelled);
  EXPECT_EQ(LeastInFloat(
                9, [](size_t) { return true; }, stopping)
                .error()
                .code,
            ErrorCode::kCancelled);
}

}  // namespace
}  // namespace tare::search
