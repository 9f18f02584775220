#include "data/sample_hash.h"

#include <bit>
#include <cstring>

namespace tare::data {
namespace {

constexpr uint64_t kC1 = 0x87C37B91114253D5ULL;
constexpr uint64_t kC2 = 0x4CF5AD432745937FULL;

uint64_t MixLow(uint64_t k) { return std::rotl(k * kC1, 31) * kC2; }
uint64_t MixHigh(uint64_t k) { return std::rotl(k * kC2, 33) * kC1; }

uint64_t Finish(uint64_t k) {
  k ^= k >> 33;
  k *= 0xFF51AFD7ED558CCDULL;
  k ^= k >> 33;
  k *= 0xC4CEB9FE1A85EC53ULL;
  return k ^ (k >> 33);
}

}  // namespace

Hash128 HashBytes(std::span<const std::byte> bytes, uint64_t seed) {
  uint64_t h1 = seed;
  uint64_t h2 = seed;
  const size_t length = bytes.size();
  for (; bytes.size() >= 16; bytes = bytes.subspan(16)) {
    uint64_t k1 = 0;
    uint64_t k2 = 0;
    std::memcpy(&k1, bytes.data(), 8);
    std::memcpy(&k2, bytes.data() + 8, 8);
    h1 = (std::rotl(h1 ^ MixLow(k1), 27) + h2) * 5 + 0x52DCE729;
    h2 = (std::rotl(h2 ^ MixHigh(k2), 31) + h1) * 5 + 0x38495AB5;
  }
  uint64_t tail[2] = {0, 0};
  if (!bytes.empty()) std::memcpy(tail, bytes.data(), bytes.size());
  h2 ^= MixHigh(tail[1]);
  h1 ^= MixLow(tail[0]);
  h1 ^= length;
  h2 ^= length;
  h1 += h2;
  h2 += h1;
  h1 = Finish(h1);
  h2 = Finish(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

}  // namespace tare::data
