// The adapter between the model graph and the protobuf classes of ONNX. Each message is split into
// the fields that tare has a place for and the rest, which is kept serialised in `extra` and merged
// back on writing: fields of newer releases survive.

#include "tare/graph/onnx.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

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
constexpr int64_t kPageBytes = 4096;

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

// Which initializers a graph has its bytes for: its own, or those that its nodes' bodies hold.
enum class Level { kTop, kBody };

// Writes the bytes of an initializer, or notes where they are.
using PutBytes = std::function<void(const Initializer&, Level, onnx::TensorProto*)>;

void PutInside(const Initializer& initializer, Level, onnx::TensorProto* proto) {
  const auto bytes = initializer.value->bytes();
  proto->set_raw_data(bytes.data(), bytes.size());
}

// A model as a message; what becomes of the weights is the caller's choice.
class Writer {
 public:
  explicit Writer(PutBytes put) : put_(std::move(put)) {}

  onnx::ModelProto Write(const Model& model) const {
    onnx::ModelProto proto;
    proto.ParsePartialFromString(model.extra);
    proto.set_ir_version(model.ir_version);
    for (const auto& [domain, version] : model.opsets) {
      auto* opset = proto.add_opset_import();
      opset->set_domain(domain);
      opset->set_version(version);
    }
    Write(model.graph, Level::kTop, proto.mutable_graph());
    return proto;
  }

 private:
  void Write(const Attribute& attribute, onnx::AttributeProto* proto) const {
    struct Visitor {
      const Writer& writer;
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
        writer.Write(*value, Level::kBody, proto->mutable_g());
      }
      void operator()(const RawAttribute& value) const {
        proto->ParsePartialFromString(value.bytes);
      }
    };
    std::visit(Visitor{*this, proto}, attribute.value);
    proto->set_name(attribute.name);
  }

  void Write(const Node& node, onnx::NodeProto* proto) const {
    proto->ParsePartialFromString(node.extra);
    for (const std::string& input : node.inputs) proto->add_input(input);
    for (const std::string& output : node.outputs) proto->add_output(output);
    if (!node.name.empty()) proto->set_name(node.name);
    proto->set_op_type(node.op_type);
    if (!node.domain.empty()) proto->set_domain(node.domain);
    for (const Attribute& attribute : node.attributes) Write(attribute, proto->add_attribute());
  }

  static void Write(const Value& value, onnx::ValueInfoProto* proto) {
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

  void Write(const Graph& graph, Level level, onnx::GraphProto* proto) const {
    proto->ParsePartialFromString(graph.extra);
    proto->set_name(graph.name.empty() ? "graph" : graph.name);
    for (const Node& node : graph.nodes) Write(node, proto->add_node());
    for (const Initializer& initializer : graph.initializers) {
      auto* tensor = proto->add_initializer();
      if (initializer.value == nullptr) {
        tensor->ParsePartialFromString(initializer.raw);
      } else {
        internal::WriteType(*initializer.value, tensor);
        put_(initializer, level, tensor);
      }
      tensor->set_name(initializer.name);
    }
    for (const Value& value : graph.inputs) Write(value, proto->add_input());
    for (const Value& value : graph.outputs) Write(value, proto->add_output());
    for (const Value& value : graph.value_infos) Write(value, proto->add_value_info());
  }

  PutBytes put_;
};

// Deterministic serialisation of a message below 2 GiB.
void ToStream(const onnx::ModelProto& proto, google::protobuf::io::ZeroCopyOutputStream* stream) {
  google::protobuf::io::CodedOutputStream coded(stream);
  coded.SetSerializationDeterministic(true);
  proto.SerializePartialToCodedStream(&coded);
}

std::string ToBytes(const onnx::ModelProto& proto) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  ToStream(proto, &stream);
  return bytes;
}

void PutPlace(const std::string& location, int64_t offset, int64_t length,
              onnx::TensorProto* proto) {
  const std::pair<const char*, std::string> entries[] = {{"location", location},
                                                         {"offset", std::to_string(offset)},
                                                         {"length", std::to_string(length)}};
  for (const auto& [key, text] : entries) {
    auto* entry = proto->add_external_data();
    entry->set_key(key);
    entry->set_value(text);
  }
  proto->set_data_location(onnx::TensorProto::EXTERNAL);
}

bool IsLarge(const Initializer& initializer) {
  return initializer.value->bytes().size() >= kMinExternalBytes;
}

// The file of weights beside a model: each tensor once, whoever reads it, on a page of its own so
// that whoever maps it may.
class DataFile {
 public:
  explicit DataFile(std::string location) : location_(std::move(location)) {}

  void Put(const Initializer& initializer, onnx::TensorProto* proto) {
    const auto bytes = initializer.value->bytes();
    const auto [known, is_new] = offsets_.emplace(bytes.data(), size_);
    if (is_new) {
      tensors_.push_back(initializer.value);
      size_ += (std::ssize(bytes) + kPageBytes - 1) / kPageBytes * kPageBytes;
    }
    PutPlace(location_, known->second, std::ssize(bytes), proto);
  }

  Result<void> WriteTo(const std::string& path) const {
    return WriteFileAtomic(path, [&](const Appender& append) -> Result<void> {
      for (const SharedTensor& tensor : tensors_) {
        const auto bytes = tensor->bytes();
        TARE_TRY_VOID(append({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
        const auto rest = static_cast<size_t>(-std::ssize(bytes) & (kPageBytes - 1));
        TARE_TRY_VOID(append(std::string(rest, '\0')));
        tensor->Forget();
      }
      return {};
    });
  }
  int64_t size() const { return size_; }

 private:
  std::string location_;
  std::vector<SharedTensor> tensors_;
  std::map<const std::byte*, int64_t> offsets_;
  int64_t size_ = 0;
};

int64_t NumVarintBytes(int64_t value) {
  return static_cast<int64_t>(
      google::protobuf::io::CodedOutputStream::VarintSize64(static_cast<uint64_t>(value)));
}

// What a message of `size` bytes takes in another one, behind its tag.
int64_t Nested(int64_t size) { return NumVarintBytes(size) + size; }

int64_t SizeOf(const google::protobuf::Message& message) {
  return static_cast<int64_t>(message.ByteSizeLong());
}

// What the model takes as one message, without making it: the large weights are only counted.
int64_t SizeInside(const Model& model) {
  std::vector<std::pair<const onnx::TensorProto*, int64_t>> left_out;
  const auto put = [&](const Initializer& initializer, Level level, onnx::TensorProto* proto) {
    if (level == Level::kBody) return PutInside(initializer, level, proto);
    left_out.emplace_back(proto, std::ssize(initializer.value->bytes()));
  };
  const onnx::ModelProto proto = Writer(put).Write(model);
  int64_t growth = 0;  // of the graph
  for (const auto& [tensor, num_bytes] : left_out) {
    const int64_t without = SizeOf(*tensor);
    growth += Nested(without + 1 + Nested(num_bytes)) - Nested(without);
  }
  const int64_t graph = SizeOf(proto.graph());
  return SizeOf(proto) - Nested(graph) + Nested(graph + growth);
}

// The model without the weights that DataFile holds.
onnx::ModelProto WriteBeside(const Model& model, DataFile& beside) {
  const auto put = [&](const Initializer& initializer, Level level, onnx::TensorProto* proto) {
    IsLarge(initializer) ? beside.Put(initializer, proto) : PutInside(initializer, level, proto);
  };
  return Writer(put).Write(model);
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

// Hands what protobuf writes to an Appender, and keeps its error.
class AppendingStream : public google::protobuf::io::CopyingOutputStream {
 public:
  explicit AppendingStream(const Appender& append) : append_(append) {}
  bool Write(const void* buffer, int size) override {
    if (result_) result_ = append_({static_cast<const char*>(buffer), static_cast<size_t>(size)});
    return result_.has_value();
  }
  Result<void> result() const { return result_; }

 private:
  const Appender& append_;
  Result<void> result_;
};

Result<void> WriteProto(const onnx::ModelProto& proto, const std::string& path) {
  return WriteFileAtomic(path, [&](const Appender& append) -> Result<void> {
    AppendingStream appending(append);
    google::protobuf::io::CopyingOutputStreamAdaptor stream(&appending, 1 << 20);
    ToStream(proto, &stream);
    stream.Flush();
    return appending.result();
  });
}

void AddFiles(const Graph& graph, std::set<std::filesystem::path>& files) {
  for (const Initializer& initializer : graph.initializers) {
    const MappedFile* file = initializer.value == nullptr ? nullptr : initializer.value->file();
    if (file != nullptr) files.insert(file->path());
  }
  for (const Node& node : graph.nodes) {
    for (const SharedGraph& body : node.Bodies()) AddFiles(*body, files);
  }
}

// The deepest folder that all files with weights lie in, however links led to them; the model's own
// where there are none.
std::string CommonFolder(const Model& model) {
  std::set<std::filesystem::path> files;
  AddFiles(model.graph, files);
  if (files.empty()) return model.folder;
  std::filesystem::path folder = files.begin()->parent_path();
  for (const auto& file : files) {
    std::filesystem::path common;
    for (auto a = folder.begin(), b = file.begin(); a != folder.end() && *a == *b; ++a, ++b)
      common /= *a;
    folder = common;
  }
  return folder.string();
}

// What a node, a body or an output of the graph reads.
std::set<std::string> ReadNames(const Graph& graph) {
  std::set<std::string> names;
  for (const Node& node : graph.nodes) {
    names.insert(node.inputs.begin(), node.inputs.end());
    for (const SharedGraph& body : node.Bodies()) names.merge(CapturedNames(*body));
  }
  for (const Value& output : graph.outputs) names.insert(output.info.name);
  return names;
}

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

Result<std::string> SerializeOnnx(const Model& model) {
  if (SizeInside(model) <= std::numeric_limits<int>::max())
    return ToBytes(Writer(PutInside).Write(model));
  return Unsupported("the model passes 2 GiB, which one protobuf message cannot hold",
                     "write it to a file: its weights then go to a data file beside it");
}

Result<LeanModel> SerializeLean(const Model& model) {
  LeanModel lean;
  lean.folder = CommonFolder(model);
  // The runtime drops an initializer that nothing reads before it looks for what it was lent, and
  // then fails to find it.
  const std::set<std::string> read = ReadNames(model.graph);
  const auto put = [&](const Initializer& initializer, Level level, onnx::TensorProto* proto) {
    const Tensor& tensor = *initializer.value;
    // The runtime takes memory for the initializers of the top graph alone, and whole elements.
    const bool can_be_lent =
        level == Level::kTop && BitWidth(tensor.dtype()) >= 8 && read.contains(initializer.name);
    if (!IsLarge(initializer) || (tensor.file() == nullptr && !can_be_lent))
      return PutInside(initializer, level, proto);
    const auto num_bytes = std::ssize(tensor.bytes());
    if (tensor.file() == nullptr) {
      PutPlace("memory", 0, num_bytes, proto);
      lean.weights.emplace_back(initializer.name, initializer.value);
      return;
    }
    const auto location =
        std::filesystem::path(tensor.file()->path()).lexically_relative(lean.folder);
    PutPlace(location.string(), tensor.file_offset(), num_bytes, proto);
  };
  const onnx::ModelProto proto = Writer(put).Write(model);
  if (SizeOf(proto) > std::numeric_limits<int>::max()) {
    return Unsupported("the model passes 2 GiB even without its weights",
                       "export its constants as initializers");
  }
  lean.bytes = ToBytes(proto);
  return lean;
}

Result<void> WriteOnnx(const Model& model, const std::string& path) {
  if (SizeInside(model) <= kMaxInside)
    return WriteProto(Writer(PutInside).Write(model), path).While(StrCat("writing ", path));
  const std::string data_path = path + ".data";
  DataFile beside(std::filesystem::path(data_path).filename().string());
  const onnx::ModelProto proto = WriteBeside(model, beside);
  TARE_TRY_VOID(beside.WriteTo(data_path));
  return WriteProto(proto, path).While(StrCat("writing ", path));
}

int64_t WrittenBytes(const Model& model) {
  const int64_t inside = SizeInside(model);
  if (inside <= kMaxInside) return inside;
  DataFile beside("model.onnx.data");
  const onnx::ModelProto proto = WriteBeside(model, beside);
  return SizeOf(proto) + beside.size();
}

Result<std::string> ModelDigest(const Model& model) {
  // Tensor bytes are hashed apart, so that a model of any size has a digest.
  Sha256 hash;
  const auto put = [&](const Initializer& initializer, Level, onnx::TensorProto*) {
    const auto bytes = initializer.value->bytes();
    hash.Update(StrCat(initializer.name, ":", bytes.size(), ":"))
        .Update({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    initializer.value->Forget();
  };
  hash.Update(ToBytes(Writer(put).Write(model)));
  return hash.HexDigest();
}

}  // namespace tare::graph
