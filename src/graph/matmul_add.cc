// MatMul and Add of a row, made one Gemm.

#include <algorithm>

#include "graph/gentle_internal.h"
#include "tare/graph/canonical.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

bool IsMatrix(const SharedTensor* constant) {
  return constant != nullptr && (*constant)->dtype() == DType::kFloat32 && (*constant)->rank() == 2;
}

// One value a column: [N] or [1, N].
bool IsRow(const SharedTensor* constant, int64_t columns) {
  if (constant == nullptr || (*constant)->dtype() != DType::kFloat32) return false;
  const Shape& shape = (*constant)->shape();
  return (*constant)->num_elements() == columns && !shape.empty() && shape.size() <= 2 &&
         shape.back() == columns;
}

// The Add behind MatMul `product`, when the two are a Gemm; -1 else.
int64_t AddBehind(const Graph& graph, const GraphIndex& index, const Node& product) {
  const SharedTensor* weight = index.Constant(product.Input(1));
  if (!product.Is("MatMul") || !IsMatrix(weight) || !index.HasOneUse(product.outputs[0])) return -1;
  const Use use = index.Uses(product.outputs[0])[0];
  const Node& add = graph.nodes[static_cast<size_t>(use.node)];
  if (!add.Is("Add") || add.inputs.size() != 2 || use.input > 1) return -1;
  const SharedTensor* row = index.Constant(add.Input(use.input == 0 ? 1 : 0));
  const bool fits = IsRow(row, (*weight)->shape()[1]) && StaysGentle(graph, index, add.outputs[0]);
  return fits ? use.node : -1;
}

}  // namespace

int64_t MakeGemms(Graph& graph, const std::set<std::string>& matrices) {
  const GraphIndex index(graph);
  std::vector<bool> gone(graph.nodes.size(), false);
  int64_t count = 0;
  for (size_t i = 0; i < graph.nodes.size(); ++i) {
    Node& product = graph.nodes[i];
    if (!matrices.contains(product.Input(0))) continue;
    const int64_t at = AddBehind(graph, index, product);
    if (at < 0) continue;
    const Node& add = graph.nodes[static_cast<size_t>(at)];
    product.op_type = "Gemm";
    product.inputs.push_back(add.inputs[add.inputs[0] == product.outputs[0] ? 1 : 0]);
    product.outputs = add.outputs;
    gone[static_cast<size_t>(at)] = true;
    ++count;
  }
  size_t at = 0;
  std::erase_if(graph.nodes, [&](const Node&) { return gone[at++]; });
  return count;
}

bool HasMatMulAdd(const Graph& graph) {
  const GraphIndex index(graph);
  return std::any_of(graph.nodes.begin(), graph.nodes.end(),
                     [&](const Node& node) { return AddBehind(graph, index, node) >= 0; });
}

}  // namespace tare::graph
