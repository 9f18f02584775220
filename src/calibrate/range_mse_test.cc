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
using internal::TestDistribution;

constexpr QuantGrid kUint4Grid{0, 15};

// Squared error by definition, one value after the other.
double SlowError(const std::vector<float>& values, double step, int zero_point, QuantGrid grid) {
  double sum = 0;
  for (const float x : values) {
    const double q = std::clamp(std::nearbyint(x / step) + zero_point, double{0} + grid.quant_min,
                                double{0} + grid.quant_max);
    const double error = x - step * (q - zero_point);
    sum += error * error;
  }
  return sum;
}

// The same over the sorted values with prefix sums: no bins, every value counts as it is.
class RawErrors {
 public:
  explicit RawErrors(std::vector<float> values) : sorted_(std::move(values)) {
    std::sort(sorted_.begin(), sorted_.end());
    sums_.resize(sorted_.size() + 1);
    squares_.resize(sorted_.size() + 1);
    for (size_t i = 0; i < sorted_.size(); ++i) {
      const long double x = sorted_[i];
      sums_[i + 1] = sums_[i] + x;
      squares_[i + 1] = squares_[i] + x * x;
    }
  }

  double min() const { return std::min(0.0F, sorted_.front()); }
  double max() const { return std::max(0.0F, sorted_.back()); }

  double Error(double step, int zero_point, QuantGrid grid) const {
    long double error = 0;
    size_t begin = 0;
    for (int q = grid.quant_min; q <= grid.quant_max; ++q) {
      const long double centre = step * (q - zero_point);
      const auto edge = static_cast<float>((q - zero_point + 0.5) * step);
      const size_t end =
          q == grid.quant_max
              ? sorted_.size()
              : static_cast<size_t>(std::upper_bound(sorted_.begin(), sorted_.end(), edge) -
                                    sorted_.begin());
      if (end <= begin) continue;
      error += squares_[end] - squares_[begin] - 2 * centre * (sums_[end] - sums_[begin]) +
               centre * centre * static_cast<long double>(end - begin);
      begin = end;
    }
    return static_cast<double>(error);
  }

  double SqnrDb(double error) const {
    return 10 * std::log10(static_cast<double>(squares_.back()) / error);
  }
  double SqnrDb(ValueRange range, QuantGrid grid) const {
    const auto params = AffineParamsFromRange(range, grid);
    return SqnrDb(Error(params->scale, params->zero_point, grid));
  }

 private:
  std::vector<float> sorted_;
  std::vector<long double> sums_;
  std::vector<long double> squares_;
};

// The best of all ranges, by brute force: a grid over both ends down to 1/4096 of the extremes,
// then finer ones about the best.
double BestSqnrDb(const RawErrors& raw, QuantGrid grid) {
  double best = HUGE_VAL;
  double best_low = 0;  // in octaves below the extreme
  double best_high = 0;
  const auto try_range = [&](double low, double high) {
    const double lo = raw.min() * std::exp2(-std::max(0.0, low));
    const double hi = raw.max() * std::exp2(-std::max(0.0, high));
    const double step = (hi - lo) / (grid.quant_max - grid.quant_min);
    const auto zero_point = static_cast<int>(std::nearbyint(grid.quant_min - lo / step));
    const double error = raw.Error(step, zero_point, grid);
    if (error >= best) return;
    best = error;
    best_low = low;
    best_high = high;
  };
  const int low_steps = raw.min() < 0 ? 24 : 0;
  const int high_steps = raw.max() > 0 ? 24 : 0;
  for (int i = 0; i <= low_steps; ++i) {
    for (int j = 0; j <= high_steps; ++j) try_range(i / 2.0, j / 2.0);
  }
  for (double width = 0.5; width > 0.01; width /= 4) {
    const double low_centre = best_low;
    const double high_centre = best_high;
    for (int i = low_steps > 0 ? -5 : 0; i <= (low_steps > 0 ? 5 : 0); ++i) {
      for (int j = high_steps > 0 ? -5 : 0; j <= (high_steps > 0 ? 5 : 0); ++j) {
        try_range(low_centre + i * width / 5, high_centre + j * width / 5);
      }
    }
  }
  return raw.SqnrDb(best);
}

TEST(RawErrorsTest, AgreesWithTheDefinition) {
  const auto values = Draw(internal::DrawLaplace, 5000, 1);
  const RawErrors raw(values);
  for (const double step : {0.001, 0.03, 1.7}) {
    for (const int zero_point : {0, 100, 255}) {
      const double slow = SlowError(values, step, zero_point, kUint8Grid);
      EXPECT_NEAR(raw.Error(step, zero_point, kUint8Grid), slow, 1e-6 * slow);
    }
  }
}

class EveryDistributionTest : public testing::TestWithParam<TestDistribution> {
 protected:
  // Four times what is binned one by one: the larger part is sampled.
  std::vector<float> values_ = Draw(GetParam().draw, 400000, 11);
  RawErrors raw_{values_};
  Observer observer_ = ObserverOf(values_);
};

TEST_P(EveryDistributionTest, MseIsWithinTheBoundOfTheBestRange) {
  for (const QuantGrid grid : {kUint8Grid, kUint4Grid}) {
    const auto range = ChooseRange(observer_.statistics(), RangeMethod::kMse, {.grid = grid});
    ASSERT_TRUE(range) << range.error().what;
    EXPECT_GE(raw_.SqnrDb(*range, grid), BestSqnrDb(raw_, grid) - 0.05) << grid.quant_max;
  }
}

TEST_P(EveryDistributionTest, SymmetricMseIsWithinTheBoundOfTheBestStep) {
  const auto range = ChooseRange(observer_.statistics(), RangeMethod::kMse,
                                 {.grid = kInt8Grid, .zero_point = ZeroPoint::kCentre});
  ASSERT_TRUE(range) << range.error().what;
  EXPECT_EQ(AffineParamsFromRange(*range, kInt8Grid)->zero_point, 0);
  double best = HUGE_VAL;
  const double largest = std::max(raw_.max() / 127, -raw_.min() / 128);
  for (int i = 0; i < 12 * 64; ++i) {
    best = std::min(best, raw_.Error(largest * std::exp2(-i / 64.0), 0, kInt8Grid));
  }
  EXPECT_GE(raw_.SqnrDb(*range, kInt8Grid), raw_.SqnrDb(best) - 0.05);
}

TEST_P(EveryDistributionTest, MseIsNotWorseThanTheOtherMethods) {
  const auto choices = ChooseRanges(observer_.statistics(), {});
  ASSERT_TRUE(choices) << choices.error().what;
  const double mse = raw_.SqnrDb((*choices)[3].range, kUint8Grid);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_GE(mse, raw_.SqnrDb((*choices)[i].range, kUint8Grid) - 0.05) << i;
  }
}

TEST_P(EveryDistributionTest, ExpectedNoiseIsThatOfTheValuesWhenAllAreBinned) {
  const std::vector<float> few(values_.begin(), values_.begin() + 30000);
  const RawErrors raw(few);
  const auto choices = ChooseRanges(ObserverOf(few).statistics(), {});
  ASSERT_TRUE(choices) << choices.error().what;
  for (const ChosenRange& choice : *choices) {
    // Values are taken as uniform inside a bin, of which a step holds two or more.
    EXPECT_NEAR(choice.sqnr_db, raw.SqnrDb(choice.range, kUint8Grid), 0.1);
  }
}

TEST_P(EveryDistributionTest, DependsOnScaleOnlyByScaling) {
  std::vector<float> scaled = values_;
  for (float& x : scaled) x *= 0x1p-20F;
  const auto range = ChooseRange(observer_.statistics(), RangeMethod::kMse, {});
  const auto small = ChooseRange(ObserverOf(scaled).statistics(), RangeMethod::kMse, {});
  EXPECT_FLOAT_EQ(small->min * 0x1p20F, range->min);
  EXPECT_FLOAT_EQ(small->max * 0x1p20F, range->max);
}

INSTANTIATE_TEST_SUITE_P(Suite, EveryDistributionTest,
                         testing::ValuesIn(internal::TestDistributions()),
                         [](const auto& which) { return std::to_string(which.index); });

TEST(MseRangeTest, KeepsAnOutlierThatOutweighsTheBulkAndDropsOneThatDoesNot) {
  auto values = Draw(internal::DrawGauss, 1000000, 3);
  // Clipping 2,000 to 4 costs 4 million, more than zeroing the bulk of squares 1 million.
  values[700001] = 2000;
  EXPECT_GT(ChooseRange(ObserverOf(values).statistics(), RangeMethod::kMse, {})->max, 1900);
  // Clipping 10 to 4 costs 36; reaching it costs 1 million * (14 / 255)^2 / 12 - (8 / 255)^2 / 12.
  values[700001] = 10;
  EXPECT_LT(ChooseRange(ObserverOf(values).statistics(), RangeMethod::kMse, {})->max, 5);
}

TEST(MseRangeTest, FindsTheLatticeOfQuantizedData) {
  // 0, 1/255, ..., 1 uniform: the step 1/255 has no error at all.
  Random random(4);
  std::vector<float> values(30000);
  for (float& x : values) x = static_cast<float>(random.Below(256)) / 255.0F;
  const auto range = ChooseRange(ObserverOf(values).statistics(), RangeMethod::kMse, {});
  EXPECT_FLOAT_EQ(range->max, 1);
  EXPECT_EQ(range->min, 0);
}

}  // namespace
}  // namespace tare::calibrate
