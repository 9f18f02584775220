// Random numbers that are the same on every machine and in every version.

#pragma once

#include <cstdint>

namespace tare {

/// SplitMix64: a seed gives the same sequence everywhere, unlike std:: distributions.
///
/// Threads  none.
/// Source   Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014;
///          constants as in the public-domain reference by Vigna, splitmix64.c.
class Random {
  __extension__ using Wide = unsigned __int128;

 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  /// Returns 64 uniform bits.
  uint64_t Next() {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }

  /// Returns a uniform integer in [0, bound); bound > 0. Multiply-shift: the bias is below
  /// bound / 2^64.
  uint64_t Below(uint64_t bound) {
    return static_cast<uint64_t>((static_cast<Wide>(Next()) * bound) >> 64);
  }

  /// Returns a uniform real in [0, 1) with 53 random bits.
  double Uniform() { return static_cast<double>(Next() >> 11) * 0x1.0p-53; }

 private:
  uint64_t state_;
};

}  // namespace tare
