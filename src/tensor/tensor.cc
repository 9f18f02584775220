#include "tare/tensor/tensor.h"

#include <algorithm>
#include <bit>

namespace tare {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 48;

Result<size_t> NumBytes(DType dtype, int64_t num_elements) {
  const int width = BitWidth(dtype);
  if (width == 0) {
    return InvalidArgument(StrCat("a tensor of ", DTypeName(dtype), " has no numeric elements"),
                           "use a numeric array");
  }
  return static_cast<size_t>((num_elements * width + 7) / 8);
}

template <class T>
void ConvertTo(const Tensor& from, std::span<float> to) {
  std::ranges::transform(from.data<T>(), to.begin(),
                         [](T value) { return static_cast<float>(value); });
}

}  // namespace

Result<int64_t> NumElements(std::span<const int64_t> shape) {
  int64_t count = 1;
  bool empty = false;
  for (const int64_t extent : shape) {
    if (extent < 0) {
      return InvalidArgument(StrCat("the shape ", ShapeText(shape), " has a negative extent"),
                             "use extents of zero or more");
    }
    if (extent == 0) {
      empty = true;
    } else if (count > kMaxElements / extent) {
      return InvalidArgument(StrCat("the shape ", ShapeText(shape), " has more than 2^48 elements"),
                             "check the file: the shape is not plausible");
    } else {
      count *= extent;
    }
  }
  return empty ? 0 : count;
}

std::string ShapeText(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ", ";
    text += shape[i] == -1 ? "?" : std::to_string(shape[i]);
  }
  return text + "]";
}

Result<Tensor> Tensor::Zeros(DType dtype, Shape shape) {
  TARE_TRY(const int64_t count, NumElements(shape));
  TARE_TRY(const size_t size, NumBytes(dtype, count));
  return Tensor(dtype, std::move(shape), count, std::vector<std::byte>(size));
}

Result<Tensor> Tensor::FromBytes(DType dtype, Shape shape, std::vector<std::byte> bytes) {
  TARE_TRY(const int64_t count, NumElements(shape));
  TARE_TRY(const size_t size, NumBytes(dtype, count));
  if (size != bytes.size()) {
    return InvalidArgument(StrCat("a ", DTypeName(dtype), " tensor of shape ", ShapeText(shape),
                                  " needs ", size, " bytes, not ", bytes.size()),
                           "check the file: it is truncated or its shape is wrong");
  }
  return Tensor(dtype, std::move(shape), count, std::move(bytes));
}

Result<Tensor> Tensor::FromFile(DType dtype, Shape shape, std::shared_ptr<const MappedFile> file,
                                int64_t offset) {
  TARE_TRY(const int64_t count, NumElements(shape));
  TARE_TRY(const size_t size, NumBytes(dtype, count));
  const auto all = file->bytes();
  if (offset < 0 || static_cast<size_t>(offset) > all.size() ||
      all.size() - static_cast<size_t>(offset) < size) {
    return InvalidArgument(
        StrCat(file->path(), " has ", all.size(), " bytes; a ", DTypeName(dtype),
               " tensor of shape ", ShapeText(shape), " needs ", size, " from ", offset, " on"),
        "check the file: it is truncated or the shape is wrong");
  }
  const auto part = all.subspan(static_cast<size_t>(offset), size);
  if (offset % std::max(1, BitWidth(dtype) / 8) != 0) {
    return Tensor(dtype, std::move(shape), count, {part.begin(), part.end()});
  }
  Tensor tensor(dtype, std::move(shape), count, {});
  tensor.mapped_ = part;
  tensor.file_ = std::move(file);
  return tensor;
}

std::span<std::byte> Tensor::mutable_bytes() {
  if (file_) {
    bytes_.assign(mapped_.begin(), mapped_.end());
    mapped_ = {};
    file_ = nullptr;
  }
  return bytes_;
}

bool operator==(const Tensor& a, const Tensor& b) {
  return a.dtype_ == b.dtype_ && a.shape_ == b.shape_ && std::ranges::equal(a.bytes(), b.bytes());
}

Result<Tensor> Tensor::ToFloat32() const {
  if (dtype_ == DType::kFloat32) return *this;
  TARE_TRY(Tensor out, Zeros(DType::kFloat32, shape_));
  const std::span<float> to = out.mutable_data<float>();
  switch (dtype_) {
    case DType::kFloat64:
      ConvertTo<double>(*this, to);
      break;
    case DType::kUint8:
    case DType::kBool:
      ConvertTo<uint8_t>(*this, to);
      break;
    case DType::kInt8:
      ConvertTo<int8_t>(*this, to);
      break;
    case DType::kUint16:
      ConvertTo<uint16_t>(*this, to);
      break;
    case DType::kInt16:
      ConvertTo<int16_t>(*this, to);
      break;
    case DType::kUint32:
      ConvertTo<uint32_t>(*this, to);
      break;
    case DType::kInt32:
      ConvertTo<int32_t>(*this, to);
      break;
    case DType::kUint64:
      ConvertTo<uint64_t>(*this, to);
      break;
    case DType::kInt64:
      ConvertTo<int64_t>(*this, to);
      break;
    case DType::kFloat16:
      std::ranges::transform(data<uint16_t>(), to.begin(), HalfToFloat);
      break;
    case DType::kBfloat16:
      std::ranges::transform(data<uint16_t>(), to.begin(), [](uint16_t bits) {
        return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
      });
      break;
    default:
      return InvalidArgument(
          StrCat("a tensor of ", DTypeName(dtype_), " does not convert to float32"),
          "use a numeric array of at least 8 bits");
  }
  return out;
}

Tensor Tensor::Reshaped(Shape shape) const {
  const auto count = NumElements(shape);
  TARE_CHECK(count.has_value() && *count == num_elements_);
  Tensor reshaped = *this;
  reshaped.shape_ = std::move(shape);
  return reshaped;
}

Tensor Tensor::Rows(int64_t begin, int64_t end) const {
  TARE_CHECK(rank() >= 1 && begin >= 0 && begin <= end && end <= shape_[0]);
  Shape shape = shape_;
  shape[0] = end - begin;
  const size_t row = shape_[0] == 0 ? 0 : bytes().size() / static_cast<size_t>(shape_[0]);
  const auto first = bytes().begin() + static_cast<ptrdiff_t>(row * static_cast<size_t>(begin));
  std::vector<std::byte> bytes(
      first, first + static_cast<ptrdiff_t>(row * static_cast<size_t>(end - begin)));
  const int64_t count = shape_[0] == 0 ? 0 : num_elements_ / shape_[0] * (end - begin);
  return Tensor(dtype_, std::move(shape), count, std::move(bytes));
}

Result<Tensor> CopyOf(const TensorView& view) {
  if (view.dtype == DType::kUndefined) return Tensor();
  return Tensor::FromBytes(view.dtype, {view.shape.begin(), view.shape.end()},
                           {view.bytes.begin(), view.bytes.end()});
}

}  // namespace tare
