#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "graph/tensor_proto_internal.h"

namespace tare::graph::internal {
namespace {

namespace fs = std::filesystem;

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

Result<int64_t> Offset(const onnx::TensorProto& proto, const std::string& text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 0) return value;
  return Corrupt(proto, StrCat("its external data names the number '", text, "'"));
}

Result<Tensor> MapExternal(const onnx::TensorProto& proto, DType dtype, Shape shape,
                           DataFiles& files) {
  TARE_TRY(const ExternalPlace place, PlaceOf(proto));
  TARE_TRY(auto file,
           files.Open(place.location).While(StrCat("reading tensor '", proto.name(), "'")));
  auto tensor = Tensor::FromFile(dtype, std::move(shape), std::move(file), place.offset);
  if (!tensor) return Corrupt(proto, tensor.error().what);
  const auto size = std::ssize(tensor->bytes());
  if (place.length < 0 || place.length == size) return tensor;
  return Corrupt(proto, StrCat("its type and shape ask for ", size,
                               " bytes, its external data has ", place.length));
}

// Whether `path` lies in `folder`; both have no links and no dots.
bool LiesIn(const fs::path& path, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

fs::path Canonical(const fs::path& path) {
  std::error_code ignored;
  return fs::weakly_canonical(path.empty() ? "." : path, ignored);
}

}  // namespace

DataFiles DataFiles::Beside(const std::string& path) {
  return {fs::path(path).parent_path().string(), Canonical(path).parent_path().string()};
}

DataFiles DataFiles::In(std::string folder) {
  std::string home = Canonical(folder).string();
  return {std::move(folder), std::move(home)};
}

Result<std::string> DataFiles::Resolve(const std::string& location) const {
  const fs::path relative(location);
  const fs::path path = fs::path(folder_) / relative;
  const fs::path real = Canonical(path);
  const bool leaves = location.empty() || relative.is_absolute() ||
                      std::find(relative.begin(), relative.end(), "..") != relative.end() ||
                      !(LiesIn(real, Canonical(folder_)) || LiesIn(real, home_));
  if (leaves) {
    return InvalidArgument(
        StrCat("the model has data at '", location, "', outside the model's folder"),
        "keep the data file beside the model");
  }
  std::error_code error;
  if (fs::exists(real, error)) return real.string();
  return NotFound(StrCat("the model has data in ", path.string(), ", which cannot be opened"),
                  "put the data file beside the model");
}

Result<std::shared_ptr<const MappedFile>> DataFiles::Open(const std::string& location) {
  auto& file = open_[location];
  if (file == nullptr) {
    TARE_TRY(const std::string path, Resolve(location));
    TARE_TRY(file, MappedFile::Open(path));
  }
  return file;
}

Result<ExternalPlace> PlaceOf(const onnx::TensorProto& proto) {
  ExternalPlace place;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") place.location = entry.value();
    if (entry.key() == "offset") {
      TARE_TRY(place.offset, Offset(proto, entry.value()));
    }
    if (entry.key() == "length") {
      TARE_TRY(place.length, Offset(proto, entry.value()));
    }
  }
  return place;
}

bool IsNumeric(int32_t data_type) { return BitWidth(static_cast<DType>(data_type)) != 0; }

bool NamesFile(const google::protobuf::Message& message) {
  if (const auto* tensor = dynamic_cast<const onnx::TensorProto*>(&message))
    return tensor->data_location() == onnx::TensorProto::EXTERNAL;
  const auto& reflection = *message.GetReflection();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      if (NamesFile(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                         : reflection.GetMessage(message, field)))
        return true;
    }
  }
  return false;
}

Result<Tensor> TakeTensor(onnx::TensorProto& proto, DataFiles& files) {
  const auto dtype = static_cast<DType>(proto.data_type());
  Shape shape(proto.dims().begin(), proto.dims().end());
  auto count = NumElements(shape);
  if (!count) return Corrupt(proto, count.error().what);
  if (proto.data_location() == onnx::TensorProto::EXTERNAL)
    return MapExternal(proto, dtype, std::move(shape), files);
  std::vector<std::byte> bytes;
  if (proto.has_raw_data()) {
    const auto raw = std::as_bytes(std::span(proto.raw_data().data(), proto.raw_data().size()));
    bytes.assign(raw.begin(), raw.end());
    // clear_raw_data() would keep the memory for the next value.
    std::string().swap(*proto.mutable_raw_data());
  } else {
    bytes = TypedFields(proto, dtype);
  }
  auto tensor = Tensor::FromBytes(dtype, std::move(shape), std::move(bytes));
  if (!tensor) return Corrupt(proto, tensor.error().what);
  return tensor;
}

void WriteType(const Tensor& tensor, onnx::TensorProto* proto) {
  proto->set_data_type(static_cast<int32_t>(tensor.dtype()));
  for (const int64_t extent : tensor.shape()) proto->add_dims(extent);
}

void WriteTensor(const Tensor& tensor, onnx::TensorProto* proto) {
  WriteType(tensor, proto);
  proto->set_raw_data(tensor.bytes().data(), tensor.bytes().size());
}

}  // namespace tare::graph::internal
