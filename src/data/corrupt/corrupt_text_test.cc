#include "tare/data/corrupt/corrupt_text.h"

#include <gtest/gtest.h>

#include "tare/core/text.h"

namespace tare::data {
namespace {

std::string Corrupt(TextCorruption corruption, int64_t severity, std::string_view text,
                    int64_t sample = 0) {
  return CorruptText({corruption, severity}, sample, text).value();
}

std::string Repeated(std::string_view text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(CorruptTextTest, CutsTheEndOff) {
  EXPECT_EQ(Corrupt(TextCorruption::kTruncation, 1, "0123456789"), "012345678");
  EXPECT_EQ(Corrupt(TextCorruption::kTruncation, 3, "0123456789"), "012345");
  EXPECT_EQ(Corrupt(TextCorruption::kTruncation, 5, "0123456789"), "012");
  EXPECT_EQ(Corrupt(TextCorruption::kTruncation, 5, "x"), "x");
}

TEST(CorruptTextTest, CutsBetweenCodePoints) {
  EXPECT_EQ(Corrupt(TextCorruption::kTruncation, 2, "äöü€"), "äöü");
  EXPECT_EQ(Corrupt(TextCorruption::kTruncation, 4, "\xF0\x9F\x98\x80\xF0\x9F\x98\x81 "),
            "\xF0\x9F\x98\x80");
}

TEST(CorruptTextTest, PutsWholeWordsIntoOneCase) {
  const std::string out = Corrupt(TextCorruption::kCasing, 5, Repeated("Word ", 200));
  int capitals = 0;
  for (const std::string& word : tare::Split(out, ' ')) {
    if (word.empty()) continue;
    EXPECT_TRUE(word == "WORD" || word == "word") << word;
    capitals += word == "WORD";
  }
  EXPECT_NEAR(capitals, 100, 29);  // 4 deviations of 200 coins
}

TEST(CorruptTextTest, ChangesTheShareOfWordsThatTheSeveritySays) {
  const std::string out = Corrupt(TextCorruption::kCasing, 1, Repeated("Word\n", 2000));
  int changed = 0;
  for (const std::string& word : tare::Split(out, '\n')) changed += !word.empty() && word != "Word";
  EXPECT_NEAR(changed, 200, 54);
}

TEST(CorruptTextTest, TyposAreOneEditEach) {
  const std::string text = Repeated("n", 1000);
  // Of letters that are all alike a swap is not seen: three of four typos change the text by one
  // edit.
  const int64_t edits = EditDistance(Corrupt(TextCorruption::kTypos, 3, text), text);
  EXPECT_GT(edits, 10);
  EXPECT_LE(edits, 50 + 28);
  EXPECT_LT(EditDistance(Corrupt(TextCorruption::kTypos, 1, text), text), edits);
}

TEST(CorruptTextTest, TyposLeaveEverythingButLettersAlone) {
  const std::string text = "12 34 \xC3\xA4\xE2\x82\xAC !? \xFF\xC3";
  EXPECT_EQ(Corrupt(TextCorruption::kTypos, 5, text), text);
}

TEST(CorruptTextTest, HitsOnlyNeighbouringKeys) {
  const std::string out = Corrupt(TextCorruption::kTypos, 5, Repeated("Q1", 500));
  EXPECT_EQ(out.find_first_not_of("QWA1"), std::string::npos) << out;
}

TEST(CorruptTextTest, DependsOnSeedAndSample) {
  const std::string text = Repeated("the quick brown fox ", 20);
  EXPECT_EQ(Corrupt(TextCorruption::kTypos, 4, text, 3),
            Corrupt(TextCorruption::kTypos, 4, text, 3));
  EXPECT_NE(Corrupt(TextCorruption::kTypos, 4, text, 3),
            Corrupt(TextCorruption::kTypos, 4, text, 4));
  EXPECT_NE(CorruptText({TextCorruption::kTypos, 4, 2}, 3, text).value(),
            Corrupt(TextCorruption::kTypos, 4, text, 3));
}

TEST(CorruptTextTest, KeepsAnEmptyTextEmpty) {
  for (const auto corruption :
       {TextCorruption::kTypos, TextCorruption::kCasing, TextCorruption::kTruncation})
    EXPECT_EQ(Corrupt(corruption, 5, ""), "");
}

TEST(CorruptTextTest, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(CorruptText({TextCorruption::kTypos, 6}, 0, "a").error().next_step, "give 1 to 5");
  EXPECT_EQ(FindTextCorruption("casing").value(), TextCorruption::kCasing);
  EXPECT_EQ(FindTextCorruption("typo").error().next_step, "did you mean 'typos'?");
}

}  // namespace
}  // namespace tare::data
