// Weights and biases as codes, stored once for all that read them, and int8_weights, the format of
// nodes of which nothing else is quantized.

#include <algorithm>
#include <cfloat>
#include <cmath>

#include "quantize/apply_internal.h"

namespace tare::quantize::internal {

using graph::Node;

namespace {

// |bias| / (s_x s_w) stays below this, with room for the accumulator beside it.
constexpr double kMaxBiasCode = 1 << 30;

}  // namespace

Result<WeightNames> Builder::AddWeight(const Node& node, const WeightLayout& layout) {
  Builder& holder = HolderOf(node.Input(1));
  if (&holder != this) return holder.AddWeight(node, layout);
  const auto found = weights_.find(layout.key);
  if (found != weights_.end()) return found->second;
  const auto floor = floors_.find(layout.key);
  TARE_TRY(auto quantized,
           cache_.Quantize(layout.weight, layout.axis,
                           floor == floors_.end() ? std::vector<float>() : floor->second));
  const std::string& base = node.Input(1);
  WeightNames made{names_.Make(base + "_quantized"), names_.Make(base + "_scale"),
                   names_.Make(base + "_zero_point"), quantized.scales};
  const Shape shape{static_cast<int64_t>(quantized.scales.size())};
  model_.graph.AddInitializer(
      made.codes, layout.turned
                      ? std::make_shared<const Tensor>(internal::Transposed(*quantized.codes))
                      : quantized.codes);
  model_.graph.AddInitializer(made.scale, Tensor::Of<float>(shape, quantized.scales));
  model_.graph.AddInitializer(
      made.zero_point, Tensor::Of<int8_t>(shape, std::vector<int8_t>(quantized.scales.size(), 0)));
  return weights_[layout.key] = made;
}

Result<BatchedNames> Builder::AddBatchedWeight(const Node& node, const WeightLayout& layout) {
  Builder& holder = HolderOf(node.Input(1));
  if (&holder != this) return holder.AddBatchedWeight(node, layout);
  const auto found = batched_.find(layout.key);
  if (found != batched_.end()) return found->second;
  TARE_TRY(auto quantized, internal::QuantizeMatrices(*layout.weight));
  const std::string& base = node.Input(1);
  BatchedNames made{names_.Make(base + "_quantized"), names_.Make(base + "_zero_point"),
                    names_.Make(base + "_unit_scale"), names_.Make(base + "_scales")};
  model_.graph.AddInitializer(made.codes, std::move(quantized.codes));
  model_.graph.AddInitializer(made.zero_point, Tensor::Of<int8_t>({}, {0}));
  model_.graph.AddInitializer(made.unit_scale, Tensor::Of<float>({}, {1.0F}));
  model_.graph.AddInitializer(made.scales, std::move(quantized.scales));
  return batched_[layout.key] = made;
}

// MatMul by the codes of a batched weight as they are; returns the Mul by their scales, whose output
// is that of the node.
Result<Node> Builder::MultiplyByCodes(const Node& node, const WeightLayout& layout,
                                      std::string input) {
  TARE_TRY(const BatchedNames weight, AddBatchedWeight(node, layout));
  Node product = node;
  product.inputs[0] = std::move(input);
  product.inputs[1] =
      DequantizedCodes(node.Input(1), {weight.codes, weight.unit_scale, weight.zero_point}, -1);
  product.outputs[0] = names_.Make(node.outputs[0] + "_product");
  Node scaled;
  scaled.name = names_.Make(node.name + "_Scales");
  scaled.op_type = "Mul";
  scaled.inputs = {product.outputs[0], weight.scales};
  scaled.outputs = node.outputs;
  model_.graph.nodes.push_back(std::move(product));
  return scaled;
}

// The codes of a constant as floats. Of one that lies around this body the DequantizeLinear lies
// there too, once for all readers: the runtime does not load one that reads codes across graphs.
std::string Builder::DequantizedCodes(const std::string& constant,
                                      const std::array<std::string, 3>& codes, int64_t axis) {
  Builder& holder = HolderOf(constant);
  const auto add = [&] {
    std::string name = names_.Make(constant + "_dequantized");
    holder.AddDequantize(codes[0], codes[1], codes[2], name, axis);
    return name;
  };
  if (&holder == this) return add();
  std::string& name = holder.dequantized_for_bodies_[codes[0]];
  if (name.empty()) name = add();
  return name;
}

// Channels whose bias would pass the limit get a wider weight scale, and so do those whose product
// of scales would be no normal float; the others stay untouched. The readers of one weight agree on
// the widest, so that it is stored once.
Result<void> Builder::FindFloors() {
  for (const Node& node : source_.graph.nodes) {
    if (!IsStatic(node) || !(node.Is("Conv") || node.Is("Gemm")) || node.Input(2).empty()) continue;
    TARE_TRY(const WeightLayout layout,
             internal::LayoutOf(node, ConstantOf(node.Input(1)), Format::kInt8Static));
    TARE_TRY(const std::vector<float> bias,
             internal::BiasOf(node, ConstantOf(node.Input(2)), layout, Format::kInt8Static));
    const ValueRange* range = recipe_.FindRange(Source(node.inputs[0]));
    if (range == nullptr) continue;  // ParamsOf says so
    TARE_TRY(const QuantParams input, AffineParamsFromRange(*range, kUint8Grid));
    std::vector<float>& floor = floors_[layout.key];
    floor.resize(bias.size(), 0.0F);
    for (size_t c = 0; c < bias.size(); ++c) {
      const double least = std::max(std::abs(double{bias[c]}) / kMaxBiasCode, double{2 * FLT_MIN}) /
                           double{input.scale};
      floor[c] = std::max(floor[c], static_cast<float>(std::min(least, double{FLT_MAX})));
    }
  }
  return {};
}

Result<std::string> Builder::AddBias(const Node& node, const std::vector<float>& bias,
                                     float input_scale, const std::vector<float>& scales) {
  std::vector<int32_t> codes;
  std::vector<float> bias_scales;
  for (size_t c = 0; c < bias.size(); ++c) {
    // Integer kernels add the bias to sums in units of s_x s_w, so its scale is that product and
    // nothing else, rounded to float32 like the operands themselves.
    const float scale = input_scale * scales[scales.size() == 1 ? 0 : c];
    bias_scales.push_back(scale);
    codes.push_back(static_cast<int32_t>(std::nearbyint(double{bias[c]} / scale)));
  }
  const Shape shape{static_cast<int64_t>(bias.size())};
  const std::string base = node.name + "_bias";
  const std::string quantized = names_.Make(base + "_quantized");
  const std::string scale = names_.Make(base + "_scale");
  const std::string zero_point = names_.Make(base + "_zero_point");
  std::string output = names_.Make(base + "_dequantized");
  model_.graph.AddInitializer(quantized, Tensor::Of<int32_t>(shape, codes));
  model_.graph.AddInitializer(scale, Tensor::Of<float>(shape, bias_scales));
  model_.graph.AddInitializer(zero_point,
                              Tensor::Of<int32_t>(shape, std::vector<int32_t>(bias.size(), 0)));
  AddDequantize(quantized, scale, zero_point, output, 0);
  return output;
}

Result<std::array<std::string, 3>> Builder::AddRecurrentWeight(const std::string& name) {
  Builder& holder = HolderOf(name);
  if (&holder != this) return holder.AddRecurrentWeight(name);
  const auto found = recurrent_.find(name);
  if (found != recurrent_.end()) return found->second;
  const graph::SharedTensor* constant = index_.Constant(name);
  if (constant == nullptr || (*constant)->dtype() != DType::kFloat32 || (*constant)->rank() != 3) {
    return FailedPrecondition(StrCat("weight '", name, "' is not a float32 constant of three axes"),
                              "take the node out of the recipe");
  }
  TARE_TRY(auto quantized, internal::QuantizeRecurrent(**constant));
  std::array<std::string, 3> made = {names_.Make(name + "_quantized"), names_.Make(name + "_scale"),
                                     names_.Make(name + "_zero_point")};
  model_.graph.AddInitializer(made[0], std::move(quantized.codes));
  model_.graph.AddInitializer(made[1], std::move(quantized.scales));
  model_.graph.AddInitializer(made[2], std::move(quantized.zero_points));
  return recurrent_[name] = made;
}

Result<void> Builder::EmitWeights(const Node& node) {
  TARE_TRY(const WeightLayout layout,
           internal::LayoutOf(node, ConstantOf(node.Input(1)), Format::kInt8Weights));
  if (layout.IsBatched(node)) {
    TARE_TRY(Node scaled, MultiplyByCodes(node, layout, node.inputs[0]));
    model_.graph.nodes.push_back(std::move(scaled));
    return {};
  }
  // Gemm keeps its alpha here.
  const WeightLayout plain{*ConstantOf(node.Input(1)), layout.axis,
                           StrCat(node.Input(1), "#", layout.axis)};
  TARE_TRY(const WeightNames weight, AddWeight(node, plain));
  Node made = node;
  made.inputs[1] =
      DequantizedCodes(node.Input(1), {weight.codes, weight.scale, weight.zero_point}, plain.axis);
  model_.graph.nodes.push_back(std::move(made));
  return {};
}

// A table of rows: the rows are picked as int8, each with its own scale, and only they are
// widened.
Result<void> Builder::EmitGather(const Node& node) {
  const graph::SharedTensor* table = index_.Constant(node.Input(0));
  if (table == nullptr || (*table)->dtype() != DType::kFloat32 || (*table)->rank() != 2 ||
      node.Int("axis", 0) != 0) {
    return CannotTake(node, Format::kInt8Weights,
                      "its table is not a float32 constant of two axes, read by rows");
  }
  const std::string& base = node.outputs[0];
  auto& [codes, scales] = tables_[node.Input(0)];
  if (codes.empty()) {
    TARE_TRY(auto quantized, QuantizeWeight(**table, 0));
    codes = names_.Make(node.Input(0) + "_quantized");
    scales = names_.Make(node.Input(0) + "_scale");
    model_.graph.AddInitializer(codes, std::move(quantized.values));
    model_.graph.AddInitializer(
        scales,
        Tensor::Of<float>({static_cast<int64_t>(quantized.scales.size()), 1}, quantized.scales));
  }
  Node rows = node;
  rows.inputs[0] = codes;
  rows.outputs[0] = names_.Make(base + "_quantized");
  const std::string row_codes = rows.outputs[0];
  model_.graph.nodes.push_back(std::move(rows));
  const std::string row_scales = names_.Make(base + "_scales");
  const std::string cast = names_.Make(base + "_cast");
  Add("Gather", "", node.name + "_Scales", {scales, node.Input(1)}, row_scales)
      .Set("axis", int64_t{0});
  Add("Cast", "", node.name + "_Cast", {row_codes}, cast)
      .Set("to", static_cast<int64_t>(DType::kFloat32));
  Add("Mul", "", node.name + "_Mul", {cast, row_scales}, base);
  return {};
}

}  // namespace tare::quantize::internal
