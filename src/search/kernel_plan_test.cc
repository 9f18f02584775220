// The cut of a plan against every subset of its nodes, on random small graphs.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "graph/model_builder.h"
#include "search/kernel_plan_internal.h"

namespace tare::search {
namespace {

using graph::ModelBuilder;
using quantize::Ability;
using quantize::Format;
using quantize::Role;
using testing::ElementsAre;
using testing::IsEmpty;

struct Case {
  quantize::Prepared prepared;
  std::vector<quantize::NodeChoice> plan;
  runtime::KernelTimes float_times;
  runtime::KernelTimes int8_times;
  std::map<std::string, double> elements;

  // Adds a node named as its output; "w" among the inputs is a constant.
  void Add(const std::string& op, const std::vector<std::string>& inputs, const std::string& name) {
    graph::Node node;
    node.name = name;
    node.op_type = op;
    node.inputs = inputs;
    node.outputs = {name};
    prepared.model.graph.nodes.push_back(node);
    const bool mover = op == "Transpose";
    const bool joins = mover || op == "MatMul" || op == "Add";
    Ability ability{name, op};
    ability.role = mover            ? Role::kMover
                   : op == "MatMul" ? Role::kCompute
                   : op == "Add"    ? Role::kElement
                                    : Role::kNone;
    for (size_t i = 0; joins && i < inputs.size(); ++i) {
      if (inputs[i] != "w") ability.data_inputs.push_back(i);
    }
    prepared.abilities.push_back(ability);
    if (joins) plan.push_back({name, op, Format::kInt8Static, ""});
  }

  void Take(double float_us, double int8_us) {
    const std::string& name = prepared.model.graph.nodes.back().name;
    if (float_us > 0) float_times[name] = float_us;
    if (int8_us > 0) int8_times[name] = int8_us;
  }

  std::vector<std::string> Cut() const {
    return NodesBetterInFloat(prepared, plan, float_times, int8_times, elements);
  }
};

Case Empty() {
  Case made;
  made.prepared.model = ModelBuilder(13).Input("x", {1, 4}).Floats("w", {1}, {1}).Build();
  return made;
}

void EndAt(Case& made, const std::string& value) {
  made.prepared.model.graph.outputs.push_back({{value, DType::kFloat32, {1, 4}}, ""});
}

// The sum that the header defines, for the nodes of `integers` in int8, written from the
// definition.
class SlowCost {
 public:
  explicit SlowCost(const Case& given) : given_(given) {
    for (const auto& choice : given.plan) planned_.insert(choice.node);
    for (const graph::Node& node : Nodes()) {
      for (const std::string& input : node.inputs) readers_[input].push_back(&node);
      makers_[node.outputs[0]] = &node;
    }
    for (const auto& output : given.prepared.model.graph.outputs) outputs_.insert(output.info.name);
    FillCosts();
  }

  double operator()(const std::set<std::string>& integers) const {
    double cost = 0;
    for (const std::string& name : planned_) {
      const auto found = costs_.find(name);
      if (found == costs_.end()) continue;
      cost += integers.contains(name) ? found->second.second : found->second.first;
    }
    for (const graph::Node& node : Nodes()) {
      for (const std::string& input : node.inputs) {
        if (input != "w" && InIntegers(input, integers) != InIntegers(node.name, integers))
          cost += Crossing(input);
      }
    }
    for (const std::string& output : outputs_) {
      if (InIntegers(output, integers)) cost += Crossing(output);
    }
    return cost;
  }

 private:
  const std::vector<graph::Node>& Nodes() const { return given_.prepared.model.graph.nodes; }

  static double Median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  }

  // Products that a profile lacks cost what the others suggest; a sum that int8 has no kernel of costs
  // nothing on either side.
  void FillCosts() {
    std::vector<double> in_float, in_int8, gains;
    for (const std::string& name : planned_) {
      if (makers_.at(name)->op_type == "Transpose") continue;
      const auto& [a, b] =
          costs_[name] = {TimeOf(name, given_.float_times), TimeOf(name, given_.int8_times)};
      if (makers_.at(name)->op_type != "MatMul" || a == 0 || b == 0) continue;
      in_float.push_back(a);
      in_int8.push_back(b);
      gains.push_back(a / b);
    }
    const double gain = gains.empty() ? 1 : Median(gains);
    for (auto& [name, cost] : costs_) {
      auto& [a, b] = cost;
      if (makers_.at(name)->op_type != "MatMul") {
        if (b == 0) a = 0;
      } else if (a == 0 && b == 0) {
        if (!gains.empty()) cost = {Median(in_float), Median(in_int8)};
      } else if (a == 0) {
        a = b * gain;
      } else if (b == 0) {
        b = a / gain;
      }
    }
  }

  bool IsOnlyReader(const std::string& value) const {
    return readers_.contains(value) && readers_.at(value).size() == 1 && !outputs_.contains(value);
  }

  // An activation alone behind a node is fused into it: its time and its side are the node's.
  const graph::Node* Fused(const std::string& name) const {
    if (!IsOnlyReader(name)) return nullptr;
    const graph::Node* reader = readers_.at(name)[0];
    return reader->op_type == "Relu" ? reader : nullptr;
  }

  double TimeOf(const std::string& name, const runtime::KernelTimes& times) const {
    const auto lookup = [&](const std::string& key) {
      return times.contains(key) ? times.at(key) : 0;
    };
    const bool arithmetic =
        makers_.at(name)->op_type == "MatMul" || makers_.at(name)->op_type == "Add";
    const graph::Node* fused = arithmetic ? Fused(name) : nullptr;
    return lookup(name) + (fused == nullptr ? 0 : lookup(fused->name));
  }

  bool InIntegers(const std::string& value, const std::set<std::string>& integers) const {
    if (!makers_.contains(value)) return false;  // an input of the graph
    const graph::Node& node = *makers_.at(value);
    const bool follows = node.op_type == "Relu" && IsOnlyReader(node.inputs[0]);
    return follows && makers_.contains(node.inputs[0]) ? InIntegers(node.inputs[0], integers)
                                                       : integers.contains(value);
  }

  double Crossing(const std::string& value) const {
    const auto found = given_.elements.find(value);
    return kCrossingStartUs +
           kCrossingUsPerElement * (found == given_.elements.end() ? 0 : found->second);
  }

  const Case& given_;
  std::set<std::string> planned_;
  std::map<std::string, std::pair<double, double>> costs_;
  std::map<std::string, std::vector<const graph::Node*>> readers_;
  std::map<std::string, const graph::Node*> makers_;
  std::set<std::string> outputs_;
};

Case RandomCase(uint64_t seed) {
  Random random(seed);
  const auto below = [&](size_t count) {
    return static_cast<size_t>(random.Uniform() * static_cast<double>(count));
  };
  Case made = Empty();
  std::vector<std::string> values = {"x"};
  const size_t num_nodes = 3 + below(9);
  for (size_t i = 0; i < num_nodes; ++i) {
    // Mostly the latest value: chains with a few branches, as networks are.
    const auto pick = [&] { return below(3) > 0 ? values.back() : values[below(values.size())]; };
    const std::string name = "n" + std::to_string(i);
    const size_t kind = below(10);
    if (kind < 4) made.Add("MatMul", {pick(), "w"}, name);
    if (kind == 4 || kind == 5) made.Add("Add", {pick(), values[below(values.size())]}, name);
    if (kind == 6 || kind == 7) made.Add("Relu", {pick()}, name);
    if (kind == 8) made.Add("Transpose", {pick()}, name);
    if (kind == 9) made.Add("Tanh", {pick()}, name);
    const double most = seed % 2 == 0 ? 40 : 4;
    if (below(8) > 0) made.Take(random.Uniform() * most, random.Uniform() * most);
    if (below(8) == 0) made.int8_times.erase(name);
    if (below(8) == 0) made.float_times.erase(name);
    if (below(4) > 0) made.elements[name] = static_cast<double>(below(30000));
    values.push_back(name);
  }
  EndAt(made, values.back());
  if (below(2) == 0) EndAt(made, values[1 + below(num_nodes)]);
  return made;
}

TEST(NodesBetterInFloatTest, CostsNoMoreThanAnySubsetOfThePlan) {
  int num_mixed = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const Case given = RandomCase(seed);
    const SlowCost cost(given);
    const size_t n = given.plan.size();
    double least = INFINITY;
    for (size_t bits = 0; bits < size_t{1} << n; ++bits) {
      std::set<std::string> integers;
      for (size_t i = 0; i < n; ++i) {
        if ((bits >> i & 1) != 0) integers.insert(given.plan[i].node);
      }
      least = std::min(least, cost(integers));
    }
    const auto in_float = given.Cut();
    std::set<std::string> integers;
    for (const auto& choice : given.plan) integers.insert(choice.node);
    for (const std::string& name : in_float) EXPECT_EQ(integers.erase(name), 1U) << name;
    num_mixed += !in_float.empty() && !integers.empty() ? 1 : 0;
    // Sums of at most 40 terms of at most 40 us, in another order.
    EXPECT_NEAR(cost(integers), least, 1e-9) << "seed " << seed;
  }
  EXPECT_GT(num_mixed, 20) << "most cuts were all or nothing: the cases test little";
}

TEST(NodesBetterInFloatTest, KeepsWhatGainsMoreThanItsCrossings) {
  Case given = Empty();
  given.Add("MatMul", {"x", "w"}, "a");
  given.Take(20, 10);  // saves 10 us, and an island costs two crossings of 4
  EndAt(given, "a");
  EXPECT_THAT(given.Cut(), IsEmpty());
  given.int8_times["a"] = 13;  // saves 7
  EXPECT_THAT(given.Cut(), ElementsAre("a"));
}

TEST(NodesBetterInFloatTest, CountsTheElementsThatCross) {
  Case given = Empty();
  given.Add("MatMul", {"x", "w"}, "a");
  given.Take(100, 50);
  EndAt(given, "a");
  given.elements["a"] = 100000;  // 35 us beside the two starts: 43 in all
  EXPECT_THAT(given.Cut(), IsEmpty());
  given.elements["x"] = 100000;  // 78
  EXPECT_THAT(given.Cut(), ElementsAre("a"));
}

// Kernels of small models take less than a microsecond each, and add up.
TEST(NodesBetterInFloatTest, AddsUpKernelsOfLessThanAMicrosecond) {
  Case given = Empty();
  std::string value = "x";
  for (int i = 0; i < 10; ++i) {
    const std::string name = "n" + std::to_string(i);
    given.Add("MatMul", {value, "w"}, name);
    given.Take(0.95, 0.05);  // ten save 9 us, and the two crossings cost 8
    value = name;
  }
  EndAt(given, value);
  EXPECT_THAT(given.Cut(), IsEmpty());
}

TEST(NodesBetterInFloatTest, GivesAProductThatAProfileLacksTheGainOfTheOthers) {
  Case given = Empty();
  given.Add("MatMul", {"x", "w"}, "a");
  given.Take(100, 50);
  given.Add("Tanh", {"a"}, "t");
  given.Add("MatMul", {"t", "w"}, "b");
  given.Take(100, 0);  // renamed in int8
  EndAt(given, "b");
  EXPECT_THAT(given.Cut(), IsEmpty()) << "it saves 50 us as the other does, and crossings cost 8";
}

TEST(NodesBetterInFloatTest, TakesAnActivationWithItsNode) {
  Case given = Empty();
  given.Add("MatMul", {"x", "w"}, "a");
  given.Take(10, 10);
  given.Add("Relu", {"a"}, "r");  // fused in int8, a kernel of its own in float
  given.Take(9, 0);
  EndAt(given, "r");
  EXPECT_THAT(given.Cut(), IsEmpty());
}

}  // namespace
}  // namespace tare::search
