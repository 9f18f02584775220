#include "tare/runtime/analysis.h"

#include <algorithm>
#include <functional>
#include <set>

#include "tare/graph/canonical.h"
#include "tare/graph/index.h"
#include "tare/graph/onnx.h"

namespace tare::runtime {
namespace {

bool IsFoldable(const graph::Node& node, const std::set<std::string>& constants) {
  if (!node.domain.empty() || graph::IsRandomOp(node) || !node.Bodies().empty() ||
      node.inputs.empty())
    return false;
  // Folding a quantized weight back to float would undo the quantization.
  if (node.op_type == "QuantizeLinear" || node.op_type == "DequantizeLinear" ||
      node.op_type == "Constant") {
    return false;
  }
  return std::all_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& input) {
    return input.empty() || constants.contains(input);
  });
}

// Shape(x)[start:end], when the type of x gives every extent; Gather of such a Shape is then
// constant.
Result<int64_t> FoldShapes(graph::Model& model, const SessionOptions& options) {
  graph::Graph& graph = model.graph;
  const bool any = std::any_of(graph.nodes.begin(), graph.nodes.end(),
                               [](const graph::Node& node) { return node.Is("Shape"); });
  if (!any) return 0;
  TARE_TRY(const TypeMap types, InferTypes(model, options));
  // Constants are added at the end: the index points into the list of initializers.
  const graph::GraphIndex index(graph);
  std::vector<std::pair<std::string, Tensor>> made;
  for (graph::Node& node : graph.nodes) {
    const bool shape_of =
        node.Is("Shape") && node.Find("start") == nullptr && node.Find("end") == nullptr;
    const auto type = types.find(node.Input(0));
    if (!shape_of || type == types.end() || type->second.dtype == DType::kUndefined) continue;
    const Shape& shape = type->second.shape;
    // Scalars report an empty shape, and so does a type without one: neither is folded.
    if (shape.empty()) continue;
    const std::string name = node.outputs[0];
    if (std::find(shape.begin(), shape.end(), -1) == shape.end() && !index.IsOutput(name)) {
      made.emplace_back(name, Tensor::Of<int64_t>({static_cast<int64_t>(shape.size())}, shape));
      node.op_type.clear();
      continue;
    }
    for (const graph::Use& use : index.Uses(name)) {
      graph::Node& user = graph.nodes[static_cast<size_t>(use.node)];
      const graph::SharedTensor* at = index.Constant(user.Input(1));
      const bool gathers = use.input == 0 && user.Is("Gather") && user.Int("axis", 0) == 0 &&
                           at != nullptr && (*at)->dtype() == DType::kInt64 &&
                           (*at)->num_elements() == 1 && !index.IsOutput(user.outputs[0]);
      if (!gathers) continue;
      int64_t position = (*at)->data<int64_t>()[0];
      if (position < 0) position += static_cast<int64_t>(shape.size());
      if (position < 0 || position >= static_cast<int64_t>(shape.size())) continue;
      const int64_t extent = shape[static_cast<size_t>(position)];
      if (extent < 0) continue;
      made.emplace_back(user.outputs[0], Tensor::Of<int64_t>((*at)->shape(), {extent}));
      user.op_type.clear();
    }
  }
  std::erase_if(graph.nodes, [](const graph::Node& node) { return node.op_type.empty(); });
  for (auto& [name, value] : made) graph.AddInitializer(name, std::move(value));
  if (!made.empty()) graph::Prune(graph);
  return static_cast<int64_t>(made.size());
}

// Operators whose output may be larger than all they read.
bool Expands(const graph::Node& node) {
  static const std::set<std::string> kExpanding = {"ConstantOfShape", "Expand",   "Tile", "Range",
                                                   "Resize",          "Upsample", "Pad",  "OneHot",
                                                   "EyeLike"};
  return kExpanding.contains(node.op_type);
}

bool MayHold(const graph::Node& node, const TypeMap& types, int64_t max_bytes) {
  return std::all_of(node.outputs.begin(), node.outputs.end(), [&](const std::string& output) {
    const auto type = types.find(output);
    if (output.empty() || type == types.end()) return true;
    const auto count = NumElements(type->second.shape);
    if (count) return *count <= max_bytes * 8 / std::max(1, BitWidth(type->second.dtype));
    // Without extents only the operator tells: what does not expand is no larger than the constants
    // that it reads.
    const bool dynamic = std::find(type->second.shape.begin(), type->second.shape.end(), -1) !=
                         type->second.shape.end();
    return dynamic && !Expands(node);
  });
}

bool IsMadeBy(const graph::Node& node, const std::set<std::string>& made) {
  return std::any_of(node.outputs.begin(), node.outputs.end(),
                     [&](const std::string& output) { return made.contains(output); });
}

// Outputs of the nodes that depend on constants alone, in order.
std::vector<std::string> ConstantOutputs(const graph::Graph& graph,
                                         const std::function<bool(const graph::Node&)>& may) {
  std::set<std::string> constants;
  for (const graph::Initializer& initializer : graph.initializers)
    constants.insert(initializer.name);
  // The default of an optional input is no constant.
  for (const graph::Value& input : graph.inputs) constants.erase(input.info.name);
  std::vector<std::string> made;
  for (const graph::Node& node : graph.nodes) {
    if (!IsFoldable(node, constants) || !may(node)) continue;
    constants.insert(node.outputs.begin(), node.outputs.end());
    for (const std::string& output : node.outputs) {
      if (!output.empty()) made.push_back(output);
    }
  }
  return made;
}

}  // namespace

Result<Session> MakeSession(const graph::Model& model, const SessionOptions& options) {
  TARE_TRY(const auto lean, graph::SerializeLean(model));
  SessionOptions located = options;
  located.external_data_folder = lean.folder;
  return Session::FromBytes(lean.bytes, located, lean.weights);
}

// A session that tells types and computes constants: optimising and laying weights out anew would
// take time and tell nothing more.
static Result<Session> MakePlainSession(const graph::Model& model, SessionOptions options) {
  options.optimization = Optimization::kNone;
  options.prepack = false;
  return MakeSession(model, options);
}

graph::Model WithOutputs(const graph::Model& model, std::span<const std::string> taps) {
  graph::Model tapped = model;
  tapped.graph.outputs.clear();
  for (const std::string& tap : taps) {
    const auto& outputs = model.graph.outputs;
    const auto known = std::find_if(outputs.begin(), outputs.end(), [&](const graph::Value& value) {
      return value.info.name == tap;
    });
    // A tap carries its name only: the runtime infers the type itself.
    tapped.graph.outputs.push_back(
        known != outputs.end() ? *known : graph::Value{{tap, DType::kUndefined, {}}, ""});
  }
  graph::Prune(tapped.graph);
  return tapped;
}

Result<TypeMap> InferTypes(const graph::Model& model, const SessionOptions& options) {
  std::vector<std::string> taps;
  for (const graph::Node& node : model.graph.nodes) {
    for (const std::string& output : node.outputs) {
      if (!output.empty()) taps.push_back(output);
    }
  }
  TARE_TRY(const Session session, MakePlainSession(WithOutputs(model, taps), options));
  TypeMap types;
  for (const ValueInfo& info : session.inputs()) types[info.name] = info;
  for (const ValueInfo& info : session.outputs()) types[info.name] = info;
  for (const graph::Initializer& initializer : model.graph.initializers) {
    if (initializer.value == nullptr) continue;
    types[initializer.name] = {initializer.name, initializer.value->dtype(),
                               initializer.value->shape()};
  }
  return types;
}

namespace {

// The file may grow by this much for a constant: shapes, indices and scalars.
constexpr int64_t kMaxGrowthBytes = 1024;
// A weight that grows by its type or its order still fits in int8: more than this, and it does not.
constexpr int64_t kMaxWeightGrowth = 4;

// Read as a weight: as it is, its node cannot be quantized.
bool IsWeightOf(const graph::Node& node, size_t input) {
  if (node.Is("LSTM")) return input == 1 || input == 2;
  const bool multiplies =
      node.Is("Conv") || node.Is("ConvTranspose") || node.Is("MatMul") || node.Is("Gemm");
  return multiplies && input == 1;
}

// What folding one value takes out of the file: initializers that only the nodes behind it read.
class ConeBytes {
 public:
  explicit ConeBytes(const graph::Graph& graph) : graph_(graph), index_(graph) {}

  struct Bytes {
    int64_t read = 0;   ///< by the nodes that make the value
    int64_t freed = 0;  ///< of them, read by nobody else
  };

  Bytes Of(const std::string& value) const {
    std::set<int64_t> nodes;
    std::set<std::string> constants;
    Collect(value, nodes, constants);
    Bytes bytes;
    for (const std::string& name : constants) {
      const graph::SharedTensor* constant = index_.Constant(name);
      if (constant == nullptr) continue;
      const auto size = static_cast<int64_t>((*constant)->bytes().size());
      const auto uses = index_.Uses(name);
      const bool own = !index_.IsOutput(name) &&
                       std::all_of(uses.begin(), uses.end(),
                                   [&](const graph::Use& use) { return nodes.contains(use.node); });
      bytes.read += size;
      bytes.freed += own ? size : 0;
    }
    return bytes;
  }

  bool IsWeight(const std::string& value) const {
    const auto uses = index_.Uses(value);
    return std::any_of(uses.begin(), uses.end(), [&](const graph::Use& use) {
      return use.input >= 0 && IsWeightOf(graph_.nodes[static_cast<size_t>(use.node)],
                                          static_cast<size_t>(use.input));
    });
  }

 private:
  void Collect(const std::string& value, std::set<int64_t>& nodes,
               std::set<std::string>& constants) const {
    std::vector<std::string> open = {value};
    while (!open.empty()) {
      const std::string at = open.back();
      open.pop_back();
      const int64_t producer = index_.Producer(at);
      if (producer < 0) constants.insert(at);
      if (producer < 0 || !nodes.insert(producer).second) continue;
      for (const std::string& input : graph_.nodes[static_cast<size_t>(producer)].inputs) {
        if (!input.empty()) open.push_back(input);
      }
    }
  }

  const graph::Graph& graph_;
  graph::GraphIndex index_;
};

// True when the file would grow by holding `value` instead of what makes it.
bool GrowsFile(const ConeBytes& cones, const std::string& name, const Tensor& value) {
  const auto size = static_cast<int64_t>(value.bytes().size());
  const ConeBytes::Bytes bytes = cones.Of(name);
  if (size <= bytes.freed + kMaxGrowthBytes) return false;
  return !(cones.IsWeight(name) && size <= kMaxWeightGrowth * bytes.read);
}

struct FoldRound {
  int64_t folded = 0;           ///< nodes that went
  std::set<std::string>& kept;  ///< values that are not to be folded
};

// One round; false when there is nothing more to do.
Result<bool> FoldOnce(graph::Model& model, const SessionOptions& options, int64_t max_bytes,
                      FoldRound& round) {
  graph::Graph& graph = model.graph;
  const auto wanted_at_all = [&](const graph::Node& node) { return !IsMadeBy(node, round.kept); };
  // What a shape asks for is looked at before anything is computed: it may be a terabyte.
  const auto candidates = ConstantOutputs(graph, wanted_at_all);
  if (candidates.empty()) return false;
  TARE_TRY(const TypeMap types, InferTypes(WithOutputs(model, candidates), options));
  const auto outputs = ConstantOutputs(graph, [&](const graph::Node& node) {
    return wanted_at_all(node) && MayHold(node, types, max_bytes);
  });
  const std::set<std::string> made(outputs.begin(), outputs.end());
  // Only what the rest of the graph reads is fetched.
  std::set<std::string> wanted;
  for (const graph::Value& output : graph.outputs) wanted.insert(output.info.name);
  for (const graph::Node& node : graph.nodes) {
    if (IsMadeBy(node, made)) continue;
    wanted.insert(node.inputs.begin(), node.inputs.end());
    for (const auto& body : node.Bodies()) wanted.merge(graph::CapturedNames(*body));
  }
  std::vector<std::string> taps;
  for (const std::string& name : made) {
    if (wanted.contains(name)) taps.push_back(name);
  }
  if (taps.empty()) return false;
  graph::Model constant_part = WithOutputs(model, taps);
  // What depends on constants alone needs no input, and the runtime would ask for each.
  constant_part.graph.inputs.clear();
  TARE_TRY(const Session session, MakePlainSession(constant_part, options));
  TARE_TRY(auto values, session.Run({}));
  int64_t total = 0;
  for (const Tensor& value : values) total += static_cast<int64_t>(value.bytes().size());
  const bool fits =
      total <= max_bytes && std::none_of(values.begin(), values.end(), [](const Tensor& value) {
        return value.dtype() == DType::kUndefined;
      });
  if (!fits) return false;
  const size_t num_kept = round.kept.size();
  const ConeBytes cones(graph);
  for (size_t i = 0; i < values.size(); ++i) {
    if (GrowsFile(cones, taps[i], values[i])) round.kept.insert(taps[i]);
  }
  // Some stay: what is behind them is looked at anew.
  if (round.kept.size() > num_kept) return true;
  const auto before = static_cast<int64_t>(graph.nodes.size());
  std::erase_if(graph.nodes, [&](const graph::Node& node) { return IsMadeBy(node, made); });
  for (size_t i = 0; i < values.size(); ++i) graph.AddInitializer(taps[i], std::move(values[i]));
  graph::Prune(graph);
  round.folded += before - static_cast<int64_t>(graph.nodes.size());
  return true;
}

}  // namespace

Result<int64_t> FoldConstants(graph::Model& model, const SessionOptions& options,
                              int64_t max_bytes) {
  TARE_TRY(const int64_t shapes, FoldShapes(model, options));
  std::set<std::string> kept;
  FoldRound round{shapes, kept};
  // A shape that is itself computed is known after the round that computed it; a constant that stays
  // ends one too.
  constexpr int kMaxRounds = 16;
  for (int i = 0; i < kMaxRounds; ++i) {
    TARE_TRY(const bool more, FoldOnce(model, options, max_bytes, round));
    if (!more) break;
  }
  return round.folded;
}

}  // namespace tare::runtime
