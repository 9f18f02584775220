// MinHash signatures: the share of equal components of two estimates the Jaccard index of their
// sets.

#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace tare::data::internal {

/// Components of a signature: the standard error of the estimated index is at most
/// 1 / (2 sqrt(128)), 4.4 %.
inline constexpr size_t kSignatureSize = 128;
using Signature = std::array<uint32_t, kSignatureSize>;

/// Returns the signature of a set of hashes:
///
///   signature[k] = min over x of (x xor b[k]) * a[k]  mod 2^32,   a[k] odd
///
/// with a and b from a fixed seed.
///
/// Edge     repeats do not matter; no hashes give 2^32 - 1 throughout.
/// Cost     0.024 ns a hash and component with AVX2 or better (see duplicates_benchmark.cc).
/// Source   Broder, "On the resemblance and containment of documents", SEQUENCES 1997.
///          Differs: the functions are bijections of 32 bits, not random permutations; the hashes
///          must be well mixed already. Measured in duplicates_text_test.cc.
Signature MinHash(std::span<const uint32_t> hashes);

/// The factors a and the masks b of MinHash().
struct HashFamily {
  Signature factor;
  Signature mask;
};
const HashFamily& MinHashFamily();

}  // namespace tare::data::internal
