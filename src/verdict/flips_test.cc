#include "tare/verdict/flips.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace tare::verdict {
namespace {

Flip FlipOf(FlipKind kind, std::optional<double> margin, int64_t place) {
  Flip flip;
  flip.kind = kind;
  flip.margin = margin;
  flip.place = place;
  return flip;
}

std::vector<int64_t> PlacesOf(const std::vector<Flip>& flips) {
  std::vector<int64_t> places;
  for (const Flip& flip : flips) places.push_back(flip.place);
  return places;
}

TEST(FlipKindTest, FollowsFromWhoIsRight) {
  EXPECT_EQ(FlipKindOf(true, false), FlipKind::kHarmful);
  EXPECT_EQ(FlipKindOf(false, true), FlipKind::kHelpful);
  EXPECT_EQ(FlipKindOf(false, false), FlipKind::kBothWrong);
}

TEST(FlipListTest, OrdersByKindThenMarginThenPlace) {
  FlipList list;
  list.Add(FlipOf(FlipKind::kHelpful, 0.9, 0));
  list.Add(FlipOf(FlipKind::kHarmful, 0.1, 1));
  list.Add(FlipOf(FlipKind::kBothWrong, 0.8, 2));
  list.Add(FlipOf(FlipKind::kHarmful, std::nullopt, 3));
  list.Add(FlipOf(FlipKind::kHarmful, 0.5, 5));
  list.Add(FlipOf(FlipKind::kHarmful, 0.5, 4));
  EXPECT_EQ(list.total(), 6);
  EXPECT_EQ(PlacesOf(list.Take()), (std::vector<int64_t>{4, 5, 1, 3, 2, 0}));
}

TEST(FlipListTest, KeepsThoseThatAreLookedAtFirstAndCountsAll) {
  FlipList list(3);
  for (int64_t i = 0; i < 100; ++i)
    list.Add(FlipOf(FlipKind::kChanged, static_cast<double>(i * 37 % 100), i));
  EXPECT_EQ(list.total(), 100);
  // 37 i mod 100 is 99, 98, 97 at i = 27, 54, 81.
  EXPECT_EQ(PlacesOf(list.Take()), (std::vector<int64_t>{27, 54, 81}));
}

TEST(FlipLinesTest, ReadBackAsTheyWereWritten) {
  Flip flip = FlipOf(FlipKind::kHarmful, 0.25, 7);
  flip.sample = 70;
  flip.line = 8;
  flip.id = "q7";
  flip.label = "coat";
  flip.baseline = "coat";
  flip.candidate = "shirt\n<b>";
  flip.baseline_confidence = 0.625;
  flip.candidate_confidence = 0.5;
  flip.image = "data:image/png;base64,AA==";
  const std::string lines = WriteFlipLines(std::vector{flip, FlipOf(FlipKind::kHelpful, {}, 9)});
  EXPECT_EQ(std::ranges::count(lines, '\n'), 2);
  EXPECT_EQ(lines.find("image"), std::string::npos);
  const auto read = ReadFlipLines(lines + "{}\nnot JSON\n");
  ASSERT_EQ(read.size(), 2);
  EXPECT_EQ(read[0].place, 7);
  EXPECT_EQ(read[0].sample, 70);
  EXPECT_EQ(read[0].line, 8);
  EXPECT_EQ(read[0].id, "q7");
  EXPECT_EQ(read[0].kind, FlipKind::kHarmful);
  EXPECT_EQ(read[0].label, "coat");
  EXPECT_EQ(read[0].candidate, "shirt\n<b>");
  EXPECT_EQ(read[0].baseline_confidence, 0.625);
  EXPECT_EQ(read[0].candidate_confidence, 0.5);
  EXPECT_EQ(read[0].margin, 0.25);
  EXPECT_EQ(WriteFlipLines(read), lines);
}

TEST(ShownFlipsTest, HoldWhatTheModelsSaw) {
  Flip flip = FlipOf(FlipKind::kHarmful, {}, 0);
  flip.image = "data:image/png;base64,AA==";
  flip.fields = {{"age", "42"}};
  const auto json =
      nlohmann::json::parse(WriteShownFlips({std::span(&flip, 1), 12, 5, "flips.jsonl"}));
  EXPECT_EQ(json["total"], 12);
  EXPECT_EQ(json["in_file"], 5);
  EXPECT_EQ(json["file"], "flips.jsonl");
  EXPECT_EQ(json["flips"][0]["image"], flip.image);
  EXPECT_EQ(json["flips"][0]["fields"][0][1], "42");
}

}  // namespace
}  // namespace tare::verdict
