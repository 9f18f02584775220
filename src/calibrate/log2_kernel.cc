// Compiled once for each instruction set by foreach_target.

#include "calibrate/log2_kernel_internal.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "calibrate/log2_kernel.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

HWY_BEFORE_NAMESPACE();
namespace tare::calibrate::internal::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using F64 = hn::ScalableTag<double>;
using I64 = hn::Rebind<int64_t, F64>;
using VF = hn::Vec<F64>;

HWY_INLINE VF Log2Of(VF x) {
  const F64 f;
  const I64 i;
  // The exponent that leaves m in [sqrt(1/2), sqrt(2)), read off the bits.
  const auto kRootHalf = hn::Set(i, 0x3FE6A09E667F3BCDLL);
  const auto offset = hn::Sub(hn::BitCast(i, x), kRootHalf);
  const auto exponent = hn::And(offset, hn::Set(i, ~((int64_t{1} << 52) - 1)));
  const VF m = hn::BitCast(f, hn::Sub(hn::BitCast(i, x), exponent));
  // The exponent's bits as a number: adding 2^52 + 2^51 + 1024 puts a small integer into the last
  // bits of a double.
  const VF magic = hn::Set(f, 6755399441055744.0);
  const auto integer =
      hn::Add(hn::ShiftRight<52>(hn::Add(exponent, hn::Set(i, int64_t{1024} << 52))),
              hn::BitCast(i, magic));
  const VF e = hn::Sub(hn::Sub(hn::BitCast(f, integer), magic), hn::Set(f, 1024.0));

  const VF one = hn::Set(f, 1.0);
  const VF t = hn::Div(hn::Sub(m, one), hn::Add(m, one));
  const VF square = hn::Mul(t, t);
  VF sum = hn::Set(f, 1.0 / 15);
  for (const double odd : {13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0}) {
    sum = hn::Add(hn::Mul(sum, square), hn::Set(f, 1.0 / odd));
  }
  constexpr double kTwoOverLn2 = 2.8853900817779268;
  return hn::Add(e, hn::Mul(hn::Mul(t, hn::Set(f, kTwoOverLn2)), sum));
}

void Log2Impl(const double* HWY_RESTRICT values, size_t size, double* HWY_RESTRICT logs) {
  const F64 f;
  const size_t lanes = hn::Lanes(f);
  size_t i = 0;
  for (; i + lanes <= size; i += lanes) hn::StoreU(Log2Of(hn::LoadU(f, values + i)), f, logs + i);
  if (i == size) return;
  HWY_ALIGN double rest[hn::MaxLanes(f)];
  std::fill(rest, rest + lanes, 1.0);
  std::copy(values + i, values + size, rest);
  hn::Store(Log2Of(hn::Load(f, rest)), f, rest);
  std::copy(rest, rest + (size - i), logs + i);
}

}  // namespace tare::calibrate::internal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace tare::calibrate::internal {
HWY_EXPORT(Log2Impl);

void Log2(const double* values, size_t size, double* logs) {
  HWY_DYNAMIC_DISPATCH(Log2Impl)(values, size, logs);
}

}  // namespace tare::calibrate::internal
#endif
