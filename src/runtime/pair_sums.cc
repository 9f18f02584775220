// Sums over pairs of values, and what they say.

#include <algorithm>
#include <cmath>
#include <limits>

#include "tare/runtime/compare.h"

namespace tare::runtime {
namespace {

template <class T>
PairSums SumPairs(std::span<const T> a, std::span<const T> b) {
  PairSums sums;
  sums.count = static_cast<int64_t>(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    const auto x = static_cast<double>(a[i]);
    const auto y = static_cast<double>(b[i]);
    if (!std::isfinite(x) || !std::isfinite(y)) {
      sums.mismatches += !(x == y || (std::isnan(x) && std::isnan(y)));
      continue;
    }
    sums.aa += x * x;
    sums.bb += y * y;
    sums.ab += x * y;
    sums.squared_error += (x - y) * (x - y);
  }
  return sums;
}

PairSums SumConverted(const TensorView& a, const TensorView& b) {
  const auto widen = [](const TensorView& view) {
    auto owned = CopyOf(view);
    return owned ? owned->ToFloat32() : Result<Tensor>(std::move(owned).error());
  };
  const auto x = widen(a);
  const auto y = widen(b);
  if (!x || !y) {  // 4-bit types: equal or not
    PairSums sums;
    for (size_t i = 0; i < a.bytes.size(); ++i) sums.mismatches += a.bytes[i] != b.bytes[i];
    return sums;
  }
  return SumPairs(x->data<float>(), y->data<float>());
}

}  // namespace

double PairSums::Cosine() const {
  if (mismatches > 0) return -1;
  if (aa == 0 && bb == 0) return 1;
  if (aa == 0 || bb == 0) return 0;
  return std::clamp(ab / (std::sqrt(aa) * std::sqrt(bb)), -1.0, 1.0);
}

double PairSums::RelativeError() const {
  if (mismatches > 0) return std::numeric_limits<double>::infinity();
  if (squared_error == 0) return 0;
  return aa == 0 ? std::numeric_limits<double>::infinity() : std::sqrt(squared_error / aa);
}

PairSums& PairSums::operator+=(const PairSums& other) {
  aa += other.aa;
  bb += other.bb;
  ab += other.ab;
  squared_error += other.squared_error;
  count += other.count;
  mismatches += other.mismatches;
  return *this;
}

PairSums ComparePair(const TensorView& a, const TensorView& b) {
  if (a.dtype != b.dtype ||
      !std::equal(a.shape.begin(), a.shape.end(), b.shape.begin(), b.shape.end())) {
    int64_t count = 1;
    for (const int64_t extent : a.shape) count *= extent;
    PairSums sums;
    sums.count = count;
    sums.mismatches = std::max<int64_t>(count, 1);
    return sums;
  }
  switch (a.dtype) {
    case DType::kUndefined:
      return {};
    case DType::kFloat32:
      return SumPairs(a.data<float>(), b.data<float>());
    case DType::kFloat64:
      return SumPairs(a.data<double>(), b.data<double>());
    case DType::kInt64:
      return SumPairs(a.data<int64_t>(), b.data<int64_t>());
    case DType::kInt32:
      return SumPairs(a.data<int32_t>(), b.data<int32_t>());
    default:
      return SumConverted(a, b);
  }
}

}  // namespace tare::runtime
