#include <google/protobuf/unknown_field_set.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/functions_internal.h"
#include "tare/core/strcat.h"

namespace tare::graph::internal {
namespace {

using onnx::AttributeProto;
using onnx::FunctionProto;
using onnx::GraphProto;
using onnx::NodeProto;

// Fields of ONNX 1.13 and 1.16, which the installed classes keep as unknown ones.
constexpr int kFunctionDefaults = 11;
constexpr int kFunctionOverload = 13;
constexpr int kNodeOverload = 8;

constexpr int kMaxDepth = 64;
// Functions that each call the next twice double at every step.
constexpr int64_t kMaxNodes = 500'000;

std::string UnknownText(const google::protobuf::UnknownFieldSet& fields, int number) {
  std::string text;
  for (int i = 0; i < fields.field_count(); ++i) {
    const auto& field = fields.field(i);
    const bool is_text = field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED;
    if (field.number() == number && is_text) text = field.length_delimited();
  }
  return text;
}

std::string KeyOf(const std::string& domain, const std::string& name, const std::string& overload) {
  return StrCat(domain == "ai.onnx" ? "" : domain, "\n", name, "\n", overload);
}

// A function and the values of the attributes that a call may leave out.
struct Function {
  FunctionProto proto;
  std::map<std::string, AttributeProto> defaults;
};

Function ReadFunction(const FunctionProto& proto) {
  Function function{proto, {}};
  const auto& unknown = proto.GetReflection()->GetUnknownFields(proto);
  for (int i = 0; i < unknown.field_count(); ++i) {
    const auto& field = unknown.field(i);
    const bool is_text = field.type() == google::protobuf::UnknownField::TYPE_LENGTH_DELIMITED;
    if (field.number() != kFunctionDefaults || !is_text) continue;
    AttributeProto attribute;
    if (attribute.ParsePartialFromString(field.length_delimited()))
      function.defaults[attribute.name()] = attribute;
  }
  return function;
}

// The values of one call: by the names of its function.
struct Call {
  std::string prefix;
  std::map<std::string, std::string> values;
  std::map<std::string, AttributeProto> attributes;

  // Values that the function makes for itself are the call's own.
  std::string NameOf(const std::string& name) const {
    if (name.empty()) return name;
    const auto found = values.find(name);
    return found == values.end() ? StrCat(prefix, "/", name) : found->second;
  }
};

void Specialize(NodeProto& node, const Call& call);

void Specialize(GraphProto& body, const Call& call) {
  for (auto& node : *body.mutable_node()) Specialize(node, call);
  for (auto& tensor : *body.mutable_initializer()) tensor.set_name(call.NameOf(tensor.name()));
  for (auto& tensor : *body.mutable_sparse_initializer())
    tensor.mutable_values()->set_name(call.NameOf(tensor.values().name()));
  for (auto* values : {body.mutable_input(), body.mutable_output(), body.mutable_value_info()}) {
    for (auto& value : *values) value.set_name(call.NameOf(value.name()));
  }
}

// The attribute as the call gives it; false when it is to be left out.
bool Resolve(AttributeProto& attribute, const Call& call) {
  if (attribute.ref_attr_name().empty()) {
    if (attribute.has_g()) Specialize(*attribute.mutable_g(), call);
    for (auto& body : *attribute.mutable_graphs()) Specialize(body, call);
    return true;
  }
  const auto given = call.attributes.find(attribute.ref_attr_name());
  if (given == call.attributes.end()) return false;
  const std::string name = attribute.name();
  attribute = given->second;
  attribute.set_name(name);
  return true;
}

void Specialize(NodeProto& node, const Call& call) {
  for (std::string& input : *node.mutable_input()) input = call.NameOf(input);
  for (std::string& output : *node.mutable_output()) output = call.NameOf(output);
  if (!node.name().empty()) node.set_name(StrCat(call.prefix, "/", node.name()));
  auto attributes = std::move(*node.mutable_attribute());
  node.clear_attribute();
  for (auto& attribute : attributes) {
    if (Resolve(attribute, call)) *node.add_attribute() = std::move(attribute);
  }
}

class Inliner {
 public:
  explicit Inliner(const onnx::ModelProto& model) {
    for (const FunctionProto& proto : model.functions()) {
      const auto& unknown = proto.GetReflection()->GetUnknownFields(proto);
      functions_[KeyOf(proto.domain(), proto.name(), UnknownText(unknown, kFunctionOverload))] =
          ReadFunction(proto);
    }
  }

  Result<void> Expand(GraphProto& graph, int depth = 0) {
    google::protobuf::RepeatedPtrField<NodeProto> nodes;
    nodes.Swap(graph.mutable_node());
    for (NodeProto& node : nodes) {
      TARE_TRY_VOID(Emit(std::move(node), graph, depth));
    }
    return {};
  }

 private:
  const Function* Find(const NodeProto& node) const {
    const auto& unknown = node.GetReflection()->GetUnknownFields(node);
    const auto found =
        functions_.find(KeyOf(node.domain(), node.op_type(), UnknownText(unknown, kNodeOverload)));
    return found == functions_.end() ? nullptr : &found->second;
  }

  Result<void> Emit(NodeProto node, GraphProto& graph, int depth) {
    const Function* function = Find(node);
    if (function == nullptr) {
      for (auto& attribute : *node.mutable_attribute()) {
        if (!attribute.has_g()) continue;
        TARE_TRY_VOID(Expand(*attribute.mutable_g(), depth));
      }
      if (++num_nodes_ > kMaxNodes) {
        return Unsupported(StrCat("its functions amount to more than ", kMaxNodes, " nodes"),
                           "export the model again, without functions");
      }
      *graph.add_node() = std::move(node);
      return {};
    }
    if (depth >= kMaxDepth) {
      return DataLoss(StrCat("function '", function->proto.name(),
                             "' calls itself, or functions are "
                             "nested more than ",
                             kMaxDepth, " deep"),
                      "export the model again, without functions");
    }
    TARE_TRY(const Call call, CallOf(node, *function));
    for (NodeProto inner : function->proto.node()) {
      Specialize(inner, call);
      TARE_TRY_VOID(Emit(std::move(inner), graph, depth + 1));
    }
    PassThrough(node, *function, call, graph);
    return {};
  }

  Result<Call> CallOf(const NodeProto& node, const Function& function) {
    const FunctionProto& proto = function.proto;
    if (node.input_size() > proto.input_size() || node.output_size() > proto.output_size()) {
      return DataLoss(StrCat("node '", node.name(), "' gives function '", proto.name(), "' ",
                             node.input_size(), " inputs and ", node.output_size(),
                             " outputs; it has ", proto.input_size(), " and ", proto.output_size()),
                      "export the model again");
    }
    Call call;
    // Numbered: names of nodes may be absent, or stand twice.
    call.prefix = StrCat(node.name().empty() ? node.op_type() : node.name(), "_", ++num_calls_);
    for (int i = 0; i < proto.input_size(); ++i)
      call.values[proto.input(i)] = i < node.input_size() ? node.input(i) : "";
    for (int i = 0; i < node.output_size(); ++i) {
      // An input that is handed through has the name of the input: PassThrough.
      if (!node.output(i).empty()) call.values.emplace(proto.output(i), node.output(i));
    }
    call.attributes = function.defaults;
    for (const AttributeProto& attribute : node.attribute())
      call.attributes[attribute.name()] = attribute;
    return call;
  }

  // A function may give an input as an output, or one value twice: an Identity makes the name.
  static void PassThrough(const NodeProto& node, const Function& function, const Call& call,
                          GraphProto& graph) {
    for (int i = 0; i < node.output_size(); ++i) {
      const std::string& made = call.values.at(function.proto.output(i));
      if (node.output(i).empty() || made == node.output(i)) continue;
      NodeProto* identity = graph.add_node();
      identity->set_op_type("Identity");
      identity->add_input(made);
      identity->add_output(node.output(i));
    }
  }

  std::map<std::string, Function> functions_;
  int num_calls_ = 0;
  int64_t num_nodes_ = 0;
};

}  // namespace

Result<void> InlineFunctions(onnx::ModelProto& model) {
  if (model.functions().empty()) return {};
  TARE_TRY_VOID(Inliner(model).Expand(*model.mutable_graph()));
  std::set<std::string> imported;
  for (const auto& opset : model.opset_import()) imported.insert(opset.domain());
  for (const FunctionProto& function : model.functions()) {
    for (const auto& opset : function.opset_import()) {
      if (imported.insert(opset.domain()).second) *model.add_opset_import() = opset;
    }
  }
  model.clear_functions();
  return {};
}

}  // namespace tare::graph::internal
