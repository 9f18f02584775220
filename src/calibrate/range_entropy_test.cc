#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "calibrate/test_distributions_internal.h"
#include "tare/calibrate/range.h"

namespace tare::calibrate {
namespace {

using internal::Draw;
using internal::ObserverOf;

constexpr int kBins = 2048;

// KL(P || Q) in nats by definition, for the first `num_bins` bins and `num_levels` levels.
double SlowDivergence(const std::vector<double>& bins, int num_bins, int num_levels) {
  std::vector<double> p(bins.begin(), bins.begin() + num_bins);
  std::vector<double> level_sum(num_levels);
  std::vector<int> level_nonzero(num_levels);
  for (int b = 0; b < num_bins; ++b) {
    level_sum[b * num_levels / num_bins] += p[b];
    level_nonzero[b * num_levels / num_bins] += p[b] > 0 ? 1 : 0;
  }
  std::vector<double> q(num_bins);
  double q_total = 0;
  for (int b = 0; b < num_bins; ++b) {
    const int level = b * num_levels / num_bins;
    if (p[b] > 0) q[b] = level_sum[level] / level_nonzero[level];
    q_total += q[b];
  }
  for (int b = num_bins; b < kBins; ++b) p[num_bins - 1] += bins[b];
  double p_total = 0;
  for (const double value : p) p_total += value;
  double divergence = 0;
  for (int b = 0; b < num_bins; ++b) {
    if (p[b] == 0) continue;
    if (q[b] == 0) return HUGE_VAL;
    divergence += p[b] / p_total * std::log(p[b] / p_total * q_total / q[b]);
  }
  return divergence;
}

// Every second threshold from 128 on; the largest of equals.
int SlowThreshold(const std::vector<double>& bins, int num_levels) {
  int best = 0;
  double least = HUGE_VAL;
  for (int i = 128; i <= kBins; i += 2) {
    const double divergence = SlowDivergence(bins, i, num_levels);
    if (divergence <= least) {
      least = divergence;
      best = i;
    }
  }
  return best;
}

class EntropyTest : public testing::TestWithParam<internal::TestDistribution> {};

TEST_P(EntropyTest, FindsTheThresholdOfTheDefinition) {
  // On a lattice of one value a bin of 1/1024 of R, both see the same 2,048 bins: the histogram
  // holds points, and no bin has to be split.
  auto values = Draw(GetParam().draw, 60000, 21);
  float bound = 0;
  for (const float x : values) bound = std::max(bound, std::abs(x));
  const double pitch = std::exp2(std::ilogb(bound) + 1) / 1024;
  for (float& x : values) {
    if (x != 0) x = static_cast<float>((std::trunc(x / pitch) + std::copysign(0.5, x)) * pitch);
  }
  const TensorStatistics statistics = ObserverOf(values).statistics();
  const double max = std::max(std::abs(statistics.min()), statistics.max());

  std::vector<double> bins(kBins);
  for (const float x : values) {
    if (x == 0) continue;  // zero is on every grid and left out
    const int bin = static_cast<int>(std::abs(double{x}) / max * kBins * (1 + 1e-9));
    bins[std::min(kBins - 1, bin)] += 1;
  }
  const bool one_sided = statistics.min() >= 0 || statistics.max() <= 0;
  const double threshold = max * SlowThreshold(bins, one_sided ? 256 : 128) / kBins;

  const auto range = ChooseRange(statistics, RangeMethod::kEntropy, {});
  ASSERT_TRUE(range) << range.error().what;
  EXPECT_FLOAT_EQ(range->max, static_cast<float>(
                                  std::min<double>(threshold, std::max(0.0F, statistics.max()))));
  EXPECT_FLOAT_EQ(range->min, static_cast<float>(
                                  std::max<double>(-threshold, std::min(0.0F, statistics.min()))));
}

INSTANTIATE_TEST_SUITE_P(Suite, EntropyTest, testing::ValuesIn(internal::TestDistributions()),
                         [](const auto& which) { return std::to_string(which.index); });

TEST(EntropyRangeTest, ClipsTheTailOfALaplaceAndKeepsAUniform) {
  const auto laplace = Draw(internal::DrawLaplace, 60000, 22);
  const auto range = ChooseRange(ObserverOf(laplace).statistics(), RangeMethod::kEntropy, {});
  EXPECT_LT(range->max, 9.5);
  EXPECT_GT(range->max, 4);
  const auto uniform = Draw([](Random& r) { return r.Uniform(); }, 60000, 23);
  EXPECT_GT(ChooseRange(ObserverOf(uniform).statistics(), RangeMethod::kEntropy, {})->max, 0.97);
}

}  // namespace
}  // namespace tare::calibrate
