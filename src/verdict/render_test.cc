#include "tare/verdict/render.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "tare/core/text.h"
#include "tare/verdict/format.h"
#include "verdict/evidence_test_internal.h"

namespace tare::verdict {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Latency LatencyOf(double p50) {
  Latency out;
  out.p50.value = p50;
  return out;
}

Report MakeReport() {
  Report report;
  report.name = "fashion";
  report.evidence = MakeEvidence(10'000, 52, 44, 13);
  report.evidence.cost.speedup.push_back({1, 1, MakeBootstrapped(2.1, 2.0, 2.2, 100)});
  report.evidence.baseline.latency.push_back(LatencyOf(0.81));
  report.evidence.candidate.latency.push_back(LatencyOf(0.384));
  report.evidence.baseline.model_bytes = 1'900'000;
  report.evidence.candidate.model_bytes = 510'000;
  report.evidence.cost.size_ratio = 0.268;
  auto policy = ParsePolicy(R"(
quality: [{metric: accuracy, margin: 0.005}, {metric: recall, class: shirt, margin: 0.02}]
cost: [{metric: size_ratio, max: 0.2}]
)",
                            "test");
  report.decision = Gate(report.evidence, *policy);
  return report;
}

TEST(TableTest, AlignsChecksAndFacts) {
  EXPECT_THAT(
      TableLines(MakeReport()),
      ElementsAre(
          "                    float32    int8_static  difference (95 %)          margin  verdict",
          "  accuracy          90.00 %    89.92 %      -0.08 [-0.28, +0.11]       -0.50   PASS",
          "  recall, shirt     undefined  undefined    undefined                  -0.020  "
          "INCONCLUSIVE",
          "  flips                        1.09 %       109 of 10,000, 52 harmful",
          "  latency, batch 1  0.810 ms   0.384 ms     2.1x [2.0, 2.2]",
          "  size              1.9 MB     510.0 kB     0.27                       \u2264 0.20  "
          "FAIL"));
}

TEST(MarkdownTest, ListsWhatBothModelsCost) {
  Report report = MakeReport();
  Evidence& evidence = report.evidence;
  for (Side* side : {&evidence.baseline, &evidence.candidate}) {
    Latency latency = LatencyOf(4);
    latency.p90.value = 5;
    latency.p99.value = 6;
    latency.batch = 8;
    latency.threads = 2;
    side->latency.push_back(latency);
    side->energy =
        Energy{.status = "estimated", .joules_per_sample = 0.02, .joules_per_correct = 0.025};
  }
  evidence.cost.speedup.push_back({8, 2, MakeBootstrapped(1, 0.9, 1.1, 100)});
  evidence.baseline.resident_rss_bytes = 50'000'000;
  evidence.candidate.resident_rss_bytes = 40'000'000;
  EXPECT_THAT(
      WriteReportMarkdown(report),
      HasSubstr("\n| cost | float32 | int8\\_static | ratio |\n| --- | ---: | ---: | --- |\n"
                "| p50 / p90 / p99, batch 1, 1 thread | 0.810 ms / 0 ms / 0 ms | 0.384 ms / 0 ms / "
                "0 ms | 2.1x as fast \\[2.0, 2.2\\] |\n"
                "| p50 / p90 / p99, batch 8, 2 threads | 4.00 ms / 5.00 ms / 6.00 ms | 4.00 ms / "
                "5.00 ms / 6.00 ms | 1.00x as fast \\[0.90, 1.10\\] |\n"
                "| resident memory, after a run | 50.0 MB | 40.0 MB | 0.80 |\n"
                "| energy a sample, estimated | 0.0200 J | 0.0200 J | 1.00x |\n"
                "| energy a correct answer, estimated | 0.0250 J | 0.0250 J | 1.00x |\n"));
}

TEST(FormatTest, WritesNumbersAsPeopleReadThem) {
  EXPECT_EQ(FormatValue(0.92414, Unit::kRatio), "92.41 %");
  EXPECT_EQ(FormatValue(0.923, Unit::kScore), "0.923");
  EXPECT_EQ(FormatValue(0.99934, Unit::kScore), "0.99934");
  EXPECT_EQ(FormatValue(2.1, Unit::kTimes), "2.1x");
  EXPECT_EQ(FormatValue(1.052, Unit::kTimes), "1.05x");
  EXPECT_EQ(FormatInterval(0.011, 0.013, Unit::kRatio), "[1.10, 1.30]");
  EXPECT_EQ(FormatValue(0.27, Unit::kTimes), "0.27");
  EXPECT_EQ(FormatValue(0.8123, Unit::kMs), "0.812 ms");
  EXPECT_EQ(FormatValue(1.9e6, Unit::kBytes), "1.9 MB");
  EXPECT_EQ(FormatValue(0.001498, Unit::kNats), "0.00150 nats");
  EXPECT_EQ(FormatValue(std::numeric_limits<double>::infinity(), Unit::kMs), "undefined");
  EXPECT_EQ(FormatDifference(-0.0008, Unit::kRatio, WithUnit::kYes, Minus::kTypeset),
            "\u22120.08 points");
  EXPECT_EQ(FormatDifference(0.0008, Unit::kRatio, WithUnit::kNo, Minus::kAscii), "+0.08");
  EXPECT_EQ(FormatDifference(0, Unit::kRatio, WithUnit::kNo, Minus::kAscii), "0.00");
  EXPECT_EQ(Percent(0.975), "97.5");
}

TEST(MarkdownTest, SaysTheVerdictFirstAndWhatDidNotPass) {
  const std::string text = WriteReportMarkdown(MakeReport());
  EXPECT_TRUE(text.starts_with("## FAIL: fashion\n"));
  EXPECT_THAT(text, HasSubstr("| accuracy | 90.00 % | 89.92 % |"));
  EXPECT_THAT(text, HasSubstr("- **FAIL** size: the value, 0.27, is above the maximum of 0.20"));
  EXPECT_THAT(text, HasSubstr("- **INCONCLUSIVE** recall, shirt:"));
}

TEST(MarkdownTest, EscapesForeignText) {
  Report report = MakeReport();
  report.name = "a|b <img src=x>\n# c";
  const std::string text = WriteReportMarkdown(report);
  EXPECT_THAT(text, HasSubstr("a\\|b \\<img src=x\\> \\# c\n"));
}

// 1,000 samples of which `harmful` are lost to quantization.
void AddCondition(const std::string& name, const std::string& text, int64_t harmful,
                  Evidence& evidence) {
  const auto accuracy = [](int64_t right) {
    return Metrics{{"accuracy", ShareEstimate(right, 1'000, 0.95)}};
  };
  evidence.baseline.distributions.push_back({name, text, 1'000, accuracy(800)});
  evidence.candidate.distributions.push_back({name, text, 1'000, accuracy(800 - harmful)});
  evidence.paired->distributions.push_back(
      {name,
       {1'000, harmful, harmful, 0},
       {{"accuracy", PairedEstimate({1'000, harmful, 0}, 0.95)}}});
}

TEST(MarkdownTest, SaysWhatDistributionsAddToTheDamage) {
  Report report;
  report.evidence = MakeEvidence(10'000, 52, 44);  // -0.08 points on the clean set
  AddCondition("noise", "gaussian_noise, severity 3", 40, report.evidence);
  AddCondition("win|ter", "winter.npz", 1, report.evidence);
  const std::string text = WriteReportMarkdown(report);
  EXPECT_THAT(text, HasSubstr("### Quantization costs 3.92 points more accuracy under noise than "
                              "on clean data; 1 of 2 distributions adds damage beyond chance\n"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "| noise (gaussian\\_noise, severity 3) | 1,000 | 80.00 % | 76.00 % | \u22124.00 "));
  EXPECT_THAT(text, HasSubstr("| \u22123.92 "));
  EXPECT_THAT(text, HasSubstr("| win\\|ter (winter.npz) | 1,000 |"));
  EXPECT_THAT(text, Not(HasSubstr("<details>")));
}

TEST(MarkdownTest, LaysManyCorruptionsOutAsAGrid) {
  Report report;
  report.evidence = MakeEvidence(10'000, 0, 0);
  for (int severity = 1; severity <= 5; ++severity) {
    for (const char* name : {"fog", "snow", "frost"}) {
      AddCondition(StrCat(name, ":", severity), StrCat(name, ", severity ", severity),
                   severity == 5 && name[0] == 'f' && name[1] == 'o' ? 50 : 1, report.evidence);
    }
  }
  const std::string text = WriteReportMarkdown(report);
  EXPECT_THAT(
      text,
      HasSubstr("| fog | \u22120.10 | \u22120.10 | \u22120.10 | \u22120.10 | **\u22125.00** |\n"));
  EXPECT_THAT(text, HasSubstr("| snow | \u22120.10 |"));
  EXPECT_THAT(text, HasSubstr("<details><summary>All 15</summary>"));
}

// A report may come from elsewhere, with lists that do not go together; a fuzz target found the
// first.
TEST(MarkdownTest, ShowsOnlyConditionsThatBothSidesAndTheirComparisonHave) {
  Report report;
  report.evidence = MakeEvidence(10'000, 0, 0);
  AddCondition("noise", "gaussian_noise, severity 3", 40, report.evidence);
  AddCondition("fog", "fog, severity 1", 2, report.evidence);
  AddCondition("snow", "snow, severity 1", 3, report.evidence);
  std::swap(report.evidence.candidate.distributions[0], report.evidence.candidate.distributions[1]);
  report.evidence.baseline.distributions.pop_back();
  EXPECT_THAT(WriteReportMarkdown(report),
              HasSubstr("| noise (gaussian\\_noise, severity 3) | 1,000 | 80.00 % | 76.00 % |"));
  EXPECT_THAT(WriteReportMarkdown(report),
              HasSubstr("| fog (fog, severity 1) | 1,000 | 80.00 % | 79.80 % |"));
  EXPECT_THAT(WriteReportMarkdown(report), Not(HasSubstr("| snow")));
  report.evidence.candidate.distributions.clear();
  EXPECT_THAT(WriteReportMarkdown(report), Not(HasSubstr("| noise")));
}

TEST(MarkdownTest, SaysHowManySlicesWereSearched) {
  Report report;
  report.evidence = MakeEvidence(100, 20, 2);
  SliceFindings& search = report.evidence.slice_findings.emplace();
  search.num_tests = 1'234;
  EXPECT_THAT(WriteReportMarkdown(report),
              HasSubstr("1,234 conditions and pairs of conditions were searched"));
  EXPECT_THAT(WriteReportMarkdown(report), HasSubstr("at most 5 %): none was found."));
  search.found = {{"width < 3", 40, 20, 60, 0, 1e-5, 1e-4, ShareEstimate(30, 40, 0.95),
                   ShareEstimate(12, 40, 0.95), PairedEstimate({40, 20, 2}, 0.95)}};
  EXPECT_THAT(WriteReportMarkdown(report),
              HasSubstr("| width \\< 3 | 40 | 20 (50.00 %) | 0.00 % | \u221245.00 "));
  EXPECT_THAT(WriteReportMarkdown(report), HasSubstr("| \\< 0.001 |"));
}

TEST(TableTest, ShowsExtraDamageAsADifferenceOfDifferences) {
  Report report;
  report.evidence = MakeEvidence(10'000, 52, 44);
  AddCondition("noise", "gaussian_noise, severity 3", 40, report.evidence);
  report.decision =
      Gate(report.evidence, PolicyOf("{metric: extra_damage, distribution: noise, margin: 0.1}"));
  EXPECT_THAT(WriteReportMarkdown(report),
              HasSubstr("| extra damage, noise | \u22120.08 | \u22124.00 | \u22123.92 "));
}

TEST(TableTest, ShowsHowCloseOutputsAreWithoutAPolicyToo) {
  Report report;
  report.evidence.task = Task::kOutputs;
  report.evidence.n = 50;
  OutputCloseness scores{.name = "scores",
                         .n = 50,
                         .cosine = Estimate{.value = 0.9, .low = 0.875, .high = 0.925},
                         .least_cosine = 0.75,
                         .flips = Share{3, 50}};
  OutputCloseness ids{.name = "ids", .n = 50, .agreement = Share{49, 50}};
  report.evidence.outputs = {scores, ids};
  const auto text = [&] { return Join(TableLines(report), "\n"); };
  EXPECT_THAT(text(), HasSubstr("cosine, scores"));
  EXPECT_THAT(text(), HasSubstr("0.900 [0.875, 0.925], least 0.750"));
  EXPECT_THAT(text(), ContainsRegex("flips, scores +6.00 % +3 of 50"));
  EXPECT_THAT(text(), ContainsRegex("agreement, ids +98.00 % +49 of 50"));
  // What the policy judges stands there once.
  report.decision =
      Gate(report.evidence, PolicyOf("{metric: flip_rate, output: scores, max: 0.2}"));
  EXPECT_THAT(text(), Not(ContainsRegex("flips, scores[^\n]*\n(.*\n)*.*flips, scores")));
  EXPECT_THAT(text(), HasSubstr("PASS"));
}

TEST(TableTest, ShowsTheFarthestOfManyOutputs) {
  Report report;
  report.evidence.task = Task::kOutputs;
  for (int i = 0; i < 8; ++i) {
    report.evidence.outputs.push_back({.name = StrCat("out", i),
                                       .n = 9,
                                       .cosine = Estimate{.value = i == 3 ? 0.5 : 0.9 - 0.01 * i}});
  }
  const std::string text = Join(TableLines(report), "\n");
  EXPECT_THAT(text, HasSubstr("cosine, out3"));
  EXPECT_THAT(text, Not(HasSubstr("cosine, out0")));
  EXPECT_THAT(text, Not(HasSubstr("cosine, out1")));
  EXPECT_LT(text.find("cosine, out2"), text.find("cosine, out3"));
  EXPECT_THAT(text, HasSubstr("2 closer outputs"));
}

TEST(TableTest, SaysNothingOfFlipsWhereEveryNumberDiffers) {
  Report report;
  report.evidence = MakeEvidence(100, 2, 1);
  report.evidence.task = Task::kRegression;
  for (const std::string& line : TableLines(report)) EXPECT_THAT(line, Not(HasSubstr("flips")));
  report.evidence.task = Task::kObjectDetection;
  EXPECT_THAT(TableLines(report).back(), HasSubstr("3 of 100"));
  EXPECT_THAT(TableLines(report).back(), Not(HasSubstr("harmful")));
}

TEST(HtmlTest, PutsReportAndFlipsInTheirPlaceholders) {
  const std::string_view page = "<script>/*TARE_REPORT*/</script><script>/*TARE_FLIPS*/</script>";
  const auto html = WriteReportHtml(page, "{\"a\": \"</script>\u2028\"}", "{\"b\": \"<\"}");
  ASSERT_TRUE(html);
  EXPECT_EQ(*html,
            "<script>{\"a\": \"\\u003c/script>\\u2028\"}</script><script>{\"b\": "
            "\"\\u003c\"}</script>");
}

TEST(HtmlTest, LeavesAPlaceholderInAForeignNameAlone) {
  const auto html = WriteReportHtml("/*TARE_REPORT*/ /*TARE_FLIPS*/", "/*TARE_FLIPS*/", "f");
  ASSERT_TRUE(html);
  EXPECT_EQ(*html, "/*TARE_FLIPS*/ f");
}

TEST(HtmlTest, RefusesAPageWithoutItsPlaceholders) {
  EXPECT_FALSE(WriteReportHtml("<html></html>", "{}"));
  EXPECT_FALSE(WriteReportHtml("/*TARE_REPORT*/", "{}"));
  EXPECT_FALSE(WriteReportHtml("/*TARE_FLIPS*/", "{}"));
  EXPECT_FALSE(WriteReportHtml("/*TARE_REPORT*/ /*TARE_REPORT*/ /*TARE_FLIPS*/", "{}"));
  EXPECT_FALSE(WriteReportHtml("/*TARE_REPORT*/ /*TARE_FLIPS*/ /*TARE_REPORT*/", "{}"));
}

TEST(JunitTest, CountsFailuresAndErrors) {
  Report report = MakeReport();
  report.name = "a<b>&\"\x01";
  const std::string text = WriteJunit(report);
  EXPECT_THAT(text, HasSubstr("tests=\"3\" failures=\"1\" errors=\"1\""));
  EXPECT_THAT(text, HasSubstr("name=\"a&lt;b&gt;&amp;&quot;?\""));
  EXPECT_THAT(text, HasSubstr("<failure type=\"FAIL\""));
  EXPECT_THAT(text, HasSubstr("<error type=\"INCONCLUSIVE\""));
  EXPECT_THAT(text, HasSubstr("name=\"accuracy (accuracy, all)\"/>"));
}

TEST(SarifTest, MapsVerdictsToKinds) {
  const auto json = nlohmann::json::parse(WriteSarif(MakeReport(), "report.json"));
  EXPECT_EQ(json["version"], "2.1.0");
  const auto& results = json["runs"][0]["results"];
  ASSERT_EQ(results.size(), 3);
  EXPECT_EQ(results[0]["kind"], "pass");
  EXPECT_EQ(results[0]["level"], "none");
  EXPECT_EQ(results[1]["kind"], "open");
  EXPECT_EQ(results[2]["kind"], "fail");
  EXPECT_EQ(results[2]["level"], "error");
  EXPECT_EQ(results[2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "report.json");
  EXPECT_EQ(json["runs"][0]["tool"]["driver"]["rules"].size(), 3);
}

TEST(RenderTest, StandsAReportWithoutDecision) {
  Report report;
  report.evidence = MakeEvidence(0, 0, 0);
  EXPECT_FALSE(TableLines(report).empty());
  EXPECT_THAT(WriteReportMarkdown(report), HasSubstr("no verdict"));
  EXPECT_THAT(WriteJunit(report), HasSubstr("tests=\"0\""));
  EXPECT_TRUE(nlohmann::json::accept(WriteSarif(report, "r")));
}

}  // namespace
}  // namespace tare::verdict
