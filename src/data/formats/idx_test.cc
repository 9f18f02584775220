// IDX and gzip.

#include "data/formats/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/formats/gzip.h"
#include "data/test_files_internal.h"

namespace tare::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(IdxTest, OpensMnistImagesWithTheirLabels) {
  const auto dataset = OpenStored("t-images-idx3-ubyte");
  ASSERT_NE(dataset, nullptr);
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("images", "labels"));
  EXPECT_EQ(dataset->num_samples(), 5);
  EXPECT_EQ(dataset->arrays()[0].sample_shape, (Shape{2, 3}));
  EXPECT_THAT(ReadAll(*dataset, "labels").data<uint8_t>(), ElementsAre(4, 0, 1, 1, 2));
  const int64_t last = 4;
  EXPECT_THAT(dataset->Read("images", {&last, 1})->data<uint8_t>(),
              ElementsAre(24, 25, 26, 27, 28, 29));
}

TEST(IdxTest, ReadsLabelsAlone) {
  EXPECT_THAT(ArrayNames(*OpenStored("t-labels-idx1-ubyte")), ElementsAre("t-labels-idx1-ubyte"));
}

TEST(IdxTest, TurnsBigEndianNumbersRound) {
  EXPECT_THAT(ReadAll(*OpenStored("floats.idx"), "floats").data<float>(), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(ReadAll(*OpenStored("shorts.idx"), "shorts").data<int16_t>(),
              ElementsAre(-1, 0, 1, 2));
}

TEST(IdxTest, ReadsAGzippedFile) {
  const auto dataset = OpenStored("images.idx.gz");
  EXPECT_THAT(ArrayNames(*dataset), ElementsAre("images"));
  EXPECT_EQ(ReadAll(*dataset, "images").data<uint8_t>()[29], 29);
}

TEST(IdxTest, RefusesSizesThatTheFileDoesNotHave) {
  const std::string header("\0\0\x08\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12);
  for (const std::string& bytes :
       {header, header + "x", std::string("\0\0\x08\x01\0\0\0\2x", 9),
        std::string("\0\0\x08\x01\0\0\0\2xyz", 11), std::string("\0\0\x08\x03\0\0", 6),
        std::string("\0\0\x07\x01", 4)}) {
    const auto dataset = OpenBytes(Format::kIdx, bytes, "x.idx");
    ASSERT_FALSE(dataset);
    EXPECT_TRUE(dataset.error().code == ErrorCode::kDataLoss ||
                dataset.error().code == ErrorCode::kInvalidArgument);
    EXPECT_FALSE(dataset.error().next_step.empty());
  }
}

TEST(GzipTest, ReadsMembersOneAfterTheOther) {  // cat a.gz b.gz is a gzip file
  const std::string bytes = StoredBytes("images.idx.gz");
  const auto twice = DecodeGzip(*MakeMemorySource("x.gz", bytes + bytes));
  ASSERT_TRUE(twice) << twice.error().what;
  EXPECT_EQ((*twice)->size(), 2 * (16 + 30));
}

TEST(GzipTest, NoticesACutAndAFlippedByte) {
  const std::string bytes = StoredBytes("images.idx.gz");
  const auto cut = DecodeGzip(*MakeMemorySource("x.gz", bytes.substr(0, bytes.size() - 1)));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::kDataLoss);
  EXPECT_THAT(cut.error().what, HasSubstr("cut off"));
  std::string flipped = bytes;
  flipped[flipped.size() - 5] ^= 1;  // a byte of the CRC-32
  const auto corrupt = DecodeGzip(*MakeMemorySource("x.gz", flipped));
  ASSERT_FALSE(corrupt);
  EXPECT_THAT(corrupt.error().what, HasSubstr("corrupt"));
}

TEST(CheckExpansionTest, AllowsWhatDataHasAndRefusesWhatBombsHave) {
  constexpr int64_t kMega = 1'000'000;
  EXPECT_TRUE(CheckExpansion("x", 1, 1000 * kMega));             // small enough for any ratio
  EXPECT_TRUE(CheckExpansion("x", 100 * kMega, 10000 * kMega));  // 100 times
  const auto bomb = CheckExpansion("x.npz", 2 * kMega, 2000 * kMega);
  ASSERT_FALSE(bomb);
  EXPECT_EQ(bomb.error().code, ErrorCode::kResourceExhausted);
  EXPECT_THAT(bomb.error().next_step, HasSubstr("without compression"));
}

}  // namespace
}  // namespace tare::data
