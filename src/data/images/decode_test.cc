// Expected values are Pillow's: tests/formats/make_images.py.

#include "data/images/decode.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "data/images/resample.h"
#include "data/test_files_internal.h"

namespace tare::data {
namespace {

using testing::HasSubstr;

std::vector<uint8_t> PillowsValues(const std::string& name) {
  static const auto dataset = OpenStored("images/pillow.npz");
  const auto tensor = dataset->Read(name, std::vector<int64_t>{0});
  EXPECT_TRUE(tensor) << tensor.error().what;
  const auto values = tensor->data<uint8_t>();
  return {values.begin(), values.end()};
}

Result<Pixels> DecodeBytes(std::string bytes, int64_t channels = 3) {
  return DecodeImage(*MakeMemorySource("x.img", std::move(bytes)), channels);
}

Pixels DecodeStored(const std::string& name, int64_t channels = 3) {
  auto pixels = DecodeBytes(StoredBytes("images/" + name), channels);
  EXPECT_TRUE(pixels) << name << ": " << pixels.error().what;
  return pixels ? *std::move(pixels) : Pixels();
}

class EveryFileTest : public testing::TestWithParam<const char*> {};

TEST_P(EveryFileTest, DecodesToPillowsValues) {
  const Pixels pixels = DecodeStored(GetParam());
  EXPECT_EQ(pixels.height, 29);
  EXPECT_EQ(pixels.width, 37);
  EXPECT_EQ(pixels.channels, 3);
  EXPECT_EQ(pixels.values, PillowsValues(GetParam()));
}

TEST_P(EveryFileTest, DecodesToPillowsGreyValues) {
  const Pixels pixels = DecodeStored(GetParam(), 1);
  EXPECT_EQ(pixels.channels, 1);
  EXPECT_EQ(pixels.values, PillowsValues(StrCat(GetParam(), ".grey")));
}

TEST_P(EveryFileTest, IsAnErrorWhenItIsCutOffAnywhere) {
  const std::string bytes = StoredBytes(StrCat("images/", GetParam()));
  // The last bytes of JPEG and PNG end the file and hold no pixels.
  for (const size_t share : {0, 1, 2, 4, 8, 12, 14}) {
    const auto pixels = DecodeBytes(bytes.substr(0, bytes.size() * share / 16));
    ASSERT_FALSE(pixels) << share << " of 16 parts";
    EXPECT_THAT(pixels.error().what, HasSubstr("x.img"));
    EXPECT_FALSE(pixels.error().next_step.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Files, EveryFileTest,
                         testing::Values("rgb.png", "rgb.jpg", "progressive.jpg", "full.jpg",
                                         "grey.jpg", "cmyk.jpg", "turned.jpg", "alpha.png",
                                         "palette.png", "grey.png", "grey_alpha.png", "bits.png",
                                         "rgb16.png", "lossy.webp", "alpha.webp", "rgb.bmp",
                                         "palette.bmp", "bits.bmp", "rgba.bmp", "grey.bmp"),
                         [](const auto& file) {
                           std::string name = file.param;
                           std::erase_if(name, [](char c) { return c == '.' || c == '_'; });
                           return name;
                         });

TEST(ReadImageHeadTest, TellsWhatIsLeftOutOrNotApplied) {
  const auto head = [](const std::string& name) {
    return *ReadImageHead(*MakeMemorySource(name, StoredBytes("images/" + name)));
  };
  EXPECT_TRUE(head("turned.jpg").is_turned);
  EXPECT_FALSE(head("rgb.jpg").is_turned);
  EXPECT_TRUE(head("alpha.png").has_alpha);
  EXPECT_TRUE(head("alpha.webp").has_alpha);
  EXPECT_FALSE(head("rgb.png").has_alpha);
  EXPECT_EQ(head("lossy.webp").width, 37);
}

TEST(ReadImageHeadTest, NamesWhatItDoesNotRead) {
  const std::pair<const char*, const char*> cases[] = {{"unread16.png", "grey of 16 bits"},
                                                       {"unread.gif", "(GIF)"},
                                                       {"unread_animated.webp", "animated"}};
  for (const auto& [name, reason] : cases) {
    const auto pixels = DecodeBytes(StoredBytes(StrCat("images/", name)));
    ASSERT_FALSE(pixels) << name;
    EXPECT_EQ(pixels.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(pixels.error().what, HasSubstr(reason));
  }
  for (const char* other : {"a,b\n1,2\n", "RIFF", "RIFF12345678", "BM", "P", "1234ftyp"})
    EXPECT_FALSE(DecodeBytes(other)) << other;
}

TEST(ReadImageHeadTest, RefusesADecompressionBombBeforeItIsDecoded) {
  std::string png = StoredBytes("images/rgb.png");
  png[16] = png[20] = 0;
  png[17] = png[21] = 1;  // 65,573 x 65,565 pixels
  const auto pixels = DecodeBytes(png);
  ASSERT_FALSE(pixels);
  EXPECT_EQ(pixels.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(pixels.error().what, HasSubstr("65573 x 65565"));
  std::string bmp = StoredBytes("images/rgb.bmp");
  bmp[20] = 1;
  bmp[24] = 1;
  EXPECT_EQ(DecodeBytes(bmp).error().code, ErrorCode::kResourceExhausted);
}

TEST(DecodeImageTest, NeverReadsChangedBytesOutside) {
  // A byte of the head changed to each of some values: an error or pixels of the size that it says.
  for (const char* name : {"rgb.bmp", "palette.bmp", "bits.png", "cmyk.jpg", "lossy.webp"}) {
    const std::string bytes = StoredBytes(StrCat("images/", name));
    for (size_t at = 0; at < std::min<size_t>(80, bytes.size()); ++at) {
      for (const char value : {'\0', '\x01', '\x7F', '\x80', '\xFF'}) {
        std::string changed = bytes;
        changed[at] = value;
        const auto pixels = DecodeBytes(changed);
        if (!pixels) continue;
        EXPECT_EQ(std::ssize(pixels->values), pixels->height * pixels->width * 3);
      }
    }
  }
}

struct NewSize {
  int64_t width, height;
};
class EverySizeTest : public testing::TestWithParam<NewSize> {};

TEST_P(EverySizeTest, ResizesAsPillowDoes) {
  const auto [width, height] = GetParam();
  const std::string name = StrCat(width, "x", height);
  EXPECT_EQ(Resampled(DecodeStored("rgb.png"), width, height).values, PillowsValues(name));
  EXPECT_EQ(Resampled(DecodeStored("rgb.png", 1), width, height).values,
            PillowsValues(name + ".grey"));
}

INSTANTIATE_TEST_SUITE_P(Sizes, EverySizeTest,
                         testing::Values(NewSize{16, 16}, NewSize{64, 48}, NewSize{19, 50},
                                         NewSize{37, 11}, NewSize{5, 29}, NewSize{90, 70},
                                         NewSize{1, 1}));

TEST(ResampledTest, KeepsAnImageOfTheSameSize) {
  const Pixels image = DecodeStored("rgb.png");
  EXPECT_EQ(Resampled(image, image.width, image.height).values, image.values);
}

TEST(CroppedTest, KeepsThePartThatIsAskedFor) {
  const Pixels image{2, 3, 1, {1, 2, 3, 4, 5, 6}};
  EXPECT_THAT(Cropped(image, 0, 1, 2, 2).values, testing::ElementsAre(2, 3, 5, 6));
}

}  // namespace
}  // namespace tare::data
