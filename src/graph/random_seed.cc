// Seeds for the random operators of a model.

#include <algorithm>
#include <array>

#include "tare/graph/canonical.h"

namespace tare::graph {
namespace {

// Seeds are floats in a file; these are whole numbers that one holds exactly, and nobody's favourites.
constexpr int64_t kFirstSeed = 15'728'641;
constexpr int64_t kLastSeed = 16'777'215;

bool IsOwnSeed(const AttributeValue* seed) {
  const auto* number = seed == nullptr ? nullptr : std::get_if<float>(seed);
  return number != nullptr && *number >= static_cast<float>(kFirstSeed) &&
         *number <= static_cast<float>(kLastSeed);
}

template <class Change>
void ForEachRandom(Graph& graph, const Change& change) {
  for (Node& node : graph.nodes) {
    if (IsRandomOp(node)) change(node);
    for (Attribute& attribute : node.attributes) {
      auto* body = std::get_if<SharedGraph>(&attribute.value);
      if (body == nullptr || !HasRandomOps(**body)) continue;
      Graph changed = **body;
      ForEachRandom(changed, change);
      *body = std::make_shared<const Graph>(std::move(changed));
    }
  }
}

}  // namespace

bool IsRandomOp(const Node& node) {
  static constexpr std::array<std::string_view, 6> kRandom = {
      "RandomNormal",      "RandomUniform", "RandomNormalLike",
      "RandomUniformLike", "Multinomial",   "Bernoulli"};
  return node.domain.empty() &&
         std::find(kRandom.begin(), kRandom.end(), node.op_type) != kRandom.end();
}

bool HasRandomOps(const Graph& graph) {
  return std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const Node& node) {
    const auto bodies = node.Bodies();
    return IsRandomOp(node) || std::any_of(bodies.begin(), bodies.end(),
                                           [](const auto& body) { return HasRandomOps(*body); });
  });
}

int64_t SeedRandomOps(Graph& graph) {
  int64_t count = 0;
  ForEachRandom(graph, [&](Node& node) {
    if (node.Find("seed") != nullptr) return;
    node.Set("seed", static_cast<float>(std::min(kFirstSeed + count, kLastSeed)));
    ++count;
  });
  return count;
}

void UnseedRandomOps(Graph& graph) {
  ForEachRandom(graph, [](Node& node) {
    if (IsOwnSeed(node.Find("seed"))) node.Remove("seed");
  });
}

}  // namespace tare::graph
