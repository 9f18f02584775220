#include "tare/core/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace tare {
namespace {

TEST(BytesTest, GivesBackWhatWasPutIn) {
  ByteWriter writer;
  writer.Number(std::numeric_limits<int64_t>::min());
  writer.Text("");
  writer.Text(std::string_view("a\0b", 3));
  writer.Number(-1);
  const std::string bytes = std::move(writer).Take();
  ByteReader reader(bytes);
  EXPECT_EQ(reader.Number(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(reader.Text(), "");
  EXPECT_EQ(reader.Text(), std::string_view("a\0b", 3));
  EXPECT_EQ(reader.Number(), -1);
  EXPECT_TRUE(reader.ok());
}

TEST(BytesTest, ReadsNothingBehindTheEnd) {
  ByteWriter writer;
  writer.Text("text");
  const std::string bytes = std::move(writer).Take();
  for (size_t size = 0; size < bytes.size(); ++size) {
    ByteReader reader(std::string_view(bytes).substr(0, size));
    EXPECT_EQ(reader.Text(), "") << size;
    EXPECT_FALSE(reader.ok()) << size;
    EXPECT_EQ(reader.Number(), 0) << size;
  }
  // A size that no bytes follow, and one below zero.
  for (const int64_t size : {std::numeric_limits<int64_t>::max(), int64_t{-1}}) {
    ByteWriter wrong;
    wrong.Number(size);
    const std::string alone = std::move(wrong).Take();
    ByteReader reader(alone);
    EXPECT_EQ(reader.Text(), "");
    EXPECT_FALSE(reader.ok());
  }
}

}  // namespace
}  // namespace tare
