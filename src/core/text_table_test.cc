#include "core/text_table.h"

#include <gtest/gtest.h>

namespace tare {
namespace {

TEST(TextTableTest, AlignsNumbersOnTheirPoint) {
  TextTable table({{"metric"}, {"float", Align::kPoint}, {"n", Align::kRight}});
  table.AddRow({"accuracy", "92.41 %", "10,000"});
  table.AddRow({"latency", "0.8 ms", "50"});
  table.AddRow({"flips", "109", "7"});
  EXPECT_EQ(table.Render(2),
            "  metric       float       n\n"
            "  accuracy   92.41 %  10,000\n"
            "  latency     0.8 ms      50\n"
            "  flips     109            7\n");
}

TEST(TextTableTest, MeasuresColouredCellsByWhatIsSeen) {
  TextTable table({{"a"}, {"b"}});
  table.AddRow({"\x1b[32mPASS\x1b[0m", "x"});
  table.AddRow({"FAILED", "y"});
  EXPECT_EQ(table.Render(0), "a       b\n\x1b[32mPASS\x1b[0m    x\nFAILED  y\n");
}

TEST(TextTableTest, LeavesOutEmptyTitlesAndTrailingSpaces) {
  TextTable table({{""}, {""}});
  table.AddRow({"key", ""});
  table.AddRow({"longer", "value"});
  EXPECT_EQ(table.Render(1), " key\n longer  value\n");
}

TEST(TextTableTest, LeavesOutColumnsWithoutText) {
  TextTable table({{""}, {""}, {"c"}});
  table.AddRow({"", "left", "1"});
  table.AddRow({"", "", "2"});
  EXPECT_EQ(table.Render(0), "      c\nleft  1\n      2\n");
}

}  // namespace
}  // namespace tare
