// A 128-bit hash of a sample's bytes.

#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tare::data {

struct Hash128 {
  uint64_t low = 0;
  uint64_t high = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;
};

/// Returns MurmurHash3_x64_128 of `bytes`.
/// Bound   not for adversaries: equal hashes of different bytes can be made on purpose.
/// Source  Austin Appleby, MurmurHash3.cpp, public domain, https://github.com/aappleby/smhasher
///         Differs: the seed has 64 bits, so that hashes can be chained; below 2^32 it is the same.
Hash128 HashBytes(std::span<const std::byte> bytes, uint64_t seed = 0);

}  // namespace tare::data
