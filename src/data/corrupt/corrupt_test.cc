#include "tare/data/corrupt/corrupt.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/corrupt/corrupt_internal.h"
#include "data/splits_internal.h"
#include "tare/core/strcat.h"

namespace tare::data {
namespace {

// The image and seed of tests/golden/corruptions/make_corruptions.py.
constexpr uint64_t kSeed = 5;
constexpr int64_t kSample = 7;

struct Golden {
  const char* name;
  size_t stride;
};
void PrintTo(const Golden& golden, std::ostream* out) { *out << golden.name; }

Tensor ReadGolden(const std::string& name) {
  auto dataset = OpenDataset(StrCat("tests/golden/corruptions/", name, ".npy"));
  EXPECT_TRUE(dataset) << dataset.error().what;
  std::vector<int64_t> all(static_cast<size_t>((*dataset)->num_samples()));
  std::iota(all.begin(), all.end(), int64_t{0});
  return (*dataset)->Read((*dataset)->arrays()[0].name, all).value();
}

ImageFormat FormatOfGolden(const Tensor& image) {
  const Shape sample(image.shape().begin() + 1, image.shape().end());
  return ImageFormatOf({"images", DType::kUint8, sample, {}}).value();
}

// Shares of values that differ at all, and by more than one level.
struct Differences {
  double any = 0, large = 0;
};
Differences Compare(std::span<const uint8_t> got, size_t stride,
                    std::span<const uint8_t> expected) {
  Differences differences;
  for (size_t i = 0; i < expected.size(); ++i) {
    const int distance = std::abs(got[i * stride] - expected[i]);
    differences.any += distance > 0;
    differences.large += distance > 1;
  }
  differences.any /= static_cast<double>(expected.size());
  differences.large /= static_cast<double>(expected.size());
  return differences;
}

class GoldenCorruptionTest : public testing::TestWithParam<Golden> {};

TEST_P(GoldenCorruptionTest, EqualsThePackageForTheSameDraws) {
  const Tensor image = ReadGolden(GetParam().name);
  const Tensor expected = ReadGolden(StrCat(GetParam().name, "_expected"));
  const auto row_size = static_cast<size_t>(expected.shape()[1]);
  const int64_t samples[] = {kSample};
  for (int row = 0; row < 5 * kNumImageCorruptions; ++row) {
    const CorruptionSpec spec{static_cast<Corruption>(row / 5), row % 5 + 1};
    if (spec.corruption == Corruption::kFrost) continue;
    std::vector<uint8_t> pixels(image.data<uint8_t>().begin(), image.data<uint8_t>().end());
    ASSERT_TRUE(CorruptImages(spec, FormatOfGolden(image), samples, {.seed = kSeed}, pixels));
    const auto want =
        expected.data<uint8_t>().subspan(static_cast<size_t>(row) * row_size, row_size);
    const Differences found = Compare(pixels, GetParam().stride, want);
    // The weights of a line are summed in another order, and a level is what is left of a real when
    // its fraction is cut off: where the real is a whole number but for rounding, one level may
    // change.
    const bool sums_a_line =
        spec.corruption == Corruption::kMotionBlur || spec.corruption == Corruption::kSnow;
    EXPECT_LE(found.any, sums_a_line ? 0.01 : 0.001) << Describe(spec);
    EXPECT_EQ(found.large, 0) << Describe(spec);
  }
}

INSTANTIATE_TEST_SUITE_P(Images, GoldenCorruptionTest,
                         testing::Values(Golden{"grey28", 1}, Golden{"rgb32", 2},
                                         Golden{"rgb60x72", 5}, Golden{"rgb120x132", 19}));

// ---- random numbers -----------------------------------------------------------------------------

std::vector<uint8_t> Filled(size_t size, uint8_t value = 128) {
  return std::vector<uint8_t>(size, value);
}

// Pixels that differ from each other: a ramp with some texture.
std::vector<uint8_t> Ramp(size_t size) {
  std::vector<uint8_t> pixels(size);
  for (size_t i = 0; i < size; ++i) pixels[i] = static_cast<uint8_t>((i * 37) ^ (i / 13));
  return pixels;
}

class EveryCorruptionTest : public testing::TestWithParam<int> {
 protected:
  CorruptionSpec spec() const { return {static_cast<Corruption>(GetParam()), 4}; }
};

TEST_P(EveryCorruptionTest, DependsOnSeedAndSampleAlone) {
  constexpr size_t kSize = 20 * 28 * 3;
  const ImageFormat format{20, 28, 3, false};
  const auto numbers = NumbersFrom(0, 9);
  auto together = Ramp(9 * kSize);
  auto one_by_one = together;
  auto backwards = together;
  ASSERT_TRUE(CorruptImages(spec(), format, numbers, {.seed = 3, .num_threads = 4}, together));
  for (size_t i = 0; i < 9; ++i) {
    ASSERT_TRUE(CorruptImages(spec(), format, std::span(numbers).subspan(i, 1), {.seed = 3},
                              std::span(one_by_one).subspan(i * kSize, kSize)));
  }
  EXPECT_EQ(together, one_by_one);
  const int64_t last_two[] = {8, 7};
  auto& two = backwards;
  std::rotate(two.begin(), two.begin() + 7 * kSize, two.end());
  std::swap_ranges(two.begin(), two.begin() + kSize, two.begin() + kSize);
  two.resize(2 * kSize);
  ASSERT_TRUE(CorruptImages(spec(), format, last_two, {.seed = 3}, two));
  EXPECT_TRUE(std::equal(two.begin(), two.begin() + kSize, together.begin() + 8 * kSize));
  EXPECT_TRUE(std::equal(two.begin() + kSize, two.end(), together.begin() + 7 * kSize));
}

TEST_P(EveryCorruptionTest, DrawsAnewForAnotherSampleOrSeed) {
  const bool is_random = spec().corruption < Corruption::kBrightness
                             ? spec().corruption != Corruption::kDefocusBlur &&
                                   spec().corruption != Corruption::kZoomBlur
                             : spec().corruption == Corruption::kElasticTransform;
  const ImageFormat format{32, 32, 1, false};
  std::vector<std::vector<uint8_t>> results;
  for (const auto& [seed, sample] : {std::pair{1, 0}, std::pair{1, 1}, std::pair{2, 0}}) {
    const int64_t samples[] = {sample};
    results.push_back(Ramp(32 * 32));
    ASSERT_TRUE(CorruptImages(spec(), format, samples, {.seed = static_cast<uint64_t>(seed)},
                              results.back()));
  }
  EXPECT_EQ(results[0] != results[1], is_random);
  EXPECT_EQ(results[0] != results[2], is_random);
}

TEST_P(EveryCorruptionTest, TreatsChannelsFirstAsChannelsLast) {
  constexpr size_t kPixels = 24 * 30;
  auto last = Ramp(kPixels * 3);
  std::vector<uint8_t> first(last.size());
  const auto transpose = [&](const std::vector<uint8_t>& from) {
    std::vector<uint8_t> to(from.size());
    for (size_t i = 0; i < from.size(); ++i) to[i % 3 * kPixels + i / 3] = from[i];
    return to;
  };
  first = transpose(last);
  const int64_t samples[] = {5};
  ASSERT_TRUE(CorruptImages(spec(), {24, 30, 3, false}, samples, {}, last));
  ASSERT_TRUE(CorruptImages(spec(), {24, 30, 3, true}, samples, {}, first));
  EXPECT_EQ(first, transpose(last));
}

TEST_P(EveryCorruptionTest, WorksOnTheSmallestImageAndOnLongOnes) {
  for (const auto& [height, width] :
       {std::pair{8, 8}, std::pair{8, 300}, std::pair{300, 8}, std::pair{121, 150}}) {
    for (const int channels : {1, 3}) {
      const int64_t samples[] = {0};
      for (int severity = 1; severity <= 5; ++severity) {
        auto pixels = Ramp(static_cast<size_t>(height * width * channels));
        EXPECT_TRUE(CorruptImages({spec().corruption, severity}, {height, width, channels, false},
                                  samples, {}, pixels));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryCorruptionTest, testing::Range(0, kNumImageCorruptions),
                         [](const auto& tested) {
                           std::string name = CorruptionName(static_cast<Corruption>(tested.param));
                           std::erase(name, '_');
                           return name;
                         });

// Mean and standard deviation of the pixels that a mid-grey image becomes.
std::pair<double, double> Moments(Corruption corruption, int severity, int side,
                                  uint8_t value = 128) {
  auto pixels = Filled(static_cast<size_t>(4 * side * side), value);
  EXPECT_TRUE(
      CorruptImages({corruption, severity}, {side, side, 1, false}, NumbersFrom(0, 4), {}, pixels));
  double sum = 0;
  double sum_squares = 0;
  for (const uint8_t pixel : pixels) {
    sum += pixel;
    sum_squares += pixel * pixel;
  }
  const auto count = static_cast<double>(pixels.size());
  return {sum / count, std::sqrt(sum_squares / count - sum / count * sum / count)};
}

TEST(CorruptTest, NoiseHasTheSpreadOfItsSet) {
  // 4 * 40 * 40 draws: the deviation of an estimated deviation is 1 / sqrt(2 * 6400) = 0.9 %.
  EXPECT_NEAR(Moments(Corruption::kGaussianNoise, 1, 40).second, 0.04 * 255, 0.04 * 255 * 0.04);
  EXPECT_NEAR(Moments(Corruption::kGaussianNoise, 2, 64).second, 0.08 * 255, 0.08 * 255 * 0.04);
  EXPECT_NEAR(Moments(Corruption::kGaussianNoise, 1, 160).second, 0.08 * 255, 0.08 * 255 * 0.04);
  // Poisson of mean c / 2 over c: deviation sqrt(x c) / c with x = 128 / 255, c = 500.
  EXPECT_NEAR(Moments(Corruption::kShotNoise, 1, 40).second, std::sqrt(128.0 / 255 / 500) * 255,
              0.4);
  EXPECT_NEAR(Moments(Corruption::kShotNoise, 1, 40).first, 128 - 0.5,
              0.5);  // cut off, not rounded
}

TEST(CorruptTest, ImpulsesAreHalfSaltHalfPepper) {
  auto pixels = Filled(4 * 200 * 200);
  ASSERT_TRUE(CorruptImages({Corruption::kImpulseNoise, 5}, {200, 200, 1, false}, NumbersFrom(0, 4),
                            {}, pixels));
  const auto share = [&](uint8_t value) {
    return static_cast<double>(std::ranges::count(pixels, value)) /
           static_cast<double>(pixels.size());
  };
  // Deviation of a share of 0.135 of 160,000: 0.0009.
  EXPECT_NEAR(share(255), 0.27 / 2, 0.004);
  EXPECT_NEAR(share(0), 0.27 / 2, 0.004);
}

TEST(CorruptTest, ChangesMoreWithEachSeverity) {
  const Tensor image = ReadGolden("rgb120x132");
  const int64_t samples[] = {0};
  for (const Corruption corruption :
       {Corruption::kGaussianNoise, Corruption::kDefocusBlur, Corruption::kContrast,
        Corruption::kPixelate, Corruption::kJpegCompression}) {
    double before = 0;
    for (int severity = 1; severity <= 5; ++severity) {
      std::vector<uint8_t> pixels(image.data<uint8_t>().begin(), image.data<uint8_t>().end());
      ASSERT_TRUE(
          CorruptImages({corruption, severity}, FormatOfGolden(image), samples, {}, pixels));
      double distance = 0;
      for (size_t i = 0; i < pixels.size(); ++i)
        distance += std::abs(pixels[i] - image.data<uint8_t>()[i]);
      EXPECT_GT(distance, before) << CorruptionName(corruption) << " " << severity;
      before = distance;
    }
  }
}

TEST(CorruptTest, FrostLiesOnTheImageWithTheBrightnessOfTheOriginals) {
  // Severity 1 of ImageNet-C is image + 0.4 frost; of black only the frost is left, of mean 166 and
  // spread 32.
  const auto [mean, spread] = Moments(Corruption::kFrost, 1, 128, 0);
  EXPECT_NEAR(mean, 0.4 * 166, 2);
  EXPECT_NEAR(spread, 0.4 * 32, 2);
}

TEST(CorruptTest, TakesTheConstantsOfTheNearestSize) {
  EXPECT_EQ(ScaleOf(28, 28), ImageScale::kCifar);
  EXPECT_EQ(ScaleOf(45, 200), ImageScale::kCifar);
  EXPECT_EQ(ScaleOf(46, 46), ImageScale::kTinyImageNet);
  EXPECT_EQ(ScaleOf(300, 119), ImageScale::kTinyImageNet);
  EXPECT_EQ(ScaleOf(120, 120), ImageScale::kImageNet);
}

TEST(CorruptTest, KeepsBlackBlackUnderShotNoise) {
  EXPECT_EQ(Moments(Corruption::kShotNoise, 5, 224, 0).first, 0);
}

TEST(CorruptTest, RefusesASeverityBeyondFive) {
  auto pixels = Filled(64);
  const int64_t samples[] = {0};
  const auto done = CorruptImages({Corruption::kFog, 6}, {8, 8, 1, false}, samples, {}, pixels);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().next_step, "give 1 to 5");
}

// ---- names --------------------------------------------------------------------------------------

TEST(ParseCorruptionsTest, ReadsNameAndSeverity) {
  EXPECT_EQ(ParseCorruptions("snow:2").value(),
            (std::vector<CorruptionSpec>{{Corruption::kSnow, 2}}));
  EXPECT_EQ(ParseCorruptions("jpeg_compression").value(),
            (std::vector<CorruptionSpec>{{Corruption::kJpegCompression, 3}}));
  EXPECT_EQ(ParseCorruptions("all:5").value().size(), 15U);
  EXPECT_EQ(Describe({Corruption::kSnow, 2}), "snow, severity 2");
}

TEST(ParseCorruptionsTest, NamesTheNearestOrAll) {
  EXPECT_EQ(ParseCorruptions("gausian_noise").error().next_step, "did you mean 'gaussian_noise'?");
  EXPECT_NE(
      ParseCorruptions("rain").error().next_step.find("choose of all, all_table, gaussian_noise"),
      std::string::npos);
  EXPECT_EQ(ParseCorruptions("snow:0").error().next_step, "give 1 to 5");
  for (const char* wrong : {"snow:", "snow:33", "snow:-1", "snow:x", "snow:3:3"}) {
    EXPECT_EQ(ParseCorruptions(wrong).error().next_step, "write it as gaussian_noise:3") << wrong;
  }
}

// ---- arrays -------------------------------------------------------------------------------------

TEST(ImageFormatOfTest, FindsTheChannels) {
  const auto format = [](Shape shape) {
    return ImageFormatOf({"x", DType::kUint8, std::move(shape), {}});
  };
  EXPECT_EQ(format({28, 30}).value(), (ImageFormat{28, 30, 1, false}));
  EXPECT_EQ(format({28, 30, 1}).value(), (ImageFormat{28, 30, 1, false}));
  EXPECT_EQ(format({28, 30, 3}).value(), (ImageFormat{28, 30, 3, false}));
  EXPECT_EQ(format({1, 28, 30}).value(), (ImageFormat{28, 30, 1, true}));
  EXPECT_EQ(format({3, 28, 30}).value(), (ImageFormat{28, 30, 3, true}));
  for (const Shape& shape : {Shape{784}, Shape{28, 28, 4}, Shape{7, 28}, Shape{28, 5000}, Shape{},
                             Shape{1, 3, 28, 28}}) {
    ASSERT_FALSE(format(shape)) << ShapeText(shape);
    EXPECT_NE(format(shape).error().next_step.find("[H, W]"), std::string::npos);
  }
}

TEST(ImageFormatOfTest, AsksForRawPixels) {
  const auto format = ImageFormatOf({"images", DType::kFloat32, {28, 28}, {}});
  ASSERT_FALSE(format);
  EXPECT_EQ(format.error().what,
            "array 'images' holds no images to corrupt: float32 [28, 28] a sample");
  EXPECT_NE(format.error().next_step.find("store the pixels as uint8"), std::string::npos);
}

std::shared_ptr<const Dataset> Pictures() {
  std::vector<NamedTensor> arrays;
  arrays.push_back({"images", Tensor::Of<uint8_t>({3, 10, 10}, Ramp(300))});
  arrays.push_back({"labels", Tensor::Of<int64_t>({3}, std::vector<int64_t>{4, 5, 6})});
  return MakeDataset("pictures", std::move(arrays)).value();
}

TEST(CorruptDatasetTest, CorruptsImagesAndHandsTheRestThrough) {
  const auto pictures = Pictures();
  const std::vector<std::string> arrays = {"images", "labels"};
  const CorruptionSpec spec{Corruption::kGaussianNoise, 2};
  const auto corrupted = CorruptDataset(pictures, arrays, spec, {.seed = 9, .num_threads = 2});
  ASSERT_TRUE(corrupted) << corrupted.error().what;
  const int64_t samples[] = {2, 0};
  auto expected = pictures->Read("images", samples).value();
  ASSERT_TRUE(CorruptImages(spec, {10, 10, 1, false}, samples, {.seed = 9},
                            expected.mutable_data<uint8_t>()));
  EXPECT_EQ((*corrupted)->Read("images", samples).value(), expected);
  EXPECT_EQ((*corrupted)->Read("labels", samples).value(),
            pictures->Read("labels", samples).value());
  EXPECT_EQ((*corrupted)->num_samples(), 3);
  EXPECT_NE((*corrupted)->Digest().value(), pictures->Digest().value());
}

TEST(CorruptDatasetTest, SaysWhatIsNoImage) {
  const std::vector<std::string> labels = {"labels"};
  const auto none = CorruptDataset(Pictures(), labels, {}, {});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(none.error().what, "array 'labels' holds no images to corrupt: int64 [] a sample");
  const std::vector<std::string> unknown = {"image"};
  EXPECT_EQ(CorruptDataset(Pictures(), unknown, {}, {}).error().next_step,
            "did you mean 'images'?");
}

}  // namespace
}  // namespace tare::data
