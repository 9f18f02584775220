#include "tare/stats/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <vector>

#include "tare/core/random.h"
#include "tare/stats/histogram_moments.h"

namespace tare::stats {
namespace {

using Side = Histogram::Side;

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

Histogram Of(std::span<const float> values) {
  Histogram histogram;
  histogram.Add(values);
  return histogram;
}

std::vector<float> Gauss(size_t size, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(size);
  for (float& value : values) {
    const double radius = std::sqrt(-2 * std::log(1 - random.Uniform()));
    value = static_cast<float>(radius * std::cos(6.283185307179586 * random.Uniform()));
  }
  return values;
}

// Whole numbers: their sums are exact in any order.
std::vector<float> Integers(size_t size, int magnitude, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(size);
  for (float& value : values) {
    value = static_cast<float>(static_cast<int64_t>(random.Below(2 * magnitude + 1)) - magnitude);
  }
  return values;
}

double TotalCount(const Histogram& histogram) {
  double n = 0;
  for (const Side side : {Side::kPositive, Side::kNegative}) {
    for (const Moments& bin : histogram.bins(side)) n += bin.n;
  }
  return n;
}

// The bins by definition: every value searched for by the edges.
std::vector<Moments> SlowBins(const Histogram& histogram, std::span<const float> values,
                              Side side) {
  std::vector<double> edges;
  for (int i = 0; i <= Histogram::kSideBins; ++i) edges.push_back(histogram.BinEdge(i));
  std::vector<Moments> bins(Histogram::kSideBins);
  for (const float x : values) {
    if (x == 0 || (x > 0) != (side == Side::kPositive)) continue;
    const auto above = std::upper_bound(edges.begin(), edges.end(), std::abs(double{x}));
    bins[static_cast<size_t>(above - edges.begin() - 1)] += {1, x, double{x} * x};
  }
  return bins;
}

TEST(HistogramTest, FitsIn64KilobytesATensor) {
  static_assert(2 * Histogram::kSideBins * sizeof(Moments) + sizeof(Histogram) <= 65536);
}

TEST(HistogramTest, IsEmptyAtFirstAndAfterNothing) {
  const Histogram empty = Of({});
  EXPECT_EQ(empty.counts(), ValueCounts{});
  EXPECT_EQ(empty.min(), 0);
  EXPECT_EQ(empty.max(), 0);
  EXPECT_EQ(empty.range(), 0);
  EXPECT_EQ(TotalCount(empty), 0);
}

TEST(HistogramTest, HoldsOneElement) {
  const float value = -3;
  const Histogram histogram = Of({&value, 1});
  EXPECT_EQ(histogram.min(), -3);
  EXPECT_EQ(histogram.max(), -3);
  EXPECT_EQ(histogram.range(), 4);
  // 3 of 4 in steps of 1/1024 of 4 is linear step 768, behind 321 - 32 bins.
  EXPECT_EQ(histogram.bins(Side::kNegative)[289 + 768], (Moments{1, -3, 9}));
  EXPECT_EQ(TotalCount(histogram), 1);
}

TEST(HistogramTest, BinEdgesRiseAndMeet) {
  const float one = 1;
  const Histogram histogram = Of({&one, 1});  // R = 2
  EXPECT_EQ(histogram.BinEdge(0), 0);
  EXPECT_EQ(histogram.BinEdge(1), 2.0 / 32768);
  EXPECT_EQ(histogram.BinEdge(321), 2.0 / 32);
  EXPECT_EQ(histogram.BinEdge(322), 2.0 / 32 + 2.0 / 1024);
  EXPECT_EQ(histogram.BinEdge(Histogram::kSideBins), 2);
  for (int i = 0; i < Histogram::kSideBins; ++i) {
    EXPECT_LT(histogram.BinEdge(i), histogram.BinEdge(i + 1)) << i;
  }
}

TEST(HistogramTest, CountsZerosOfBothSigns) {
  const std::vector<float> values{0.0F, -0.0F, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -0.0F};
  const Histogram histogram = Of(values);
  EXPECT_EQ(histogram.counts().num_zeros, 17);
  EXPECT_EQ(TotalCount(histogram), 1);
  const Histogram zeros = Of(std::vector<float>(100, 0.0F));
  EXPECT_EQ(zeros.counts().num_zeros, 100);
  EXPECT_EQ(zeros.range(), 0);
}

TEST(HistogramTest, CountsWhatHasNoPlaceInTheDistribution) {
  const std::vector<float> values{1, kNan, kInf, -kInf, -FLT_MAX, -1e30F, -0.9e30F, 2, -kInf};
  const Histogram histogram = Of(values);
  EXPECT_EQ(histogram.counts().num_values, 9);
  EXPECT_EQ(histogram.counts().num_nan, 1);
  EXPECT_EQ(histogram.counts().num_positive_infinity, 1);
  EXPECT_EQ(histogram.counts().num_negative_infinity, 2);
  EXPECT_EQ(histogram.counts().num_masked, 2);
  EXPECT_EQ(histogram.counts().num_ordinary(), 3);
  EXPECT_EQ(histogram.min(), -0.9e30F);
  EXPECT_EQ(histogram.max(), 2);
  EXPECT_EQ(TotalCount(histogram), 3);
}

TEST(HistogramTest, ExtremesDoNotStartAtZeroWhenSpecialsComeFirst) {
  const Histogram histogram = Of(std::vector<float>{-FLT_MAX, kNan, 5, 7});
  EXPECT_EQ(histogram.min(), 5);
  EXPECT_EQ(histogram.max(), 7);
}

TEST(HistogramTest, FindsSpecialsAtEveryPositionOfEveryLength) {
  for (size_t size = 1; size <= 70; ++size) {
    for (size_t i = 0; i < size; ++i) {
      std::vector<float> values(size, 1.0F);
      values[i] = i % 3 == 0 ? kNan : i % 3 == 1 ? kInf : -FLT_MAX;
      const Histogram histogram = Of(values);
      EXPECT_EQ(histogram.counts().num_ordinary(), static_cast<int64_t>(size) - 1)
          << size << ' ' << i;
      EXPECT_EQ(histogram.max(), size == 1 ? 0 : 1);
    }
  }
}

TEST(HistogramTest, BinsEveryOneOfTheFirstValuesByDefinition) {
  for (const size_t size : {1, 2, 15, 16, 17, 63, 1000, 1024, 1025, 32768, 65536}) {
    const auto values = Gauss(size, size);
    const Histogram histogram = Of(values);
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    EXPECT_EQ(histogram.min(), *low);
    EXPECT_EQ(histogram.max(), *high);
    EXPECT_EQ(histogram.num_binned(), static_cast<int64_t>(size));
    for (const Side side : {Side::kPositive, Side::kNegative}) {
      EXPECT_THAT(histogram.bins(side),
                  testing::ElementsAreArray(SlowBins(histogram, values, side)));
    }
  }
}

TEST(HistogramTest, DoublingIsTheSameAsALargerRangeFromTheStart) {
  for (const int magnitude : {3, 40, 1000}) {
    const auto small = Integers(5000, magnitude, 1);
    for (const float large : {5.0F, 100.0F, 4097.0F, 1e6F, 1e15F}) {
      Histogram grown = Of(small);
      grown.Add({&large, 1});
      Histogram wide = Of({&large, 1});
      wide.Add(small);
      EXPECT_EQ(grown, wide) << magnitude << ' ' << large;
    }
  }
}

TEST(HistogramTest, HoldsTheWholeRangeOfFloat) {
  const std::vector<float> values{FLT_TRUE_MIN, -FLT_TRUE_MIN, FLT_MIN, 1e-30F, 1, FLT_MAX};
  const Histogram histogram = Of(values);
  EXPECT_EQ(histogram.range(), 0x1p128);
  EXPECT_EQ(histogram.max(), FLT_MAX);
  EXPECT_EQ(histogram.min(), -FLT_TRUE_MIN);
  EXPECT_EQ(TotalCount(histogram), 6);
  const Histogram tiny = Of(std::span(values).first(2));
  EXPECT_EQ(tiny.bins(Side::kPositive)[0].sum, double{FLT_TRUE_MIN});
  EXPECT_EQ(tiny.bins(Side::kNegative)[0].n, 1);
}

// From here on inputs are long enough to be sampled.

TEST(HistogramTest, CountsAndExtremesStayExactWhileSampling) {
  auto values = Gauss(300001, 3);
  values[234567] = 50;
  values[300000] = -60;
  for (size_t i = 0; i < values.size(); i += 7) values[i] = 0;
  const Histogram histogram = Of(values);
  EXPECT_EQ(histogram.counts().num_values, 300001);
  EXPECT_EQ(histogram.counts().num_zeros, (300001 + 6) / 7);
  EXPECT_EQ(histogram.max(), 50);
  EXPECT_EQ(histogram.min(), -60);
  EXPECT_LT(histogram.num_binned(), 100000);
}

TEST(HistogramTest, TailsAreNotSampled) {
  const auto values = Gauss(1000000, 4);
  Histogram histogram;
  for (size_t i = 0; i < values.size(); i += 12345) {
    histogram.Add(std::span(values).subspan(i, std::min<size_t>(12345, values.size() - i)));
  }
  // The first limits, from 65,536 values, leave out one of 2,000: about 3.3. Beyond 4.5 (3 of a
  // million) nothing can be sampled.
  double sum = 0;
  int64_t n = 0;
  for (const float x : values) {
    if (x < 4.5F) continue;
    ++n;
    sum += x;
  }
  ASSERT_GT(n, 0);
  const CumulativeMoments positive(histogram, Side::kPositive);
  const Moments tail = positive.total() - positive.Below(4.5);  // 4.5 of 8 is a bin edge
  EXPECT_DOUBLE_EQ(tail.n, static_cast<double>(n));
  EXPECT_NEAR(tail.sum, sum, 1e-9 * sum);
}

TEST(HistogramTest, SampledMomentsAgreeWithTheExactOnes) {
  const auto values = Gauss(2000000, 5);
  const Histogram histogram = Of(values);
  double squares = 0;
  for (const float x : values) squares += double{x} * x;
  const CumulativeMoments positive(histogram, Side::kPositive);
  const CumulativeMoments negative(histogram, Side::kNegative);
  // 57,344 values stand for 8 each and 46,116 for 32: the deviation of a sum of terms of deviation
  // 1 is sqrt(57344 * 64 + 46116 * 1024) = 7,134. Squares have sqrt(2), the number less than 1
  // (every group gives a line); five deviations: one false alarm in a million.
  EXPECT_NEAR(TotalCount(histogram), 2e6, 5 * 7134);
  EXPECT_NEAR(positive.total().sum_squares + negative.total().sum_squares, squares,
              5 * 1.42 * 7134);
  // (65536 + 57344 * 64 + 46116 * 1024) / 2,000,000; a thousandth are tails of weight 1.
  EXPECT_NEAR(histogram.mean_weight(), 25.5, 0.3);
  EXPECT_EQ(Of(std::span(values).first(65536)).mean_weight(), 1);
}

TEST(HistogramTest, SamplingDoesNotFallInStepWithPeriodicData) {
  // Channels last: the value depends on the position modulo a power of two, down to whole groups.
  for (const size_t period : {16, 64, 512, 1024, 8192}) {
    std::vector<float> values(1 << 20);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = i % period < period / 4 ? 3.0F : 1.0F;
    }
    const Histogram histogram = Of(values);
    const CumulativeMoments positive(histogram, Side::kPositive);
    const double share = 1 - positive.Below(2).n / positive.total().n;
    // Lines are all 3 or all 1: 3,584 of 8 and 1,024 of 32 of the 65,536 lines, deviation
    // 0.433 sqrt(3584 * 64 + 1024 * 1024) / 65536 = 0.0075; five of them.
    EXPECT_NEAR(share, 0.25, 5 * 0.0075) << period;
  }
}

TEST(HistogramTest, FollowsAShiftOfScale) {
  auto values = Gauss(100000, 6);
  const auto later = Gauss(1000000, 7);
  for (const float x : later) values.push_back(100 * x);
  const Histogram histogram = Of(values);
  const CumulativeMoments positive(histogram, Side::kPositive);
  // Half of 1/11 small, half of 10/11 large: above 50 lies 0.3085 of a million.
  EXPECT_NEAR((positive.total() - positive.Below(50)).n, 308500, 0.03 * 308500);
  EXPECT_LT(histogram.num_binned(), 300000);
}

TEST(HistogramTest, EveryInstructionSetGivesTheSameBits) {
  auto values = Gauss(200003, 8);
  values[77777] = 1e20F;
  values[100000] = FLT_TRUE_MIN;
  std::vector<Histogram> histograms;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    Histogram histogram;
    for (size_t i = 0; i < values.size(); i += 33333) {
      histogram.Add(std::span(values).subspan(i, std::min<size_t>(33333, values.size() - i)));
    }
    histograms.push_back(std::move(histogram));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
  for (const Histogram& histogram : histograms) EXPECT_EQ(histogram, histograms.front());
}

TEST(HistogramTest, MergesAsIfItHadSeenBoth) {
  const auto a = Integers(20000, 10, 1);
  auto b = Integers(12000, 3000, 2);
  b.push_back(kNan);
  Histogram merged = Of(a);
  merged.Merge(Of(b));
  Histogram reversed = Of(b);
  reversed.Merge(Of(a));
  Histogram both = Of(a);
  both.Add(b);
  for (const Histogram* other : {&reversed, &both}) {
    EXPECT_EQ(merged.counts(), other->counts());
    EXPECT_EQ(merged.min(), other->min());
    EXPECT_EQ(merged.max(), other->max());
    EXPECT_THAT(merged.bins(Side::kPositive),
                testing::ElementsAreArray(other->bins(Side::kPositive)));
    EXPECT_THAT(merged.bins(Side::kNegative),
                testing::ElementsAreArray(other->bins(Side::kNegative)));
  }
}

TEST(HistogramTest, MergingNothingChangesNothing) {
  const Histogram histogram = Of(Integers(1000, 10, 1));
  Histogram merged = histogram;
  merged.Merge(Histogram());
  EXPECT_EQ(merged, histogram);
  Histogram empty;
  empty.Merge(histogram);
  EXPECT_EQ(empty.counts(), histogram.counts());
  EXPECT_EQ(empty.min(), histogram.min());
  EXPECT_EQ(empty.range(), histogram.range());
}

TEST(CumulativeMomentsTest, IsExactAtBinEdges) {
  const auto values = Gauss(30000, 9);
  const Histogram histogram = Of(values);
  const CumulativeMoments negative(histogram, Side::kNegative);
  for (int bin = 0; bin <= Histogram::kSideBins; bin += 7) {
    const double edge = histogram.BinEdge(bin);
    Moments expected;
    for (const float x : values) {
      if (x < 0 && -x < edge) expected += {1, -x, double{x} * x};
    }
    const Moments below = negative.Below(edge);
    EXPECT_EQ(below.n, expected.n) << bin;
    EXPECT_NEAR(below.sum, expected.sum, 1e-12 * expected.sum);
    EXPECT_NEAR(below.sum_squares, expected.sum_squares, 1e-12 * expected.sum_squares);
  }
  EXPECT_EQ(negative.max(), -histogram.min());
}

TEST(CumulativeMomentsTest, TakesABinOfEqualValuesAsAPoint) {
  const std::vector<float> values(500, 6.0F);
  const CumulativeMoments positive(Of(values), Side::kPositive);
  EXPECT_EQ(positive.Below(5.9999).n, 0);
  EXPECT_EQ(positive.Below(6.0001), (Moments{500, 3000, 18000}));
  EXPECT_EQ(positive.Quantile(250), 6);
}

TEST(CumulativeMomentsTest, FindsQuantiles) {
  std::vector<float> values;
  for (int i = 1; i <= 10000; ++i) values.push_back(static_cast<float>(i));
  const CumulativeMoments positive(Of(values), Side::kPositive);
  // R = 16384: bins of width 16, uniform inside.
  for (const double n : {1.0, 100.0, 2500.0, 5000.0, 9999.0}) {
    EXPECT_NEAR(positive.Quantile(n), n, 1.5) << n;
  }
  EXPECT_EQ(positive.Quantile(0), 0);
  EXPECT_EQ(positive.Quantile(10000), 10000);
}

TEST(CumulativeMomentsTest, OfNothingIsNothing) {
  const CumulativeMoments empty(Histogram(), Side::kPositive);
  EXPECT_EQ(empty.Below(1), Moments{});
  EXPECT_EQ(empty.Quantile(1), 0);
}

}  // namespace
}  // namespace tare::stats
