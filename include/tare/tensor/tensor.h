// Tensor: a dense, row-major array of one element type, owned or mapped from a file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tare/core/file.h"
#include "tare/core/result.h"
#include "tare/tensor/dtype.h"

namespace tare {

/// Extents by axis; an empty shape is a scalar.
using Shape = std::vector<int64_t>;

/// Number of elements: the product of the extents, 1 for a scalar.
/// Errors  kInvalidArgument: an extent is negative, or the product passes 2^48.
Result<int64_t> NumElements(std::span<const int64_t> shape);

/// "[8, 3, 32, 32]"; -1 prints as "?".
std::string ShapeText(std::span<const int64_t> shape);

/// The DType of a C++ element type.
template <class T>
constexpr DType DTypeOf();

/// Dense row-major numbers. 4-bit types hold two elements a byte, the first in the low nibble.
/// The bytes are its own, or a part of a file that it keeps mapped: copies share that part, and the
/// first change makes it an own copy.
///
/// Threads  as a standard container: const calls may run together.
class Tensor {
 public:
  Tensor() = default;

  /// Returns a tensor of zeros.
  /// Errors  kInvalidArgument: a bad shape, or a dtype without a width (strings).
  static Result<Tensor> Zeros(DType dtype, Shape shape);

  /// Returns a tensor over `bytes`, which must have exactly the size that dtype and shape ask for.
  /// Errors  kInvalidArgument: it does not.
  static Result<Tensor> FromBytes(DType dtype, Shape shape, std::vector<std::byte> bytes);

  /// Returns a tensor over the bytes of `file` from `offset` on, as many as dtype and shape ask for.
  /// Where they do not lie on a multiple of the element's size they are copied.
  /// Errors  kInvalidArgument: the file has fewer; a bad shape or dtype.
  static Result<Tensor> FromFile(DType dtype, Shape shape, std::shared_ptr<const MappedFile> file,
                                 int64_t offset);

  /// Returns a tensor of `values`; their number must match the shape (TARE_CHECK).
  template <class T>
  static Tensor Of(Shape shape, std::span<const T> values);
  template <class T>
  static Tensor Of(Shape shape, const std::vector<T>& values) {
    return Of<T>(std::move(shape), std::span<const T>(values));
  }

  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  int64_t rank() const { return static_cast<int64_t>(shape_.size()); }
  int64_t num_elements() const { return num_elements_; }
  std::span<const std::byte> bytes() const { return file_ ? mapped_ : bytes_; }
  std::span<std::byte> mutable_bytes();

  /// The file that the bytes lie in, null when they are its own.
  const MappedFile* file() const { return file_.get(); }
  /// Where in file() they begin.
  int64_t file_offset() const { return file_ ? mapped_.data() - file_->bytes().data() : 0; }
  /// Gives the memory of mapped bytes back until they are looked at again; own bytes stay. For long
  /// loops over weights that are larger than memory should be.
  void Forget() const {
    if (file_) file_->Forget(mapped_);
  }

  /// The elements as T. The dtype must be T's (TARE_CHECK); bool reads as uint8_t too.
  template <class T>
  std::span<const T> data() const;
  template <class T>
  std::span<T> mutable_data();

  /// Returns the elements converted to float32 (bool as 0 and 1). Shape kept.
  /// Errors  kInvalidArgument: strings and 4-bit types.
  Result<Tensor> ToFloat32() const;

  /// Returns a copy with another shape of the same number of elements (TARE_CHECK).
  Tensor Reshaped(Shape shape) const;

  /// Returns rows [begin, end) of the first axis (TARE_CHECK: in range, rank >= 1).
  Tensor Rows(int64_t begin, int64_t end) const;

  /// Same dtype, shape and bytes, wherever they lie.
  friend bool operator==(const Tensor& a, const Tensor& b);

 private:
  Tensor(DType dtype, Shape shape, int64_t num_elements, std::vector<std::byte> bytes)
      : dtype_(dtype),
        shape_(std::move(shape)),
        num_elements_(num_elements),
        bytes_(std::move(bytes)) {}

  DType dtype_ = DType::kUndefined;
  Shape shape_;
  int64_t num_elements_ = 0;
  std::vector<std::byte> bytes_;
  std::shared_ptr<const MappedFile> file_;  // of copies too; with it bytes_ is empty
  std::span<const std::byte> mapped_;
};

/// A tensor that somebody else owns, valid as long as they say.
struct TensorView {
  DType dtype = DType::kUndefined;
  std::span<const int64_t> shape;
  std::span<const std::byte> bytes;

  /// The elements as T; the dtype must be T's (TARE_CHECK).
  template <class T>
  std::span<const T> data() const;
};

/// View of an owned tensor.
inline TensorView ViewOf(const Tensor& tensor) {
  return {tensor.dtype(), tensor.shape(), tensor.bytes()};
}

/// Owned copy of what a view shows; of kUndefined an empty tensor.
/// Errors  kInvalidArgument: its bytes are not those of its type and shape.
Result<Tensor> CopyOf(const TensorView& view);

/// A value and the name of the model input or output that it belongs to.
struct NamedTensor {
  std::string name;
  Tensor value;
};

/// The inputs of one run of a model.
struct Batch {
  std::vector<NamedTensor> inputs;  ///< in the order of the model's inputs
  int64_t num_valid = 0;  ///< rows that are samples; the rest is padding for a fixed batch
};

/// Name, element type and shape of a model input or output; -1 is a dynamic extent.
struct ValueInfo {
  std::string name;
  DType dtype = DType::kUndefined;
  Shape shape;
  friend bool operator==(const ValueInfo&, const ValueInfo&) = default;
};

template <>
constexpr DType DTypeOf<float>() {
  return DType::kFloat32;
}
template <>
constexpr DType DTypeOf<double>() {
  return DType::kFloat64;
}
template <>
constexpr DType DTypeOf<uint8_t>() {
  return DType::kUint8;
}
template <>
constexpr DType DTypeOf<int8_t>() {
  return DType::kInt8;
}
template <>
constexpr DType DTypeOf<uint16_t>() {
  return DType::kUint16;
}
template <>
constexpr DType DTypeOf<int16_t>() {
  return DType::kInt16;
}
template <>
constexpr DType DTypeOf<uint32_t>() {
  return DType::kUint32;
}
template <>
constexpr DType DTypeOf<int32_t>() {
  return DType::kInt32;
}
template <>
constexpr DType DTypeOf<uint64_t>() {
  return DType::kUint64;
}
template <>
constexpr DType DTypeOf<int64_t>() {
  return DType::kInt64;
}
template <>
constexpr DType DTypeOf<bool>() {
  return DType::kBool;
}

namespace internal {
template <class T>
bool HoldsType(DType dtype) {
  return dtype == DTypeOf<T>() || (sizeof(T) == 1 && dtype == DType::kBool) ||
         (DTypeOf<T>() == DType::kUint16 &&
          (dtype == DType::kFloat16 || dtype == DType::kBfloat16));
}
}  // namespace internal

template <class T>
std::span<const T> Tensor::data() const {
  TARE_CHECK(internal::HoldsType<T>(dtype_));
  return {reinterpret_cast<const T*>(bytes().data()), bytes().size() / sizeof(T)};
}

template <class T>
std::span<const T> TensorView::data() const {
  TARE_CHECK(internal::HoldsType<T>(dtype));
  return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template <class T>
std::span<T> Tensor::mutable_data() {
  TARE_CHECK(internal::HoldsType<T>(dtype_));
  const std::span<std::byte> bytes = mutable_bytes();
  return {reinterpret_cast<T*>(bytes.data()), bytes.size() / sizeof(T)};
}

template <class T>
// NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved on, which clang-tidy does not see in a template.
Tensor Tensor::Of(Shape shape, std::span<const T> values) {
  const auto bytes = std::as_bytes(values);
  auto tensor = FromBytes(DTypeOf<T>(), std::move(shape), {bytes.begin(), bytes.end()});
  TARE_CHECK(tensor.has_value());
  return *std::move(tensor);
}

}  // namespace tare
