// Reads the protobuf classes of ONNX. Each message is split into the fields that tare has a place for
// and the rest, which is kept serialised in `extra` and merged back on writing (onnx_write.cc): fields
// of newer releases survive.

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <unordered_map>
#include <utility>

#include "graph/foreign_file_internal.h"
#include "graph/functions_internal.h"
#include "graph/tensor_proto_internal.h"
#include "tare/core/file.h"
#include "tare/graph/index.h"
#include "tare/graph/onnx.h"

namespace tare::graph {
namespace {

using internal::DataFiles;

Result<Graph> ReadGraph(onnx::GraphProto& proto, DataFiles& files);

// What is kept as it is goes into the written file, beside which the other file need not lie.
Result<void> RefuseFilesOf(const google::protobuf::Message& message, std::string_view what) {
  if (!internal::NamesFile(message)) return {};
  return Unsupported(StrCat(what, " has data in another file, of a kind that tare does not read"),
                     "save the model with that data inside");
}

Result<AttributeValue> ReadAttribute(onnx::AttributeProto& proto, DataFiles& files) {
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
        TARE_TRY(auto tensor, internal::TakeTensor(*proto.mutable_t(), files));
        return AttributeValue(std::make_shared<const Tensor>(std::move(tensor)));
      }
      break;
    case onnx::AttributeProto::GRAPH: {
      TARE_TRY(auto body, ReadGraph(*proto.mutable_g(), files));
      return AttributeValue(std::make_shared<const Graph>(std::move(body)));
    }
    default:
      break;
  }
  TARE_TRY_VOID(RefuseFilesOf(proto, StrCat("attribute '", proto.name(), "'")));
  return AttributeValue(RawAttribute{proto.SerializeAsString()});
}

Result<Node> ReadNode(onnx::NodeProto& proto, DataFiles& files) {
  Node node;
  node.name = proto.name();
  node.op_type = proto.op_type();
  node.domain = proto.domain() == "ai.onnx" ? "" : proto.domain();
  node.inputs.assign(proto.input().begin(), proto.input().end());
  node.outputs.assign(proto.output().begin(), proto.output().end());
  for (auto& attribute : *proto.mutable_attribute()) {
    TARE_TRY(auto value,
             ReadAttribute(attribute, files).While(StrCat("reading node '", node.name, "'")));
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

Result<Graph> ReadGraph(onnx::GraphProto& proto, DataFiles& files) {
  Graph graph;
  graph.name = proto.name();
  for (auto& node : *proto.mutable_node()) {
    if (node.output().empty()) {
      return DataLoss(StrCat("node '", node.name(), "' (", node.op_type(), ") has no output"),
                      "export the model again");
    }
    TARE_TRY(auto read, ReadNode(node, files));
    graph.nodes.push_back(std::move(read));
  }
  // Of two initializers of one name the runtime takes the last, and says so in its log.
  std::unordered_map<std::string, size_t> places;
  for (auto& tensor : *proto.mutable_initializer()) {
    Initializer initializer{tensor.name(), nullptr, ""};
    if (internal::IsNumeric(tensor.data_type())) {
      TARE_TRY(auto value, internal::TakeTensor(tensor, files));
      initializer.value = std::make_shared<const Tensor>(std::move(value));
    } else {
      TARE_TRY_VOID(RefuseFilesOf(tensor, StrCat("'", tensor.name(), "'")));
      initializer.raw = tensor.SerializeAsString();
    }
    const auto [place, is_new] = places.try_emplace(initializer.name, graph.initializers.size());
    if (is_new) {
      graph.initializers.push_back(std::move(initializer));
    } else {
      graph.initializers[place->second] = std::move(initializer);
    }
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
  TARE_TRY_VOID(RefuseFilesOf(proto, StrCat("graph '", graph.name, "'")));
  graph.extra = proto.SerializeAsString();
  // The runtime sorts for itself, so files out of order are about.
  TARE_TRY_VOID(SortNodes(graph));
  return graph;
}

// A file in pieces; what protobuf has taken from it leaves memory.
class MappedStream : public google::protobuf::io::ZeroCopyInputStream {
 public:
  explicit MappedStream(const MappedFile& file) : file_(file) {}

  bool Next(const void** data, int* size) override {
    file_.Forget(file_.bytes().first(at_));
    const auto piece =
        file_.bytes().subspan(at_).first(std::min<size_t>(kPieceBytes, file_.bytes().size() - at_));
    *data = piece.data();
    *size = static_cast<int>(piece.size());
    at_ += piece.size();
    return !piece.empty();
  }
  void BackUp(int count) override { at_ -= static_cast<size_t>(count); }
  bool Skip(int count) override {
    const size_t rest = file_.bytes().size() - at_;
    at_ += std::min(rest, static_cast<size_t>(count));
    return static_cast<size_t>(count) <= rest;
  }
  int64_t ByteCount() const override { return static_cast<int64_t>(at_); }

 private:
  static constexpr size_t kPieceBytes = 16 << 20;
  const MappedFile& file_;
  size_t at_ = 0;
};

Result<Model> ReadModel(onnx::ModelProto& proto, const std::string& source, int64_t num_bytes,
                        DataFiles files) {
  if (!proto.has_graph() || (proto.graph().node().empty() && proto.graph().output().empty())) {
    return DataLoss(StrCat(source, " holds no graph"), "check that this is an ONNX model");
  }
  TARE_TRY_VOID(internal::InlineFunctions(proto).While(StrCat("reading ", source)));
  Model model;
  model.ir_version = proto.ir_version();
  for (const auto& opset : proto.opset_import()) {
    model.opsets[opset.domain() == "ai.onnx" ? "" : opset.domain()] = opset.version();
  }
  // The entry stands behind the graph: without it the end of the file is missing.
  if (model.opsets.empty() && model.ir_version >= 3) {
    return DataLoss(StrCat(source, " names no opset, or is truncated (", num_bytes, " bytes)"),
                    "export or download the model again");
  }
  TARE_TRY(model.graph, ReadGraph(*proto.mutable_graph(), files).While(StrCat("reading ", source)));
  proto.clear_ir_version();
  proto.clear_opset_import();
  proto.clear_graph();
  model.extra = proto.SerializePartialAsString();
  return model;
}

Result<void> CheckNotForeign(std::string_view bytes, const std::string& source) {
  const auto foreign = internal::RecognizeForeign(bytes);
  if (!foreign) return {};
  return Unsupported(StrCat(source, " is no ONNX model: it is ", foreign->kind),
                     std::string(foreign->next_step));
}

Result<void> ParseProto(google::protobuf::io::ZeroCopyInputStream* stream, int64_t num_bytes,
                        const std::string& source, onnx::ModelProto& proto) {
  google::protobuf::io::CodedInputStream coded(stream);
  coded.SetTotalBytesLimit(std::numeric_limits<int>::max());
  const bool whole = num_bytes <= std::numeric_limits<int>::max() &&
                     proto.ParsePartialFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  if (whole) return {};
  return DataLoss(StrCat(source, " is not an ONNX model, or is truncated (", num_bytes, " bytes)"),
                  "export or download the model again");
}

}  // namespace

Result<Model> ParseOnnx(std::string_view bytes, const std::string& source,
                        const std::string& folder) {
  TARE_TRY_VOID(CheckNotForeign(bytes, source));
  onnx::ModelProto proto;
  const auto size =
      static_cast<int>(std::min<size_t>(bytes.size(), std::numeric_limits<int>::max()));
  google::protobuf::io::ArrayInputStream stream(bytes.data(), size);
  TARE_TRY_VOID(ParseProto(&stream, std::ssize(bytes), source, proto));
  TARE_TRY(auto model, ReadModel(proto, source, std::ssize(bytes), DataFiles::In(folder)));
  model.folder = folder;
  return model;
}

Result<Model> ReadOnnx(const std::string& path) {
  onnx::ModelProto proto;
  int64_t num_bytes = 0;
  {
    TARE_TRY(const auto file, MappedFile::Open(path));
    num_bytes = std::ssize(file->bytes());
    const auto* const begin = reinterpret_cast<const char*>(file->bytes().data());
    TARE_TRY_VOID(CheckNotForeign({begin, file->bytes().size()}, path));
    MappedStream stream(*file);
    TARE_TRY_VOID(ParseProto(&stream, num_bytes, path, proto));
  }
  TARE_TRY(auto model, ReadModel(proto, path, num_bytes, DataFiles::Beside(path)));
  model.folder = std::filesystem::path(path).parent_path().string();
  return model;
}

}  // namespace tare::graph
