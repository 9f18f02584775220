#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "graph/tensor_proto_internal.h"

namespace tare::graph::internal {
namespace {

constexpr const char* kRepair = "export or download the model again";

Error Corrupt(const onnx::TensorProto& proto, std::string_view what) {
  return DataLoss(StrCat("tensor '", proto.name(), "': ", what), kRepair);
}

template <class To, class Field>
std::vector<std::byte> Narrow(const Field& field) {
  std::vector<std::byte> bytes(static_cast<size_t>(field.size()) * sizeof(To));
  for (int i = 0; i < field.size(); ++i) {
    const auto value = static_cast<To>(field[i]);
    std::memcpy(bytes.data() + static_cast<size_t>(i) * sizeof(To), &value, sizeof(To));
  }
  return bytes;
}

// The typed fields of TensorProto; which one holds a dtype is written in onnx.proto.
std::vector<std::byte> TypedFields(const onnx::TensorProto& proto, DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return Narrow<float>(proto.float_data());
    case DType::kFloat64:
      return Narrow<double>(proto.double_data());
    case DType::kInt64:
      return Narrow<int64_t>(proto.int64_data());
    case DType::kUint64:
      return Narrow<uint64_t>(proto.uint64_data());
    case DType::kUint32:
      return Narrow<uint32_t>(proto.uint64_data());
    case DType::kInt32:
      return Narrow<int32_t>(proto.int32_data());
    case DType::kInt16:
      return Narrow<int16_t>(proto.int32_data());
    case DType::kUint16:
    case DType::kFloat16:
    case DType::kBfloat16:
      return Narrow<uint16_t>(proto.int32_data());
    default:
      return Narrow<uint8_t>(proto.int32_data());
  }
}

Result<std::vector<std::byte>> ReadExternal(const onnx::TensorProto& proto,
                                            const std::string& folder) {
  std::string location;
  double offset = 0;
  double length = -1;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") location = entry.value();
    if (entry.key() == "offset") offset = std::strtod(entry.value().c_str(), nullptr);
    if (entry.key() == "length") length = std::strtod(entry.value().c_str(), nullptr);
  }
  const std::filesystem::path relative(location);
  const bool leaves = location.empty() || relative.is_absolute() ||
                      std::find(relative.begin(), relative.end(), "..") != relative.end();
  if (leaves) {
    return InvalidArgument(StrCat("tensor '", proto.name(), "' has its data at '", location,
                                  "', outside the model's folder"),
                           "keep the data file beside the model");
  }
  const std::string path = (std::filesystem::path(folder) / relative).string();
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    return NotFound(
        StrCat("tensor '", proto.name(), "' has its data in ", path, ", which cannot be opened"),
        "put the data file beside the model");
  }
  const auto size = static_cast<double>(file.tellg());
  if (length < 0) length = size - offset;
  if (!(offset >= 0 && length >= 0 && offset + length <= size)) {
    return Corrupt(proto,
                   StrCat(path, " is too short for bytes ", offset, " to ", offset + length));
  }
  std::vector<std::byte> bytes(static_cast<size_t>(length));
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) return Corrupt(proto, StrCat("cannot read ", path));
  return bytes;
}

}  // namespace

bool IsNumeric(int32_t data_type) { return BitWidth(static_cast<DType>(data_type)) != 0; }

Result<Tensor> ReadTensor(const onnx::TensorProto& proto, const std::string& folder) {
  const auto dtype = static_cast<DType>(proto.data_type());
  Shape shape(proto.dims().begin(), proto.dims().end());
  auto count = NumElements(shape);
  if (!count) return Corrupt(proto, count.error().what);
  std::vector<std::byte> bytes;
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    TARE_TRY(bytes, ReadExternal(proto, folder));
  } else if (proto.has_raw_data()) {
    const auto raw = std::as_bytes(std::span(proto.raw_data().data(), proto.raw_data().size()));
    bytes.assign(raw.begin(), raw.end());
  } else {
    bytes = TypedFields(proto, dtype);
  }
  auto tensor = Tensor::FromBytes(dtype, std::move(shape), std::move(bytes));
  if (!tensor) return Corrupt(proto, tensor.error().what);
  return tensor;
}

void WriteTensor(const Tensor& tensor, onnx::TensorProto* proto) {
  proto->set_data_type(static_cast<int32_t>(tensor.dtype()));
  for (const int64_t extent : tensor.shape()) proto->add_dims(extent);
  proto->set_raw_data(tensor.bytes().data(), tensor.bytes().size());
}

}  // namespace tare::graph::internal
