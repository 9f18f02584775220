#include <algorithm>
#include <set>
#include <vector>

#include "graph/gentle_internal.h"

namespace tare::graph {
namespace {

// Sums of many terms.
bool IsSum(const Node& node) {
  static const std::set<std::string> kSums = {"Conv", "ConvTranspose", "MatMul", "Gemm",
                                              "LSTM", "GRU",           "RNN",    "Einsum"};
  return node.domain.empty() && kSums.contains(node.op_type);
}

// Reads the extents of its input and none of its values.
bool ReadsExtents(const Node& node) {
  static const std::set<std::string> kReaders = {"Shape", "Size", "RandomNormalLike",
                                                 "RandomUniformLike", "EyeLike"};
  return node.domain.empty() && kReaders.contains(node.op_type);
}

// Continuous in all of their float inputs, with a slope that is bounded.
bool IsSmooth(const Node& node) {
  static const std::set<std::string> kSmooth = {"Abs",
                                                "Add",
                                                "AveragePool",
                                                "BatchNormalization",
                                                "Celu",
                                                "Clip",
                                                "Concat",
                                                "DepthToSpace",
                                                "Dropout",
                                                "Elu",
                                                "Erf",
                                                "Exp",
                                                "Flatten",
                                                "Gelu",
                                                "GlobalAveragePool",
                                                "GlobalMaxPool",
                                                "GroupNormalization",
                                                "HardSigmoid",
                                                "HardSwish",
                                                "Identity",
                                                "InstanceNormalization",
                                                "LRN",
                                                "LayerNormalization",
                                                "LeakyRelu",
                                                "LogSoftmax",
                                                "Max",
                                                "Mean",
                                                "Min",
                                                "Mish",
                                                "Mul",
                                                "Neg",
                                                "PRelu",
                                                "ReduceMax",
                                                "ReduceMean",
                                                "ReduceMin",
                                                "ReduceSum",
                                                "Relu",
                                                "Selu",
                                                "Sigmoid",
                                                "Sin",
                                                "Cos",
                                                "Softmax",
                                                "Softplus",
                                                "Softsign",
                                                "SpaceToDepth",
                                                "Split",
                                                "Sqrt",
                                                "Squeeze",
                                                "Sub",
                                                "Sum",
                                                "Tanh",
                                                "Transpose",
                                                "Unsqueeze"};
  return node.domain.empty() && kSmooth.contains(node.op_type);
}

// Moves its first input about; what else it reads are places and extents.
bool MovesFirst(const Node& node) {
  static const std::set<std::string> kMovers = {"Reshape",        "Slice",    "Pad",
                                                "Expand",         "Tile",     "Gather",
                                                "GatherElements", "GatherND", "Upsample"};
  return node.domain.empty() && kMovers.contains(node.op_type);
}

bool IsFloatType(int64_t type) {
  return type == static_cast<int64_t>(DType::kFloat32) ||
         type == static_cast<int64_t>(DType::kFloat64);
}

// True when input `input` of `node` may move a little: the outputs then move a little too.
bool IsGentle(const Node& node, int64_t input, const GraphIndex& index) {
  if (IsSmooth(node)) return true;
  if (MovesFirst(node)) return input == 0;
  if (node.Is("Resize")) return input == 0;
  // The places of the largest elements jump.
  if (node.Is("MaxPool")) return node.outputs.size() == 1;
  if (node.Is("Where")) return input != 0;
  if (node.Is("Cast")) return IsFloatType(node.Int("to", 0));
  // A divisor near 0 magnifies; so does a power that is not known.
  if (node.Is("Div") || node.Is("Pow"))
    return input == 0 && index.Constant(node.Input(1)) != nullptr;
  return false;
}

}  // namespace

bool StaysGentle(const Graph& graph, const GraphIndex& index, const std::string& value) {
  std::set<std::string> seen = {value};
  std::vector<std::string> open = {value};
  while (!open.empty()) {
    const std::string at = open.back();
    open.pop_back();
    for (const Use& use : index.Uses(at)) {
      const Node& reader = graph.nodes[static_cast<size_t>(use.node)];
      if (use.input == Use::kCaptured) return false;
      if (IsSum(reader) || ReadsExtents(reader)) continue;
      if (!IsGentle(reader, use.input, index)) return false;
      for (const std::string& output : reader.outputs) {
        if (!output.empty() && seen.insert(output).second) open.push_back(output);
      }
    }
  }
  return true;
}

}  // namespace tare::graph
