// The files of a model, found without reading its weights: a walk over the wire format of protobuf
// that looks into the messages which lead to tensors, and passes over everything else.

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/wire_format_lite.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "graph/tensor_proto_internal.h"
#include "tare/graph/onnx.h"

namespace tare::graph {
namespace {

using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

enum class Message { kModel, kFunction, kGraph, kNode, kAttribute, kSparse, kTensor, kEntry };

struct Field {
  Message in;
  int number;
  Message is;
};

// From onnx.proto: which field of which message holds a message on the way to a tensor's entry.
constexpr Field kWay[] = {
    {Message::kModel, 7, Message::kGraph},       {Message::kModel, 25, Message::kFunction},
    {Message::kFunction, 7, Message::kNode},     {Message::kGraph, 1, Message::kNode},
    {Message::kGraph, 5, Message::kTensor},      {Message::kGraph, 15, Message::kSparse},
    {Message::kNode, 5, Message::kAttribute},    {Message::kAttribute, 5, Message::kTensor},
    {Message::kAttribute, 6, Message::kGraph},   {Message::kAttribute, 10, Message::kTensor},
    {Message::kAttribute, 11, Message::kGraph},  {Message::kAttribute, 22, Message::kSparse},
    {Message::kAttribute, 23, Message::kSparse}, {Message::kSparse, 1, Message::kTensor},
    {Message::kSparse, 2, Message::kTensor},     {Message::kTensor, 13, Message::kEntry}};

constexpr int kEntryKey = 1;
constexpr int kEntryValue = 2;
constexpr int kTensorDataLocation = 14;
constexpr int kMaxDepth = 100;  // as protobuf itself

class Walk {
 public:
  explicit Walk(CodedInputStream& stream) : stream_(stream) {}

  // False when the bytes are no such message.
  bool Read(Message message, int depth) {
    std::string key;
    std::string value;
    while (const uint32_t tag = stream_.ReadTag()) {
      const int number = WireFormatLite::GetTagFieldNumber(tag);
      const bool is_long =
          WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
      const auto* const field =
          std::find_if(std::begin(kWay), std::end(kWay),
                       [&](const Field& way) { return way.in == message && way.number == number; });
      const bool is_text =
          message == Message::kEntry && is_long && (number == kEntryKey || number == kEntryValue);
      const bool is_where = message == Message::kTensor && number == kTensorDataLocation &&
                            WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_VARINT;
      const bool read =
          is_long && field != std::end(kWay) ? ReadNested(field->is, depth)
          : is_where                         ? ReadWhere()
          : is_text ? WireFormatLite::ReadString(&stream_, number == kEntryKey ? &key : &value)
                    : WireFormatLite::SkipField(&stream_, tag);
      if (!read) return false;
    }
    if (key == "location") locations_.insert(value);
    return stream_.ConsumedEntireMessage();
  }

  // A tensor with its bytes inside may still say where they once were. A message that comes in two
  // parts can say where in one and that it counts in the other: one that counts makes all count.
  std::set<std::string> locations() const {
    return any_external_ ? locations_ : std::set<std::string>();
  }

 private:
  bool ReadWhere() {
    uint64_t where = 0;
    if (!stream_.ReadVarint64(&where)) return false;
    any_external_ |= static_cast<int32_t>(where) == onnx::TensorProto::EXTERNAL;
    return true;
  }

  bool ReadNested(Message message, int depth) {
    uint32_t length = 0;
    if (depth >= kMaxDepth || !stream_.ReadVarint32(&length)) return false;
    const auto limit = stream_.PushLimit(
        static_cast<int>(std::min<uint32_t>(length, std::numeric_limits<int>::max())));
    const bool read = Read(message, depth + 1);
    stream_.PopLimit(limit);
    return read;
  }

  CodedInputStream& stream_;
  std::set<std::string> locations_;
  bool any_external_ = false;
};

}  // namespace

Result<std::vector<std::string>> ModelFiles(const std::string& path) {
  TARE_TRY(const auto file, MappedFile::Open(path));
  const auto bytes = file->bytes();
  constexpr size_t kMax = std::numeric_limits<int>::max();
  google::protobuf::io::ArrayInputStream array(bytes.data(),
                                               static_cast<int>(std::min(bytes.size(), kMax)));
  CodedInputStream stream(&array);
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  Walk walk(stream);
  if (bytes.size() > kMax || !walk.Read(Message::kModel, 0)) {
    return DataLoss(
        StrCat(path, " is not an ONNX model, or is truncated (", bytes.size(), " bytes)"),
        "export or download the model again");
  }
  const auto files = internal::DataFiles::Beside(path);
  std::set<std::string> real;
  for (const std::string& location : walk.locations()) {
    TARE_TRY(auto resolved, files.Resolve(location).While(StrCat("reading ", path)));
    real.insert(std::move(resolved));
  }
  std::vector<std::string> all = {path};
  all.insert(all.end(), real.begin(), real.end());
  return all;
}

Result<int64_t> ModelBytes(const std::string& path) {
  TARE_TRY(const auto files, ModelFiles(path));
  int64_t total = 0;
  for (const std::string& name : files) {
    TARE_TRY(const auto file, MappedFile::Open(name));
    total += std::ssize(file->bytes());
  }
  return total;
}

}  // namespace tare::graph
