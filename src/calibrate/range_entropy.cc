// The entropy range. By definition each threshold costs a pass over its bins; with prefix sums over
// the bins it costs one logarithm a level:
//
//   N KL(P || Q) = sum P log P - sum over levels g of P(g) log(c(g) / nonzero(g)) + N log(M / N)
//
// with N all values, M those below the threshold, c(g) the bins' sum in level g, nonzero(g) its
// bins that are not empty, and P(g) = c(g) but for the last level, which also has the N - M clipped
// ones. Most thresholds do not even cost that: telling only the last bin from the others cannot
// raise the divergence, and that bound alone, with three logarithms, passes the best so far when
// much is clipped.

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "calibrate/log2_kernel_internal.h"
#include "calibrate/range_internal.h"

namespace tare::calibrate::internal {
namespace {

constexpr int kNumBins = 2048;
constexpr int kFirstThreshold = 128;
constexpr int kThresholdStride = 2;

double XLog2X(double x) { return x > 0 ? x * std::log2(x) : 0; }

// log2 of small integers; 0 for 0.
const std::array<double, kNumBins + 1>& Log2Table() {
  static const auto table = [] {
    std::array<double, kNumBins + 1> logs{};
    for (size_t i = 1; i < logs.size(); ++i) logs[i] = std::log2(static_cast<double>(i));
    return logs;
  }();
  return table;
}

class Search {
 public:
  Search(const Distribution& distribution, int num_levels)
      : num_levels_(static_cast<size_t>(num_levels)) {
    const double bound = std::max(distribution.max, -distribution.min);
    for (int i = 0; i <= kNumBins; ++i) {
      const double edge = bound * i / kNumBins;
      // Above the largest value at the last edge: Below() does not count its own argument.
      const double t = i < kNumBins ? edge : 2 * bound;
      below_[static_cast<size_t>(i)] =
          distribution.positive.Below(t).n + distribution.negative.Below(t).n;
    }
    std::array<double, kNumBins> counts;
    std::array<double, kNumBins> logs;
    for (size_t i = 0; i < kNumBins; ++i) {
      counts[i] = std::max(0.0, below_[i + 1] - below_[i]);
      logs[i] = counts[i] > 0 ? counts[i] : 1;
    }
    Log2(logs.data(), kNumBins, logs.data());
    for (size_t i = 0; i < kNumBins; ++i) {
      nonzero_[i + 1] = nonzero_[i] + (counts[i] > 0 ? 1 : 0);
      entropy_[i + 1] = entropy_[i] + counts[i] * logs[i];
    }
    sums_.resize(num_levels_);
    spreads_.resize(num_levels_);
    logs_.resize(num_levels_);
  }

  // The number of bins below the best threshold; the largest of equals.
  int Run() {
    int best = kNumBins;
    double least = HUGE_VAL;
    for (int i = kNumBins; i >= kFirstThreshold; i -= kThresholdStride) {
      const Threshold threshold = At(i);
      // Empty in Q and not in P: infinitely far.
      if (threshold.clipped > 0 && threshold.last_count <= 0) continue;
      if (LowerBound(threshold) >= least) continue;
      const double divergence = Divergence(threshold);
      if (divergence < least) {
        least = divergence;
        best = i;
      }
    }
    return best;
  }

 private:
  struct Threshold {
    size_t num_bins = 0;
    double kept = 0;        // values below
    double clipped = 0;     // values beyond
    double last_count = 0;  // values in the last bin
  };

  Threshold At(int num_bins) const {
    const auto n = static_cast<size_t>(num_bins);
    return {n, below_[n], below_.back() - below_[n], below_[n] - below_[n - 1]};
  }

  // N KL of (last bin, the others) between P and Q: by the data processing inequality at most
  // N KL(P || Q).
  double LowerBound(const Threshold& threshold) const {
    if (threshold.clipped <= 0) return 0;
    const double all = below_.back();
    const size_t begin = ((num_levels_ - 1) * threshold.num_bins + num_levels_ - 1) / num_levels_;
    const size_t first = std::min(begin, threshold.num_bins - 1);
    const double level = threshold.kept - below_[first];
    const int nonzero = nonzero_[threshold.num_bins] - nonzero_[first];
    const double p = threshold.last_count + threshold.clipped;
    const double q = level / nonzero / threshold.kept * all;
    if (!(q > 0) || !(q < all)) return 0;
    return p * std::log2(p / q) + (p < all ? (all - p) * std::log2((all - p) / (all - q)) : 0);
  }

  // N KL(P || Q) in bits.
  double Divergence(const Threshold& threshold) {
    const double all = below_.back();
    const double p_log_p =
        entropy_[threshold.num_bins - 1] + XLog2X(threshold.last_count + threshold.clipped);
    return p_log_p - SumOverLevels(threshold) + all * std::log2(threshold.kept / all);
  }

  // sum over levels of P(g) log2(c(g) / nonzero(g)).
  double SumOverLevels(const Threshold& threshold) {
    // Bin b is in level floor(b num_levels / num_bins): level l ends before
    // ceil((l + 1) num_bins / num_levels), here counted up without dividing.
    const size_t quotient = threshold.num_bins / num_levels_;
    const size_t remainder = threshold.num_bins % num_levels_;
    size_t begin = 0;
    size_t floor = 0;
    size_t rest = 0;
    size_t last = 0;
    for (size_t level = 0; level < num_levels_; ++level) {
      floor += quotient;
      rest += remainder;
      if (rest >= num_levels_) {
        rest -= num_levels_;
        ++floor;
      }
      const size_t end = floor + (rest > 0 ? 1 : 0);
      const double sum = below_[end] - below_[begin];
      const auto nonzero = static_cast<size_t>(nonzero_[end] - nonzero_[begin]);
      sums_[level] = sum;
      spreads_[level] = log2_of_[nonzero];
      logs_[level] = nonzero > 0 ? sum : 1;
      if (nonzero > 0) last = level;  // fewer bins than levels leave levels empty
      begin = end;
    }
    Log2(logs_.data(), num_levels_, logs_.data());
    // Eight partial sums in a fixed order, which the compiler may keep in vectors.
    std::array<double, 8> partial{};
    for (size_t l = 0; l < num_levels_; ++l) partial[l % 8] += sums_[l] * (logs_[l] - spreads_[l]);
    double sum = 0;
    for (const double part : partial) sum += part;
    return sum + threshold.clipped * (logs_[last] - spreads_[last]);
  }

  size_t num_levels_;
  const std::array<double, kNumBins + 1>& log2_of_ = Log2Table();
  std::array<double, kNumBins + 1> below_{};
  std::array<double, kNumBins + 1> entropy_{};
  std::array<int, kNumBins + 1> nonzero_{};
  std::vector<double> sums_;
  std::vector<double> spreads_;
  std::vector<double> logs_;
};

}  // namespace

ValueRange EntropyRange(const Distribution& distribution, const RangeOptions& options) {
  const double bound = std::max(distribution.max, -distribution.min);
  const int num_codes = options.grid.quant_max - options.grid.quant_min + 1;
  const bool one_sided = distribution.min == 0 || distribution.max == 0;
  const bool all_codes = one_sided && options.zero_point == ZeroPoint::kFree;
  const int num_levels = std::min(kNumBins, all_codes ? num_codes : num_codes / 2);
  const double threshold = bound * Search(distribution, num_levels).Run() / kNumBins;
  return {static_cast<float>(std::max(distribution.min, -threshold)),
          static_cast<float>(std::min(distribution.max, threshold))};
}

}  // namespace tare::calibrate::internal
