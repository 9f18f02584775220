#include "tare/quantize/ability.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "quantize/shape_deciders_internal.h"
#include "tare/core/text.h"
#include "tare/graph/index.h"
#include "tare/quantize/apply.h"

namespace tare::quantize {
namespace {

using graph::GraphIndex;
using graph::Node;
using graph::SharedTensor;

constexpr std::array<std::string_view, 10> kElements = {
    "Add",       "Mul",     "Div",     "AveragePool", "GlobalAveragePool",
    "LeakyRelu", "Sigmoid", "Softmax", "Concat",      "Where"};
constexpr std::array<std::string_view, 22> kQuantizedOps = {"QuantizeLinear",
                                                            "DequantizeLinear",
                                                            "DynamicQuantizeLinear",
                                                            "QLinearConv",
                                                            "QLinearMatMul",
                                                            "ConvInteger",
                                                            "MatMulInteger",
                                                            "QGemm",
                                                            "QLinearAdd",
                                                            "QLinearMul",
                                                            "QLinearConcat",
                                                            "QLinearSigmoid",
                                                            "QLinearSoftmax",
                                                            "QLinearLeakyRelu",
                                                            "QLinearAveragePool",
                                                            "QLinearGlobalAveragePool",
                                                            "QAttention",
                                                            "DynamicQuantizeLSTM",
                                                            "DynamicQuantizeMatMul",
                                                            "MatMulIntegerToFloat",
                                                            "MatMulNBits",
                                                            "QEmbedLayerNormalization"};

template <size_t N>
bool OneOf(const std::string& op, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), op) != list.end();
}

// Everything that a rule looks at.
struct Context {
  const graph::Model& model;
  const GraphIndex& index;
  const runtime::TypeMap& types;

  const ValueInfo* TypeOf(const std::string& value) const {
    const auto found = types.find(value);
    return found == types.end() ? nullptr : &found->second;
  }
  bool IsFloat32(const std::string& value) const {
    const ValueInfo* type = TypeOf(value);
    return type != nullptr && type->dtype == DType::kFloat32;
  }
  const Tensor* Constant(const std::string& value) const {
    const SharedTensor* constant = index.Constant(value);
    return constant == nullptr ? nullptr : constant->get();
  }
  size_t Rank(const std::string& value) const {
    const ValueInfo* type = TypeOf(value);
    return type == nullptr ? 0 : type->shape.size();
  }
};

bool IsConstantBias(const Context& context, const std::string& name, int64_t channels) {
  const Tensor* bias = context.Constant(name);
  return bias != nullptr && bias->dtype() == DType::kFloat32 && bias->num_elements() == channels &&
         (bias->rank() == 1 || (bias->rank() == 2 && bias->shape()[0] == 1));
}

std::string RuleConv(const Context& context, const Node& node) {
  const Tensor* weight = context.Constant(node.Input(1));
  if (weight == nullptr || weight->dtype() != DType::kFloat32)
    return "its weight is not a float32 constant";
  if (weight->rank() < 3) return "its weight has fewer than 3 axes";
  if (!node.Input(2).empty() && !IsConstantBias(context, node.Input(2), weight->shape()[0])) {
    return "its bias is not a float32 constant of one value a channel";
  }
  return "";
}

std::string RuleGemm(const Context& context, const Node& node) {
  const Tensor* weight = context.Constant(node.Input(1));
  if (weight == nullptr || weight->dtype() != DType::kFloat32 || weight->rank() != 2) {
    return "its weight is not a float32 constant";
  }
  if (node.Int("transA", 0) != 0) return "transA = 1 has no integer kernel";
  const int64_t channels = weight->shape()[node.Int("transB", 0) != 0 ? 0 : 1];
  if (!node.Input(2).empty() && !IsConstantBias(context, node.Input(2), channels)) {
    return "its bias is not a float32 constant of one value a column";
  }
  return "";
}

std::string RuleMatMul(const Context& context, const Node& node) {
  const Tensor* weight = context.Constant(node.Input(1));
  if (weight != nullptr && weight->rank() < 2) return "its constant operand has one axis";
  if (context.Constant(node.Input(0)) != nullptr) return "its first operand is a constant";
  return "";
}

std::string RuleMover(const Context& context, const Node& node) {
  const int64_t opset = context.model.opset();
  // Before opset 12 MaxPool is of floats only; its second output are places, which have no codes.
  if (node.Is("MaxPool") && (opset < 12 || node.outputs.size() > 1))
    return "MaxPool runs in integers from opset 12";
  if (node.Is("Resize") && (node.String("mode", "nearest") != "nearest" || opset < 11)) {
    return "only nearest-neighbour Resize keeps the codes";
  }
  if (node.Is("Pad")) {
    const Tensor* value = context.Constant(node.Input(2));
    const bool zero =
        node.Input(2).empty() || (value != nullptr && value->dtype() == DType::kFloat32 &&
                                  value->num_elements() == 1 && value->data<float>()[0] == 0.0F);
    if (opset < 11 || !zero || node.String("mode", "constant") != "constant")
      return "Pad runs in integers from opset 11 with a constant value of 0";
  }
  if (context.Constant(node.Input(0)) != nullptr) return "it moves a constant";
  return "";
}

// Div by a constant is written as Mul by its reciprocal, which must be a normal number.
std::string RuleDiv(const Context& context, const Node& node) {
  const Tensor* divisor = context.Constant(node.Input(1));
  if (divisor == nullptr || divisor->dtype() != DType::kFloat32)
    return "its divisor is not a float32 constant";
  const auto values = divisor->data<float>();
  const bool all = std::all_of(values.begin(), values.end(),
                               [](float value) { return std::isnormal(1.0F / value); });
  if (!all) return "its divisor holds a value without a reciprocal";
  return context.Constant(node.Input(0)) != nullptr ? "it is constant" : "";
}

std::string RuleElement(const Context& context, const Node& node) {
  if (node.Is("Concat") || node.Is("Where")) {
    const size_t first = node.Is("Where") ? 1 : 0;
    for (size_t i = first; i < node.inputs.size(); ++i) {
      if (context.Constant(node.inputs[i]) != nullptr) return "one of its operands is a constant";
    }
  }
  if (node.Is("Add") || node.Is("Mul")) {
    if (node.inputs.size() != 2) return "it has not two operands";
    if (context.Constant(node.Input(0)) != nullptr && context.Constant(node.Input(1)) != nullptr)
      return "it is constant";
  }
  if (node.Is("Div")) return RuleDiv(context, node);
  if (node.Is("AveragePool") && node.Int("ceil_mode", 0) != 0)
    return "ceil_mode = 1 has no integer kernel";
  return "";
}

std::vector<size_t> DataInputs(const Node& node) {
  if (node.Is("Add") || node.Is("Mul") || node.Is("Div") || node.Is("MatMul")) return {0, 1};
  if (node.Is("Where")) return {1, 2};
  if (node.Is("Concat")) {
    std::vector<size_t> all(node.inputs.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    return all;
  }
  return {0};
}

Role RoleOf(const Node& node) {
  if (!node.domain.empty()) return Role::kNone;
  if (node.Is("Conv") || node.Is("MatMul") || node.Is("Gemm")) return Role::kCompute;
  if (OneOf(node.op_type, kElements)) return Role::kElement;
  if (IsMoverOp(node)) return Role::kMover;
  return Role::kNone;
}

std::string RuleOf(const Context& context, const Node& node, Role role) {
  if (node.Is("Conv")) return RuleConv(context, node);
  if (node.Is("Gemm")) return RuleGemm(context, node);
  if (node.Is("MatMul")) return RuleMatMul(context, node);
  return role == Role::kMover ? RuleMover(context, node) : RuleElement(context, node);
}

std::string WhyFloat(const Node& node) {
  if (!node.Bodies().empty()) return "it runs its body, whose nodes take no static ranges";
  if (node.Is("LSTM") || node.Is("GRU") || node.Is("RNN"))
    return "recurrent operators have no static integer kernel";
  if (!node.domain.empty())
    return StrCat("operators of domain '", node.domain, "' are left as they are");
  return StrCat(node.op_type, " has no integer kernel in the runtime");
}

// DynamicQuantizeLSTM takes both weights as constants; `layout` 1 (opset 14) has no kernel.
bool IsDynamicLstm(const Context& context, const Node& node) {
  const Tensor* input = context.Constant(node.Input(1));
  const Tensor* state = context.Constant(node.Input(2));
  return node.Is("LSTM") && input != nullptr && state != nullptr &&
         input->dtype() == DType::kFloat32 && state->dtype() == DType::kFloat32 &&
         input->rank() == 3 && state->rank() == 3 && node.Int("layout", 0) == 0 &&
         context.IsFloat32(node.Input(0));
}

void DescribeWeights(const Context& context, const Node& node, Ability& ability) {
  if (IsDynamicLstm(context, node)) {
    ability.dynamic_int8 = true;
    ability.weight_elements = context.Constant(node.Input(1))->num_elements() +
                              context.Constant(node.Input(2))->num_elements();
    return;
  }
  // Gather reads its table by input 0, the others their weight by input 1.
  const bool weighted =
      node.Is("Conv") || node.Is("ConvTranspose") || node.Is("MatMul") || node.Is("Gemm");
  if (!weighted && !node.Is("Gather")) return;
  const Tensor* weight = context.Constant(node.Input(node.Is("Gather") ? 0 : 1));
  if (weight == nullptr || weight->dtype() != DType::kFloat32 || weight->rank() < 2) return;
  ability.weight_elements = weight->num_elements();
  ability.weights_int8 = !node.Is("Gather") || (weight->rank() == 2 && node.Int("axis", 0) == 0);
  const bool plain_gemm = node.Is("Gemm") && RuleGemm(context, node).empty();
  ability.dynamic_int8 = (node.Is("MatMul") || plain_gemm) && context.IsFloat32(node.Input(0));
}

Ability Describe(const Context& context, const Node& node) {
  Ability ability{node.name, node.op_type, RoleOf(node), false, false, 0, DataInputs(node), ""};
  DescribeWeights(context, node, ability);
  if (ability.role == Role::kNone) {
    ability.reason = WhyFloat(node);
    return ability;
  }
  std::string reason;
  // Both ends: a Gather of floats by integers computes in floats, a Softmax on double does not.
  const bool computes = node.outputs.empty() || context.IsFloat32(node.outputs[0]);
  for (const size_t input : ability.data_inputs) {
    if (!computes || !context.IsFloat32(node.Input(input))) {
      const ValueInfo* type = context.TypeOf(node.Input(input));
      reason =
          StrCat("it computes in ", type == nullptr ? "an unknown type" : DTypeName(type->dtype),
                 ", not in float32");
    }
  }
  if (reason.empty()) reason = RuleOf(context, node, ability.role);
  if (!reason.empty()) {
    ability.role = Role::kNone;
    ability.reason = std::move(reason);
  }
  return ability;
}

void CountOps(const graph::Graph& graph, std::map<std::string, int64_t>& counts) {
  for (const Node& node : graph.nodes) {
    ++counts[node.op_type];
    for (const auto& body : node.Bodies()) CountOps(*body, counts);
  }
}

bool IsWeightOf(const Node& node, size_t input) {
  if (node.Is("LSTM") || node.Is("GRU")) return input == 1 || input == 2;
  const bool multiplies =
      node.Is("Conv") || node.Is("ConvTranspose") || node.Is("MatMul") || node.Is("Gemm");
  return multiplies && input == 1;
}

// How many elements of which kind a constant value is made of.
struct MadeOf {
  int64_t codes = 0;   // int8 or uint8
  int64_t floats = 0;  // of one matrix or more: single scales count for nothing
  bool is_constant = true;
};

MadeOf SourcesOf(const Node& node, const GraphIndex& index,
                 const std::map<std::string, MadeOf>& known) {
  MadeOf made;
  for (const std::string& input : node.inputs) {
    if (input.empty()) continue;
    const SharedTensor* constant = index.Constant(input);
    const auto found = known.find(input);
    if (constant == nullptr && found == known.end()) return {0, 0, false};
    if (constant == nullptr) {
      made.codes += found->second.codes;
      made.floats += found->second.floats;
      continue;
    }
    const DType type = (*constant)->dtype();
    if (type == DType::kInt8 || type == DType::kUint8) made.codes += (*constant)->num_elements();
    if (type == DType::kFloat32 || type == DType::kFloat16)
      made.floats += (*constant)->num_elements();
  }
  return made;
}

// Weights that are int8 codes behind a Cast (with Sub and Mul by scales): a quantized model without a
// quantized operator. A mask of int8 is read by other operators, or multiplies a weight of floats.
bool HasCastWeights(const graph::Model& model) {
  const GraphIndex index(model.graph);
  std::map<std::string, MadeOf> known;  // values of constants alone
  for (const Node& node : model.graph.nodes) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const auto found = known.find(node.inputs[i]);
      if (found == known.end() || !IsWeightOf(node, i)) continue;
      const auto& [codes, floats, is_constant] = found->second;
      // A scale a row or column, even one a block of 16, is less than the codes.
      if (codes >= 256 && floats * 4 <= codes) return true;
    }
    const MadeOf made = SourcesOf(node, index, known);
    if (!made.is_constant || node.inputs.empty() || !node.Bodies().empty()) continue;
    for (const std::string& output : node.outputs) known[output] = made;
  }
  return false;
}

// One body, with what its nodes may read from the graphs around it.
struct Surroundings {
  const graph::Graph& graph;
  GraphIndex index;
  const Surroundings* outer = nullptr;

  const Tensor* Constant(const std::string& name) const {
    const SharedTensor* constant = index.Constant(name);
    if (constant != nullptr) return constant->get();
    const bool is_own = index.IsInput(name) || index.Producer(name) >= 0;
    return is_own || outer == nullptr ? nullptr : outer->Constant(name);
  }
};

// What a weighted node of a body can be without ranges. Its activation is float32 as its weight is.
Ability DescribeInBody(const Surroundings& body, const Node& node) {
  Ability ability{node.name, node.op_type, Role::kNone, false, false, 0, {0}, ""};
  ability.reason = "in a body it takes no static ranges";
  const auto is_float = [&](const Tensor* tensor, int64_t rank) {
    return tensor != nullptr && tensor->dtype() == DType::kFloat32 && tensor->rank() == rank;
  };
  const Tensor* weight = body.Constant(node.Input(1));
  if (node.Is("LSTM")) {
    const Tensor* state = body.Constant(node.Input(2));
    ability.dynamic_int8 = is_float(weight, 3) && is_float(state, 3) && node.Int("layout", 0) == 0;
    if (ability.dynamic_int8)
      ability.weight_elements = weight->num_elements() + state->num_elements();
    return ability;
  }
  if (weight == nullptr || weight->dtype() != DType::kFloat32 || weight->rank() < 2) return ability;
  ability.weight_elements = weight->num_elements();
  ability.weights_int8 = true;
  const Tensor* bias = body.Constant(node.Input(2));
  const bool plain_gemm =
      node.Is("Gemm") && weight->rank() == 2 && node.Int("transA", 0) == 0 &&
      (node.Input(2).empty() ||
       (is_float(bias, 1) &&
        bias->num_elements() == weight->shape()[node.Int("transB", 0) != 0 ? 0 : 1]));
  ability.dynamic_int8 = node.Is("MatMul") || plain_gemm;
  return ability;
}

void DescribeBodiesOf(const Surroundings& around, std::vector<Ability>& abilities) {
  for (const Node& node : around.graph.nodes) {
    for (const auto& body : node.Bodies()) {
      const Surroundings inner{*body, GraphIndex(*body), &around};
      for (const Node& one : body->nodes) {
        const bool weighted = one.Is("Conv") || one.Is("ConvTranspose") || one.Is("MatMul") ||
                              one.Is("Gemm") || one.Is("LSTM");
        if (weighted) abilities.push_back(DescribeInBody(inner, one));
      }
      DescribeBodiesOf(inner, abilities);
    }
  }
}

void LeaveInFloat(const std::string& length, Ability& ability) {
  const bool could = ability.role != Role::kNone || ability.dynamic_int8 || ability.weights_int8;
  if (could) ability.reason = StrCat("it decides a length: ", length, " depends on it");
  ability.role = Role::kNone;
  ability.dynamic_int8 = false;
  ability.weights_int8 = false;
}

}  // namespace

std::vector<Ability> DescribeAbilities(const graph::Model& model, const runtime::TypeMap& types) {
  const GraphIndex index(model.graph);
  const Context context{model, index, types};
  std::vector<Ability> abilities;
  for (const Node& node : model.graph.nodes) abilities.push_back(Describe(context, node));
  const auto lengths = LengthsDecided(model.graph);
  for (size_t i = 0; i < abilities.size(); ++i) {
    if (!lengths[i].empty()) LeaveInFloat(lengths[i], abilities[i]);
  }
  return abilities;
}

std::vector<Ability> DescribeBodies(const graph::Model& model) {
  std::vector<Ability> abilities;
  DescribeBodiesOf({model.graph, GraphIndex(model.graph), nullptr}, abilities);
  return abilities;
}

std::string ReasonQuantizedAlready(const graph::Model& model) {
  std::map<std::string, int64_t> counts;
  CountOps(model.graph, counts);
  for (const auto& [op, count] : counts) {
    if (OneOf(op, kQuantizedOps)) {
      return StrCat(kQuantizedAlready, ": it holds ", count, " ", op,
                    count == 1 ? " node" : " nodes");
    }
  }
  if (HasCastWeights(model))
    return StrCat(kQuantizedAlready, ": its weights are int8 behind Cast nodes");
  return "";
}

std::string ReasonToDecline(const graph::Model& model, const std::vector<Ability>& abilities) {
  if (auto reason = ReasonQuantizedAlready(model); !reason.empty()) return reason;
  const bool any = std::any_of(abilities.begin(), abilities.end(), [](const Ability& ability) {
    // Convolutions of bodies can be stored in int8, and no more.
    const bool in_body = ability.role == Role::kNone && ability.weights_int8 &&
                         ability.op_type != "Gather" && ability.op_type != "ConvTranspose";
    return ability.role == Role::kCompute || ability.dynamic_int8 || in_body;
  });
  if (any) return "";
  // A true reason names what is there instead.
  std::map<std::string, int64_t> inner;
  std::string holder;
  for (const Node& node : model.graph.nodes) {
    for (const auto& body : node.Bodies()) {
      CountOps(*body, inner);
      if (holder.empty()) holder = node.op_type;
    }
  }
  const int64_t hidden =
      inner["Conv"] + inner["MatMul"] + inner["Gemm"] + inner["LSTM"] + inner["GRU"];
  if (hidden > 0) {
    return StrCat("nothing to quantize: all ", hidden, " compute nodes lie in bodies of ", holder,
                  " nodes, and none has a constant float32 weight");
  }
  std::set<std::string> domains;
  for (const Node& node : model.graph.nodes) domains.insert(node.domain);
  domains.erase("");
  for (const Ability& ability : abilities) {
    const bool compute =
        ability.op_type == "Conv" || ability.op_type == "MatMul" || ability.op_type == "Gemm";
    if (compute) {
      return StrCat("nothing to quantize: no ", ability.op_type, " node can run in integers; '",
                    ability.node, "': ", ability.reason);
    }
  }
  if (!domains.empty()) {
    const std::vector<std::string> list(domains.begin(), domains.end());
    return StrCat("nothing to quantize: there is no Conv, MatMul or Gemm beside the operators of ",
                  Join(list, ", "));
  }
  return "nothing to quantize: there is no Conv, MatMul or Gemm in the graph";
}

}  // namespace tare::quantize
