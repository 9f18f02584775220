// Comparing outputs, the host: by hand values.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"
#include "tare/runtime/compare.h"
#include "tare/runtime/host.h"

namespace tare::runtime {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

PairSums Compare(const std::vector<float>& a, const std::vector<float>& b) {
  const Tensor x = Tensor::Of<float>({static_cast<int64_t>(a.size())}, a);
  const Tensor y = Tensor::Of<float>({static_cast<int64_t>(b.size())}, b);
  return ComparePair(ViewOf(x), ViewOf(y));
}

TEST(ComparePairTest, FollowsItsDefinition) {
  const PairSums sums = Compare({3, 0}, {3, 4});
  EXPECT_EQ(sums.aa, 9);
  EXPECT_EQ(sums.bb, 25);
  EXPECT_EQ(sums.ab, 9);
  EXPECT_EQ(sums.squared_error, 16);
  EXPECT_EQ(sums.count, 2);
  EXPECT_DOUBLE_EQ(sums.Cosine(), 9.0 / 15.0);
  EXPECT_DOUBLE_EQ(sums.RelativeError(), 4.0 / 3.0);
}

TEST(ComparePairTest, HandlesZerosAndNothing) {
  EXPECT_EQ(Compare({0, 0}, {0, 0}).Cosine(), 1);
  EXPECT_EQ(Compare({0, 0}, {0, 0}).RelativeError(), 0);
  EXPECT_EQ(Compare({0, 0}, {1, 0}).Cosine(), 0);
  EXPECT_EQ(Compare({0, 0}, {1, 0}).RelativeError(), INFINITY);
  EXPECT_EQ(Compare({}, {}).Cosine(), 1);
}

TEST(ComparePairTest, TakesNanAndInfinityForEqualToThemselves) {
  const PairSums same = Compare({kNan, kInf, 2}, {kNan, kInf, 2});
  EXPECT_EQ(same.mismatches, 0);
  EXPECT_EQ(same.aa, 4) << "left out of the sums";
  EXPECT_EQ(Compare({kInf}, {-kInf}).mismatches, 1);
  EXPECT_EQ(Compare({kNan}, {1}).mismatches, 1);
  EXPECT_EQ(Compare({1}, {kNan}).Cosine(), -1);
  EXPECT_EQ(Compare({1}, {kInf}).RelativeError(), INFINITY);
}

TEST(ComparePairTest, TakesOtherShapesAndTypesForWrong) {
  const Tensor a = Tensor::Of<float>({2}, {1, 2});
  const Tensor b = Tensor::Of<float>({1, 2}, {1, 2});
  const Tensor c = Tensor::Of<double>({2}, {1, 2});
  EXPECT_EQ(ComparePair(ViewOf(a), ViewOf(b)).mismatches, 2);
  EXPECT_EQ(ComparePair(ViewOf(a), ViewOf(c)).mismatches, 2);
}

TEST(ComparePairTest, ComparesIntegersAndNarrowTypesAsNumbers) {
  const Tensor a = Tensor::Of<uint8_t>({2}, {3, 0});
  const Tensor b = Tensor::Of<uint8_t>({2}, {3, 4});
  EXPECT_EQ(ComparePair(ViewOf(a), ViewOf(b)).squared_error, 16);
  const auto half = [](float value) {
    const uint16_t bits = FloatToHalf(value);
    std::vector<std::byte> bytes{static_cast<std::byte>(bits & 255),
                                 static_cast<std::byte>(bits >> 8)};
    return *Tensor::FromBytes(DType::kFloat16, {1}, bytes);
  };
  EXPECT_EQ(ComparePair(ViewOf(half(1.5F)), ViewOf(half(-0.5F))).squared_error, 4);
}

TEST(ComparePairTest, SeesADifferenceOfFourBitTypes) {
  const auto four = [](unsigned bits) {
    return *Tensor::FromBytes(DType::kInt4, {2}, {static_cast<std::byte>(bits)});
  };
  EXPECT_EQ(ComparePair(ViewOf(four(0x21)), ViewOf(four(0x21))).mismatches, 0);
  EXPECT_GT(ComparePair(ViewOf(four(0x21)), ViewOf(four(0x31))).mismatches, 0);
}

TEST(PairSumsTest, AddsUp) {
  PairSums sums = Compare({3, 0}, {3, 4});
  sums += Compare({1, kNan}, {1, 0});
  EXPECT_EQ(sums.aa, 10);
  EXPECT_EQ(sums.count, 4);
  EXPECT_EQ(sums.mismatches, 1);
}

TEST(ResidentBytesTest, SeesWhatIsHeldAndWhatIsGivenBack) {
  constexpr int64_t kBlock = int64_t{64} << 20;
  const int64_t before = ResidentBytes();
  ASSERT_GT(before, 0);
  {
    const std::vector<char> block(kBlock, 'x');
    EXPECT_GE(ResidentBytes(), before + kBlock * 9 / 10 + block[7] - 'x');
  }
#ifndef TARE_SANITIZED  // AddressSanitizer keeps what was freed for a while
  EXPECT_LT(ResidentBytes(), before + kBlock / 2);
#endif
  EXPECT_GE(PeakResidentBytes(), before + kBlock * 9 / 10);
}

TEST(DescribeHostTest, SaysWhatNumbersDependOn) {
  const Host host = DescribeHost();
  EXPECT_FALSE(host.cpu.empty());
  EXPECT_GE(host.num_processors, 1);
  EXPECT_EQ(host.runtime, "onnxruntime " + RuntimeVersion());
  EXPECT_THAT(RuntimeVersion(), testing::ContainsRegex("^[0-9]+\\.[0-9]+\\.[0-9]+"));
  EXPECT_GT(PeakResidentBytes(), 1 << 20);
}

}  // namespace
}  // namespace tare::runtime
