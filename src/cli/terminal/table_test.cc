#include "cli/terminal/table.h"

#include <gtest/gtest.h>

namespace tare::cli {
namespace {

TEST(TableTest, AlignsNumbersOnTheirPoint) {
  Table table({{"metric"}, {"float", Align::kPoint}, {"n", Align::kRight}});
  table.AddRow({"accuracy", "92.41 %", "10,000"});
  table.AddRow({"latency", "0.8 ms", "50"});
  table.AddRow({"flips", "109", "7"});
  EXPECT_EQ(table.Render(2),
            "  metric       float       n\n"
            "  accuracy   92.41 %  10,000\n"
            "  latency     0.8 ms      50\n"
            "  flips     109            7\n");
}

TEST(TableTest, MeasuresColouredCellsByWhatIsSeen) {
  Table table({{"a"}, {"b"}});
  table.AddRow({"\x1b[32mPASS\x1b[0m", "x"});
  table.AddRow({"FAILED", "y"});
  EXPECT_EQ(table.Render(0), "a       b\n\x1b[32mPASS\x1b[0m    x\nFAILED  y\n");
}

TEST(TableTest, LeavesOutEmptyTitlesAndTrailingSpaces) {
  Table table({{""}, {""}});
  table.AddRow({"key", ""});
  table.AddRow({"longer", "value"});
  EXPECT_EQ(table.Render(1), " key\n longer  value\n");
}

}  // namespace
}  // namespace tare::cli
