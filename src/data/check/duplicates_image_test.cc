// Near duplicates among images.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "data/check/image_hash_internal.h"
#include "data/splits_internal.h"
#include "data/test_files_internal.h"
#include "tare/core/random.h"
#include "tare/data/check/duplicates.h"

namespace tare::data {
namespace {

using internal::ImageLayout;
using internal::LayoutOf;
using testing::HasSubstr;

template <class T>
std::unique_ptr<Dataset> Images(Shape shape, const std::vector<T>& pixels,
                                std::string source = "images.npy") {
  std::vector<NamedTensor> arrays;
  arrays.push_back({"images", Tensor::Of<T>(std::move(shape), pixels)});
  return MakeDataset(std::move(source), std::move(arrays)).value();
}

Split AllImages(std::string name, const Dataset& dataset) {
  return {std::move(name), &dataset, {"images"}, NumbersFrom(0, dataset.num_samples())};
}

// A smooth image of 0 to 1: six waves of random direction and phase.
std::vector<float> Scene(int64_t side, Random& random) {
  std::vector<float> image(static_cast<size_t>(side * side), 0.5F);
  for (int wave = 0; wave < 6; ++wave) {
    const double fx = 6 * random.Uniform() - 3;
    const double fy = 6 * random.Uniform() - 3;
    const double phase = 2 * std::numbers::pi * random.Uniform();
    for (int64_t y = 0; y < side; ++y) {
      for (int64_t x = 0; x < side; ++x) {
        const double at = 2 * std::numbers::pi *
                          (fx * static_cast<double>(x) + fy * static_cast<double>(y)) /
                          static_cast<double>(side);
        image[static_cast<size_t>(y * side + x)] += static_cast<float>(std::sin(at + phase) / 12);
      }
    }
  }
  return image;
}

uint8_t Byte(double value) {
  return static_cast<uint8_t>(std::clamp(std::lround(255 * value), 0L, 255L));
}

TEST(LayoutOfTest, KnowsImagesByTheirShape) {
  EXPECT_TRUE(LayoutOf(Shape{28, 28}));
  EXPECT_EQ(LayoutOf(Shape{3, 32, 24})->width, 24);
  EXPECT_TRUE(LayoutOf(Shape{32, 24, 3})->channels_last);
  EXPECT_FALSE(LayoutOf(Shape{28}));
  EXPECT_FALSE(LayoutOf(Shape{7, 28}));
  EXPECT_FALSE(LayoutOf(Shape{2, 32, 32}));
  EXPECT_FALSE(LayoutOf(Shape{3, 4, 32, 32}));
}

TEST(ReduceTest, AveragesEqualCells) {
  // 9 x 8 pixels are the cells; 18 x 16 with each pixel four times have the same means.
  std::vector<float> small(72);
  std::vector<float> large(288);
  for (size_t y = 0; y < 8; ++y) {
    for (size_t x = 0; x < 9; ++x) {
      small[y * 9 + x] = static_cast<float>(y * y + 3 * x);
      for (const size_t i : {size_t{0}, size_t{1}, size_t{18}, size_t{19}})
        large[y * 36 + 2 * x + i] = small[y * 9 + x];
    }
  }
  const auto cells = internal::Reduce(large, ImageLayout{16, 18, 1, false});
  for (size_t i = 0; i < small.size(); ++i) EXPECT_FLOAT_EQ(cells[i], small[i]) << i;
}

TEST(ReduceTest, SharesPixelsBetweenCellsByArea) {
  // Columns 0 ... 9 to 9 cells: cell 0 is column 0 and a ninth of column 1: (0 + 1/9) / (10/9).
  std::vector<float> image(80);
  for (size_t i = 0; i < image.size(); ++i) image[i] = static_cast<float>(i % 10);
  const auto cells = internal::Reduce(image, ImageLayout{8, 10, 1, false});
  EXPECT_FLOAT_EQ(cells[0], 0.1F);
  EXPECT_FLOAT_EQ(cells[4], 4.5F);
}

TEST(ReduceTest, DoesNotDependOnTheOrderOfChannels) {
  Random random(2);
  std::vector<float> first(3 * 64);
  for (float& value : first) value = static_cast<float>(random.Uniform());
  std::vector<float> last(first.size());
  for (size_t c = 0; c < 3; ++c) {
    for (size_t i = 0; i < 64; ++i) last[i * 3 + c] = first[c * 64 + i];
  }
  const auto a = internal::Reduce(first, ImageLayout{8, 8, 3, false});
  const auto b = internal::Reduce(last, ImageLayout{8, 8, 3, true});
  EXPECT_EQ(a, b);
}

TEST(DifferenceHashTest, HasABitWhereTheRightIsBrighter) {
  std::vector<float> rising(72);
  for (size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<float>(i % 9);
  internal::Thumbnail thumbnail = internal::Reduce(rising, ImageLayout{8, 9, 1, false});
  internal::Normalise(thumbnail);
  EXPECT_EQ(internal::DifferenceHash(thumbnail), ~uint64_t{0});
  for (float& value : thumbnail) value = -value;
  EXPECT_EQ(internal::DifferenceHash(thumbnail), 0U);
}

TEST(CorrelationTest, IsPearsons) {
  const std::vector<float> a{1, 2, 3, 4};
  const std::vector<float> b{2, 1, 4, 3};  // by hand: 3 / 5
  const std::vector<float> c{10, 20, 30, 40};
  const std::vector<float> flat{7, 7, 7, 7};
  EXPECT_DOUBLE_EQ(internal::Correlation(a, b), 0.6);
  EXPECT_DOUBLE_EQ(internal::Correlation(a, c), 1);
  EXPECT_EQ(internal::Correlation(a, flat), 0);
  EXPECT_EQ(internal::Correlation(flat, flat), 1);
  EXPECT_EQ(internal::Correlation(a, std::vector<float>{1, NAN, 3, 4}), 0);
}

TEST(ScanImagesTest, FindsCopiesThatWereBrightenedNoisedOrBlurred) {
  // 300 scenes in calibration; test: 100 of them with other contrast and brightness, 100 with noise
  // of 0.01, 100 smoothed, 300 others. All 300 copies must be found (a copy differs in over 4
  // bits rarely: 97 % is the bar), and none of the others.
  constexpr int64_t kSide = 32;
  Random random(7);
  std::vector<uint8_t> calibration;
  std::vector<uint8_t> test;
  for (int i = 0; i < 300; ++i) {
    const auto scene = Scene(kSide, random);
    for (const float value : scene) calibration.push_back(Byte(value));
    for (size_t p = 0; p < scene.size(); ++p) {
      const double x = scene[p];
      const double beside = scene[p + 1 < scene.size() ? p + 1 : p] + scene[p > 0 ? p - 1 : p];
      const double noise = 0.035 * (random.Uniform() - 0.5);
      test.push_back(Byte(i < 100 ? 0.7 * x + 0.2 : i < 200 ? x + noise : (6 * x + beside) / 8));
    }
  }
  for (int i = 0; i < 300; ++i) {
    for (const float value : Scene(kSide, random)) test.push_back(Byte(value));
  }
  const auto a = Images<uint8_t>({300, kSide, kSide}, calibration);
  const auto b = Images<uint8_t>({600, kSide, kSide}, test);
  const Split splits[] = {AllImages("calibration", *a), AllImages("test", *b)};
  const auto scan = ScanDuplicates(splits, NearMethod::kImage, {}, {});
  ASSERT_TRUE(scan) << scan.error().what;
  ASSERT_EQ(scan->shared.size(), 1U);
  EXPECT_GE(scan->shared[0].num_near + scan->shared[0].num_exact, 291);
  EXPECT_LE(scan->shared[0].num_near + scan->shared[0].num_exact, 300);
  for (const SimilarPair& pair : scan->shared[0].examples)
    EXPECT_EQ(pair.sample, pair.earlier_sample);
  EXPECT_THAT(scan->repeated[0], testing::IsEmpty());
  EXPECT_THAT(scan->repeated[1], testing::IsEmpty());
}

TEST(ScanImagesTest, ComparesBytesWithFloats) {
  Random random(9);
  const auto scene = Scene(16, random);
  const auto other = Scene(16, random);
  std::vector<uint8_t> bytes;
  for (const float value : scene) bytes.push_back(Byte(value));
  std::vector<float> floats = other;
  floats.insert(floats.end(), scene.begin(), scene.end());
  const auto a = Images<uint8_t>({1, 16, 16}, bytes);
  const auto b = Images<float>({2, 16, 16}, floats);
  const Split splits[] = {AllImages("calibration", *a), AllImages("test", *b)};
  const auto scan = ScanDuplicates(splits, NearMethod::kImage, {}, {}).value();
  ASSERT_EQ(scan.shared.size(), 1U);
  EXPECT_EQ(scan.shared[0].num_near, 1);
  EXPECT_EQ(scan.shared[0].examples[0].sample, 1);
}

TEST(ScanImagesTest, TellsPlainImagesByTheirValue) {
  std::vector<uint8_t> pixels;
  for (const int value : {0, 100, 100, 200})
    pixels.insert(pixels.end(), 64, static_cast<uint8_t>(value));
  const auto dataset = Images<uint8_t>({4, 8, 8}, pixels);
  const Split splits[] = {AllImages("data", *dataset)};
  const auto scan = ScanDuplicates(splits, NearMethod::kImage, {}, {}).value();
  ASSERT_EQ(scan.shared.size(), 1U);
  EXPECT_EQ(scan.shared[0].num_exact, 1);
  EXPECT_EQ(scan.shared[0].num_near, 0);
}

TEST(ScanImagesTest, NamesImagesOfOtherShapes) {
  const auto a = Images<uint8_t>({1, 8, 8}, std::vector<uint8_t>(64), "a.npy");
  const auto b = Images<uint8_t>({1, 9, 8}, std::vector<uint8_t>(72), "b.npy");
  const Split splits[] = {AllImages("calibration", *a), AllImages("test", *b)};
  const auto scan = ScanDuplicates(splits, NearMethod::kImage, {}, {});
  ASSERT_FALSE(scan);
  EXPECT_EQ(scan.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(scan.error().what, HasSubstr("[9, 8]"));
  EXPECT_THAT(scan.error().next_step, HasSubstr("one shape"));
}

}  // namespace
}  // namespace tare::data
