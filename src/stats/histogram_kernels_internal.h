// The vector code behind Histogram, chosen at run time for the processor.

#pragma once

#include <cstddef>
#include <cstdint>

namespace tare::stats::internal {

inline constexpr size_t kBlockLength = 512;
inline constexpr size_t kMaxBlocks = 64;
/// Longest input of one call of Scan.
inline constexpr size_t kChunkLength = kBlockLength * kMaxBlocks;
/// Most elements that one call of Select may be asked to look at: an eighth of a chunk.
inline constexpr size_t kSelectLength = kChunkLength / 8;
/// Room that Select needs beyond that: it stores whole vectors.
inline constexpr size_t kSelectSlack = 64;

/// What one look at up to kChunkLength elements found.
struct ScanResult {
  float min = 0;  ///< of all elements; meaningless when one is NaN
  float max = 0;
  int64_t num_zeros = 0;
  uint32_t max_magnitude_bits = 0;  ///< largest |x| as bits: above 0x7F7FFFFF for NaN, infinity
  uint64_t tail_blocks = 0;  ///< bit i: block i has an element outside [tail_min, tail_max], or NaN
};
struct ScanOptions {
  float tail_min = 0;
  float tail_max = 0;
};

/// Which elements of which stretches Select takes, and how it numbers their bins.
struct SelectOptions {
  /// Stretches [starts[i], starts[i] + length) of the input, cut at its end.
  const uint32_t* starts = nullptr;
  size_t num_stretches = 0;
  size_t length = 0;
  float min = 0;
  float max = 0;
  enum class Take {
    kInside,   ///< min <= x <= max and x != 0
    kOutside,  ///< x < min or x > max
  } take = Take::kInside;
  int exponent = 0;  ///< R = 2^exponent
};
/// The elements taken, in order, and their bins (negative side behind the positive one).
struct Selection {
  float values[kSelectLength + kSelectSlack];
  int32_t bins[kSelectLength + kSelectSlack];
  size_t size = 0;
};

/// Edge  size 0 is not allowed (TARE_CHECK by the caller).
ScanResult Scan(const float* values, size_t size, const ScanOptions& options);
void Select(const float* values, size_t size, const SelectOptions& options, Selection* selection);

}  // namespace tare::stats::internal
