#include <algorithm>
#include <cmath>

#include "stats/resample_internal.h"
#include "tare/core/result.h"

namespace tare::stats {
namespace {

// From this size on, one binomial is cheaper than as many single draws.
constexpr int64_t kLargeCell = 48;

// Remainder of Stirling's series: log(k!) - [log(sqrt(2 pi)) + (k + 1/2) log(k + 1) - (k + 1)].
double StirlingRemainder(double k) {
  constexpr double kTable[] = {0.08106146679532726, 0.04134069595540929, 0.02767792568499834,
                               0.02079067210376509, 0.01664469118982119, 0.01387612882307075,
                               0.01189670994589177, 0.01041126526197209, 0.009255462182712733,
                               0.008330563433362871};
  if (k <= 9) return kTable[static_cast<int>(k)];
  const double square = (k + 1) * (k + 1);
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

// p in (0, 1/2], n p < 10: counts successes by geometric jumps between them.
int64_t DrawByInversion(Random& random, int64_t n, double p) {
  const double log_failure = std::log1p(-p);
  double position = 0;
  for (int64_t count = 0;; ++count) {
    position += std::floor(std::log1p(-random.Uniform()) / log_failure) + 1;
    if (position > static_cast<double>(n)) return count;
  }
}

// p in (0, 1/2], n p >= 10. Names as in the paper.
int64_t DrawByRejection(Random& random, int64_t num_trials, double p) {
  const auto n = static_cast<double>(num_trials);
  const double deviation = std::sqrt(n * p * (1 - p));
  const double b = 1.15 + 2.53 * deviation;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = n * p + 0.5;
  const double v_r = 0.92 - 4.2 / b;
  const double alpha = (2.83 + 5.1 / b) * deviation;
  const double odds = p / (1 - p);
  const double m = std::floor((n + 1) * p);
  while (true) {
    const double u = random.Uniform() - 0.5;
    double v = random.Uniform();
    const double us = 0.5 - std::abs(u);
    const double k = std::floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= v_r) return static_cast<int64_t>(k);
    if (!(k >= 0 && k <= n)) continue;
    v = std::log(v * alpha / (a / (us * us) + b));
    const double bound = (m + 0.5) * std::log((m + 1) / (odds * (n - m + 1))) +
                         (n + 1) * std::log((n - m + 1) / (n - k + 1)) +
                         (k + 0.5) * std::log(odds * (n - k + 1) / (k + 1)) + StirlingRemainder(m) +
                         StirlingRemainder(n - m) - StirlingRemainder(k) - StirlingRemainder(n - k);
    if (v <= bound) return static_cast<int64_t>(k);
  }
}

}  // namespace

int64_t DrawBinomial(Random& random, int64_t n, double p) {
  if (n <= 0 || !(p > 0)) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - DrawBinomial(random, n, 1 - p);
  return static_cast<double>(n) * p < 10 ? DrawByInversion(random, n, p)
                                         : DrawByRejection(random, n, p);
}

CellSampler::CellSampler(std::span<const int64_t> sizes) {
  for (size_t cell = 0; cell < sizes.size(); ++cell) {
    TARE_CHECK(sizes[cell] >= 0);
    total_ += sizes[cell];
    if (sizes[cell] >= kLargeCell) {
      large_.push_back({cell, sizes[cell]});
    } else {
      small_.insert(small_.end(), static_cast<size_t>(sizes[cell]), static_cast<uint32_t>(cell));
    }
  }
}

void CellSampler::Draw(Random& random, std::span<int64_t> drawn) const {
  std::fill(drawn.begin(), drawn.end(), 0);
  // A multinomial is a chain of binomials, each of what the cells before it left.
  int64_t trials = total_;
  int64_t mass = total_;
  for (const auto& [cell, size] : large_) {
    const int64_t count =
        mass == size
            ? trials
            : DrawBinomial(random, trials, static_cast<double>(size) / static_cast<double>(mass));
    drawn[cell] = count;
    trials -= count;
    mass -= size;
  }
  const auto num_small = static_cast<uint64_t>(small_.size());
  for (; trials > 1; trials -= 2) {
    const uint64_t bits = random.Next();
    ++drawn[small_[((bits & 0xFFFFFFFF) * num_small) >> 32]];
    ++drawn[small_[((bits >> 32) * num_small) >> 32]];
  }
  if (trials == 1) ++drawn[small_[random.Below(num_small)]];
}

void DrawIndices(Random& random, int64_t bound, std::span<uint32_t> indices) {
  TARE_CHECK(bound > 0 && bound <= (int64_t{1} << 31));
  // Two indices of each 64 bits, by multiplication and without rejection: some indices are more
  // probable than others, by a factor below 1 + bound / 2^31.
  const auto size = static_cast<uint64_t>(bound);
  size_t i = 0;
  for (; i + 1 < indices.size(); i += 2) {
    const uint64_t bits = random.Next();
    indices[i] = static_cast<uint32_t>(((bits & 0xFFFFFFFF) * size) >> 32);
    indices[i + 1] = static_cast<uint32_t>(((bits >> 32) * size) >> 32);
  }
  if (i < indices.size()) indices[i] = static_cast<uint32_t>(random.Below(size));
}

}  // namespace tare::stats
