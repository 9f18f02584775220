// Compiled once for each instruction set by foreach_target; the results are the same bits on all:
// nothing is fused, and sums have fixed lanes.

#include "tensor/weight_kernels_internal.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tensor/weight_kernels.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace tare::internal::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F64 = hn::CappedTag<double, kErrorLanes>;
using F32 = hn::Rebind<float, F64>;
using I32 = hn::Rebind<int32_t, F32>;
using I8 = hn::Rebind<int8_t, F32>;
using VF = hn::Vec<F32>;

constexpr float kLargest = 127.0F;
// 1.5 * 2^23: a sum with it has no digits behind the point, and rounds half to even.
constexpr float kShift = 12582912.0F;

HWY_INLINE VF Code(VF value, VF scale) {
  const F32 f;
  const VF real =
      hn::Min(hn::Max(hn::Div(value, scale), hn::Set(f, -kLargest)), hn::Set(f, kLargest));
  const VF shift = hn::Set(f, kShift);
  return hn::Sub(hn::Add(real, shift), shift);
}

HWY_INLINE void AddError(VF value, VF scale, double* HWY_RESTRICT sums) {
  const F64 d;
  const VF error = hn::Sub(value, hn::Mul(Code(value, scale), scale));
  const auto wide = hn::PromoteTo(d, error);
  hn::StoreU(hn::Add(hn::LoadU(d, sums), hn::Mul(wide, wide)), d, sums);
}

HWY_INLINE void AddErrorOf(float value, float scale, double& sum) {
  const float code = (std::min(std::max(value / scale, -kLargest), kLargest) + kShift) - kShift;
  const float error = value - code * scale;
  sum += double{error} * error;
}

void AddOwnErrors(const float* HWY_RESTRICT values, const float* HWY_RESTRICT scales, size_t count,
                  double* HWY_RESTRICT sums) {
  const F32 f;
  const size_t lanes = hn::Lanes(f);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    AddError(hn::LoadU(f, values + i), hn::LoadU(f, scales + i), sums + i);
  for (; i < count; ++i) AddErrorOf(values[i], scales[i], sums[i]);
}

void AddSharedErrors(const float* HWY_RESTRICT values, float scale, size_t count,
                     double* HWY_RESTRICT sums) {
  const F32 f;
  const VF all = hn::Set(f, scale);
  const size_t lanes = hn::Lanes(f);
  size_t i = 0;
  for (; i + kErrorLanes <= count; i += kErrorLanes) {
    for (size_t lane = 0; lane < kErrorLanes; lane += lanes)
      AddError(hn::LoadU(f, values + i + lane), all, sums + lane);
  }
  for (; i < count; ++i) AddErrorOf(values[i], scale, sums[i % kErrorLanes]);
}

HWY_INLINE void StoreCode(VF value, VF scale, int8_t* HWY_RESTRICT code) {
  const I32 whole;
  const I8 narrow;
  hn::StoreU(hn::DemoteTo(narrow, hn::ConvertTo(whole, Code(value, scale))), narrow, code);
}

void RoundOwn(const float* HWY_RESTRICT values, const float* HWY_RESTRICT scales, size_t count,
              int8_t* HWY_RESTRICT codes) {
  const F32 f;
  const size_t lanes = hn::Lanes(f);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    StoreCode(hn::LoadU(f, values + i), hn::LoadU(f, scales + i), codes + i);
  for (; i < count; ++i) codes[i] = static_cast<int8_t>(WeightCode(values[i], scales[i]));
}

void RoundShared(const float* HWY_RESTRICT values, float scale, size_t count,
                 int8_t* HWY_RESTRICT codes) {
  const F32 f;
  const VF all = hn::Set(f, scale);
  const size_t lanes = hn::Lanes(f);
  size_t i = 0;
  for (; i + lanes <= count; i += lanes) StoreCode(hn::LoadU(f, values + i), all, codes + i);
  for (; i < count; ++i) codes[i] = static_cast<int8_t>(WeightCode(values[i], scale));
}

}  // namespace tare::internal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tare::internal {

HWY_EXPORT(AddOwnErrors);
HWY_EXPORT(AddSharedErrors);
HWY_EXPORT(RoundOwn);
HWY_EXPORT(RoundShared);

float WeightCode(float value, float scale) {
  constexpr float kLimit = 127.0F;
  constexpr float kWhole = 12582912.0F;  // see kShift
  return (std::min(std::max(value / scale, -kLimit), kLimit) + kWhole) - kWhole;
}

void AddErrors(const float* values, const float* scales, size_t count, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddOwnErrors)(values, scales, count, sums);
}
void AddErrors(const float* values, float scale, size_t count, ErrorLanes& sums) {
  HWY_DYNAMIC_DISPATCH(AddSharedErrors)(values, scale, count, sums.data());
}
void RoundToCodes(const float* values, const float* scales, size_t count, int8_t* codes) {
  HWY_DYNAMIC_DISPATCH(RoundOwn)(values, scales, count, codes);
}
void RoundToCodes(const float* values, float scale, size_t count, int8_t* codes) {
  HWY_DYNAMIC_DISPATCH(RoundShared)(values, scale, count, codes);
}

}  // namespace tare::internal
#endif  // HWY_ONCE
