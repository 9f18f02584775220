#include "tare/quantize/fusion.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "tare/core/file.h"
#include "tare/graph/index.h"
#include "tare/graph/onnx.h"
#include "tare/quantize/apply.h"
#include "tare/runtime/analysis.h"

namespace tare::quantize {
namespace {

constexpr std::array<std::string_view, 18> kIntegerOps = {"QLinearConv",
                                                          "QLinearMatMul",
                                                          "MatMulIntegerToFloat",
                                                          "QGemm",
                                                          "QLinearAdd",
                                                          "QLinearMul",
                                                          "QLinearConcat",
                                                          "QLinearAveragePool",
                                                          "QLinearSigmoid",
                                                          "QLinearGlobalAveragePool",
                                                          "QLinearWhere",
                                                          "QLinearSoftmax",
                                                          "QLinearLeakyRelu",
                                                          "MatMulInteger",
                                                          "DynamicQuantizeMatMul",
                                                          "MatMulNBits",
                                                          "ConvInteger",
                                                          "DynamicQuantizeLSTM"};

bool IsInteger(const graph::Node& node) {
  return std::find(kIntegerOps.begin(), kIntegerOps.end(), node.op_type) != kIntegerOps.end();
}

// The runtime appends "_token_<n>" to the names of nodes that it makes anew.
std::string PlainName(const std::string& name) {
  const size_t token = name.rfind("_token_");
  return token == std::string::npos ? name : name.substr(0, token);
}

Result<graph::Model> Optimised(const graph::Model& model, const runtime::SessionOptions& options) {
  TARE_TRY(const auto folder, TemporaryFolder::Create());
  runtime::SessionOptions dumping = options;
  dumping.optimized_model_path = folder.path() + "/optimised.onnx";
  dumping.prepack = false;  // it never runs
  auto opened = runtime::MakeSession(model, dumping).While("opening the quantized model");
  // The runtime's words for a file that it could not write.
  if (!opened && opened.error().what.find("serialization failed") != std::string::npos) {
    return ResourceExhausted(
        StrCat("cannot write the optimised graph to ", dumping.optimized_model_path),
        "free some disk space, or set TMPDIR to a folder that has some");
  }
  if (!opened) return std::move(opened).error();
  return graph::ReadOnnx(dumping.optimized_model_path);
}

Island Explain(const graph::Node& node, const graph::Graph& optimised,
               const graph::GraphIndex& index) {
  const auto maker = [&](const std::string& value) -> const graph::Node* {
    const int64_t producer = index.Producer(value);
    return producer < 0 ? nullptr : &optimised.nodes[static_cast<size_t>(producer)];
  };
  for (const std::string& input : node.inputs) {
    const graph::Node* producer = maker(input);
    const bool quantized = producer != nullptr && producer->op_type == "DequantizeLinear";
    if (!quantized && !input.empty() && !index.IsInitializer(input)) {
      return {node.name, node.op_type, "every data input comes from a DequantizeLinear",
              StrCat("its input '", input, "' is float")};
    }
  }
  return {
      node.name, node.op_type, "the runtime has an integer kernel for this form",
      StrCat("the runtime left this ", node.op_type, " in float though its inputs are quantized")};
}

}  // namespace

namespace {

// What the names of the recipe's nodes became in the optimised graph.
struct Seen {
  std::set<std::string> integer;
  std::map<std::string, const graph::Node*> others;
  // Fused kernels of dynamic nodes do not keep their names: that some stand is all that can be told.
  int64_t fused_dynamic = 0;
};

void Look(const graph::Graph& graph, Seen& seen) {
  for (const graph::Node& node : graph.nodes) {
    if (IsInteger(node)) {
      seen.integer.insert(PlainName(node.name));
    } else {
      seen.others[PlainName(node.name)] = &node;
    }
    seen.fused_dynamic += node.op_type == "DynamicQuantizeMatMul" ||
                          node.op_type == "MatMulInteger" || node.op_type == "MatMulIntegerToFloat";
    for (const auto& body : node.Bodies()) Look(*body, seen);
  }
}

}  // namespace

Result<FusionReport> CountFused(const graph::Model& model, const Recipe& recipe,
                                const runtime::SessionOptions& options) {
  TARE_TRY(const graph::Model optimised, Optimised(model, options));
  const graph::GraphIndex index(optimised.graph);
  Seen seen;
  Look(optimised.graph, seen);
  const auto& [integer, others, fused_dynamic] = seen;
  FusionReport report;
  for (const NodeChoice& choice : recipe.nodes) {
    const bool dynamic = choice.format == Format::kInt8Dynamic;
    if (!dynamic && choice.format != Format::kInt8Static) continue;
    ++report.expected;
    const auto other = others.find(choice.node);
    bool fused = integer.contains(choice.node);
    if (dynamic && !fused) fused = other == others.end() && fused_dynamic > 0;
    // A mover that is gone was merged with others; one that stands must move integers.
    graph::Node mover;
    mover.op_type = choice.op_type;
    if (!fused && !dynamic && IsMoverOp(mover)) {
      const int64_t producer = other == others.end() ? -1 : index.Producer(other->second->Input(0));
      fused = producer < 0 ||
              optimised.graph.nodes[static_cast<size_t>(producer)].op_type != "DequantizeLinear";
    }
    if (fused) {
      ++report.fused;
    } else if (other != others.end()) {
      report.islands.push_back(Explain(*other->second, optimised.graph, index));
    } else {
      report.islands.push_back({choice.node, choice.op_type,
                                "the node stands in the optimised graph",
                                "the runtime merged it into another float node"});
    }
  }
  return report;
}

}  // namespace tare::quantize
