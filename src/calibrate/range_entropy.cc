// The entropy range. By definition each threshold costs a pass over its bins; with prefix sums over
// the bins it costs one logarithm a level:
//
//   N KL(P || Q) = sum P log P - sum over levels g of P(g) log(c(g) / nonzero(g)) + N log(M / N)
//
// with N all values, M those below the threshold, c(g) the bins' sum in level g, nonzero(g) its
// bins that are not empty, and P(g) = c(g) but for the last level, which also has the N - M clipped
// ones.

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

class Search {
 public:
  Search(const Distribution& distribution, int num_levels) : num_levels_(num_levels) {
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
    for (size_t i = 1; i <= kNumBins; ++i) log2_[i] = std::log2(static_cast<double>(i));
    sums_.resize(static_cast<size_t>(num_levels));
    spreads_.resize(static_cast<size_t>(num_levels));
    logs_.resize(static_cast<size_t>(num_levels));
  }

  // The number of bins below the best threshold.
  int Run() {
    int best = kNumBins;
    double best_divergence = HUGE_VAL;
    for (int i = kFirstThreshold; i <= kNumBins; i += kThresholdStride) {
      const double divergence = Divergence(i);
      if (divergence <= best_divergence) {
        best_divergence = divergence;
        best = i;
      }
    }
    return best;
  }

 private:
  // N KL(P || Q) in bits; infinite when the bin that takes the clipped values is empty in Q.
  double Divergence(int num_bins) {
    const auto last = static_cast<size_t>(num_bins);
    const double all = below_[kNumBins];
    const double kept = below_[last];
    const double clipped = all - kept;
    const double last_count = kept - below_[last - 1];
    if (clipped > 0 && last_count <= 0) return HUGE_VAL;

    const double in_levels = SumOverLevels(num_bins, clipped);
    const double p_log_p = entropy_[last - 1] + XLog2X(last_count + clipped);
    return p_log_p - in_levels + all * std::log2(kept / all);
  }

  // sum over levels of P(g) log2(c(g) / nonzero(g)).
  double SumOverLevels(int num_bins, double clipped) {
    size_t begin = 0;
    for (int level = 0; level < num_levels_; ++level) {
      // Bin b is in level floor(b num_levels / num_bins).
      const auto end =
          static_cast<size_t>(((level + 1) * num_bins + num_levels_ - 1) / num_levels_);
      const auto l = static_cast<size_t>(level);
      const double sum = below_[end] - below_[begin];
      const int nonzero = nonzero_[end] - nonzero_[begin];
      const bool empty = nonzero == 0 || !(sum > 0);
      sums_[l] = empty ? 0 : sum;
      spreads_[l] = empty ? 0 : log2_[static_cast<size_t>(nonzero)];
      logs_[l] = empty ? 1 : sum;
      begin = end;
    }
    Log2(logs_.data(), logs_.size(), logs_.data());
    // Eight partial sums in a fixed order, which the compiler may keep in vectors.
    std::array<double, 8> partial{};
    for (size_t l = 0; l < logs_.size(); ++l) partial[l % 8] += sums_[l] * (logs_[l] - spreads_[l]);
    double sum = 0;
    for (const double part : partial) sum += part;
    size_t last = logs_.size() - 1;
    while (last > 0 && sums_[last] == 0) --last;  // fewer bins than levels leave levels empty
    return sum + clipped * (logs_[last] - spreads_[last]);
  }

  int num_levels_;
  std::array<double, kNumBins + 1> below_{};
  std::array<double, kNumBins + 1> entropy_{};
  std::array<double, kNumBins + 1> log2_{};
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
