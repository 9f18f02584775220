// Nodes of int8_static, which read and write codes, and the float nodes between them.

#include <algorithm>

#include "quantize/apply_internal.h"

namespace tare::quantize::internal {

using graph::Node;

// A float node stays as it is, but for one trap: the runtime quantizes the weight of a Conv,
// ConvTranspose or Gemm by itself, with one scale for all channels, when it finds it between a DQ
// of one scale and a Q. A DQ with the same scale written once a channel is not taken for one.
Result<void> Builder::EmitFloat(const Node& node) {
  const auto quantized = quantized_.find(node.Input(0));
  if (quantized == quantized_.end() || !WouldBeQuantized(node)) {
    model_.graph.nodes.push_back(node);
    return {};
  }
  const Tensor& weight = **index_.Constant(node.Input(1));
  // Channels of the input, not of the output: they are what axis 1 of its DQ counts.
  int64_t channels = weight.shape()[node.Is("ConvTranspose") ? 0 : 1];
  if (node.Is("Conv")) channels *= node.Int("group", 1);
  if (node.Is("Gemm")) channels = weight.shape()[node.Int("transB", 0) != 0 ? 1 : 0];
  TARE_TRY(const ParamNames params, ParamsOf(node.inputs[0]));
  const auto count = static_cast<size_t>(channels);
  const std::string scale = names_.Make(params.scale + "_channels");
  const std::string zero_point = names_.Make(params.zero_point + "_channels");
  model_.graph.AddInitializer(
      scale, Tensor::Of<float>({channels}, std::vector<float>(count, params.params.scale)));
  model_.graph.AddInitializer(
      zero_point,
      Tensor::Of<uint8_t>(
          {channels}, std::vector<uint8_t>(count, static_cast<uint8_t>(params.params.zero_point))));
  Node made = node;
  made.inputs[0] = names_.Make(node.inputs[0] + "_dequantized");
  AddDequantize(quantized->second, scale, zero_point, made.inputs[0], 1);
  model_.graph.nodes.push_back(std::move(made));
  return {};
}

// The runtime's condition (its pass WeightBiasQuantization): a constant float weight, and a way
// without branches, through Relu and Clip alone, to a QuantizeLinear.
bool Builder::WouldBeQuantized(const Node& node) const {
  const bool weighted = node.Is("Conv") || node.Is("ConvTranspose") ||
                        (node.Is("Gemm") && node.Int("transA", 0) == 0);
  if (!weighted || index_.Constant(node.Input(1)) == nullptr) return false;
  const Node* at = &node;
  while (HasFloatReader(at->outputs[0])) {
    at = FollowingActivation(source_.graph, index_, *at);
    if (at == nullptr) return false;
  }
  return HasQuantizedReader(at->outputs[0]);
}

// Add, Mul, Concat, MatMul of two activations, pools, movers: every activation input through a
// DQ.
Result<void> Builder::EmitElement(const Node& node) {
  if (node.Is("Div")) return EmitDivision(node);
  Node made = node;
  const int64_t at = index_.Producer(node.outputs[0]);
  for (size_t i = 0; i < made.inputs.size(); ++i) {
    if (!ReadsQuantized({at, static_cast<int64_t>(i)})) continue;
    TARE_TRY(made.inputs[i], DequantizedInput(node.inputs[i]));
  }
  return EmitOutput(std::move(made), node);
}

// There is no integer kernel for Div; that of Mul takes the reciprocal of a constant.
Result<void> Builder::EmitDivision(const Node& node) {
  const graph::SharedTensor* divisor = index_.Constant(node.Input(1));
  if (divisor == nullptr || (*divisor)->dtype() != DType::kFloat32)
    return CannotTake(node, Format::kInt8Static, "its divisor is not a float32 constant");
  Tensor reciprocal = **divisor;
  for (float& value : reciprocal.mutable_data<float>()) value = 1.0F / value;
  Node made = node;
  made.op_type = "Mul";
  TARE_TRY(made.inputs[0], DequantizedInput(node.inputs[0]));
  TARE_TRY(made.inputs[1], DequantizedConstant(node.inputs[1] + "_reciprocal", reciprocal));
  return EmitOutput(std::move(made), node);
}

// Pad has no rule of its own in the runtime, but the operator itself takes uint8: the zero point
// is what real 0 looks like.
Result<void> Builder::EmitPad(const Node& node) {
  TARE_TRY(const ParamNames params, ParamsOf(node.inputs[0]));
  Node made = node;
  TARE_TRY(made.inputs[0], QuantizedOf(node.inputs[0]));
  made.inputs.resize(std::max<size_t>(3, made.inputs.size()));
  made.inputs[2] = params.zero_point;
  const std::string output = node.outputs[0];
  const std::string quantized = names_.Make(output + "_quantized");
  made.outputs[0] = quantized;
  model_.graph.nodes.push_back(std::move(made));
  quantized_[output] = quantized;
  if (HasFloatReader(output)) AddDequantize(quantized, params.scale, params.zero_point, output);
  return {};
}

Result<void> Builder::EmitWeighted(const Node& node) {
  TARE_TRY(const WeightLayout layout,
           internal::LayoutOf(node, ConstantOf(node.Input(1)), Format::kInt8Static));
  if (layout.IsBatched(node)) {
    TARE_TRY(std::string batched_input, DequantizedInput(node.inputs[0]));
    TARE_TRY(Node scaled, MultiplyByCodes(node, layout, std::move(batched_input)));
    return EmitOutput(std::move(scaled), node);
  }
  TARE_TRY(const std::vector<float> bias,
           internal::BiasOf(node, ConstantOf(node.Input(2)), layout, Format::kInt8Static));
  TARE_TRY(const ParamNames input, ParamsOf(node.inputs[0]));
  TARE_TRY(const WeightNames weight, AddWeight(node, layout));
  Node made = node;
  TARE_TRY(made.inputs[0], DequantizedInput(node.inputs[0]));
  made.inputs[1] =
      DequantizedCodes(node.Input(1), {weight.codes, weight.scale, weight.zero_point}, layout.axis);
  if (!bias.empty()) {
    TARE_TRY(made.inputs[2], AddBias(node, bias, input.params.scale, weight.scales));
  }
  made.Remove("alpha");
  made.Remove("beta");
  return EmitOutput(std::move(made), node);
}

}  // namespace tare::quantize::internal
