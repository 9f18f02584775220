#include "core/text_width.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tare {
namespace {

using testing::ElementsAre;

TEST(DisplayWidthTest, CountsCodePointsAndNotColours) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("█·é"), 3);
  EXPECT_EQ(DisplayWidth("\x1b[32mPASS\x1b[0m"), 4);
}

TEST(PadTest, FillsToColumnsAndNeverCuts) {
  EXPECT_EQ(PadRight("é", 3), "é  ");
  EXPECT_EQ(PadLeft("12", 4), "  12");
  EXPECT_EQ(PadLeft("12345", 4), "12345");
}

TEST(TruncateTest, KeepsWholeCodePoints) {
  EXPECT_EQ(Truncate("abcdef", 6), "abcdef");
  EXPECT_EQ(Truncate("éééééé", 5), "éé...");
  EXPECT_EQ(Truncate("abcdef", 2), "..");
}

TEST(WrapTest, BreaksBetweenWordsAndKeepsLongOnesWhole) {
  EXPECT_THAT(Wrap("one two three", 7), ElementsAre("one two", "three"));
  EXPECT_THAT(Wrap("see /a/very/long/path now", 8), ElementsAre("see", "/a/very/long/path", "now"));
  EXPECT_THAT(Wrap("a\nb", 10), ElementsAre("a", "b"));
  EXPECT_THAT(Wrap("", 10), ElementsAre(""));
}

TEST(PrintableTest, DisarmsControlCharacters) {
  EXPECT_EQ(Printable("a\x1b[31mb\ac\nd\x7f"), "a\\x1b[31mb\\x07c\nd\\x7f");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "\\x9b31m");  // U+009B: "ESC [" in one character
  EXPECT_EQ(Printable("é█"), "é█");
}

}  // namespace
}  // namespace tare
