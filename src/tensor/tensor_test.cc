#include "tare/tensor/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "tare/core/file.h"
#include "tare/tensor/quant_params.h"

namespace tare {
namespace {

TEST(TensorTest, RefusesShapesThatCannotBe) {
  EXPECT_FALSE(Tensor::Zeros(DType::kFloat32, {-1}));
  EXPECT_FALSE(Tensor::Zeros(DType::kFloat32, {int64_t{1} << 40, int64_t{1} << 40}));
  EXPECT_FALSE(Tensor::Zeros(DType::kString, {1}));
  EXPECT_FALSE(Tensor::FromBytes(DType::kFloat32, {2}, std::vector<std::byte>(7)));
}

TEST(TensorTest, CutsRows) {
  const Tensor tensor = Tensor::Of<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor rows = tensor.Rows(1, 3);
  EXPECT_EQ(rows.shape(), (Shape{2, 2}));
  EXPECT_THAT(rows.data<float>(), testing::ElementsAre(3, 4, 5, 6));
  EXPECT_EQ(tensor.Rows(1, 1).num_elements(), 0);
}

TEST(TensorTest, PacksFourBitTypesTwoAByte) {
  EXPECT_EQ(Tensor::Zeros(DType::kInt4, {3})->bytes().size(), 2U);
}

class MappedTensorTest : public testing::Test {
 protected:
  // The float32 0, 1, ... 5000 in a file, behind `before` bytes.
  Result<Tensor> Mapped(size_t before, Shape shape, int64_t offset) {
    const std::string path = folder_->path() + "/data";
    std::vector<float> values(5001);
    std::iota(values.begin(), values.end(), 0.0F);
    std::string bytes(before, '?');
    bytes.append(reinterpret_cast<const char*>(values.data()), 4 * values.size());
    TARE_TRY_VOID(WriteFileAtomic(path, bytes));
    TARE_TRY(auto file, MappedFile::Open(path));
    return Tensor::FromFile(DType::kFloat32, std::move(shape), std::move(file), offset);
  }
  Result<TemporaryFolder> folder_ = TemporaryFolder::Create();
};

TEST_F(MappedTensorTest, SharesItsBytesUntilTheyChange) {
  Tensor mapped = *Mapped(0, {2, 2500}, 4);
  EXPECT_EQ(mapped.data<float>()[0], 1);
  EXPECT_EQ(mapped.file_offset(), 4);
  const Tensor copy = mapped;
  EXPECT_EQ(copy.bytes().data(), mapped.bytes().data());
  EXPECT_EQ(mapped.Reshaped({5000}).bytes().data(), mapped.bytes().data());
  EXPECT_EQ(mapped.Rows(1, 2).data<float>()[0], 2501);
  mapped.mutable_data<float>()[0] = 7;
  EXPECT_EQ(mapped.file(), nullptr);
  EXPECT_EQ(copy.data<float>()[0], 1) << "the file is never written";
  EXPECT_NE(copy, mapped);
  mapped.mutable_data<float>()[0] = 1;
  EXPECT_EQ(copy, mapped) << "wherever the bytes lie";
}

TEST_F(MappedTensorTest, ComesBackWhenItWasForgotten) {
  const Tensor mapped = *Mapped(0, {5001}, 0);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(mapped.data<float>()[0], 0);
    EXPECT_EQ(mapped.data<float>()[5000], 5000);
    mapped.Forget();
  }
}

TEST_F(MappedTensorTest, CopiesWhatLiesOnNoElementAndRefusesWhatIsNotThere) {
  const auto odd = Mapped(3, {2}, 3);
  ASSERT_TRUE(odd) << odd.error().what;
  EXPECT_EQ(odd->file(), nullptr);
  EXPECT_THAT(odd->data<float>(), testing::ElementsAre(0, 1));
  EXPECT_TRUE(Mapped(0, {5001}, 0));
  EXPECT_TRUE(Mapped(0, {0}, 4 * 5001));
  for (const int64_t offset : {int64_t{4}, int64_t{-4}, int64_t{1} << 62}) {
    const auto refused = Mapped(0, {5001}, offset);
    ASSERT_FALSE(refused) << offset;
    EXPECT_FALSE(refused.error().next_step.empty());
  }
}

TEST(HalfTest, RoundTripsEveryFiniteValue) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = HalfToFloat(half);
    if (std::isnan(value)) continue;
    EXPECT_EQ(FloatToHalf(value), half) << bits;
  }
  EXPECT_EQ(HalfToFloat(0x3C00), 1.0F);
  EXPECT_EQ(HalfToFloat(0x0001), std::ldexp(1.0F, -24));
  EXPECT_EQ(FloatToHalf(65520.0F), 0x7C00);  // halfway to 65536 rounds to even: infinity
  EXPECT_EQ(FloatToHalf(65519.0F), 0x7BFF);
}

// Reference quantize-dequantize, written from the definition: slow, obvious, in double.
double RoundTrip(double x, QuantParams params, QuantGrid grid) {
  const double q = std::clamp(std::nearbyint(x / params.scale) + params.zero_point,
                              double{0} + grid.quant_min, double{0} + grid.quant_max);
  return params.scale * (q - params.zero_point);
}

TEST(AffineParamsFromRangeTest, CoversAnAsymmetricRange) {
  const auto params = AffineParamsFromRange({-1.0F, 3.0F}, kUint8Grid);
  ASSERT_TRUE(params) << params.error().what;
  EXPECT_FLOAT_EQ(params->scale, 4.0F / 255.0F);
  EXPECT_EQ(params->zero_point, 64);  // 1 / (4 / 255) = 63.75
}

TEST(AffineParamsFromRangeTest, WidensTheRangeToReachZero) {
  const auto params = AffineParamsFromRange({2.0F, 6.0F}, kUint8Grid);
  ASSERT_TRUE(params) << params.error().what;
  EXPECT_FLOAT_EQ(params->scale, 6.0F / 255.0F);
  EXPECT_EQ(params->zero_point, 0);
}

TEST(AffineParamsFromRangeTest, RoundsAHalfToEven) {
  const QuantGrid grid{0, 4};  // scale 0.5, so -min / scale is 0.5, then 1.5
  EXPECT_EQ(AffineParamsFromRange({-0.25F, 1.75F}, grid)->zero_point, 0);
  EXPECT_EQ(AffineParamsFromRange({-0.75F, 1.25F}, grid)->zero_point, 2);
}

TEST(AffineParamsFromRangeTest, RejectsNanAndNamesTheNextStep) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const auto params = AffineParamsFromRange({nan, 1.0F}, kInt8Grid);
  ASSERT_FALSE(params);
  EXPECT_EQ(params.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(params.error().next_step.find("calibration data"), std::string::npos);
}

class EveryGridTest : public testing::TestWithParam<QuantGrid> {};

TEST_P(EveryGridTest, KeepsZeroExactAndErrorWithinOneStep) {
  for (const float magnitude : {1e-44F, 1e-6F, 1.0F, 1e6F, 1e38F}) {  // denormal to near FLT_MAX
    const auto params = AffineParamsFromRange({-0.3F * magnitude, magnitude}, GetParam());
    ASSERT_TRUE(params) << params.error().what;
    EXPECT_EQ(RoundTrip(0.0, *params, GetParam()), 0.0) << "magnitude " << magnitude;
    for (double share : {-0.3, -0.1, 0.25, 0.5, 1.0}) {
      const double x = share * magnitude;
      EXPECT_NEAR(RoundTrip(x, *params, GetParam()), x, params->scale) << "x " << x;
      EXPECT_EQ(DequantizeValue(QuantizeValue(static_cast<float>(x), *params, GetParam()), *params),
                static_cast<float>(RoundTrip(static_cast<float>(x), *params, GetParam())));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, EveryGridTest,
                         testing::Values(kUint8Grid, kInt8Grid, QuantGrid{-8, 7}, QuantGrid{0, 3}));

TEST(QuantizeWeightTest, GivesEachChannelItsOwnScale) {
  // Columns of a [K=2, N=2] matrix: absmax 2 and 0.5; 1 / (2 / 127) = 63.5 rounds to even 64.
  const auto quantized = QuantizeWeight(Tensor::Of<float>({2, 2}, {1, 0.5F, -2, 0.25F}), 1);
  ASSERT_TRUE(quantized);
  EXPECT_THAT(quantized->scales, testing::ElementsAre(2.0F / 127.0F, 0.5F / 127.0F));
  EXPECT_THAT(quantized->values.data<int8_t>(), testing::ElementsAre(64, 127, -127, 64));
}

TEST(QuantizeWeightTest, BalancesTheRoundingOfAConvolution) {
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  const Shape shape{6, 5, 3, 3};
  Tensor weight = *Tensor::Zeros(DType::kFloat32, shape);
  for (float& value : weight.mutable_data<float>()) value = normal(random);
  // Scales wide enough that no code is clipped: the bounds below are then exact statements.
  const std::vector<float> floor(6, 0.04F);
  const auto quantized = *QuantizeWeight(weight, 0, floor);
  const auto codes = quantized.values.data<int8_t>();
  const auto values = weight.data<float>();
  const double slack = 1e-3;  // 45 errors summed in float
  for (size_t o = 0; o < 6; ++o) {
    double channel = 0;
    for (size_t i = 0; i < 5; ++i) {
      double kernel = 0;
      for (size_t k = 0; k < 9; ++k) {
        const size_t at = (o * 5 + i) * 9 + k;
        const double error = codes[at] - double{values[at]} / quantized.scales[o];
        EXPECT_LE(std::abs(error), 1 + slack) << "a code is one of the two neighbours";
        kernel += error;
      }
      EXPECT_LE(std::abs(kernel), 1 + slack)
          << o << ", " << i << ": half a step, and one flip for the channel";
      channel += kernel;
    }
    EXPECT_LE(std::abs(channel), 0.5 + slack) << o;
  }
}

TEST(QuantizeWeightTest, RoundsAMatrixToTheNearestCode) {
  const auto quantized = *QuantizeWeight(Tensor::Of<float>({1, 4}, {127, 0.4F, 0.4F, 0.4F}), 0);
  EXPECT_EQ(std::vector<int8_t>(quantized.values.data<int8_t>().begin(),
                                quantized.values.data<int8_t>().end()),
            (std::vector<int8_t>{127, 0, 0, 0}));
}

struct WeightCase {
  Shape shape;
  int64_t axis;
};
class EveryLayoutTest : public testing::TestWithParam<WeightCase> {};

// From the definition: one channel at a time, all shares, in double.
TEST_P(EveryLayoutTest, TakesTheShareOfLeastSquaredError) {
  const auto& [shape, axis] = GetParam();
  std::mt19937 random(5);
  std::normal_distribution<float> normal;
  Tensor weight = *Tensor::Zeros(DType::kFloat32, shape);
  for (float& value : weight.mutable_data<float>()) value = normal(random);
  const auto values = weight.data<float>();
  const auto quantized = QuantizeWeight(weight, axis);
  ASSERT_TRUE(quantized);
  int64_t inner = 1;
  for (size_t i = static_cast<size_t>(axis + 1); i < shape.size(); ++i) inner *= shape[i];
  const int64_t channels = axis < 0 ? 1 : shape[static_cast<size_t>(axis)];
  ASSERT_EQ(std::ssize(quantized->scales), channels);
  for (int64_t c = 0; c < channels; ++c) {
    std::vector<size_t> own;
    float largest = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      if (axis >= 0 && static_cast<int64_t>(i) / inner % channels != c) continue;
      own.push_back(i);
      largest = std::max(largest, std::abs(values[i]));
    }
    const auto code = [&](size_t i, float scale) {
      return std::clamp(std::nearbyint(values[i] / scale), -127.0F, 127.0F);
    };
    double least = INFINITY;
    float best = 0;
    for (const float share : {1.0F, 0.975F, 0.95F, 0.925F, 0.9F, 0.875F, 0.85F, 0.825F, 0.8F}) {
      const float scale = share * largest / 127.0F;
      double error = 0;
      for (const size_t i : own) error += std::pow(values[i] - double{code(i, scale)} * scale, 2);
      if (error < least) best = scale;
      least = std::min(least, error);
    }
    EXPECT_EQ(quantized->scales[static_cast<size_t>(c)], best) << c;
    if (shape.size() > 2 && (axis == 0 || axis == 1)) continue;  // a convolution's are balanced
    for (const size_t i : own) EXPECT_EQ(quantized->values.data<int8_t>()[i], code(i, best)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, EveryLayoutTest,
                         testing::Values(WeightCase{{37, 301}, 1}, WeightCase{{37, 301}, 0},
                                         WeightCase{{37, 301}, -1}, WeightCase{{5, 7, 11}, 2},
                                         WeightCase{{3, 4, 5, 5}, 1}, WeightCase{{3, 4, 5, 5}, 0},
                                         WeightCase{{600}, 0}, WeightCase{{1, 513}, 1}));

TEST(QuantizeWeightTest, TakesAWeightWithoutElements) {
  for (const int64_t axis : {-1, 0, 1})
    EXPECT_TRUE(QuantizeWeight(*Tensor::Zeros(DType::kFloat32, {2, 3, 0, 4}), axis));
}

TEST(QuantizeWeightTest, TakesAChannelOfZerosAndRefusesNan) {
  EXPECT_EQ(QuantizeWeight(Tensor::Of<float>({2}, {0, 0}), -1)->scales[0], 1.0F);
  EXPECT_FALSE(QuantizeWeight(Tensor::Of<float>({1}, {std::nanf("")}), 0));
  EXPECT_EQ(
      QuantizeWeight(Tensor::Of<float>({2}, {1, 0}), 0, std::vector<float>{0.5F, 0.5F})->scales[0],
      0.5F);
}

}  // namespace
}  // namespace tare
