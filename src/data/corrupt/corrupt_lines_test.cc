#include "tare/data/corrupt/corrupt_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tare/core/file.h"

namespace tare::data {
namespace {

using testing::HasSubstr;

class CorruptLinesTest : public testing::Test {
 protected:
  std::string Path(const std::string& name) const {
    return (std::filesystem::path(folder_.path()) / name).string();
  }
  std::string Given(const std::string& content) const {
    EXPECT_TRUE(WriteFileAtomic(Path("in"), content));
    return Path("in");
  }
  std::string Out() const { return *ReadFile(Path("out")); }
  Error ErrorOf(const std::string& content, const CorruptLinesOptions& options) const {
    EXPECT_TRUE(WriteFileAtomic(Path("out"), "before"));
    const auto done = CorruptLines(Given(content), Path("out"), options);
    EXPECT_FALSE(done);
    EXPECT_EQ(Out(), "before");
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 2)
        << "a temporary file stays";
    return done ? Internal("none") : done.error();
  }

  TemporaryFolder folder_ = *TemporaryFolder::Create();
};

// Truncation to 0.30 of the units, at least one, is known without the code: 10 letters become 3.
constexpr CorruptTextOptions kCut{TextCorruption::kTruncation, 5, 1};

TEST_F(CorruptLinesTest, ChangesLines) {
  const auto done = CorruptLines(Given("abcdefghij\n\nx\r\nklmnopqrst"), Path("out"), {kCut, ""});
  ASSERT_TRUE(done);
  EXPECT_EQ(Out(), "abc\nx\nklm\n");
  EXPECT_EQ(done->n, 3);
  EXPECT_EQ(done->changed, 2);
}

TEST_F(CorruptLinesTest, ChangesOneFieldAndKeepsTheOthersInOrder) {
  const auto done = CorruptLines(
      Given(
          R"({"z": 0.1, "text": "abcdefghij", "a": [1, {"text": "abcdefghij"}], "id": 9007199254740993}
)"),
      Path("out"), {kCut, "text"});
  ASSERT_TRUE(done);
  EXPECT_EQ(Out(), R"({"z":0.1,"text":"abc","a":[1,{"text":"abcdefghij"}],"id":9007199254740993}
)");
}

TEST_F(CorruptLinesTest, NumbersSamplesAsTheyAreCorruptedAlone) {
  const CorruptTextOptions typos{TextCorruption::kTypos, 5, 7};
  const std::string text = "the quick brown fox jumps over the lazy dog";
  ASSERT_TRUE(CorruptLines(Given(StrCat(text, "\n\n", text, "\n")), Path("out"), {typos, ""}));
  EXPECT_EQ(Out(), StrCat(*CorruptText(typos, 0, text), "\n", *CorruptText(typos, 1, text), "\n"));
}

TEST_F(CorruptLinesTest, EndsWithLineAndNextStepAndLeavesWhatWasThere) {
  const CorruptLinesOptions field{kCut, "text"};
  EXPECT_THAT(ErrorOf("{\"text\": \"a\"}\n[1]\n", field).what,
              HasSubstr("in:2: the line is no JSON object"));
  EXPECT_THAT(ErrorOf("{\"text\": \"a\"", field).what,
              HasSubstr("in:1: the line is no JSON object"));
  EXPECT_THAT(ErrorOf("{\"text\": 3}", field).what, HasSubstr("no text 'text'"));
  EXPECT_EQ(ErrorOf("{\"body\": \"b\", \"n\": 1}", field).next_step, "texts of this line: body");
  EXPECT_THAT(ErrorOf(std::string(100'000, '['), field).what,
              HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(ErrorOf("{\"q\": \"b\"}\n", {kCut, ""}).next_step,
              HasSubstr("--field); texts of this line: q"));
  EXPECT_THAT(ErrorOf("\n \n", field).what, HasSubstr("holds no text"));
  EXPECT_THAT(ErrorOf(std::string((16 << 20) + 1, 'a'), {kCut, ""}).what,
              HasSubstr("longer than 16 MiB"));
  EXPECT_THAT(ErrorOf("a", {{TextCorruption::kTypos, 6, 1}, ""}).what, HasSubstr("6"));
}

TEST_F(CorruptLinesTest, RefusesToReadWhatItWrites) {
  const std::string path = Given("text\n");
  const auto done = CorruptLines(path, path, {kCut, ""});
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().what, HasSubstr("is to be read and written"));
  EXPECT_EQ(*ReadFile(path), "text\n");
  EXPECT_EQ(CorruptLines(Path("none"), Path("out"), {kCut, ""}).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tare::data
