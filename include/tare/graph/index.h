// Who makes and who uses each value of a graph; names that are free.

#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tare/graph/model.h"

namespace tare::graph {

/// One use of a value: input `input` of node `node`; kCaptured when a body of the node reads it.
struct Use {
  static constexpr int64_t kCaptured = -1;
  int64_t node = 0;
  int64_t input = 0;
};

/// Producers and consumers of a graph's values. A snapshot: edits of the graph make it stale.
///
/// Threads  const calls may run together.
/// Cost     O(nodes + values) to build; O(1) a query.
class GraphIndex {
 public:
  explicit GraphIndex(const Graph& graph);

  /// Index of the node that makes `value`; -1 for inputs, initializers and unknown names.
  int64_t Producer(const std::string& value) const;
  /// Every use by nodes of this graph, bodies included, in node order.
  std::span<const Use> Uses(const std::string& value) const;
  bool IsOutput(const std::string& value) const { return outputs_.contains(value); }
  bool IsInput(const std::string& value) const { return inputs_.contains(value); }
  /// The value's tensor when it is a constant that tare can read, else null: an initializer that is
  /// an input too is the default of an optional input, and no constant.
  const SharedTensor* Constant(const std::string& value) const;
  /// True for constants and for the defaults of optional inputs.
  bool IsInitializer(const std::string& value) const { return initializers_.contains(value); }
  /// True when exactly one node input reads the value, no body does, and it is no output.
  bool HasOneUse(const std::string& value) const;

 private:
  std::unordered_map<std::string, int64_t> producers_;
  std::unordered_map<std::string, std::vector<Use>> uses_;
  std::unordered_map<std::string, const Initializer*> initializers_;
  std::set<std::string> inputs_;
  std::set<std::string> outputs_;
};

/// Names that a graph reads from the graph around it, bodies of its nodes included; outputs that it
/// hands through count too.
std::set<std::string> CapturedNames(const Graph& graph);

/// Makes names that no value or node of a model has, bodies included: values and nodes share one
/// space here, so that a name is never both.
/// Threads  none.
class NameMaker {
 public:
  explicit NameMaker(const Graph& graph);
  /// Returns `wanted`, or `wanted` with the first free number behind it; the name is then taken.
  std::string Make(std::string_view wanted);

 private:
  void Collect(const Graph& graph);
  std::set<std::string, std::less<>> taken_;
};

/// Gives every node, in bodies too, a name of its own: "<op>_<index>" where it has none or shares it.
void NameNodes(Graph& graph);

/// Removes nodes whose outputs nobody reads and initializers that nobody reads. Graph inputs stay, and
/// with them the defaults of optional ones.
/// Edge    one pass from the end: the nodes must be in order (SortNodes).
void Prune(Graph& graph);

/// Brings the nodes into an order in which every value is made before it is used; nodes that are
/// in order keep their places.
/// Errors  kDataLoss: the graph has a cycle, or makes a value twice.
Result<void> SortNodes(Graph& graph);

}  // namespace tare::graph
