#include "tare/scores/wordpiece.h"

#include <gtest/gtest.h>

#include <numeric>
#include <span>

#include "scores/unicode_internal.h"
#include "stats/golden_test_internal.h"
#include "tare/core/hash.h"
#include "tare/core/strcat.h"

namespace tare::scores {
namespace {

WordPiece Made(const std::string& vocab, LetterCase letters = LetterCase::kLowered) {
  auto made = WordPiece::Parse(vocab, "vocab.txt", letters);
  TARE_CHECK(made.has_value());
  return *std::move(made);
}

std::string GoldenVocab() {
  std::string vocab;
  for (const auto& token : stats::ReadGolden("wordpiece/wordpiece.json", "vocab"))
    vocab += token.get<std::string>() + "\n";
  return vocab;
}

TEST(WordPieceTest, CutsAThousandTextsAsTokenizersDoes) {
  const std::string vocab = GoldenVocab();
  const WordPiece uncased = Made(vocab);
  const WordPiece cased = Made(vocab, LetterCase::kKept);
  int64_t n = 0;
  for (const auto& test : stats::ReadGolden("wordpiece/wordpiece.json", "cases")) {
    const auto text = test["text"].get<std::string>();
    EXPECT_EQ(uncased.Encode(text, 100'000), test["uncased"].get<std::vector<int64_t>>()) << text;
    EXPECT_EQ(cased.Encode(text, 100'000), test["cased"].get<std::vector<int64_t>>()) << text;
    ++n;
  }
  EXPECT_GE(n, 500);
}

TEST(WordPieceTest, JoinsAndCutsPairsAsTokenizersDoes) {
  const WordPiece tokens = Made(GoldenVocab());
  for (const auto& test : stats::ReadGolden("wordpiece/wordpiece.json", "pairs")) {
    const auto pair =
        EncodePair(tokens, test["premise"].get<std::string>(),
                   test["hypothesis"].get<std::string>(), test["max_tokens"].get<size_t>());
    ASSERT_TRUE(pair) << pair.error().what;
    EXPECT_EQ(pair->ids, test["ids"].get<std::vector<int64_t>>());
    const auto types = test["types"].get<std::vector<int64_t>>();
    EXPECT_EQ(std::ssize(types) - std::accumulate(types.begin(), types.end(), int64_t{0}),
              std::ssize(std::span(types).first(pair->premise_size)));
    EXPECT_EQ(pair->cut, test["cut"].get<bool>()) << test["premise"];
  }
}

// Each code point below 0x30000, and "##" before it, is a token: nothing hides behind [UNK].
TEST(WordPieceTest, FoldsEveryCodePointAsTokenizersDoes) {
  std::string vocab = "[UNK]\n[CLS]\n[SEP]\n";
  std::string text;
  for (uint32_t code = 0x21; code < 0x30000; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    std::string token;
    AppendUtf8(code, token);
    vocab += StrCat(token, "\n##", token, "\n");
    text += text.empty() ? "a" : " a";
    text += token;
    text += "b";
  }
  const auto expected = stats::ReadGolden("wordpiece/wordpiece.json", "every_code");
  for (const auto& [name, letters] :
       {std::pair("uncased", LetterCase::kLowered), std::pair("cased", LetterCase::kKept)}) {
    const auto ids = Made(vocab, letters).Encode(text, 10'000'000);
    std::string joined;
    for (const int64_t id : ids) joined += (joined.empty() ? "" : ",") + std::to_string(id);
    EXPECT_EQ(std::ssize(ids), expected[name]["n"].get<int64_t>()) << name;
    EXPECT_EQ(Sha256Hex(joined), expected[name]["sha256"].get<std::string>()) << name;
  }
}

TEST(WordPieceTest, StopsAtTheLimit) {
  const WordPiece tokens = Made("[UNK]\n[CLS]\n[SEP]\na\n##a\n");
  EXPECT_EQ(tokens.Encode("aaaa a", 3), (std::vector<int64_t>{3, 4, 4}));
  EXPECT_EQ(tokens.Encode("a a a a", 0), std::vector<int64_t>());
}

TEST(WordPieceTest, LeavesOutBytesThatAreNotUtf8) {
  const WordPiece tokens = Made("[UNK]\n[CLS]\n[SEP]\nab\n");
  EXPECT_EQ(tokens.Encode("a\xFF"
                          "b",
                          9),
            std::vector<int64_t>{3});
}

TEST(WordPieceTest, ReadsWindowsLinesAndCountsTheLastOfEqualTokens) {
  const WordPiece tokens = Made("[UNK]\r\n[CLS]\r\n[SEP]\r\na\r\n\r\na");
  EXPECT_EQ(tokens.size(), 6);
  EXPECT_EQ(tokens.Encode("a", 9), std::vector<int64_t>{5});
  EXPECT_EQ(tokens.pad(), 0);  // none in the vocabulary
}

TEST(WordPieceTest, NamesASpecialTokenThatIsMissing) {
  for (const std::string missing : {"[UNK]", "[CLS]", "[SEP]"}) {
    std::string vocab;
    for (const std::string name : {"[UNK]", "[CLS]", "[SEP]"})
      vocab += (name == missing ? "a" : name) + "\n";
    const auto made = WordPiece::Parse(vocab, "v.txt", LetterCase::kLowered);
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().what, "v.txt has no token " + missing);
    EXPECT_NE(made.error().next_step.find("vocab.txt"), std::string::npos);
  }
}

TEST(WordPieceTest, RefusesMoreThanAMillionLines) {
  const auto made = WordPiece::Parse("[UNK]\n[CLS]\n[SEP]\n" + std::string(1'000'000, '\n'),
                                     "v.txt", LetterCase::kLowered);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::kResourceExhausted);
}

TEST(WordPieceTest, CutsThePremiseAloneAndRefusesALongHypothesis) {
  const WordPiece tokens = Made("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\n");
  const auto pair = EncodePair(tokens, "a a a", "b b", 6);
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->ids, (std::vector<int64_t>{2, 4, 3, 5, 5, 3}));
  EXPECT_EQ(pair->premise_size, 3U);
  EXPECT_TRUE(pair->cut);
  const auto whole = EncodePair(tokens, "a a a", "b b", 8);
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->cut);
  EXPECT_TRUE(EncodePair(tokens, "a", "b b", 5));  // nothing is left of the premise
  const auto refused = EncodePair(tokens, "a", "b b", 4);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(refused.error().next_step.find("support"), std::string::npos);
}

}  // namespace
}  // namespace tare::scores
