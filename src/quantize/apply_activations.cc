// The values between nodes: which of them are quantized, by which parameters, and where Q and DQ stand.

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "quantize/apply_internal.h"

namespace tare::quantize {
namespace {

using graph::GraphIndex;
using graph::Node;
using graph::Use;

constexpr std::array<std::string_view, 12> kMoverOps = {
    "MaxPool", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten",
    "Slice",   "Pad",     "Resize",    "Gather",  "Expand",    "Tile"};

}  // namespace

bool IsMoverOp(const graph::Node& node) {
  return node.domain.empty() &&
         std::find(kMoverOps.begin(), kMoverOps.end(), node.op_type) != kMoverOps.end();
}

std::string RangeSource(const graph::Graph& graph, const GraphIndex& index, const Recipe& recipe,
                        const std::string& value) {
  std::string at = value;
  while (true) {
    const int64_t producer = index.Producer(at);
    if (producer < 0) return at;
    const Node& node = graph.nodes[static_cast<size_t>(producer)];
    if (!IsMoverOp(node) || recipe.FormatOf(node.name) != Format::kInt8Static) return at;
    at = node.inputs[0];
  }
}

const Node* FollowingActivation(const graph::Graph& graph, const GraphIndex& index,
                                const Node& node) {
  if (node.outputs.size() != 1 || !index.HasOneUse(node.outputs[0])) return nullptr;
  const Use use = index.Uses(node.outputs[0])[0];
  const Node& next = graph.nodes[static_cast<size_t>(use.node)];
  return use.input == 0 && (next.Is("Relu") || next.Is("Clip")) ? &next : nullptr;
}

}  // namespace tare::quantize

namespace tare::quantize::internal {

using graph::Node;
using graph::Use;

// True when `use` reads the value as a quantized activation.
bool Builder::ReadsQuantized(const Use& use) const {
  if (use.input == Use::kCaptured) return false;
  const Node& node = source_.graph.nodes[static_cast<size_t>(use.node)];
  if (!IsStatic(node)) return false;
  // Input 0 is the condition.
  if (node.Is("Where")) return use.input >= 1;
  if (node.Is("Concat")) return true;
  if (node.Is("Add") || node.Is("Mul") || node.Is("Div") || node.Is("MatMul"))
    return use.input <= 1;
  // Behind input 0 come weights, biases, shapes and axes.
  return use.input == 0;
}

bool Builder::HasQuantizedReader(const std::string& value) const {
  const auto uses = index_.Uses(value);
  return std::any_of(uses.begin(), uses.end(), [&](const Use& use) { return ReadsQuantized(use); });
}

bool Builder::HasFloatReader(const std::string& value) const {
  const auto uses = index_.Uses(value);
  return index_.IsOutput(value) || std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
           return !ReadsQuantized(use);
         });
}

// MatMul and Gemm have kernels that end in float; the others need the Q behind them.
bool Builder::EndsInteger(const Node& node) const {
  if (!node.Is("MatMul") && !node.Is("Gemm")) return true;
  const Node* activation = FollowingActivation(source_.graph, index_, node);
  const std::string& last = activation == nullptr ? node.outputs[0] : activation->outputs[0];
  if (HasQuantizedReader(last)) return true;
  // The runtime looks through a Relu or Clip with one reader for a Q, and where it finds none it
  // leaves the product in float.
  return activation != nullptr && index_.Uses(last).size() == 1 && !index_.IsOutput(last);
}

// Relu and Clip that saturation makes superfluous. All of them before the first node is written:
// the node in front of one takes its output over.
void Builder::FindAbsorbed() {
  for (const Node& node : source_.graph.nodes) {
    if (!IsStatic(node) || IsMoverOp(node)) continue;
    const Node* activation = FollowingActivation(source_.graph, index_, node);
    if (activation == nullptr || !EndsInteger(node)) continue;
    const ValueRange* range = recipe_.FindRange(Source(activation->outputs[0]));
    if (range == nullptr || !ClipsTheSame(*activation, *range)) continue;
    absorbed_.insert(activation->name);
    final_output_[node.name] = activation->outputs[0];
  }
}

// The integer grid saturates at the ends of the range: exact when they lie inside the clip.
bool Builder::ClipsTheSame(const Node& activation, const ValueRange& range) const {
  const float low = std::min(range.min, 0.0F);
  const float high = std::max(range.max, 0.0F);
  if (activation.Is("Relu")) return low >= 0.0F;
  const auto bound = [&](size_t input, const char* attribute, float none) -> std::optional<float> {
    const std::string& name = activation.Input(input);
    if (name.empty()) return activation.Float(attribute, none);
    const graph::SharedTensor* constant = index_.Constant(name);
    const bool scalar = constant != nullptr && (*constant)->dtype() == DType::kFloat32 &&
                        (*constant)->num_elements() == 1;
    return scalar ? std::optional<float>((*constant)->data<float>()[0]) : std::nullopt;
  };
  const auto clip_low = bound(1, "min", -INFINITY);
  const auto clip_high = bound(2, "max", INFINITY);
  return clip_low && clip_high && low >= *clip_low && high <= *clip_high;
}

std::string Builder::Source(const std::string& value) const {
  return RangeSource(source_.graph, index_, recipe_, value);
}

Result<ParamNames> Builder::ParamsOf(const std::string& value) {
  const std::string source = Source(value);
  const auto found = params_.find(source);
  if (found != params_.end()) return found->second;
  const ValueRange* range = recipe_.FindRange(source);
  if (range == nullptr) {
    return FailedPrecondition(StrCat("the recipe has no range for tensor '", source, "'"),
                              "calibrate again: tare quantize MODEL --data FILE -o OUT.onnx");
  }
  TARE_TRY(const QuantParams params, AffineParamsFromRange(*range, kUint8Grid));
  return params_[source] = AddParams(source, params);
}

ParamNames Builder::AddParams(const std::string& base, QuantParams params) {
  ParamNames made{params, names_.Make(base + "_scale"), names_.Make(base + "_zero_point")};
  model_.graph.AddInitializer(made.scale, Tensor::Of<float>({}, {params.scale}));
  model_.graph.AddInitializer(made.zero_point,
                              Tensor::Of<uint8_t>({}, {static_cast<uint8_t>(params.zero_point)}));
  return made;
}

void Builder::AddQuantize(const std::string& from, const ParamNames& params,
                          const std::string& to) {
  Add("QuantizeLinear", domain_, from + "_QuantizeLinear", {from, params.scale, params.zero_point},
      to);
}

void Builder::AddDequantize(const std::string& from, const std::string& scale,
                            const std::string& zero_point, const std::string& to, int64_t axis) {
  Node& node =
      Add("DequantizeLinear", domain_, to + "_DequantizeLinear", {from, scale, zero_point}, to);
  if (axis >= 0) node.Set("axis", axis);
}

// The uint8 form of a value, made where it is first needed.
Result<std::string> Builder::QuantizedOf(const std::string& value) {
  const auto found = quantized_.find(value);
  if (found != quantized_.end()) return found->second;
  TARE_TRY(const ParamNames params, ParamsOf(value));
  std::string name = names_.Make(value + "_quantized");
  AddQuantize(value, params, name);
  return quantized_[value] = name;
}

// An input of a static node: a DequantizeLinear of its own.
Result<std::string> Builder::DequantizedInput(const std::string& value) {
  if (const graph::SharedTensor* constant = index_.Constant(value))
    return DequantizedConstant(value, **constant);
  TARE_TRY(const std::string quantized, QuantizedOf(value));
  TARE_TRY(const ParamNames params, ParamsOf(value));
  std::string name = names_.Make(value + "_dequantized");
  AddDequantize(quantized, params.scale, params.zero_point, name);
  return name;
}

// A constant operand of Add, Mul or MatMul: uint8 codes of its own exact range.
Result<std::string> Builder::DequantizedConstant(const std::string& name, const Tensor& constant) {
  const auto [known, is_new] = constants_.try_emplace(name);
  if (is_new) {
    TARE_TRY(known->second, AddConstant(name, constant));
  }
  const auto& [codes, params] = known->second;
  std::string output = names_.Make(name + "_dequantized");
  AddDequantize(codes, params.scale, params.zero_point, output);
  return output;
}

Result<ConstantNames> Builder::AddConstant(const std::string& name, const Tensor& constant) {
  ValueRange range;
  for (const float value : constant.data<float>()) {
    range.min = std::min(range.min, value);
    range.max = std::max(range.max, value);
  }
  TARE_TRY(const QuantParams params, AffineParamsFromRange(range, kUint8Grid));
  std::vector<uint8_t> codes;
  for (const float value : constant.data<float>()) {
    codes.push_back(static_cast<uint8_t>(QuantizeValue(value, params, kUint8Grid)));
  }
  const ParamNames made = AddParams(name, params);
  const std::string quantized = names_.Make(name + "_quantized");
  model_.graph.AddInitializer(quantized, Tensor::Of<uint8_t>(constant.shape(), codes));
  return ConstantNames{quantized, made};
}

// Ends a static node, `source` in the canonical graph: its float output goes to Q alone; float
// readers get a DQ of the same codes under the old name.
Result<void> Builder::EmitOutput(Node node, const Node& source) {
  const std::string output = OutputOf(source);
  if (!EndsInteger(source)) {
    node.outputs[0] = output;
    model_.graph.nodes.push_back(std::move(node));
    return {};
  }
  TARE_TRY(const ParamNames params, ParamsOf(output));
  const bool float_reader = HasFloatReader(output);
  node.outputs[0] = float_reader ? names_.Make(output + "_float") : output;
  const std::string from = node.outputs[0];
  model_.graph.nodes.push_back(std::move(node));
  const std::string quantized = names_.Make(output + "_quantized");
  AddQuantize(from, params, quantized);
  quantized_[output] = quantized;
  if (float_reader) AddDequantize(quantized, params.scale, params.zero_point, output);
  return {};
}

std::string Builder::OutputOf(const Node& node) const {
  const auto found = final_output_.find(node.name);
  return found == final_output_.end() ? node.outputs[0] : found->second;
}

}  // namespace tare::quantize::internal
