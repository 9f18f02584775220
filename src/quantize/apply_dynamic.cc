// Nodes of int8_dynamic, which quantize what they read as they run.

#include "quantize/apply_internal.h"

namespace tare::quantize::internal {

using graph::Node;

Result<DynamicWeight> Builder::AddDynamicWeight(const Node& node, const WeightLayout& layout) {
  if (layout.IsBatched(node)) {
    TARE_TRY(const BatchedNames batched, AddBatchedWeight(node, layout));
    return DynamicWeight{batched.codes, batched.scales, batched.zero_point};
  }
  TARE_TRY(const WeightNames weight, AddWeight(node, layout));
  return DynamicWeight{weight.codes, weight.scale, weight.zero_point};
}

Result<void> Builder::EmitDynamicLstm(const Node& node) {
  TARE_TRY(const auto input, AddRecurrentWeight(node.Input(1)));
  TARE_TRY(const auto state, AddRecurrentWeight(node.Input(2)));
  Node made = node;
  made.op_type = "DynamicQuantizeLSTM";
  made.domain = "com.microsoft";
  // The eight inputs of LSTM, absent ones too; scales and zero points come behind them.
  made.inputs.resize(8);
  made.inputs[1] = input[0];
  made.inputs[2] = state[0];
  made.inputs.insert(made.inputs.end(), {input[1], input[2], state[1], state[2]});
  made.Remove("layout");
  Import("com.microsoft");
  model_.graph.nodes.push_back(std::move(made));
  return {};
}

Result<void> Builder::EmitDynamic(const Node& node) {
  if (node.Is("LSTM")) return EmitDynamicLstm(node);
  TARE_TRY(WeightLayout layout,
           internal::LayoutOf(node, ConstantOf(node.Input(1)), Format::kInt8Dynamic));
  TARE_TRY(const std::vector<float> bias,
           internal::BiasOf(node, ConstantOf(node.Input(2)), layout, Format::kInt8Dynamic));
  if (!(node.Is("MatMul") || node.Is("Gemm")) || node.Int("transA", 0) != 0) {
    return CannotTake(node, Format::kInt8Dynamic,
                      "only MatMul and Gemm, not transposed in A, gain from it");
  }
  if (node.Is("Gemm") && layout.axis == 0) {
    layout.turned = true;
    layout.key += "#transposed";
  }
  TARE_TRY(const DynamicWeight weight, AddDynamicWeight(node, layout));
  const std::string& base = node.outputs[0];
  std::string bias_name;
  if (!bias.empty()) {
    bias_name = names_.Make(node.name + "_bias");
    model_.graph.AddInitializer(bias_name,
                                Tensor::Of<float>({static_cast<int64_t>(bias.size())}, bias));
  }
  // DynamicQuantizeLinear begins with opset 11; what the runtime makes of it is there before.
  if (source_.opset() < 11) {
    Add("DynamicQuantizeMatMul", "com.microsoft", node.name + "_DynamicQuantizeMatMul",
        {node.inputs[0], weight.codes, weight.scale, weight.zero_point, bias_name}, base);
    return {};
  }
  // One DynamicQuantizeLinear a MatMul: shared ones keep the runtime from fusing.
  std::array<std::string, 3> parts = {names_.Make(base + "_input_quantized"),
                                      names_.Make(base + "_input_scale"),
                                      names_.Make(base + "_input_zero_point")};
  Add("DynamicQuantizeLinear", "", base + "_DynamicQuantizeLinear", {node.inputs[0]}, parts[0])
      .outputs = {parts[0], parts[1], parts[2]};
  const std::string integer = names_.Make(base + "_integer");
  const std::string cast = names_.Make(base + "_cast");
  const std::string scale = names_.Make(base + "_scales");
  const std::string product = bias.empty() ? base : names_.Make(base + "_product");
  Add("MatMulInteger", "", node.name + "_MatMulInteger",
      {parts[0], weight.codes, parts[2], weight.zero_point}, integer);
  Add("Cast", "", node.name + "_Cast", {integer}, cast)
      .Set("to", static_cast<int64_t>(DType::kFloat32));
  Add("Mul", "", node.name + "_Scales", {parts[1], weight.scale}, scale);
  Add("Mul", "", node.name + "_Mul", {cast, scale}, product);
  if (bias.empty()) return {};
  Add("Add", "", node.name + "_Add", {product, bias_name}, base);
  return {};
}

}  // namespace tare::quantize::internal
