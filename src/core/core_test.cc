// Hashing, files, text, random numbers and YAML of core.

#include <fnmatch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>

#include "core/json_reader.h"
#include "tare/core/file.h"
#include "tare/core/hash.h"
#include "tare/core/parallel.h"
#include "tare/core/random.h"
#include "tare/core/text.h"
#include "tare/core/yaml.h"

namespace tare {
namespace {

TEST(Sha256Test, MatchesTheStandardsVectors) {  // FIPS 180-4 examples
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(WriteFileAtomicTest, ReplacesTheFileAndLeavesNothingBeside) {
  const auto folder = TemporaryFolder::Create();
  const std::string path = folder->path() + "/x";
  ASSERT_TRUE(WriteFileAtomic(path, "one"));
  ASSERT_TRUE(WriteFileAtomic(path, "two"));
  EXPECT_EQ(*ReadFile(path), "two");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder->path()), {}), 1);
}

TEST(WriteFileAtomicTest, KeepsTheOldFileWhenTheWriterFails) {
  const auto folder = TemporaryFolder::Create();
  const std::string path = folder->path() + "/x";
  ASSERT_TRUE(WriteFileAtomic(path, "one"));
  const auto result = WriteFileAtomic(path, [](const Appender& append) -> Result<void> {
    TARE_TRY_VOID(append("half"));
    return Internal("planned");
  });
  EXPECT_FALSE(result);
  EXPECT_EQ(*ReadFile(path), "one");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder->path()), {}), 1);
}

TEST(WriteFileAtomicTest, SaysThatTheDiskIsFull) {
  // /dev/full is a device that answers ENOSPC; a folder that cannot take files stands in for the
  // path error.
  const auto missing = WriteFileAtomic("/nonexistent-folder/x", "one");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(missing.error().next_step, testing::HasSubstr("folder exists"));
}

TEST(CheckOutputTest, TakesAFileThatIsThereOrNot) {
  const auto folder = TemporaryFolder::Create();
  const std::string path = folder->path() + "/x";
  EXPECT_TRUE(CheckOutput(path, {}));
  ASSERT_TRUE(WriteFileAtomic(path, "one"));
  EXPECT_TRUE(CheckOutput(path, {}, 1));
  EXPECT_EQ(*ReadFile(path), "one");
}

TEST(CheckOutputTest, RefusesWhatIsReadByAnyName) {
  const auto folder = TemporaryFolder::Create();
  const std::string path = folder->path() + "/x";
  ASSERT_TRUE(WriteFileAtomic(path, "one"));
  const std::string read[] = {"", path};
  std::filesystem::create_symlink(path, folder->path() + "/soft");
  std::filesystem::create_hard_link(path, folder->path() + "/hard");
  for (const char* name : {"/x", "/soft", "/hard", "/./x"}) {
    const auto found = CheckOutput(folder->path() + name, read);
    ASSERT_FALSE(found) << name;
    EXPECT_THAT(found.error().what, testing::HasSubstr("it is read too")) << name;
  }
}

TEST(CheckOutputTest, RefusesWhatIsNoFile) {
  const auto folder = TemporaryFolder::Create();
  const std::string pipe = folder->path() + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::pair<std::string, std::string> rows[] = {
      {folder->path(), "a folder"}, {"/dev/full", "a device"}, {pipe, "a pipe"}};
  for (const auto& [path, kind] : rows) {
    const auto found = CheckOutput(path, {});
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(found.error().what, testing::HasSubstr(kind));
  }
  EXPECT_FALSE(CheckOutput("", {}));
}

TEST(CheckOutputTest, NamesTheFolderThatIsMissingAndTheDiskThatIsFull) {
  const auto folder = TemporaryFolder::Create();
  const auto missing = CheckOutput(folder->path() + "/none/x", {});
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().what, testing::HasSubstr(folder->path() + "/none"));
  const auto full = CheckOutput(folder->path() + "/x", {}, int64_t{1} << 60);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::kResourceExhausted);
}

TEST(ReadFileTest, TellsAFolderFromAFile) {
  const auto result = ReadFile("/tmp");
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(ReadFile("/nonexistent").error().code, ErrorCode::kNotFound);
}

// Held to fnmatch() of POSIX, over every pattern and text of up to five characters.
TEST(MatchesGlobTest, AgreesWithFnmatch) {
  const auto all = [](std::string_view alphabet) {
    std::vector<std::string> texts = {""};
    for (size_t i = 0; i < texts.size() && texts[i].size() < 5; ++i) {
      for (const char c : alphabet) texts.push_back(texts[i] + c);
    }
    return texts;
  };
  const auto texts = all("a/");
  for (const std::string& pattern : all("a/*?")) {
    for (const std::string& text : texts) {
      ASSERT_EQ(MatchesGlob(pattern, text), ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0)
          << pattern << " on " << text;
    }
  }
}

TEST(MatchesGlobTest, TakesBracketsAndBackslashesForThemselves) {
  EXPECT_TRUE(MatchesGlob("conv[0]\\*", "conv[0]\\x"));
  EXPECT_FALSE(MatchesGlob("conv[0]", "conv0"));
}

TEST(RandomTest, MatchesTheReferenceSequence) {
  // First outputs of splitmix64.c by Vigna for the seed 1234567.
  Random random(1234567);
  EXPECT_EQ(random.Next(), 6457827717110365317ULL);
  EXPECT_EQ(random.Next(), 3203168211198807973ULL);
}

TEST(RandomTest, StaysBelowTheBound) {
  Random random(1);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random.Below(7), 7U);
}

TEST(ParallelForTest, CallsEveryIndexOnce) {
  std::vector<std::atomic<int>> calls(1000);
  ParallelFor(1000, 4, [&](int64_t i) { calls[static_cast<size_t>(i)]++; });
  for (const auto& count : calls) EXPECT_EQ(count, 1);
  ParallelFor(0, 4, [](int64_t) { FAIL(); });
}

TEST(TextTest, FindsTheNearestName) {
  const std::vector<std::string> names = {"accuracy", "f1_macro", "recall"};
  EXPECT_EQ(NearestName("acuracy", names), "accuracy");
  EXPECT_EQ(NearestName("zzzzzz", names), "");
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3);
}

TEST(TextTest, PrintsHumanNumbers) {
  EXPECT_EQ(HumanBytes(812), "812 B");
  EXPECT_EQ(HumanBytes(1'234), "1.2 kB");
  EXPECT_EQ(HumanBytes(999'990), "1.0 MB");
  EXPECT_EQ(HumanBytes(3'400'000), "3.4 MB");
  EXPECT_EQ(WithThousands(-1234567), "-1,234,567");
  EXPECT_EQ(WithThousands(123), "123");
}

TEST(TextTest, ParsesFractions) {
  double value = 0;
  EXPECT_TRUE(ParseNumber("1/255", &value));
  EXPECT_DOUBLE_EQ(value, 1.0 / 255.0);
  EXPECT_FALSE(ParseNumber("1/0", &value));
  EXPECT_FALSE(ParseNumber("1x", &value));
  EXPECT_FALSE(ParseNumber("", &value));
}

TEST(YamlTest, ReadsMapsListsAndLines) {
  const auto node = ParseYaml("a: 1/4\nb:\n  - x\n  - 'y z'\n", "t.yaml");
  ASSERT_TRUE(node) << node.error().what;
  YamlReader reader(*node, "t.yaml", "");
  EXPECT_DOUBLE_EQ(*reader.Number("a"), 0.25);
  EXPECT_THAT(*reader.Texts("b"), testing::ElementsAre("x", "y z"));
  EXPECT_TRUE(reader.Finish());
  EXPECT_EQ(node->Find("b")->items[1].line, 4);
}

TEST(YamlTest, NamesTheNearestKnownKey) {
  const auto node = ParseYaml("\nmodle: a.onnx\n", "t.yaml");
  YamlReader reader(*node, "t.yaml", "");
  EXPECT_EQ(*reader.Text("model", "none"), "none");
  const auto finish = reader.Finish();
  ASSERT_FALSE(finish);
  EXPECT_EQ(finish.error().what, "t.yaml:2: unknown key 'modle'");
  EXPECT_EQ(finish.error().next_step, "did you mean 'model'?");
}

TEST(YamlTest, RefusesHostileDocuments) {
  EXPECT_FALSE(ParseYaml(std::string(200, '['), "t.yaml"));
  EXPECT_FALSE(ParseYaml("a: 1\na: 2\n", "t.yaml"));
  EXPECT_FALSE(ParseYaml(std::string("a\0b", 3), "t.yaml"));
  // Ten aliases of ten aliases ...: 10^9 nodes when expanded.
  std::string bomb = "a0: &a0 x\n";
  for (int i = 1; i < 10; ++i) {
    bomb += StrCat("a", i, ": &a", i, " [");
    for (int k = 0; k < 10; ++k) bomb += StrCat(k > 0 ? "," : "", "*a", i - 1);
    bomb += "]\n";
  }
  EXPECT_FALSE(ParseYaml(bomb, "t.yaml"));
}

TEST(YamlTest, QuotesWhatWouldNotReadBack) {
  for (const std::string text : {"plain", "1.5", "true", "NULL", "Yes", "oN", "a: b", "",
                                 "/conv1/Conv", "x\"y\\z", "tab\there"}) {
    const auto node = ParseYaml(StrCat("k: ", YamlQuote(text)), "t.yaml");
    ASSERT_TRUE(node) << text;
    EXPECT_EQ(node->Find("k")->scalar, text);
  }
}

TEST(NestsDeeperThanTest, CountsBracketsOutsideText) {
  EXPECT_FALSE(NestsDeeperThan("", 0));
  EXPECT_FALSE(NestsDeeperThan("[{}]", 2));
  EXPECT_TRUE(NestsDeeperThan("[{}]", 1));
  EXPECT_FALSE(NestsDeeperThan("[[], [], {}]", 2)) << "beside each other";
  EXPECT_FALSE(NestsDeeperThan(R"(["[[[", "\"[[[", "\\"])", 1));
  EXPECT_TRUE(NestsDeeperThan(R"(["\\", [1]])", 1)) << "the text ends behind its backslash";
  EXPECT_TRUE(NestsDeeperThan(std::string(100'000, '['), 99'999));
}

}  // namespace
}  // namespace tare
