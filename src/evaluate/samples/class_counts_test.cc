#include <gtest/gtest.h>

#include "evaluate/samples/class_counts_internal.h"

namespace tare::evaluate {
namespace {

// Three classes: 4, 3 and 0 members; class 2 is predicted once.
ClassCounts Counts() {
  ClassCounts counts(4);
  counts.members = {4, 3, 0, 0};
  counts.predicted = {3, 3, 1, 0};
  counts.right = {3, 2, 0, 0};
  return counts;
}

TEST(ClassCountsTest, DividesByHand) {
  const ClassScores scores = ScoresOf(Counts(), 0);
  EXPECT_DOUBLE_EQ(scores.precision, 1);
  EXPECT_DOUBLE_EQ(scores.recall, 0.75);
  EXPECT_DOUBLE_EQ(scores.f1, 6.0 / 7);
}

TEST(ClassCountsTest, AveragesOverClassesThatOccur) {
  // Class 3 occurs nowhere; class 2 only as a prediction and counts 0.
  const ClassScores macro = MacroScores(Counts());
  EXPECT_DOUBLE_EQ(macro.recall, (0.75 + 2.0 / 3 + 0) / 3);
  EXPECT_DOUBLE_EQ(macro.precision, (1 + 2.0 / 3 + 0) / 3);
  EXPECT_DOUBLE_EQ(MacroScores(ClassCounts(0)).f1, 0);
}

TEST(ClassCountsTest, CountsFlips) {
  const Cells cells =
      CountCells({{0, 0, 0}, {0, 0, 1}, {1, 0, 1}, {1, 0, 2}, {0, 0, 0}, {2, 2, -1}});
  EXPECT_EQ(cells.kinds.size(), 5);
  const verdict::FlipCounts flips = CountFlips(cells);
  EXPECT_EQ(flips.n, 6);
  EXPECT_EQ(flips.flips, 4);
  EXPECT_EQ(flips.harmful, 2);
  EXPECT_EQ(flips.helpful, 1);
}

// The worst of all single flips, found by trying each.
double WorstShift(const ClassCounts& counts, ScoreField field, int64_t index) {
  double worst = 0;
  for (size_t from = 0; from < counts.size(); ++from) {
    for (size_t to = 0; to < counts.size(); ++to) {
      if (from == to || counts.right[from] == 0) continue;
      ClassCounts moved = counts;
      --moved.right[from];
      --moved.predicted[from];
      ++moved.predicted[to];
      worst = std::min(worst, MetricOf(moved, {field, index}) - MetricOf(counts, {field, index}));
    }
  }
  return worst;
}

TEST(ShiftAfterFlipsTest, FindsTheWorstSingleFlip) {
  ClassCounts counts(3);
  counts.members = {50, 8, 20};
  counts.predicted = {49, 9, 20};
  counts.right = {45, 6, 18};
  for (const auto field : {ScoreField::kPrecision, ScoreField::kRecall, ScoreField::kF1}) {
    for (const int64_t index : {kMacro, int64_t{0}, int64_t{1}, int64_t{2}}) {
      EXPECT_NEAR(ShiftAfterFlips(counts, 1, FlipKind::kHarmful, {field, index}),
                  WorstShift(counts, field, index), 1e-12);
    }
  }
}

TEST(ShiftAfterFlipsTest, StopsWhenNothingIsLeftToFlip) {
  ClassCounts counts(2);
  counts.members = {2, 1};
  counts.predicted = {2, 1};
  counts.right = {2, 1};
  EXPECT_EQ(ShiftAfterFlips(counts, 5, FlipKind::kHelpful, {ScoreField::kF1, kMacro}), 0);
  EXPECT_DOUBLE_EQ(ShiftAfterFlips(counts, 50, FlipKind::kHarmful, {ScoreField::kF1, kMacro}), -1);
}

}  // namespace
}  // namespace tare::evaluate
