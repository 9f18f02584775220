// Conversion between element types.

#include "data/convert.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace tare::data {
namespace {

using testing::ElementsAre;

template <class From>
Result<Tensor> Convert(std::vector<From> values, DType to, const Affine& affine = {}) {
  const auto count = std::ssize(values);
  return ConvertTensor(Tensor::Of<From>({count}, values), to, affine,
                       [](int64_t i) { return StrCat("element ", i); });
}

TEST(CanConvertTest, AllowsNoFloatToIntegerAndNoText) {
  EXPECT_TRUE(CanConvert(DType::kUint8, DType::kFloat32));
  EXPECT_TRUE(CanConvert(DType::kFloat64, DType::kFloat16));
  EXPECT_TRUE(CanConvert(DType::kInt64, DType::kBool));
  EXPECT_TRUE(CanConvert(DType::kBool, DType::kInt8));
  EXPECT_FALSE(CanConvert(DType::kFloat32, DType::kInt32));
  EXPECT_FALSE(CanConvert(DType::kFloat16, DType::kBool));
  EXPECT_FALSE(CanConvert(DType::kInt64, DType::kString));
  EXPECT_FALSE(CanConvert(DType::kUint8, DType::kInt4));
}

TEST(ConvertTensorTest, KeepsIntegersThatFit) {
  EXPECT_THAT(Convert<int64_t>({-128, 127}, DType::kInt8)->data<int8_t>(), ElementsAre(-128, 127));
  EXPECT_THAT(Convert<uint8_t>({0, 255}, DType::kInt16)->data<int16_t>(), ElementsAre(0, 255));
  EXPECT_THAT(Convert<int64_t>({0, 1}, DType::kBool)->data<uint8_t>(), ElementsAre(0, 1));
}

TEST(ConvertTensorTest, NamesTheIntegerThatDoesNotFit) {
  EXPECT_EQ(Convert<int64_t>({0, 128}, DType::kInt8).error().what,
            "element 1 is 128, which int8 cannot hold");
  EXPECT_FALSE(Convert<int8_t>({-1}, DType::kUint64));
  EXPECT_FALSE(Convert<uint64_t>({UINT64_MAX}, DType::kInt64));
  EXPECT_FALSE(Convert<int32_t>({2}, DType::kBool));
}

TEST(ConvertTensorTest, NarrowsFloatsThatStayFinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(Convert<double>({0.1, 1e-50}, DType::kFloat32)->data<float>(), ElementsAre(0.1F, 0));
  EXPECT_FALSE(Convert<double>({1e300}, DType::kFloat32));
  EXPECT_FALSE(Convert<float>({65536.0F}, DType::kFloat16));  // the largest half is 65504
  EXPECT_THAT(Convert<float>({1.0F, kInfinity}, DType::kFloat16)->data<uint16_t>(),
              ElementsAre(0x3C00, 0x7C00));
  const auto nan = Convert<double>({std::nan("")}, DType::kFloat32);
  EXPECT_TRUE(std::isnan(nan->data<float>()[0]));
}

TEST(ConvertTensorTest, RoundsBrainFloatsHalfToEven) {
  // 1 + 2^-8 lies between 0x3F80 and 0x3F81, 1 + 3 * 2^-8 between 0x3F81 and 0x3F82.
  EXPECT_THAT(Convert<float>({1.0F, 1.00390625F, 1.01171875F}, DType::kBfloat16)->data<uint16_t>(),
              ElementsAre(0x3F80, 0x3F80, 0x3F82));
}

TEST(ConvertTensorTest, MapsChannelByChannel) {  // 2 channels of 2 elements, twice
  const Affine affine{{1, 10}, {0, 0.5}, 2};
  EXPECT_THAT(Convert<uint8_t>({1, 2, 3, 4, 5, 6, 7, 8}, DType::kFloat32, affine)->data<float>(),
              ElementsAre(1, 2, 30.5F, 40.5F, 5, 6, 70.5F, 80.5F));
}

TEST(ConvertTensorTest, AcceptsAnEmptyTensor) {
  EXPECT_EQ(Convert<uint8_t>({}, DType::kFloat32, {{2}, {0}, 1})->num_elements(), 0);
}

TEST(TransposedTest, MovesAxes) {
  const Tensor from = Tensor::Of<int16_t>({1, 2, 3}, std::vector<int16_t>{0, 1, 2, 3, 4, 5});
  const Tensor to = Transposed(from, {2, 0, 1});
  EXPECT_EQ(to.shape(), (Shape{3, 1, 2}));
  EXPECT_THAT(to.data<int16_t>(), ElementsAre(0, 3, 1, 4, 2, 5));
}

}  // namespace
}  // namespace tare::data
