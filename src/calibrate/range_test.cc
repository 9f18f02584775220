#include "tare/calibrate/range.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <limits>
#include <vector>

#include "calibrate/log2_kernel_internal.h"
#include "calibrate/test_distributions_internal.h"

namespace tare::calibrate {
namespace {

using internal::Draw;
using internal::ObserverOf;

TensorStatistics Observed(const std::vector<float>& values) {
  return ObserverOf(values).statistics();
}

ValueRange Choose(const std::vector<float>& values, RangeMethod method,
                  const RangeOptions& options = {}) {
  const auto range = ChooseRange(Observed(values), method, options);
  EXPECT_TRUE(range) << range.error().what;
  return range ? *range : ValueRange{-1, -1};
}

TEST(RangeMethodTest, NamesReadBack) {
  for (const RangeMethod method : kRangeMethods) {
    EXPECT_EQ(*ParseRangeMethod(RangeMethodName(method)), method);
  }
  const auto wrong = ParseRangeMethod("percentil");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().next_step, "did you mean 'percentile'?");
  EXPECT_NE(ParseRangeMethod("zzzzzzzz").error().next_step.find("minmax, percentile"),
            std::string::npos);
}

TEST(MinMaxRangeTest, IsTheExtremesWidenedToZero) {
  EXPECT_EQ(Choose({-1, 3, 2}, RangeMethod::kMinMax), (ValueRange{-1, 3}));
  EXPECT_EQ(Choose({1, 3, 2}, RangeMethod::kMinMax), (ValueRange{0, 3}));
  EXPECT_EQ(Choose({-1, -3}, RangeMethod::kMinMax), (ValueRange{-3, 0}));
}

TEST(MinMaxRangeTest, IsWholeStepsAboutTheCentreWhenSymmetric) {
  const RangeOptions symmetric{.grid = kInt8Grid, .zero_point = ZeroPoint::kCentre};
  // 127 / 127 = 1 a step: 128 of them below zero, 127 above.
  EXPECT_EQ(Choose({-3, 127}, RangeMethod::kMinMax, symmetric), (ValueRange{-128, 127}));
  EXPECT_EQ(Choose({-128, 1}, RangeMethod::kMinMax, symmetric), (ValueRange{-128, 127}));
  const auto params = AffineParamsFromRange({-128, 127}, kInt8Grid);
  EXPECT_EQ(params->zero_point, 0);
  EXPECT_EQ(params->scale, 1);
}

TEST(PercentileRangeTest, CutsHalfOfTheRestFromEachEnd) {
  std::vector<float> values;
  for (int i = 1; i <= 50000; ++i) values.push_back(static_cast<float>(i));
  for (int i = 1; i <= 10000; ++i) values.push_back(static_cast<float>(-i));
  // One per cent of 60,000 is 600 values: 300 from each end. Bins are 64 wide here, uniform inside.
  const ValueRange range = Choose(values, RangeMethod::kPercentile, {.percentile = 99});
  EXPECT_NEAR(range.max, 49700, 2);
  EXPECT_NEAR(range.min, -9700, 2);
}

TEST(PercentileRangeTest, OfAHundredIsTheExtremes) {
  const auto values = Draw(internal::DrawGauss, 100000, 1);
  EXPECT_EQ(Choose(values, RangeMethod::kPercentile, {.percentile = 100}),
            Choose(values, RangeMethod::kMinMax));
}

TEST(PercentileRangeTest, IsNearTheSortedQuantileWhenSampled) {
  auto values = Draw(internal::DrawGauss, 1000000, 2);
  const ValueRange range = Choose(values, RangeMethod::kPercentile);
  std::sort(values.begin(), values.end());
  // 5 of a million from each end; the tail is counted exactly, in bins of 8 / 1024.
  EXPECT_NEAR(range.min, values[5], 8.0 / 1024);
  EXPECT_NEAR(range.max, values[999994], 8.0 / 1024);
}

TEST(PercentileRangeTest, IsNotDrawnOutByOneHugeValue) {
  auto values = Draw(internal::DrawGauss, 1000000, 3);
  values[12345] = 1e7F;
  const ValueRange range = Choose(values, RangeMethod::kPercentile);
  // Five of a million Gauss values lie above 4.42. R is 2^24 now, and below R / 2^15 = 512 all
  // values share a bin, taken as uniform: coarse, but of the bulk's size.
  EXPECT_LT(range.max, 512);
  values[12345] = 1e4F;  // R / 2^15 = 0.5: steps of 1/32 to 1/64 relative
  EXPECT_NEAR(Choose(values, RangeMethod::kPercentile).max, 4.42, 0.25);
}

class EveryMethodTest : public testing::TestWithParam<RangeMethod> {};

TEST_P(EveryMethodTest, GivesNothingForAllZeros) {
  EXPECT_EQ(Choose(std::vector<float>(100, 0.0F), GetParam()), (ValueRange{0, 0}));
}

TEST_P(EveryMethodTest, GivesNothingWhenAllValuesAreMasks) {
  EXPECT_EQ(Choose(std::vector<float>(100, -FLT_MAX), GetParam()), (ValueRange{0, 0}));
}

TEST_P(EveryMethodTest, ReachesAConstant) {
  for (const float value : {3.0F, -0.7F, FLT_TRUE_MIN, 1e-38F, 1e-20F, 1e20F, FLT_MAX, -9e29F}) {
    for (const size_t size : {1, 100}) {
      const ValueRange range = Choose(std::vector<float>(size, value), GetParam());
      EXPECT_FLOAT_EQ(value > 0 ? range.max : range.min, value) << size;
      EXPECT_EQ(value > 0 ? range.min : range.max, 0) << value;
    }
  }
}

TEST_P(EveryMethodTest, IsBoundedByTheExtremesAndContainsZero) {
  for (const auto& distribution : internal::TestDistributions()) {
    const auto values = Draw(distribution.draw, 200000, 5);
    const TensorStatistics statistics = Observed(values);
    const auto range = ChooseRange(statistics, GetParam(), {});
    ASSERT_TRUE(range) << range.error().what;
    // MSE gives whole steps: half of one beyond, at most.
    const float step = (range->max - range->min) / 255 * 0.501F;
    const float room = GetParam() == RangeMethod::kMse ? step : 0;
    EXPECT_LE(range->min, 0) << distribution.name;
    EXPECT_GE(range->max, 0) << distribution.name;
    EXPECT_GE(range->min, std::min(0.0F, statistics.min()) - room) << distribution.name;
    EXPECT_LE(range->max, std::max(0.0F, statistics.max()) + room) << distribution.name;
    EXPECT_LT(range->min, range->max) << distribution.name;
  }
}

TEST_P(EveryMethodTest, LeavesTheRangeOfOtherValuesWhenSomeAreMasks) {
  auto values = Draw(internal::DrawGauss, 50000, 6);
  for (size_t i = 0; i < values.size(); i += 3) values[i] = -FLT_MAX;
  const TensorStatistics statistics = Observed(values);
  EXPECT_TRUE(statistics.masked());
  const auto range = ChooseRange(statistics, GetParam(), {});
  ASSERT_TRUE(range) << range.error().what;
  EXPECT_GT(range->min, -6);
}

TEST_P(EveryMethodTest, RefusesNanInfinityAndNothing) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto range = ChooseRange(Observed({1, bad, 2}), GetParam(), {});
    ASSERT_FALSE(range);
    EXPECT_EQ(range.error().code, ErrorCode::kFailedPrecondition);
    EXPECT_NE(range.error().next_step.find("tare data check"), std::string::npos);
  }
  const auto empty = ChooseRange(TensorStatistics(), GetParam(), {});
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, ErrorCode::kFailedPrecondition);
}

TEST_P(EveryMethodTest, RefusesOptionsOutsideTheirBounds) {
  const TensorStatistics statistics = Observed({1, 2});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const RangeOptions& options :
       {RangeOptions{.grid = {0, 2}}, RangeOptions{.grid = {5, -5}},
        RangeOptions{.grid = {0, 70000}}, RangeOptions{.grid = {INT32_MIN, INT32_MAX}},
        RangeOptions{.percentile = 50}, RangeOptions{.percentile = 100.1},
        RangeOptions{.percentile = nan}}) {
    const auto range = ChooseRange(statistics, GetParam(), options);
    ASSERT_FALSE(range);
    EXPECT_EQ(range.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(range.error().next_step.find("choose"), std::string::npos);
  }
}

TEST_P(EveryMethodTest, WorksFromTwoToSixteenBits) {
  const auto statistics = Observed(Draw(internal::DrawGauss, 30000, 7));
  float last = 0;
  for (const int bits : {2, 3, 4, 8, 12, 16}) {
    const auto range = ChooseRange(statistics, GetParam(), {.grid = {0, (1 << bits) - 1}});
    ASSERT_TRUE(range) << range.error().what;
    // More codes never clip more; entropy works in bins, which are as coarse as 12 bits.
    if (GetParam() != RangeMethod::kEntropy) {
      EXPECT_GE(range->max, 0.97F * last) << bits;
    }
    last = range->max;
  }
}

TEST_P(EveryMethodTest, IsTheSameOnEveryInstructionSet) {
  const auto values = Draw(internal::DrawLaplace, 200000, 8);
  std::vector<ValueRange> ranges;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    ranges.push_back(Choose(values, GetParam()));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
  EXPECT_THAT(ranges, testing::Each(ranges.front()));
}

INSTANTIATE_TEST_SUITE_P(Methods, EveryMethodTest, testing::ValuesIn(kRangeMethods),
                         [](const auto& method) {
                           return std::string(RangeMethodName(method.param));
                         });

TEST(ChooseRangesTest, AgreesWithChooseRangeAndCountsWhatItClips) {
  const auto values = Draw(internal::DrawLaplace, 60000, 9);
  const auto choices = ChooseRanges(Observed(values), {});
  ASSERT_TRUE(choices) << choices.error().what;
  for (size_t i = 0; i < kRangeMethods.size(); ++i) {
    const ValueRange range = (*choices)[i].range;
    EXPECT_EQ(range, Choose(values, kRangeMethods[i]));
    const auto outside = std::count_if(values.begin(), values.end(),
                                       [&](float x) { return x < range.min || x > range.max; });
    // Uniform inside a bin of 16 / 1024, which holds up to 30 values out there.
    EXPECT_NEAR((*choices)[i].clipped_ratio, static_cast<double>(outside) / 60000, 5e-5) << i;
  }
}

TEST(ChooseRangesTest, ClipsNothingOfAMassAtTheEnd) {
  // Relu6: a third of the values are 6 exactly.
  std::vector<float> values;
  for (int i = 0; i < 30000; ++i) values.push_back(std::min(6.0F, static_cast<float>(i) * 3e-4F));
  const auto choices = ChooseRanges(Observed(values), {});
  for (const ChosenRange& choice : *choices) {
    EXPECT_FLOAT_EQ(choice.range.max, 6);
    EXPECT_LT(choice.clipped_ratio, 1e-6);
  }
}

TEST(Log2Test, AgreesWithTheLibrary) {
  std::vector<double> values;
  for (int e = -300; e <= 300; e += 7) {
    for (const double m : {1.0, 1.0000001, 1.3, 1.41421356, 1.4142136, 1.7, 1.9999999}) {
      values.push_back(std::ldexp(m, e));
    }
  }
  std::vector<double> logs(values.size());
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(target);
    internal::Log2(values.data(), values.size(), logs.data());
    for (size_t i = 0; i < values.size(); ++i) {
      const double expected = std::log2(values[i]);
      EXPECT_NEAR(logs[i], expected, 1e-13 * std::abs(expected) + 1e-14) << values[i];
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().DeInit();
}

}  // namespace
}  // namespace tare::calibrate
