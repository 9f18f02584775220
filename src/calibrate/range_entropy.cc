// The entropy range. By definition each threshold costs a pass over its bins. By the chain rule of
// the divergence over levels g of Q it splits into what clipping costs, which only the last level
// feels, and what merging bins costs in each of the others:
//
//   N KL(P || Q) = clip + sum over the other levels of merge(g)
//   merge(g)     = sum over its bins of c log c - c(g) log(c(g) / nonzero(g))            >= 0
//   clip         = (M - c(l)) log(M / N) + (c(l) + K) log(M nonzero(l) / (c(l) N)) + sum P log P
//
// with N all values, M those below the threshold, K = N - M the clipped ones, c the bins' counts, P
// the same with K added to the last bin, l the last level (the last sum is over its bins), c(g) the
// sum of level g and nonzero(g) its bins that are not empty. With prefix sums, clip takes a few
// operations and merge(g) one logarithm. A threshold is given up as soon as clip and the levels so
// far pass the best one: most are after a few levels or none, and all 961 are still searched.
//
// A sampled histogram is noisier than the data, and merge(g) counts noise as loss: counts of
// variance w c raise it by w (bins - 1) / 2 nats on average, where the data themselves have w = 1.
// The expected excess, (w - 1) (bins - 1) / 2 a level, is taken off.

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "calibrate/log2_kernel_internal.h"
#include "calibrate/range_internal.h"

namespace tare::calibrate::internal {
namespace {

constexpr int kNumBins = 2048;
constexpr int kFirstThreshold = 128;
constexpr int kThresholdStride = 2;

// log2 of small integers; 0 for 0.
const std::array<double, kNumBins + 1>& Log2Table() {
  static const auto table = [] {
    std::array<double, kNumBins + 1> logs{};
    for (size_t i = 1; i < logs.size(); ++i) logs[i] = std::log2(static_cast<double>(i));
    return logs;
  }();
  return table;
}

class EntropySearch {
 public:
  EntropySearch(const Distribution& distribution, int num_levels)
      : num_levels_(static_cast<size_t>(num_levels)),
        shift_(std::has_single_bit(num_levels_) ? std::countr_zero(num_levels_) : -1) {
    FillBins(distribution);
    FillNoise(distribution);
    FillClipCosts();
  }

  // The number of bins below the best threshold; the largest of equals.
  int Run() {
    // A few thresholds first: the others are then measured against a good one.
    for (size_t i = 0; i < kNumThresholds; i += kFirstLook) Try(i);
    for (size_t i = 0; i < kNumThresholds; ++i) {
      if (i % kFirstLook != 0) Try(i);
    }
    return static_cast<int>(BinsOf(best_));
  }

 private:
  static constexpr size_t kNumThresholds = (kNumBins - kFirstThreshold) / kThresholdStride + 1;
  static constexpr size_t kFirstLook = 24;
  static constexpr size_t kLevelsAtOnce = 32;

  static constexpr size_t BinsOf(size_t threshold) {
    return kFirstThreshold + kThresholdStride * threshold;
  }

  // First bin of the last level: bin b is in level floor(b num_levels / num_bins).
  size_t LastLevel(size_t num_bins) const {
    return std::min(num_bins - 1, ((num_levels_ - 1) * num_bins + num_levels_ - 1) / num_levels_);
  }

  void FillBins(const Distribution& distribution) {
    const double bound = std::max(distribution.max, -distribution.min);
    for (size_t i = 0; i <= kNumBins; ++i) {
      // Below() does not count its own argument: past the largest value at the last edge.
      const double edge = i < kNumBins ? bound * static_cast<double>(i) / kNumBins : 2 * bound;
      if (distribution.max > 0) below_[i] += distribution.positive.Below(edge).n;
      if (distribution.min < 0) below_[i] += distribution.negative.Below(edge).n;
    }
    log_all_ = std::log2(below_.back());
    std::array<double, kNumBins> logs;
    for (size_t i = 0; i < kNumBins; ++i) {
      const double count = below_[i + 1] - below_[i];
      logs[i] = count > 0 ? count : 1;
    }
    Log2(logs.data(), kNumBins, logs.data());
    for (size_t i = 0; i < kNumBins; ++i) {
      const double count = std::max(0.0, below_[i + 1] - below_[i]);
      nonzero_[i + 1] = nonzero_[i] + (count > 0 ? 1 : 0);
      entropy_[i + 1] = entropy_[i] + count * logs[i];
    }
  }

  // Bins with noise of their own: a bin of the histogram that is split into several counts as one.
  void FillNoise(const Distribution& distribution) {
    const double width = std::max(distribution.max, -distribution.min) / kNumBins;
    noise_ = (distribution.mean_weight - 1) / (2 * std::log(2.0));
    for (size_t i = 0; i < kNumBins; ++i) {
      const double edge = width * static_cast<double>(i);
      // Bins of the histogram: R / 1024 from R / 32 up, half of it an octave below, and so on.
      const double share =
          width / distribution.bin_range * (edge * 32 < distribution.bin_range ? 2048 : 1024);
      const bool sampled = edge + width <= distribution.sampled_max;
      if (sampled) num_sampled_ = i + 1;
      const bool counts = sampled && nonzero_[i + 1] > nonzero_[i];
      independent_[i + 1] = independent_[i] + (counts ? std::min(1.0, share) : 0);
    }
  }

  // The expected loss by sampling noise over the levels before the last.
  double Noise(size_t num_bins) const {
    const size_t last = LastLevel(num_bins);
    const size_t num_levels = std::min(last, num_sampled_) * num_levels_ / num_bins;
    return noise_ * std::max(0.0, independent_[last] - static_cast<double>(num_levels));
  }

  void FillClipCosts() {
    // Arguments of the three logarithms of each threshold, one array behind the other.
    std::array<double, 3 * kNumThresholds> logs;
    for (size_t i = 0; i < kNumThresholds; ++i) {
      const size_t n = BinsOf(i);
      const double kept = below_[n];
      const double last_level = kept - below_[LastLevel(n)];
      const double last_bin = below_.back() - below_[n - 1];  // of P
      logs[i] = kept > 0 ? kept : 1;
      logs[kNumThresholds + i] = last_level > 0 ? last_level : 1;
      logs[2 * kNumThresholds + i] = last_bin > 0 ? last_bin : 1;
    }
    Log2(logs.data(), logs.size(), logs.data());
    for (size_t i = 0; i < kNumThresholds; ++i) {
      clip_costs_[i] =
          ClipCost(BinsOf(i), logs[i], logs[kNumThresholds + i], logs[2 * kNumThresholds + i]);
    }
  }

  // In bits; infinite when the bin that takes the clipped values is empty in Q.
  double ClipCost(size_t num_bins, double log_kept, double log_level, double log_last_bin) const {
    const double all = below_.back();
    const double kept = below_[num_bins];
    const double clipped = all - kept;
    const double last_count = kept - below_[num_bins - 1];
    if (clipped > 0 && !(last_count > 0)) return HUGE_VAL;
    const size_t first = LastLevel(num_bins);
    const double level = kept - below_[first];
    const int nonzero = nonzero_[num_bins] - nonzero_[first];
    const double p_log_p =
        entropy_[num_bins - 1] - entropy_[first] + (last_count + clipped) * log_last_bin;
    return (kept - level) * (log_kept - log_all_) +
           (level + clipped) *
               (log_kept + log2_of_[static_cast<size_t>(nonzero)] - log_level - log_all_) +
           p_log_p;
  }

  void Try(size_t threshold) {
    const double divergence = Divergence(BinsOf(threshold), clip_costs_[threshold]);
    if (divergence < least_ || (divergence == least_ && threshold > best_)) {
      least_ = divergence;
      best_ = threshold;
    }
  }

  // N KL(P || Q) in bits, or a lower bound of it that is above the best so far.
  double Divergence(size_t num_bins, double clip_cost) const {
    const size_t last = LastLevel(num_bins);
    double divergence = clip_cost - Noise(num_bins);
    size_t begin = 0;
    std::array<size_t, kLevelsAtOnce> ends;
    std::array<double, kLevelsAtOnce> sums;
    std::array<double, kLevelsAtOnce> spreads;
    for (size_t level = 0; begin < last && divergence <= least_; level += kLevelsAtOnce) {
      FillEnds(level, num_bins, last, ends);
      const size_t first = begin;
      for (size_t l = 0; l < kLevelsAtOnce; ++l) {
        sums[l] = below_[ends[l]] - below_[begin];
        spreads[l] = log2_of_[static_cast<size_t>(nonzero_[ends[l]] - nonzero_[begin])];
        begin = ends[l];
      }
      divergence += entropy_[begin] - entropy_[first] - SumOfLogs(sums, spreads);
    }
    return divergence;
  }

  // Where levels end: before bin ceil((l + 1) num_bins / num_levels), and all before the last
  // level.
  void FillEnds(size_t level, size_t num_bins, size_t last,
                std::array<size_t, kLevelsAtOnce>& ends) const {
    for (size_t l = 0; l < kLevelsAtOnce; ++l) {
      const size_t above = (level + l + 1) * num_bins + num_levels_ - 1;
      ends[l] = std::min(last, shift_ >= 0 ? above >> shift_ : above / num_levels_);
    }
  }

  // sum of c log2(c / nonzero), in a fixed order of eight parts that a compiler may keep in
  // vectors.
  static double SumOfLogs(const std::array<double, kLevelsAtOnce>& sums,
                          const std::array<double, kLevelsAtOnce>& spreads) {
    std::array<double, kLevelsAtOnce> logs;
    for (size_t l = 0; l < kLevelsAtOnce; ++l) logs[l] = sums[l] > 0 ? sums[l] : 1;
    Log2(logs.data(), logs.size(), logs.data());
    std::array<double, 8> parts{};
    for (size_t l = 0; l < kLevelsAtOnce; ++l) parts[l % 8] += sums[l] * (logs[l] - spreads[l]);
    double sum = 0;
    for (const double part : parts) sum += part;
    return sum;
  }

  size_t num_levels_;
  int shift_;  // num_levels_ = 2^shift_, -1 when it is no power of two
  const std::array<double, kNumBins + 1>& log2_of_ = Log2Table();
  std::array<double, kNumBins + 1> below_{};  // values below each edge
  double log_all_ = 0;
  double noise_ = 0;  // bits a bin
  size_t num_sampled_ = 0;
  std::array<double, kNumBins + 1> independent_{};
  std::array<double, kNumBins + 1> entropy_{};
  std::array<int, kNumBins + 1> nonzero_{};
  std::array<double, kNumThresholds> clip_costs_{};
  double least_ = HUGE_VAL;
  size_t best_ = kNumThresholds - 1;
};

}  // namespace

ValueRange EntropyRange(const Distribution& distribution, const RangeOptions& options) {
  const double bound = std::max(distribution.max, -distribution.min);
  const int num_codes = options.grid.quant_max - options.grid.quant_min + 1;
  const bool one_sided = distribution.min == 0 || distribution.max == 0;
  const bool all_codes = one_sided && options.zero_point == ZeroPoint::kFree;
  const int num_levels = std::min(kNumBins, all_codes ? num_codes : num_codes / 2);
  const double threshold = bound * EntropySearch(distribution, num_levels).Run() / kNumBins;
  return {static_cast<float>(std::max(distribution.min, -threshold)),
          static_cast<float>(std::min(distribution.max, threshold))};
}

}  // namespace tare::calibrate::internal
