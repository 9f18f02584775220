#include "tare/data/preview.h"

#include <gtest/gtest.h>
#include <png.h>

namespace tare::data {
namespace {

std::unique_ptr<Dataset> DatasetOf(std::vector<NamedTensor> arrays) {
  auto dataset = MakeDataset("test", std::move(arrays));
  EXPECT_TRUE(dataset);
  return *std::move(dataset);
}

// The rows of a PNG; the pixels of a row one behind the other, by channel.
struct Decoded {
  uint32_t width = 0, height = 0;
  std::vector<std::vector<int>> rows;
};
Decoded Decode(std::string_view png) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0) << image.message;
  std::vector<uint8_t> pixels(PNG_IMAGE_SIZE(image));
  EXPECT_NE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr), 0) << image.message;
  Decoded out{image.width, image.height, {}};
  const size_t stride = PNG_IMAGE_ROW_STRIDE(image);
  for (size_t y = 0; y < out.height; ++y)
    out.rows.emplace_back(pixels.data() + y * stride, pixels.data() + (y + 1) * stride);
  return out;
}

Decoded PictureOf(const Tensor& images, int64_t sample = 0) {
  const auto dataset = DatasetOf({{"image", images}});
  const std::string names[] = {"image"};
  const auto preview = Preview(*dataset, names, sample);
  EXPECT_TRUE(preview);
  EXPECT_TRUE(preview->values.empty());
  return Decode(preview->png);
}

TEST(PreviewTest, ShowsBytesAsTheyAre) {
  std::vector<uint8_t> pixels(2 * 64);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i);
  const Decoded picture = PictureOf(Tensor::Of<uint8_t>({2, 8, 8}, pixels), 1);
  EXPECT_EQ(picture.width, 8);
  EXPECT_EQ(picture.height, 8);
  EXPECT_EQ(picture.rows[0], (std::vector<int>{64, 65, 66, 67, 68, 69, 70, 71}));
  EXPECT_EQ(picture.rows[7][7], 127);
}

TEST(PreviewTest, StretchesNormalisedNumbersFromLeastToGreatest) {
  std::vector<float> pixels(64, 0.0F);
  pixels[0] = -1;  // least: black
  pixels[1] = 3;   // greatest: white
  const Decoded picture = PictureOf(Tensor::Of<float>({1, 1, 8, 8}, pixels));
  EXPECT_EQ(picture.rows[0][0], 0);
  EXPECT_EQ(picture.rows[0][1], 255);
  EXPECT_EQ(picture.rows[0][2], 64);  // (0 + 1) / 4 of 255 = 63.75
}

TEST(PreviewTest, TakesSharesTimes255AndLeavesOutAFourthChannel) {
  std::vector<float> pixels(4 * 64, 0.0F);  // channels first
  pixels[0] = 1;                            // red of the first pixel
  pixels[3 * 64] = 1;                       // its alpha
  const Decoded picture = PictureOf(Tensor::Of<float>({1, 4, 8, 8}, pixels));
  EXPECT_EQ(picture.rows[0].size(), 24);
  EXPECT_EQ(picture.rows[0][0], 255);
  EXPECT_EQ(picture.rows[0][1], 0);
  EXPECT_EQ(picture.rows[0][2], 0);
}

TEST(PreviewTest, AveragesLargePicturesOverSquares) {
  std::vector<uint8_t> pixels(size_t{128} * 100);
  pixels[0] = 200;  // of the four in the first square
  const Decoded picture = PictureOf(Tensor::Of<uint8_t>({1, 100, 128}, pixels));
  EXPECT_EQ(picture.width, 64);
  EXPECT_EQ(picture.height, 50);
  EXPECT_EQ(picture.rows[0][0], 50);
  EXPECT_EQ(picture.rows[0][1], 0);
}

TEST(PreviewTest, ShowsNumbersByName) {
  std::vector<float> many(100, 0.5F);
  const auto dataset = DatasetOf({{"age", Tensor::Of<int64_t>({1}, std::vector<int64_t>{42})},
                                  {"x", Tensor::Of<float>({1, 2}, std::vector<float>{0.1F, -2})},
                                  {"v", Tensor::Of<float>({1, 100}, many)}});
  const std::string names[] = {"age", "x", "v"};
  const auto preview = Preview(*dataset, names, 0);
  ASSERT_TRUE(preview);
  EXPECT_TRUE(preview->png.empty());
  ASSERT_EQ(preview->values.size(), 4);
  EXPECT_EQ(preview->values[0], std::make_pair(std::string("age"), std::string("42")));
  EXPECT_EQ(preview->values[1], std::make_pair(std::string("x[0]"), std::string("0.1")));
  EXPECT_EQ(preview->values[2], std::make_pair(std::string("x[1]"), std::string("-2")));
  EXPECT_EQ(preview->values[3].second,
            "0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, ... (100 numbers)");
}

TEST(PngUriTest, WritesBase64WithItsPadding) {
  // RFC 4648, section 10.
  EXPECT_EQ(PngUri(""), "data:image/png;base64,");
  EXPECT_EQ(PngUri("f"), "data:image/png;base64,Zg==");
  EXPECT_EQ(PngUri("fo"), "data:image/png;base64,Zm8=");
  EXPECT_EQ(PngUri("foo"), "data:image/png;base64,Zm9v");
  EXPECT_EQ(PngUri("foobar"), "data:image/png;base64,Zm9vYmFy");
}

}  // namespace
}  // namespace tare::data
