// The adapter between the model graph and the protobuf classes of ONNX. Each message is split into
// the fields that tare has a place for and the rest, which is kept serialised in `extra` and merged
// back on writing: fields of newer releases survive.

#include "tare/graph/onnx.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <filesystem>
#include <limits>

#include "graph/foreign_file_internal.h"
#include "graph/functions_internal.h"
#include "graph/tensor_proto_internal.h"
#include "tare/core/file.h"
#include "tare/core/hash.h"
#include "tare/graph/index.h"

namespace tare::graph {
namespace {

constexpr int64_t kMaxInside = 1'800'000'000;  // protobuf ends at 2^31 - 1
constexpr size_t kMinExternalBytes = 1024;     // smaller tensors stay inside

Result<Graph> ReadGraph(onnx::GraphProto& proto, const std::string& folder);
void WriteGraph(const Graph& graph, onnx::GraphProto* proto);

Result<AttributeValue> ReadAttribute(onnx::AttributeProto& proto, const std::string& folder) {
  switch (proto.type()) {
    case onnx::AttributeProto::INT:
      return AttributeValue(int64_t{proto.i()});
    case onnx::AttributeProto::FLOAT:
      return AttributeValue(proto.f());
    case onnx::AttributeProto::STRING:
      return AttributeValue(proto.s());
    case onnx::AttributeProto::INTS:
      return AttributeValue(std::vector<int64_t>(proto.ints().begin(), proto.ints().end()));
    case onnx::AttributeProto::FLOATS:
      return AttributeValue(std::vector<float>(proto.floats().begin(), proto.floats().end()));
    case onnx::AttributeProto::STRINGS:
      return AttributeValue(
          std::vector<std::string>(proto.strings().begin(), proto.strings().end()));
    case onnx::AttributeProto::TENSOR:
      if (internal::IsNumeric(proto.t().data_type())) {
        TARE_TRY(auto tensor, internal::ReadTensor(proto.t(), folder));
        return AttributeValue(std::make_shared<const Tensor>(std::move(tensor)));
      }
      break;
    case onnx::AttributeProto::GRAPH: {
      TARE_TRY(auto body, ReadGraph(*proto.mutable_g(), folder));
      return AttributeValue(std::make_shared<const Graph>(std::move(body)));
    }
    default:
      break;
  }
  return AttributeValue(RawAttribute{proto.SerializeAsString()});
}

Result<Node> ReadNode(onnx::NodeProto& proto, const std::string& folder) {
  Node node;
  node.name = proto.name();
  node.op_type = proto.op_type();
  node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  for (auto& attribute : *proto.mutable_attribute()) {
    TARE_TRY(auto value,
             ReadAttribute(attribute, folder).While(StrCat("reading node '", node.name, "'")));
    node.attributes.push_back({attribute.name(), std::move(value)});
  }
  // What tare does not model (documentation, metadata, fields of later versions) stays as it is and
  // is written back.
  proto.clear_name();
  proto.clear_op_type();
  proto.clear_domain();
  proto.clear_input();
  proto.clear_output();
  proto.clear_attribute();
  node.extra = proto.SerializeAsString();
  return node;
}

Value ReadValue(const onnx::ValueInfoProto& proto) {
  Value value;
  value.raw = proto.SerializeAsString();
  value.info.name = proto.name();
  if (!proto.type().has_tensor_type()) return value;
  value.info.dtype = static_cast<DType>(proto.type().tensor_type().elem_type());
  for (const auto& dim : proto.type().tensor_type().shape().dim()) {
    value.info.shape.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
  }
  return value;
}

Result<Graph> ReadGraph(onnx::GraphProto& proto, const std::string& folder) {
  Graph graph;
  graph.name = proto.name();
  for (auto& node : *proto.mutable_node()) {
    if (node.output().empty()) {
      return DataLoss(StrCat("node '", node.name(), "' (", node.op_type(), ") has no output"),
                      "export the model again");
    }
    TARE_TRY(auto read, ReadNode(node, folder));
    graph.nodes.push_back(std::move(read));
  }
  for (auto& tensor : *proto.mutable_initializer()) {
    Initializer initializer{tensor.name(), nullptr, ""};
    if (internal::IsNumeric(tensor.data_type())) {
      TARE_TRY(auto value, internal::ReadTensor(tensor, folder));
      initializer.value = std::make_shared<const Tensor>(std::move(value));
    } else {
      initializer.raw = tensor.SerializeAsString();
    }
    graph.initializers.push_back(std::move(initializer));
    tensor.Clear();  // the weights are held once, not twice
  }
  for (const auto& value : proto.input()) graph.inputs.push_back(ReadValue(value));
  for (const auto& value : proto.output()) graph.outputs.push_back(ReadValue(value));
  for (const auto& value : proto.value_info()) graph.value_infos.push_back(ReadValue(value));
  proto.clear_name();
  proto.clear_node();
  proto.clear_initializer();
  proto.clear_input();
  proto.clear_output();
  proto.clear_value_info();
  graph.extra = proto.SerializeAsString();
  // The runtime sorts for itself, so files out of order are about.
  TARE_TRY_VOID(SortNodes(graph));
  return graph;
}

void WriteAttribute(const Attribute& attribute, onnx::AttributeProto* proto) {
  struct Writer {
    onnx::AttributeProto* proto;
    void operator()(int64_t value) const {
      proto->set_type(onnx::AttributeProto::INT);
      proto->set_i(value);
    }
    void operator()(float value) const {
      proto->set_type(onnx::AttributeProto::FLOAT);
      proto->set_f(value);
    }
    void operator()(const std::string& value) const {
      proto->set_type(onnx::AttributeProto::STRING);
      proto->set_s(value);
    }
    void operator()(const std::vector<int64_t>& values) const {
      proto->set_type(onnx::AttributeProto::INTS);
      for (const int64_t value : values) proto->add_ints(value);
    }
    void operator()(const std::vector<float>& values) const {
      proto->set_type(onnx::AttributeProto::FLOATS);
      for (const float value : values) proto->add_floats(value);
    }
    void operator()(const std::vector<std::string>& values) const {
      proto->set_type(onnx::AttributeProto::STRINGS);
      for (const std::string& value : values) proto->add_strings(value);
    }
    void operator()(const SharedTensor& value) const {
      proto->set_type(onnx::AttributeProto::TENSOR);
      internal::WriteTensor(*value, proto->mutable_t());
    }
    void operator()(const SharedGraph& value) const {
      proto->set_type(onnx::AttributeProto::GRAPH);
      WriteGraph(*value, proto->mutable_g());
    }
    void operator()(const RawAttribute& value) const { proto->ParsePartialFromString(value.bytes); }
  };
  std::visit(Writer{proto}, attribute.value);
  proto->set_name(attribute.name);
}

void WriteNode(const Node& node, onnx::NodeProto* proto) {
  proto->ParsePartialFromString(node.extra);
  for (const std::string& input : node.inputs) proto->add_input(input);
  for (const std::string& output : node.outputs) proto->add_output(output);
  if (!node.name.empty()) proto->set_name(node.name);
  proto->set_op_type(node.op_type);
  if (!node.domain.empty()) proto->set_domain(node.domain);
  for (const Attribute& attribute : node.attributes)
    WriteAttribute(attribute, proto->add_attribute());
}

void WriteValue(const Value& value, onnx::ValueInfoProto* proto) {
  if (!value.raw.empty()) {
    proto->ParsePartialFromString(value.raw);
    proto->set_name(value.info.name);
    return;
  }
  proto->set_name(value.info.name);
  if (value.info.dtype == DType::kUndefined) return;
  auto* type = proto->mutable_type()->mutable_tensor_type();
  type->set_elem_type(static_cast<int32_t>(value.info.dtype));
  for (const int64_t extent : value.info.shape) {
    auto* dim = type->mutable_shape()->add_dim();
    if (extent >= 0) dim->set_dim_value(extent);
  }
}

void WriteGraph(const Graph& graph, onnx::GraphProto* proto) {
  proto->ParsePartialFromString(graph.extra);
  proto->set_name(graph.name.empty() ? "graph" : graph.name);
  for (const Node& node : graph.nodes) WriteNode(node, proto->add_node());
  for (const Initializer& initializer : graph.initializers) {
    auto* tensor = proto->add_initializer();
    if (initializer.value == nullptr) {
      tensor->ParsePartialFromString(initializer.raw);
    } else {
      internal::WriteTensor(*initializer.value, tensor);
    }
    tensor->set_name(initializer.name);
  }
  for (const Value& value : graph.inputs) WriteValue(value, proto->add_input());
  for (const Value& value : graph.outputs) WriteValue(value, proto->add_output());
  for (const Value& value : graph.value_infos) WriteValue(value, proto->add_value_info());
}

onnx::ModelProto ToProto(const Model& model) {
  onnx::ModelProto proto;
  proto.ParsePartialFromString(model.extra);
  proto.set_ir_version(model.ir_version);
  for (const auto& [domain, version] : model.opsets) {
    auto* opset = proto.add_opset_import();
    opset->set_domain(domain);
    opset->set_version(version);
  }
  WriteGraph(model.graph, proto.mutable_graph());
  return proto;
}

// Deterministic serialisation of a message below 2 GiB.
std::string ToBytes(const onnx::ModelProto& proto) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  proto.SerializePartialToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

void CollectTensors(onnx::GraphProto* graph, std::vector<onnx::TensorProto*>& tensors) {
  for (auto& tensor : *graph->mutable_initializer()) tensors.push_back(&tensor);
  for (auto& node : *graph->mutable_node()) {
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) CollectTensors(attribute.mutable_g(), tensors);
    }
  }
}

Result<void> WriteExternalData(onnx::GraphProto* graph, const std::string& data_path) {
  std::vector<onnx::TensorProto*> tensors;
  CollectTensors(graph, tensors);
  const std::string location = std::filesystem::path(data_path).filename().string();
  return WriteFileAtomic(data_path, [&](const Appender& append) -> Result<void> {
    int64_t offset = 0;
    for (onnx::TensorProto* tensor : tensors) {
      const auto length = static_cast<int64_t>(tensor->raw_data().size());
      if (length < static_cast<int64_t>(kMinExternalBytes)) continue;
      TARE_TRY_VOID(append(tensor->raw_data()));
      const std::pair<const char*, std::string> entries[] = {{"location", location},
                                                             {"offset", std::to_string(offset)},
                                                             {"length", std::to_string(length)}};
      for (const auto& [key, text] : entries) {
        auto* entry = tensor->add_external_data();
        entry->set_key(key);
        entry->set_value(text);
      }
      tensor->set_data_location(onnx::TensorProto::EXTERNAL);
      tensor->clear_raw_data();
      offset += length;
    }
    return {};
  });
}

}  // namespace

Result<Model> ParseOnnx(std::string_view bytes, const std::string& source,
                        const std::string& folder) {
  if (const auto foreign = internal::RecognizeForeign(bytes)) {
    return Unsupported(StrCat(source, " is no ONNX model: it is ", foreign->kind),
                       std::string(foreign->next_step));
  }
  onnx::ModelProto proto;
  google::protobuf::io::ArrayInputStream stream(
      bytes.data(),
      static_cast<int>(std::min<size_t>(bytes.size(), std::numeric_limits<int>::max())));
  google::protobuf::io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(std::numeric_limits<int>::max());
  const bool whole = proto.ParsePartialFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  if (!whole || bytes.size() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return DataLoss(
        StrCat(source, " is not an ONNX model, or is truncated (", bytes.size(), " bytes)"),
        "export or download the model again");
  }
  if (!proto.has_graph() || (proto.graph().node().empty() && proto.graph().output().empty())) {
    return DataLoss(StrCat(source, " holds no graph"), "check that this is an ONNX model");
  }
  TARE_TRY_VOID(internal::InlineFunctions(proto).While(StrCat("reading ", source)));
  Model model;
  model.folder = folder;
  model.ir_version = proto.ir_version();
  for (const auto& opset : proto.opset_import()) {
    model.opsets[opset.domain() == "ai.onnx" ? "" : opset.domain()] = opset.version();
  }
  // The entry stands behind the graph: without it the end of the file is missing.
  if (model.opsets.empty() && model.ir_version >= 3) {
    return DataLoss(StrCat(source, " names no opset, or is truncated (", bytes.size(), " bytes)"),
                    "export or download the model again");
  }
  TARE_TRY(model.graph,
           ReadGraph(*proto.mutable_graph(), folder).While(StrCat("reading ", source)));
  proto.clear_ir_version();
  proto.clear_opset_import();
  proto.clear_graph();
  model.extra = proto.SerializePartialAsString();
  return model;
}

Result<Model> ReadOnnx(const std::string& path) {
  TARE_TRY(const std::string bytes, ReadFile(path));
  return ParseOnnx(bytes, path, std::filesystem::path(path).parent_path().string());
}

Result<std::string> SerializeOnnx(const Model& model) {
  const onnx::ModelProto proto = ToProto(model);
  if (proto.ByteSizeLong() > static_cast<size_t>(std::numeric_limits<int>::max())) {
    return Unsupported("the model passes 2 GiB, which one protobuf message cannot hold",
                       "write it to a file: its weights then go to a data file beside it");
  }
  return ToBytes(proto);
}

Result<void> WriteOnnx(const Model& model, const std::string& path) {
  onnx::ModelProto proto = ToProto(model);
  if (static_cast<int64_t>(proto.ByteSizeLong()) > kMaxInside) {
    TARE_TRY_VOID(WriteExternalData(proto.mutable_graph(), path + ".data"));
  }
  return WriteFileAtomic(path, ToBytes(proto)).While(StrCat("writing ", path));
}

Result<std::string> ModelDigest(const Model& model) {
  onnx::ModelProto proto = ToProto(model);
  // Tensor bytes are hashed apart, so that a model of any size has a digest.
  std::vector<onnx::TensorProto*> tensors;
  CollectTensors(proto.mutable_graph(), tensors);
  Sha256 hash;
  for (onnx::TensorProto* tensor : tensors) {
    hash.Update(StrCat(tensor->name(), ":", tensor->raw_data().size(), ":"))
        .Update(tensor->raw_data());
    tensor->clear_raw_data();
  }
  hash.Update(ToBytes(proto));
  return hash.HexDigest();
}

}  // namespace tare::graph
