#include "tare/quantize/apply.h"

#include <algorithm>
#include <array>
#include <cfloat>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "quantize/weight_codes_internal.h"
#include "tare/graph/canonical.h"
#include "tare/tensor/quant_params.h"

namespace tare::quantize {
namespace {

using graph::GraphIndex;
using graph::Node;
using graph::Use;
using internal::CannotTake;
using internal::WeightLayout;

constexpr std::array<std::string_view, 12> kMoverOps = {
    "MaxPool", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten",
    "Slice",   "Pad",     "Resize",    "Gather",  "Expand",    "Tile"};

// |bias| / (s_x s_w) stays below this, with room for the accumulator beside it.
constexpr double kMaxBiasCode = 1 << 30;

// Builds the quantized graph node by node, in the order of the canonical one.
class Builder {
 public:
  Builder(const graph::Model& canonical, const Recipe& recipe, WeightCache& cache)
      : Builder(canonical, recipe, cache, std::make_shared<graph::NameMaker>(canonical.graph),
                nullptr) {}

  Result<graph::Model> Build() {
    TARE_TRY_VOID(CheckNodes());
    TARE_TRY_VOID(EmitAll());
    graph::Prune(model_.graph);
    graph::StoreOnce(model_.graph);
    return std::move(model_);
  }

 private:
  // `outer` builds the graph around a body.
  Builder(const graph::Model& canonical, const Recipe& recipe, WeightCache& cache,
          std::shared_ptr<graph::NameMaker> names, Builder* outer)
      : source_(canonical),
        recipe_(recipe),
        cache_(cache),
        index_(canonical.graph),
        shared_names_(std::move(names)),
        names_(*shared_names_),
        outer_(outer),
        model_(canonical) {
    // DequantizeLinear of ONNX has no `axis` before opset 13; the runtime's own has it at every
    // opset (docs/adr/0007).
    domain_ = canonical.opset() < 13 ? "com.microsoft" : "";
    model_.graph.nodes.clear();
    for (const NodeChoice& choice : recipe.nodes) formats_[choice.node] = choice.format;
  }

  Result<void> EmitAll() {
    TARE_TRY_VOID(FindFloors());
    FindAbsorbed();
    for (const Node& node : source_.graph.nodes) {
      if (absorbed_.contains(node.name)) continue;
      TARE_TRY_VOID(Emit(node).While(StrCat("quantizing node '", node.name, "'")));
    }
    return {};
  }

  struct ParamNames {
    QuantParams params;
    std::string scale;
    std::string zero_point;
  };

  Format FormatOf(const Node& node) const {
    const auto found = formats_.find(node.name);
    return found == formats_.end() ? Format::kFloat32 : found->second;
  }
  bool IsStatic(const Node& node) const { return FormatOf(node) == Format::kInt8Static; }

  static void CollectNames(const graph::Graph& graph, std::set<std::string>& known) {
    for (const Node& node : graph.nodes) {
      known.insert(node.name);
      for (const auto& body : node.Bodies()) CollectNames(*body, known);
    }
  }

  Result<void> CheckNodes() const {
    std::set<std::string> known;
    CollectNames(source_.graph, known);
    for (const NodeChoice& choice : recipe_.nodes) {
      if (!known.contains(choice.node)) {
        return FailedPrecondition(
            StrCat("the recipe names node '", choice.node, "', which the model has not"),
            "use the recipe with the model that it was made for, or make a new one: tare quantize "
            "MODEL --data FILE -o OUT.onnx");
      }
    }
    return {};
  }

  // True when `use` reads the value as a quantized activation.
  bool ReadsQuantized(const Use& use) const {
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

  bool HasQuantizedReader(const std::string& value) const {
    const auto uses = index_.Uses(value);
    return std::any_of(uses.begin(), uses.end(),
                       [&](const Use& use) { return ReadsQuantized(use); });
  }

  bool HasFloatReader(const std::string& value) const {
    const auto uses = index_.Uses(value);
    return index_.IsOutput(value) || std::any_of(uses.begin(), uses.end(), [&](const Use& use) {
             return !ReadsQuantized(use);
           });
  }

  // MatMul and Gemm have kernels that end in float; the others need the Q behind them.
  bool EndsInteger(const Node& node) const {
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
  void FindAbsorbed() {
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
  bool ClipsTheSame(const Node& activation, const ValueRange& range) const {
    const float low = std::min(range.min, 0.0F);
    const float high = std::max(range.max, 0.0F);
    if (activation.Is("Relu")) return low >= 0.0F;
    const auto bound = [&](size_t input, const char* attribute,
                           float none) -> std::optional<float> {
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

  std::string Source(const std::string& value) const {
    return RangeSource(source_.graph, index_, recipe_, value);
  }

  Result<ParamNames> ParamsOf(const std::string& value) {
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

  ParamNames AddParams(const std::string& base, QuantParams params) {
    ParamNames made{params, names_.Make(base + "_scale"), names_.Make(base + "_zero_point")};
    model_.graph.AddInitializer(made.scale, Tensor::Of<float>({}, {params.scale}));
    model_.graph.AddInitializer(made.zero_point,
                                Tensor::Of<uint8_t>({}, {static_cast<uint8_t>(params.zero_point)}));
    return made;
  }

  // Version 1 is the only one of the runtime's own domain.
  void Import(const std::string& domain) {
    if (outer_ != nullptr) return outer_->Import(domain);
    model_.opsets[domain] = 1;
  }

  Node& Add(std::string op, std::string domain, const std::string& name,
            std::vector<std::string> inputs, std::string output) {
    if (!domain.empty()) Import(domain);
    Node node;
    node.name = names_.Make(name);
    node.op_type = std::move(op);
    node.domain = std::move(domain);
    node.inputs = std::move(inputs);
    node.outputs = {std::move(output)};
    model_.graph.nodes.push_back(std::move(node));
    return model_.graph.nodes.back();
  }

  void AddQuantize(const std::string& from, const ParamNames& params, const std::string& to) {
    Add("QuantizeLinear", domain_, from + "_QuantizeLinear",
        {from, params.scale, params.zero_point}, to);
  }
  void AddDequantize(const std::string& from, const std::string& scale,
                     const std::string& zero_point, const std::string& to, int64_t axis = -1) {
    Node& node =
        Add("DequantizeLinear", domain_, to + "_DequantizeLinear", {from, scale, zero_point}, to);
    if (axis >= 0) node.Set("axis", axis);
  }

  // The uint8 form of a value, made where it is first needed.
  Result<std::string> QuantizedOf(const std::string& value) {
    const auto found = quantized_.find(value);
    if (found != quantized_.end()) return found->second;
    TARE_TRY(const ParamNames params, ParamsOf(value));
    std::string name = names_.Make(value + "_quantized");
    AddQuantize(value, params, name);
    return quantized_[value] = name;
  }

  // An input of a static node: a DequantizeLinear of its own.
  Result<std::string> DequantizedInput(const std::string& value) {
    if (const graph::SharedTensor* constant = index_.Constant(value))
      return DequantizedConstant(value, **constant);
    TARE_TRY(const std::string quantized, QuantizedOf(value));
    TARE_TRY(const ParamNames params, ParamsOf(value));
    std::string name = names_.Make(value + "_dequantized");
    AddDequantize(quantized, params.scale, params.zero_point, name);
    return name;
  }

  // A constant operand of Add, Mul or MatMul: uint8 codes of its own exact range.
  Result<std::string> DequantizedConstant(const std::string& name, const Tensor& constant) {
    const auto [known, is_new] = constants_.try_emplace(name);
    if (is_new) {
      TARE_TRY(known->second, AddConstant(name, constant));
    }
    const auto& [codes, params] = known->second;
    std::string output = names_.Make(name + "_dequantized");
    AddDequantize(codes, params.scale, params.zero_point, output);
    return output;
  }

  struct ConstantNames {
    std::string codes;
    ParamNames params;
  };
  Result<ConstantNames> AddConstant(const std::string& name, const Tensor& constant) {
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
  Result<void> EmitOutput(Node node, const Node& source) {
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

  std::string OutputOf(const Node& node) const {
    const auto found = final_output_.find(node.name);
    return found == final_output_.end() ? node.outputs[0] : found->second;
  }

  Result<void> Emit(const Node& node) {
    if (outer_ != nullptr && IsStatic(node))
      return CannotTake(node, Format::kInt8Static, "no range is observed in a body");
    switch (FormatOf(node)) {
      case Format::kFloat32:
        return node.Bodies().empty() ? EmitFloat(node) : EmitBodies(node);
      case Format::kInt8Dynamic:
        return EmitDynamic(node);
      case Format::kInt8Weights:
        return node.Is("Gather") ? EmitGather(node) : EmitWeights(node);
      case Format::kInt8Static:
        break;
    }
    if (node.Is("Pad")) return EmitPad(node);
    if (node.Is("Conv") || node.Is("Gemm")) return EmitWeighted(node);
    const bool weighted_matmul = node.Is("MatMul") && index_.Constant(node.Input(1)) != nullptr;
    return weighted_matmul ? EmitWeighted(node) : EmitElement(node);
  }

  // If, Loop or Scan: the nodes of its bodies.
  Result<void> EmitBodies(const Node& node) {
    Node made = node;
    for (graph::Attribute& attribute : made.attributes) {
      auto* body = std::get_if<graph::SharedGraph>(&attribute.value);
      if (body == nullptr) continue;
      graph::Model inner{source_.ir_version, source_.opsets, **body, "", ""};
      Builder builder(inner, recipe_, cache_, shared_names_, this);
      TARE_TRY_VOID(builder.EmitAll());
      graph::Prune(builder.model_.graph);
      *body = std::make_shared<const graph::Graph>(std::move(builder.model_.graph));
    }
    model_.graph.nodes.push_back(std::move(made));
    return {};
  }

  // The builder of the graph that holds a constant: what is made of it lies beside it, once for all
  // bodies that read it.
  Builder& HolderOf(const std::string& constant) {
    const bool is_own = outer_ == nullptr || index_.IsInitializer(constant) ||
                        index_.IsInput(constant) || index_.Producer(constant) >= 0;
    return is_own ? *this : outer_->HolderOf(constant);
  }
  const graph::SharedTensor* ConstantOf(const std::string& name) {
    return HolderOf(name).index_.Constant(name);
  }

  // A float node stays as it is, but for one trap: the runtime quantizes the weight of a Conv,
  // ConvTranspose or Gemm by itself, with one scale for all channels, when it finds it between a DQ
  // of one scale and a Q. A DQ with the same scale written once a channel is not taken for one.
  Result<void> EmitFloat(const Node& node) {
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
        zero_point, Tensor::Of<uint8_t>(
                        {channels}, std::vector<uint8_t>(
                                        count, static_cast<uint8_t>(params.params.zero_point))));
    Node made = node;
    made.inputs[0] = names_.Make(node.inputs[0] + "_dequantized");
    AddDequantize(quantized->second, scale, zero_point, made.inputs[0], 1);
    model_.graph.nodes.push_back(std::move(made));
    return {};
  }

  // The runtime's condition (its pass WeightBiasQuantization): a constant float weight, and a way
  // without branches, through Relu and Clip alone, to a QuantizeLinear.
  bool WouldBeQuantized(const Node& node) const {
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
  Result<void> EmitElement(const Node& node) {
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
  Result<void> EmitDivision(const Node& node) {
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
  Result<void> EmitPad(const Node& node) {
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

  // int8 codes and scales as initializers, shared by the nodes that read the same weight alike.
  struct WeightNames {
    std::string codes;
    std::string scale;
    std::string zero_point;
    std::vector<float> scales;
  };
  Result<WeightNames> AddWeight(const Node& node, const WeightLayout& layout) {
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
        made.zero_point,
        Tensor::Of<int8_t>(shape, std::vector<int8_t>(quantized.scales.size(), 0)));
    return weights_[layout.key] = made;
  }

  // Codes of a batched weight with the scale 1 in `unit_scale`.
  struct BatchedNames {
    std::string codes;
    std::string zero_point;
    std::string unit_scale;
    std::string scales;
  };
  Result<BatchedNames> AddBatchedWeight(const Node& node, const WeightLayout& layout) {
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
  Result<Node> MultiplyByCodes(const Node& node, const WeightLayout& layout, std::string input) {
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
  std::string DequantizedCodes(const std::string& constant, const std::array<std::string, 3>& codes,
                               int64_t axis) {
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
  Result<void> FindFloors() {
    for (const Node& node : source_.graph.nodes) {
      if (!IsStatic(node) || !(node.Is("Conv") || node.Is("Gemm")) || node.Input(2).empty())
        continue;
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
        const double least =
            std::max(std::abs(double{bias[c]}) / kMaxBiasCode, double{2 * FLT_MIN}) /
            double{input.scale};
        floor[c] = std::max(floor[c], static_cast<float>(std::min(least, double{FLT_MAX})));
      }
    }
    return {};
  }

  Result<void> EmitWeighted(const Node& node) {
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
    made.inputs[1] = DequantizedCodes(node.Input(1),
                                      {weight.codes, weight.scale, weight.zero_point}, layout.axis);
    if (!bias.empty()) {
      TARE_TRY(made.inputs[2], AddBias(node, bias, input.params.scale, weight.scales));
    }
    made.Remove("alpha");
    made.Remove("beta");
    return EmitOutput(std::move(made), node);
  }

  Result<std::string> AddBias(const Node& node, const std::vector<float>& bias, float input_scale,
                              const std::vector<float>& scales) {
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

  Result<std::array<std::string, 3>> AddRecurrentWeight(const std::string& name) {
    Builder& holder = HolderOf(name);
    if (&holder != this) return holder.AddRecurrentWeight(name);
    const auto found = recurrent_.find(name);
    if (found != recurrent_.end()) return found->second;
    const graph::SharedTensor* constant = index_.Constant(name);
    if (constant == nullptr || (*constant)->dtype() != DType::kFloat32 ||
        (*constant)->rank() != 3) {
      return FailedPrecondition(
          StrCat("weight '", name, "' is not a float32 constant of three axes"),
          "take the node out of the recipe");
    }
    TARE_TRY(auto quantized, internal::QuantizeRecurrent(**constant));
    std::array<std::string, 3> made = {names_.Make(name + "_quantized"),
                                       names_.Make(name + "_scale"),
                                       names_.Make(name + "_zero_point")};
    model_.graph.AddInitializer(made[0], std::move(quantized.codes));
    model_.graph.AddInitializer(made[1], std::move(quantized.scales));
    model_.graph.AddInitializer(made[2], std::move(quantized.zero_points));
    return recurrent_[name] = made;
  }

  Result<void> EmitDynamicLstm(const Node& node) {
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

  struct DynamicWeight {
    std::string codes;
    std::string scale;
    std::string zero_point;
  };
  Result<DynamicWeight> AddDynamicWeight(const Node& node, const WeightLayout& layout) {
    if (layout.IsBatched(node)) {
      TARE_TRY(const BatchedNames batched, AddBatchedWeight(node, layout));
      return DynamicWeight{batched.codes, batched.scales, batched.zero_point};
    }
    TARE_TRY(const WeightNames weight, AddWeight(node, layout));
    return DynamicWeight{weight.codes, weight.scale, weight.zero_point};
  }

  Result<void> EmitDynamic(const Node& node) {
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

  Result<void> EmitWeights(const Node& node) {
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
    made.inputs[1] = DequantizedCodes(node.Input(1),
                                      {weight.codes, weight.scale, weight.zero_point}, plain.axis);
    model_.graph.nodes.push_back(std::move(made));
    return {};
  }

  // A table of rows: the rows are picked as int8, each with its own scale, and only they are
  // widened.
  Result<void> EmitGather(const Node& node) {
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

  const graph::Model& source_;
  const Recipe& recipe_;
  WeightCache& cache_;
  GraphIndex index_;
  std::shared_ptr<graph::NameMaker> shared_names_;  // one for all bodies
  graph::NameMaker& names_;
  Builder* outer_;
  graph::Model model_;
  std::string domain_;
  std::map<std::string, Format> formats_;
  std::set<std::string> absorbed_;                   // activations that disappear
  std::map<std::string, std::string> final_output_;  // node -> output of the activation it absorbs
  std::map<std::string, ParamNames> params_;         // by range source
  std::map<std::string, std::string> quantized_;     // value -> its uint8 form
  std::map<std::string, std::string> dequantized_for_bodies_;  // by the name of their codes
  std::map<std::string, std::vector<float>> floors_;           // least scales, by WeightLayout::key
  std::map<std::string, WeightNames> weights_;                 // by WeightLayout::key
  std::map<std::string, BatchedNames> batched_;
  std::map<std::string, std::array<std::string, 3>> recurrent_;
  std::map<std::string, ConstantNames> constants_;  // operands of Add and Mul, by name
  std::map<std::string, std::pair<std::string, std::string>> tables_;  // codes and scales, by name
};

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

Result<graph::Model> ApplyRecipe(const graph::Model& canonical, const Recipe& recipe,
                                 WeightCache& cache) {
  return Builder(canonical, recipe, cache).Build();
}

Result<graph::Model> ApplyRecipe(const graph::Model& canonical, const Recipe& recipe) {
  WeightCache cache;
  return ApplyRecipe(canonical, recipe, cache);
}

}  // namespace tare::quantize
