#include "tare/pipeline/report_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tare/core/file.h"

namespace tare::pipeline {
namespace {

using testing::HasSubstr;

TEST(ReportPathsTest, StandBesideTheJson) {
  const auto paths = ReportPathsOf("out/report.json");
  EXPECT_EQ(paths.json, "out/report.json");
  EXPECT_EQ(paths.html, "out/report.html");
  EXPECT_EQ(paths.markdown, "out/report.md");
  EXPECT_EQ(paths.flips, "out/flips.jsonl");
  EXPECT_EQ(ReportPathsOf("out/night.json").flips, "out/night.flips.jsonl");
  for (const char* named : {"out/report.html", "out/report.md"}) {
    EXPECT_EQ(ReportPathsOf(named).json, "out/report.json");
    EXPECT_EQ(ReportPathsOf(named).html, "out/report.html");
    EXPECT_EQ(ReportPathsOf(named).markdown, "out/report.md");
  }
  // Another extension stays, so that no other file is overwritten.
  EXPECT_EQ(ReportPathsOf("out.txt").html, "out.txt.html");
  EXPECT_EQ(ReportPathsOf("v1.2/report").markdown, "v1.2/report.md");
}

TEST(WriteReportFilesTest, WritesTheThreeFormsOfOneReport) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const std::string path = folder->path() + "/r.json";
  verdict::Report report;
  report.name = "shop";
  const std::string json = R"({"name": "</script>", "more": 1})";
  ASSERT_TRUE(WriteReportFiles(report, json, path));
  EXPECT_EQ(*ReadFile(path), json) << "keys that the report does not hold stay";
  const std::string html = *ReadFile(folder->path() + "/r.html");
  EXPECT_THAT(html, HasSubstr(R"({"name": "\u003c/script>", "more": 1})"));
  EXPECT_EQ(html.find("/*TARE_REPORT*/"), std::string::npos);
  EXPECT_THAT(*ReadFile(folder->path() + "/r.md"), HasSubstr("shop"));
}

TEST(WriteReportFilesTest, WritesAllFlipsAndShowsTheFirst) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const std::string path = folder->path() + "/report.json";
  verdict::Flip first;
  first.label = "coat";
  first.fields = {{"secret", "seen"}};
  verdict::Flip second;
  second.label = "shirt";
  second.place = 7;
  ASSERT_TRUE(WriteReportFiles({}, "{}", path, {{first, second}, 3, 1}));
  const std::string lines = *ReadFile(folder->path() + "/flips.jsonl");
  EXPECT_THAT(lines, HasSubstr("coat"));
  EXPECT_THAT(lines, HasSubstr("shirt"));
  EXPECT_EQ(lines.find("secret"), std::string::npos) << "what models saw stands in the page alone";
  const std::string html = *ReadFile(folder->path() + "/report.html");
  EXPECT_THAT(html,
              HasSubstr(R"({"total":3,"in_file":2,"file":"flips.jsonl","flips":[{"place":0)"));
  EXPECT_THAT(html, HasSubstr(R"(["secret","seen"])"));
  EXPECT_EQ(html.find("\"label\":\"shirt\""), std::string::npos);
  ASSERT_TRUE(WriteReportFiles({}, "{}", path));
  EXPECT_FALSE(std::filesystem::exists(folder->path() + "/flips.jsonl")) << "of another report";
}

TEST(WriteReportFilesTest, WritesTheJsonLast) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  // A folder stands where the Markdown should: the JSON must not claim that all is there.
  ASSERT_TRUE(std::filesystem::create_directory(folder->path() + "/r.md"));
  EXPECT_FALSE(WriteReportFiles({}, "{}", folder->path() + "/r.json"));
  EXPECT_FALSE(std::filesystem::exists(folder->path() + "/r.json"));
}

TEST(CheckReportFilesTest, LooksAtAllThree) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const std::string named = folder->path() + "/r.json";
  const std::string page = folder->path() + "/r.html";
  ASSERT_TRUE(WriteFileAtomic(page, "data of the user"));
  EXPECT_TRUE(CheckReportFiles(named, {}));
  EXPECT_FALSE(CheckReportFiles(named, std::span(&page, 1)));
}

TEST(UtcNowTest, HasTheFormOfRfc3339) {
  EXPECT_THAT(UtcNow(), testing::MatchesRegex("20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5]["
                                              "0-9]:[0-6][0-9]Z"));
}

TEST(HostFactsTest, HoldTheThreadsThatWereUsed) {
  const auto facts = HostFactsOf(3);
  EXPECT_EQ(facts.threads, 3);
  EXPECT_FALSE(facts.cpu.empty());
  EXPECT_THAT(facts.runtime, testing::StartsWith("onnxruntime "));
  EXPECT_GE(facts.cores.value_or(0), 1);
  EXPECT_GE(facts.memory_bytes.value_or(0), int64_t{1} << 20);
}

}  // namespace
}  // namespace tare::pipeline
