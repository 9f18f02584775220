#include "data/convert.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <optional>

namespace tare::data {
namespace {

// Element types with the storage that C++ lacks.
struct Half {
  uint16_t bits;
};
struct Brain {
  uint16_t bits;
};

float BrainToFloat(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

// Rounds half to even; NaN stays NaN.
uint16_t FloatToBrain(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if (std::isnan(value)) return static_cast<uint16_t>((bits >> 16) | 0x40U);
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

template <class T>
auto ToNumber(T value) {
  if constexpr (std::is_same_v<T, Half>) {
    return HalfToFloat(value.bits);
  } else if constexpr (std::is_same_v<T, Brain>) {
    return BrainToFloat(value.bits);
  } else {
    return value;
  }
}

// Integer or bool to integer or bool, exactly.
template <class To, class From>
bool FitInteger(From value, To* to) {
  if constexpr (std::is_same_v<To, bool>) {
    *to = value != From{0};
    return value == From{0} || value == From{1};
  } else if constexpr (std::is_same_v<From, bool>) {
    *to = static_cast<To>(value ? 1 : 0);
    return true;
  } else {
    *to = static_cast<To>(value);
    return std::in_range<To>(value);
  }
}

// A real number to a float type; a finite value must stay finite.
template <class To>
bool FitReal(double value, To* to) {
  double back = 0;
  if constexpr (std::is_same_v<To, Half>) {
    to->bits = FloatToHalf(static_cast<float>(value));
    back = HalfToFloat(to->bits);
  } else if constexpr (std::is_same_v<To, Brain>) {
    to->bits = FloatToBrain(static_cast<float>(value));
    back = BrainToFloat(to->bits);
  } else {
    *to = static_cast<To>(value);
    back = static_cast<double>(*to);
  }
  // An infinity of the data stays one; a number that becomes one would be invented.
  return std::isfinite(back) || !std::isfinite(value);
}

template <class To>
constexpr bool kIsReal =
    std::is_floating_point_v<To> || std::is_same_v<To, Half> || std::is_same_v<To, Brain>;

template <class T>
std::span<const T> Elements(const Tensor& tensor) {
  return {reinterpret_cast<const T*>(tensor.bytes().data()), tensor.bytes().size() / sizeof(T)};
}

template <class From, class To>
struct Converter {
  std::span<const From> from;
  std::span<To> to;

  // Returns the first element that does not fit.
  std::optional<int64_t> Plain() const {
    for (size_t i = 0; i < from.size(); ++i) {
      bool fits = false;
      if constexpr (kIsReal<To>) {
        fits = FitReal(static_cast<double>(ToNumber(from[i])), &to[i]);
      } else if constexpr (!kIsReal<From>) {
        fits = FitInteger(from[i], &to[i]);
      }
      if (!fits) return static_cast<int64_t>(i);
    }
    return std::nullopt;
  }

  std::optional<int64_t> Mapped(const Affine& affine) const {
    if constexpr (kIsReal<To>) {
      const size_t num_channels = affine.factor.size();
      const auto inner = static_cast<size_t>(affine.inner);
      for (size_t begin = 0, channel = 0; begin < from.size(); begin += inner) {
        const double factor = affine.factor[channel];
        const double offset = affine.offset[channel];
        const size_t end = std::min(begin + inner, from.size());
        for (size_t i = begin; i < end; ++i) {
          const auto value = static_cast<double>(ToNumber(from[i])) * factor + offset;
          if (!FitReal(value, &to[i])) return static_cast<int64_t>(i);
        }
        if (++channel == num_channels) channel = 0;
      }
    }
    return std::nullopt;
  }
};

// Calls use(T{}) with the C++ type of an element type that CanConvert() knows.
template <class Use>
auto Dispatch(DType dtype, const Use& use) {
  switch (dtype) {
    case DType::kFloat32:
      return use(float{});
    case DType::kFloat64:
      return use(double{});
    case DType::kFloat16:
      return use(Half{});
    case DType::kBfloat16:
      return use(Brain{});
    case DType::kUint8:
      return use(uint8_t{});
    case DType::kInt8:
      return use(int8_t{});
    case DType::kUint16:
      return use(uint16_t{});
    case DType::kInt16:
      return use(int16_t{});
    case DType::kInt32:
      return use(int32_t{});
    case DType::kUint32:
      return use(uint32_t{});
    case DType::kUint64:
      return use(uint64_t{});
    case DType::kInt64:
      return use(int64_t{});
    default:
      return use(bool{});
  }
}

std::string ValueText(const Tensor& tensor, int64_t element) {
  return Dispatch(tensor.dtype(), [&](auto type) {
    using T = decltype(type);
    return StrCat(ToNumber(Elements<T>(tensor)[static_cast<size_t>(element)]));
  });
}

bool HasWidth(DType dtype) { return BitWidth(dtype) >= 8; }

}  // namespace

bool CanConvert(DType from, DType to) {
  return HasWidth(from) && HasWidth(to) && (from == to || IsFloat(to) || !IsFloat(from));
}

Result<Tensor> ConvertTensor(const Tensor& from, DType to, const Affine& affine,
                             const DescribeElement& describe) {
  if (!CanConvert(from.dtype(), to) || (!affine.factor.empty() && !IsFloat(to))) {
    return InvalidArgument(StrCat(DTypeName(from.dtype()), " cannot become ", DTypeName(to)),
                           StrCat("save the array as ", DTypeName(to)));
  }
  if (from.dtype() == to && affine.factor.empty()) return from;
  TARE_TRY(Tensor out, Tensor::Zeros(to, from.shape()));
  const auto failed = Dispatch(from.dtype(), [&](auto from_type) {
    using From = decltype(from_type);
    return Dispatch(to, [&](auto to_type) {
      using To = decltype(to_type);
      const Converter<From, To> converter{
          Elements<From>(from),
          {reinterpret_cast<To*>(out.mutable_bytes().data()), out.bytes().size() / sizeof(To)}};
      return affine.factor.empty() ? converter.Plain() : converter.Mapped(affine);
    });
  });
  if (failed) {
    return InvalidArgument(StrCat(describe(*failed), " is ", ValueText(from, *failed), ", which ",
                                  DTypeName(to), " cannot hold"),
                           "correct the value, or leave the sample out");
  }
  return out;
}

Tensor Transposed(const Tensor& from, const std::vector<int64_t>& axes) {
  const auto rank = axes.size();
  Shape shape(rank);
  std::vector<size_t> strides(rank);  // of `from`, in bytes, by axis of the result
  const auto width = static_cast<size_t>(BitWidth(from.dtype()) / 8);
  for (size_t i = 0; i < rank; ++i) {
    shape[i] = from.shape()[static_cast<size_t>(axes[i])];
    strides[i] = width;
    for (auto axis = static_cast<size_t>(axes[i]) + 1; axis < rank; ++axis) {
      strides[i] *= static_cast<size_t>(from.shape()[axis]);
    }
  }
  std::vector<std::byte> bytes(from.bytes().size());
  Shape index(rank, 0);
  size_t offset = 0;
  for (size_t to = 0; to < bytes.size(); to += width) {
    std::memcpy(&bytes[to], &from.bytes()[offset], width);
    for (size_t axis = rank; axis-- > 0;) {
      // The next element in C order: the last axis first, with a carry into those before it.
      offset += strides[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= strides[axis] * static_cast<size_t>(shape[axis]);
      index[axis] = 0;
    }
  }
  auto tensor = Tensor::FromBytes(from.dtype(), std::move(shape), std::move(bytes));
  TARE_CHECK(tensor.has_value());
  return *std::move(tensor);
}

}  // namespace tare::data
