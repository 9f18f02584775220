// Histogram: what one pass over a tensor's values leaves behind, in 64 KB whatever their number.
//
// Every element is looked at: exact extremes, exact counts of zero, NaN, infinity and mask values.
// The shape of the distribution is kept in bins of (n, sum, sum of squares): linear from R/32 to
// R, 1/1024 of R each (a 2048-bin histogram on [-R, R]), and logarithmic below, 32 an octave, down
// to R/32768. R is a power of two; a larger value doubles it by adding neighbouring bins in pairs.
// The octave below the linear part has exactly the linear bins' width, so doubling never splits a
// bin. Example: a bulk of deviation 1 and one value of 1000 gives R = 1024, linear bins of width 1,
// and still 32 bins in each of [1, 2), [2, 4), ... [16, 32): the bulk keeps its shape.
//
// Binning costs ten times as much as looking, so it is done to all of the first 65,536 values, then
// to one of every 8 lines of 16 values, with weight 8, from 2^19 values on to one of 32 and from
// 2^21 on to one of 128: the error of a sum over the bulk stays near 0.4 %. A counter-based
// generator chooses the line of each group: no stride that channels or rows could fall into step
// with. The tails are not sampled: a value beyond the outermost 1/2000 seen so far on its side is
// binned with weight 1 wherever it is. So outliers, which decide a clipping range, are counted
// exactly, and the bulk, which does not need it, is estimated.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace tare::stats {
namespace internal {
struct Selection;
}  // namespace internal

/// Number of values and the sums of x and x^2.
struct Moments {
  double n = 0;
  double sum = 0;
  double sum_squares = 0;

  Moments& operator+=(const Moments& other) {
    n += other.n;
    sum += other.sum;
    sum_squares += other.sum_squares;
    return *this;
  }
  friend Moments operator-(const Moments& a, const Moments& b) {
    return {a.n - b.n, a.sum - b.sum, a.sum_squares - b.sum_squares};
  }
  friend bool operator==(const Moments&, const Moments&) = default;
};

/// Exact counts, over every element.
struct ValueCounts {
  int64_t num_values = 0;  ///< all elements, whatever they are
  int64_t num_zeros = 0;
  int64_t num_nan = 0;
  int64_t num_positive_infinity = 0;
  int64_t num_negative_infinity = 0;
  /// Finite values <= kMaskLimit: "minus infinity" as attention masks and placeholders write it.
  int64_t num_masked = 0;

  /// Elements that have a place in the distribution: finite and above kMaskLimit.
  int64_t num_ordinary() const {
    return num_values - num_nan - num_positive_infinity - num_negative_infinity - num_masked;
  }
  friend bool operator==(const ValueCounts&, const ValueCounts&) = default;
};

/// Values at or below are masks, not data (-FLT_MAX, -1e38, half of it after an addition).
inline constexpr float kMaskLimit = -1e30F;

/// The one-pass summary described at the head of this file.
///
/// Bound    extremes and counts are exact. Bin sums are exact (to double rounding) for the first
///          kExactValues elements and for the tails; the bulk behind them is estimated without
///          bias from 1/8, 1/32 and 1/128 of its lines.
/// Threads  none. The state is a function of the sequence of Add() calls alone.
/// Cost     about 0.1 ns an element for long inputs in cache, 1.2 ns for the first kExactValues.
/// Source   logarithmic bins: Masson, Rim, Lee, "DDSketch", VLDB 2019, arXiv:1908.10693.
///          Differs: 32 linear steps an octave, read off the bits of the number, for the logarithm.
class Histogram {
 public:
  /// Elements binned one by one before sampling starts.
  static constexpr int64_t kExactValues = 65536;
  /// Elements, with those, up to which one line of 8 is binned; then one of 32; then one of 128.
  static constexpr int64_t kDenseValues = 1 << 19;
  static constexpr int64_t kSparseValues = 1 << 21;
  static constexpr int kLineLength = 16;

  // Bins of one side (x > 0 or x < 0), from zero outwards: one for |x| < R/32768, 32 for each of
  // ten octaves, 992 linear ones.
  static constexpr int kLogBins = 320;
  static constexpr int kLinearBins = 1024;
  static constexpr int kSideBins = 1 + kLogBins + kLinearBins - 32;

  Histogram();

  /// Adds values. An empty span changes nothing.
  void Add(std::span<const float> values);

  /// Adds what `other` has seen. Counts and extremes do not depend on the order of merging, bin
  /// sums only by double rounding.
  void Merge(const Histogram& other);

  const ValueCounts& counts() const { return counts_; }
  /// Least and largest ordinary value; 0 and 0 when there is none.
  float min() const { return counts_.num_ordinary() > 0 ? min_ : 0.0F; }
  float max() const { return counts_.num_ordinary() > 0 ? max_ : 0.0F; }
  /// Elements that were binned; the others are represented by them. Zeros are never binned.
  int64_t num_binned() const { return num_binned_; }

  /// Weight of a binned value, averaged over what the values stand for; 1 while nothing was
  /// sampled. The sampling variance of a bin's n is about (mean_weight() - 1) n.
  double mean_weight() const { return total_weight_ > 0 ? squared_weight_ / total_weight_ : 1; }
  /// Values outside [tail_min(), tail_max()] are binned one by one while others are sampled.
  float tail_min() const { return tail_min_; }
  float tail_max() const { return tail_max_; }

  /// R; 0 while no ordinary value other than 0 was seen.
  double range() const;
  enum class Side { kPositive, kNegative };
  /// The kSideBins bins of a side; sums are of x itself (negative on the negative side).
  std::span<const Moments> bins(Side side) const;
  /// Lower edge of a bin in |x|; BinEdge(kSideBins) is R.
  double BinEdge(int bin) const;

  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  void AddChunk(std::span<const float> chunk);
  void AddWithSpecials(std::span<const float> chunk);
  void BinAll(std::span<const float> chunk);
  void BinSample(std::span<const float> chunk);
  void BinTails(std::span<const float> chunk, uint64_t tail_blocks);
  void Accumulate(const internal::Selection& selection, double weight);
  void Grow(float magnitude);
  void DoubleRange();
  void UpdateTails();

  ValueCounts counts_;
  float min_ = 0;
  float max_ = 0;
  int64_t num_binned_ = 0;
  double total_weight_ = 0;  // of the binned values
  double squared_weight_ = 0;
  int exponent_ = kNoRange;  // R = 2^exponent_
  // Behind the first kExactValues, elements outside [tail_min_, tail_max_] are binned one by one.
  float tail_min_ = 0;
  float tail_max_ = 0;
  int64_t last_tail_update_ = 0;  // number of values then
  int64_t num_tail_binned_ = 0;   // since then
  uint64_t num_groups_ = 0;       // groups of lines so far: the generator's counter
  std::vector<Moments> bins_;     // positive side, then negative side

  static constexpr int kNoRange = -1000;
};

}  // namespace tare::stats
