// Compiled once for each instruction set by foreach_target; the results are the same bits on all.

#include "data/check/minhash_internal.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "data/check/minhash.cc"
#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace tare::data::internal::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 8 lanes: four vectors always divide the 128 components.
using U32 = hn::CappedTag<uint32_t, 8>;

// Four vectors of components stay in registers while all hashes pass.
HWY_INLINE void MinOfFour(const uint32_t* HWY_RESTRICT hashes, size_t size,
                          const uint32_t* HWY_RESTRICT factor, const uint32_t* HWY_RESTRICT mask,
                          uint32_t* HWY_RESTRICT out) {
  const U32 u;
  const size_t lanes = hn::Lanes(u);
  const auto a0 = hn::LoadU(u, factor);
  const auto a1 = hn::LoadU(u, factor + lanes);
  const auto a2 = hn::LoadU(u, factor + 2 * lanes);
  const auto a3 = hn::LoadU(u, factor + 3 * lanes);
  const auto b0 = hn::LoadU(u, mask);
  const auto b1 = hn::LoadU(u, mask + lanes);
  const auto b2 = hn::LoadU(u, mask + 2 * lanes);
  const auto b3 = hn::LoadU(u, mask + 3 * lanes);
  auto least0 = hn::Set(u, 0xFFFFFFFFU);
  auto least1 = least0;
  auto least2 = least0;
  auto least3 = least0;
  for (size_t i = 0; i < size; ++i) {
    const auto x = hn::Set(u, hashes[i]);
    least0 = hn::Min(least0, hn::Mul(hn::Xor(x, b0), a0));
    least1 = hn::Min(least1, hn::Mul(hn::Xor(x, b1), a1));
    least2 = hn::Min(least2, hn::Mul(hn::Xor(x, b2), a2));
    least3 = hn::Min(least3, hn::Mul(hn::Xor(x, b3), a3));
  }
  hn::StoreU(least0, u, out);
  hn::StoreU(least1, u, out + lanes);
  hn::StoreU(least2, u, out + 2 * lanes);
  hn::StoreU(least3, u, out + 3 * lanes);
}

void MinHashImpl(const uint32_t* HWY_RESTRICT hashes, size_t size, const HashFamily& family,
                 uint32_t* HWY_RESTRICT out) {
  const size_t step = 4 * hn::Lanes(U32());
  for (size_t k = 0; k < kSignatureSize; k += step) {
    MinOfFour(hashes, size, family.factor.data() + k, family.mask.data() + k, out + k);
  }
}

}  // namespace tare::data::internal::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "tare/core/random.h"

namespace tare::data::internal {
HWY_EXPORT(MinHashImpl);

const HashFamily& MinHashFamily() {
  static const HashFamily family = [] {
    constexpr uint64_t kSeed = 0x7461726521;  // "tare!": any other would do as well
    HashFamily made;
    Random random(kSeed);
    for (size_t k = 0; k < kSignatureSize; ++k) {
      made.factor[k] = static_cast<uint32_t>(random.Next() >> 32) | 1U;
      made.mask[k] = static_cast<uint32_t>(random.Next() >> 32);
    }
    return made;
  }();
  return family;
}

Signature MinHash(std::span<const uint32_t> hashes) {
  Signature signature;
  HWY_DYNAMIC_DISPATCH(MinHashImpl)
  (hashes.data(), hashes.size(), MinHashFamily(), signature.data());
  return signature;
}

}  // namespace tare::data::internal
#endif
