#include "tare/graph/index.h"

#include <algorithm>

namespace tare::graph {

std::set<std::string> CapturedNames(const Graph& graph) {
  std::set<std::string> own;
  for (const Value& input : graph.inputs) own.insert(input.info.name);
  for (const Initializer& initializer : graph.initializers) own.insert(initializer.name);
  for (const Node& node : graph.nodes) own.insert(node.outputs.begin(), node.outputs.end());

  std::set<std::string> captured;
  const auto read = [&](const std::string& name) {
    if (!name.empty() && !own.contains(name)) captured.insert(name);
  };
  for (const Node& node : graph.nodes) {
    std::for_each(node.inputs.begin(), node.inputs.end(), read);
    for (const SharedGraph& body : node.Bodies()) {
      const auto inner = CapturedNames(*body);
      std::for_each(inner.begin(), inner.end(), read);
    }
  }
  // A body may hand a value of the graph around it straight through.
  for (const Value& output : graph.outputs) read(output.info.name);
  return captured;
}

GraphIndex::GraphIndex(const Graph& graph) {
  for (const Value& input : graph.inputs) inputs_.insert(input.info.name);
  for (const Value& output : graph.outputs) outputs_.insert(output.info.name);
  for (const Initializer& initializer : graph.initializers)
    initializers_[initializer.name] = &initializer;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    const auto at = static_cast<int64_t>(i);
    for (const std::string& output : node.outputs) {
      if (!output.empty()) producers_[output] = at;
    }
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (!node.inputs[k].empty()) uses_[node.inputs[k]].push_back({at, static_cast<int64_t>(k)});
    }
    for (const SharedGraph& body : node.Bodies()) {
      for (const std::string& name : CapturedNames(*body))
        uses_[name].push_back({at, Use::kCaptured});
    }
  }
}

int64_t GraphIndex::Producer(const std::string& value) const {
  const auto found = producers_.find(value);
  return found == producers_.end() ? -1 : found->second;
}

std::span<const Use> GraphIndex::Uses(const std::string& value) const {
  const auto found = uses_.find(value);
  return found == uses_.end() ? std::span<const Use>() : std::span<const Use>(found->second);
}

const SharedTensor* GraphIndex::Constant(const std::string& value) const {
  const auto found = initializers_.find(value);
  if (found == initializers_.end() || found->second->value == nullptr) return nullptr;
  // Listed among the inputs it is the default of an optional input: a caller may give another.
  return IsInput(value) ? nullptr : &found->second->value;
}

bool GraphIndex::HasOneUse(const std::string& value) const {
  const auto uses = Uses(value);
  return uses.size() == 1 && uses[0].input != Use::kCaptured && !IsOutput(value);
}

NameMaker::NameMaker(const Graph& graph) { Collect(graph); }

void NameMaker::Collect(const Graph& graph) {
  for (const Value& value : graph.inputs) taken_.insert(value.info.name);
  for (const Value& value : graph.outputs) taken_.insert(value.info.name);
  for (const Initializer& initializer : graph.initializers) taken_.insert(initializer.name);
  for (const Node& node : graph.nodes) {
    taken_.insert(node.name);
    taken_.insert(node.inputs.begin(), node.inputs.end());
    taken_.insert(node.outputs.begin(), node.outputs.end());
    for (const SharedGraph& body : node.Bodies()) Collect(*body);
  }
}

std::string NameMaker::Make(std::string_view wanted) {
  std::string name(wanted);
  for (int number = 1; !taken_.insert(name).second; ++number) name = StrCat(wanted, "_", number);
  return name;
}

namespace {

// True when a node, here or in a body, needs a name.
bool NameInGraph(Graph& graph, NameMaker& names, std::set<std::string>& seen) {
  bool changed = false;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& node = graph.nodes[i];
    if (node.name.empty() || !seen.insert(node.name).second) {
      node.name = names.Make(node.name.empty() ? StrCat(node.op_type, "_", i) : node.name);
      seen.insert(node.name);
      changed = true;
    }
    for (Attribute& attribute : node.attributes) {
      auto* body = std::get_if<SharedGraph>(&attribute.value);
      if (body == nullptr) continue;
      Graph named = **body;
      if (!NameInGraph(named, names, seen)) continue;
      *body = std::make_shared<const Graph>(std::move(named));
      changed = true;
    }
  }
  return changed;
}

}  // namespace

void NameNodes(Graph& graph) {
  NameMaker names(graph);
  std::set<std::string> seen;
  NameInGraph(graph, names, seen);
}

void Prune(Graph& graph) {
  std::set<std::string> needed;
  for (const Value& output : graph.outputs) needed.insert(output.info.name);
  std::vector<bool> keep(graph.nodes.size(), false);
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    const Node& node = graph.nodes[i];
    // From the end: readers come after what they read, so one pass knows all needs.
    keep[i] = std::any_of(node.outputs.begin(), node.outputs.end(),
                          [&](const std::string& output) { return needed.contains(output); });
    if (!keep[i]) continue;
    needed.insert(node.inputs.begin(), node.inputs.end());
    for (const SharedGraph& body : node.Bodies()) needed.merge(CapturedNames(*body));
  }
  size_t at = 0;
  std::erase_if(graph.nodes, [&](const Node&) { return !keep[at++]; });

  // The default of an optional input goes where the input goes: nowhere.
  for (const Value& input : graph.inputs) needed.insert(input.info.name);
  std::erase_if(graph.initializers,
                [&](const Initializer& initializer) { return !needed.contains(initializer.name); });

  for (const Node& node : graph.nodes) needed.insert(node.outputs.begin(), node.outputs.end());
  std::erase_if(graph.value_infos,
                [&](const Value& value) { return !needed.contains(value.info.name); });
}

Result<void> SortNodes(Graph& graph) {
  std::set<std::string> made;
  for (const Node& node : graph.nodes) {
    for (const std::string& name : node.outputs) {
      if (name.empty() || made.insert(name).second) continue;
      return DataLoss(StrCat("the value '", name, "' is made twice, the second time by node '",
                             node.name, "' (", node.op_type, ")"),
                      "export the model again");
    }
  }
  const GraphIndex index(graph);
  std::vector<int64_t> waiting(graph.nodes.size(),
                               0);  // distinct producers that are not placed yet
  std::vector<std::vector<size_t>> users(graph.nodes.size());
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    std::set<std::string> read(graph.nodes[i].inputs.begin(), graph.nodes[i].inputs.end());
    for (const SharedGraph& body : graph.nodes[i].Bodies()) read.merge(CapturedNames(*body));
    for (const std::string& name : read) {
      const int64_t producer = index.Producer(name);
      if (producer < 0) continue;
      ++waiting[i];
      users[static_cast<size_t>(producer)].push_back(i);
    }
  }
  std::set<size_t> ready;
  for (size_t i = 0; i < waiting.size(); ++i) {
    if (waiting[i] == 0) ready.insert(i);
  }
  std::vector<size_t> order;
  while (!ready.empty()) {
    // The least position that may come: a graph in order keeps its order.
    const size_t next = *ready.begin();
    ready.erase(ready.begin());
    for (const size_t user : users[next]) {
      if (--waiting[user] == 0) ready.insert(user);
    }
    order.push_back(next);
  }
  if (order.size() != waiting.size()) {
    const auto in_cycle = static_cast<size_t>(
        std::find_if(waiting.begin(), waiting.end(), [](int64_t n) { return n > 0; }) -
        waiting.begin());
    return DataLoss(StrCat("the graph has a cycle: node '", graph.nodes[in_cycle].name, "' (",
                           graph.nodes[in_cycle].op_type, "), which makes '",
                           graph.nodes[in_cycle].outputs[0], "', waits for its own output"),
                    "export the model again");
  }
  std::vector<Node> sorted;
  for (const size_t i : order) sorted.push_back(std::move(graph.nodes[i]));
  graph.nodes = std::move(sorted);
  return {};
}

}  // namespace tare::graph
