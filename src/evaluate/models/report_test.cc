#include "tare/verdict/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "evaluate/cost/latency_internal.h"
#include "tare/evaluate/samples/classification.h"
#include "verdict/evidence_test_internal.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;
using verdict::Task;

std::string ReadText(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A whole evaluation, from samples to the report.
verdict::Report MakeReport() {
  TestOptions options;
  options.bootstrap.replicates = 300;
  options.slices = {{"ones", "label == 1"}};
  auto evaluation = ClassificationEvaluation::Create(options);
  std::vector<int64_t> labels;
  std::vector<double> first, second;
  for (int64_t i = 0; i < 60; ++i) {
    labels.push_back(i % 3);
    for (int64_t c = 0; c < 3; ++c) {
      const float score = c == i % 3 ? 2.0F : static_cast<float>((i * 7 + c) % 5) / 4;
      first.push_back(score);
      second.push_back(score + static_cast<float>((i * 11 + c * 3) % 7) / 5);
    }
  }
  EXPECT_TRUE(evaluation->Add({labels, 3, {first, {}}, {second, {}}, {}}));
  const auto part = evaluation->Finish();
  verdict::Report report;
  report.name = "test";
  report.evidence.task = Task::kClassification;
  report.evidence.classes = {"a", "b", "c"};
  report.evidence.replicates = 300;
  SetTestEvidence(part, report.evidence);
  AddDistribution("noise", "severity 3", part, report.evidence);
  verdict::OutputCloseness output;
  output.name = "logits";
  output.shape = {-1, 3};
  output.n = 60;
  output.cosine = verdict::MakeBootstrapped(0.99, 0.98, 1, 60);
  output.least_cosine = 0.9;
  output.relative_error = verdict::MakeBootstrapped(0.1, 0.08, 0.12, 60);
  output.snr_db = 20;
  output.flips = verdict::Share{3, 60};
  report.evidence.outputs.push_back(output);
  std::vector<PairedTimes> times;
  std::vector<PairedTimes> equal;
  for (int i = 0; i < kSessionPairs; ++i) {
    times.push_back({{2 + i * 0.01, 2.2, 2.4, 2.6, 3}, {1 + i * 0.01, 1.2, 1.4, 1.6, 2}});
    equal.push_back({times.back().baseline, times.back().baseline});
  }
  AddLatency(SummariseTimes(times, {}), std::nullopt, report.evidence);
  AddLatency(SummariseTimes(equal, {.num_threads = 2}), 0.05, report.evidence);
  for (verdict::Side* side : {&report.evidence.baseline, &report.evidence.candidate}) {
    side->energy =
        verdict::Energy{.status = "measured", .joules_per_sample = 0.5, .method = "RAPL package-0"};
    side->resident_rss_bytes = 5000;
  }
  report.evidence.baseline.model_bytes = 1000;
  report.evidence.candidate.model_bytes = 300;
  verdict::SetCostRatios(report.evidence);
  report.digests["baseline"] = "sha256:00";
  return report;
}

verdict::Policy WidePolicy() {
  auto policy = verdict::ParsePolicy(R"(
quality:
  - {metric: accuracy, margin: 0.1}
  - {metric: f1_macro, margin: 0.2}
  - {metric: log_loss, margin: 0.2}
  - {metric: ece, margin: 0.2}
  - {metric: recall, class: b, margin: 0.2}
  - {metric: f1, class: 0, margin: 0.2}
  - {metric: flip_rate, max: 0.3}
  - {metric: flip_rate, slice: ones, max: 0.3}
  - {metric: accuracy, distribution: noise, margin: 0.2}
  - {metric: kl_mean, max: 1}
  - {metric: kl_p99, max: 1}
  - {metric: cosine, min: 0.9}
  - {metric: relative_error, max: 0.2}
  - {metric: snr_db, min: 10}
  - {metric: flip_rate, output: logits, max: 0.2}
cost:
  - {metric: size_ratio, max: 0.35}
  - {metric: speedup, min: 1.1}
  - {metric: speedup, min: 0.9, threads: 2}
  - {metric: latency_p99_ms, max: 4}
  - {metric: latency_p50_ms, max: 4, batch: 1, threads: 2}
  - {metric: energy_ratio, max: 1}
  - {metric: resident_rss_bytes, max: 5000}
)",
                                     "test");
  EXPECT_TRUE(policy) << policy.error().what;
  return *policy;
}

TEST(ReportTest, CarriesWhatWasFoundAndSearched) {
  verdict::Report report = MakeReport();
  ASSERT_TRUE(report.evidence.slice_findings);
  auto& findings = *report.evidence.slice_findings;
  findings.num_tests = 120;
  findings.found = {{"width < 3", 40, 20, 60, 1, 1e-5, 1.2e-3, verdict::ShareEstimate(30, 40, 0.95),
                     verdict::ShareEstimate(12, 40, 0.95),
                     verdict::PairedEstimate({40, 20, 2}, 0.95)}};
  const std::string text = verdict::WriteReportJson(report);
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["slice_search"]["tests"], 120);
  EXPECT_EQ(json["slice_search"]["adjustment"], "holm");
  EXPECT_EQ(json["found_slices"][0]["where"], "width < 3");
  EXPECT_EQ(json["found_slices"][0]["p_holm"], 1.2e-3);
  EXPECT_EQ(json["found_slices"][0]["difference"]["value"], -18.0 / 40);
  const auto again = verdict::ReadReportJson(text, "report.json");
  ASSERT_TRUE(again) << again.error().what;
  ASSERT_TRUE(again->evidence.slice_findings);
  const auto& read = again->evidence.slice_findings->found;
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].where, "width < 3");
  EXPECT_EQ(read[0].rest_harmful, 1);
  EXPECT_EQ(read[0].candidate, findings.found[0].candidate);
}

TEST(ReportTest, SaysOfEachMetricItsNameUnitAndDirection) {
  const auto json = nlohmann::json::parse(verdict::WriteReportJson(MakeReport()));
  const auto& metrics = json["baseline"]["metrics"];
  EXPECT_EQ(metrics["f1_macro"]["label"], "F1 macro");
  EXPECT_EQ(metrics["f1_macro"]["unit"], "score");
  EXPECT_EQ(metrics["ece"]["better"], "lower");
  EXPECT_EQ(metrics["accuracy"]["unit"], "ratio");
}

TEST(ReportTest, SaysWhatADistributionAdds) {
  const auto json = nlohmann::json::parse(verdict::WriteReportJson(MakeReport()));
  // The distribution of this report is the test set itself.
  const auto& damage = json["paired"]["distributions"][0]["extra_damage"];
  EXPECT_EQ(damage["metric"], "accuracy");
  EXPECT_EQ(damage["value"], 0);
  EXPECT_EQ(damage["p"], 1);
  EXPECT_LT(damage["low"], 0);
}

// Whatever the policy, a report that was written and read back is judged as the evidence was.
TEST(ReportTest, IsJudgedAlikeAfterARoundTrip) {
  const verdict::Report report = MakeReport();
  const auto again = verdict::ReadReportJson(verdict::WriteReportJson(report), "report.json");
  ASSERT_TRUE(again) << again.error().what;
  for (const double confidence : {0.8, 0.95, 0.99}) {
    auto policy = WidePolicy();
    policy.confidence = confidence;
    const verdict::Decision before = verdict::Gate(report.evidence, policy);
    const verdict::Decision after = verdict::Gate(again->evidence, policy);
    EXPECT_EQ(before.summary, after.summary);
    ASSERT_EQ(before.checks.size(), after.checks.size());
    for (size_t i = 0; i < before.checks.size(); ++i) {
      EXPECT_EQ(before.checks[i].verdict, after.checks[i].verdict) << before.checks[i].label;
      EXPECT_EQ(before.checks[i].reason, after.checks[i].reason);
      EXPECT_EQ(before.checks[i].bound, after.checks[i].bound);
      EXPECT_TRUE(before.checks[i].statistic) << before.checks[i].reason;
    }
  }
}

TEST(ReportTest, HoldsTheKeysThatOtherProgramsRelyOn) {
  verdict::Report report = MakeReport();
  report.decision = verdict::Gate(report.evidence, WidePolicy());
  const auto json = nlohmann::json::parse(verdict::WriteReportJson(report));
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_EQ(json["verdict"], verdict::VerdictName(report.decision->verdict));
  for (const auto side : {"baseline", "candidate"}) {
    const auto& part = json[side];
    for (const auto name : {"accuracy", "f1_macro", "precision_micro", "log_loss", "ece"}) {
      for (const auto key : {"value", "low", "high"}) {
        EXPECT_TRUE(part["metrics"][name][key].is_number()) << name << key;
      }
    }
    EXPECT_EQ(part["slices"][0]["where"], "label == 1");
    EXPECT_EQ(part["distributions"][0]["name"], "noise");
    for (const auto key : {"p50", "p90", "p99"}) EXPECT_TRUE(part["latency_ms"][key].is_number());
    EXPECT_TRUE(part["throughput_per_s"].is_number());
    EXPECT_TRUE(part["model_bytes"].is_number());
    EXPECT_EQ(part["per_class"][1]["name"], "b");
    EXPECT_EQ(part["confusion"].size(), 3);
  }
  const auto& paired = json["paired"];
  for (const auto key : {"flips", "harmful", "helpful", "discordant", "n"}) {
    EXPECT_TRUE(paired[key].is_number_integer()) << key;
  }
  EXPECT_EQ(paired["flip_rate"], paired["flips"].get<double>() / paired["n"].get<double>());
  EXPECT_TRUE(paired["kl_nats"]["p99"].is_number());
  for (const auto& check : json["gate"]["checks"]) {
    for (const auto key :
         {"metric", "scope", "statistic", "margin", "bound", "n", "verdict", "reason"}) {
      EXPECT_TRUE(check.contains(key)) << check["label"] << key;
    }
  }
  EXPECT_EQ(json["cost"]["size_ratio"], 0.3);
  EXPECT_TRUE(json["cost"]["speedup"].is_number());
  EXPECT_TRUE(json["host"]["isa"].is_array());
}

TEST(ReportTest, KeepsEachNumberOfThreadsApart) {
  const auto json = nlohmann::json::parse(verdict::WriteReportJson(MakeReport()));
  ASSERT_EQ(json["cost"]["by_batch"].size(), 2);
  EXPECT_EQ(json["cost"]["by_batch"][1]["threads"], 2);
  EXPECT_EQ(json["cost"]["by_batch"][1]["waited"], 0.05);
  EXPECT_EQ(json["cost"]["speedup"], json["cost"]["by_batch"][0]["speedup"]);
  EXPECT_EQ(json["candidate"]["latency_ms"]["threads"], 1);
  EXPECT_TRUE(json["candidate"]["latency"][1]["quantiles"]["p90"].contains("low"));
  EXPECT_TRUE(json["candidate"]["energy"].contains("joules_per_correct"));
  EXPECT_EQ(json["candidate"]["resident_rss_bytes"], 5000);
}

// by_batch rows had no threads at first: they are those of the latency at that batch.
TEST(ReportTest, FindsTheThreadsOfAnOlderReport) {
  auto json = nlohmann::json::parse(verdict::WriteReportJson(MakeReport()));
  for (const char* side : {"baseline", "candidate"}) {
    json[side]["latency"].erase(0);
    json[side]["latency_ms"] = json[side]["latency"][0];
  }
  json["cost"]["by_batch"].erase(0);
  json["cost"]["by_batch"][0].erase("threads");
  const auto report = verdict::ReadReportJson(json.dump(), "report.json");
  ASSERT_TRUE(report) << report.error().what;
  ASSERT_EQ(report->evidence.cost.speedup.size(), 1U);
  EXPECT_EQ(report->evidence.cost.speedup[0].threads, 2);
}

TEST(ReportTest, WritesNullForWhatIsUndefined) {
  verdict::Report report;
  report.evidence = verdict::MakeEvidence(0, 0, 0);
  const auto json = nlohmann::json::parse(verdict::WriteReportJson(report));
  EXPECT_TRUE(json["verdict"].is_null());
  EXPECT_TRUE(json["baseline"]["metrics"]["accuracy"]["value"].is_null());
}

TEST(ReportTest, WritesTheSameBytesAgain) {
  EXPECT_EQ(verdict::WriteReportJson(MakeReport()), verdict::WriteReportJson(MakeReport()));
}

TEST(ReportTest, WritesTextThatIsNotUtf8) {
  verdict::Report report;
  report.name = "bad \xFF name";
  EXPECT_TRUE(nlohmann::json::accept(verdict::WriteReportJson(report)));
}

TEST(ReportTest, FindsThePolicyUnderWhichItWasJudged) {
  verdict::Report report = MakeReport();
  EXPECT_EQ(*verdict::DeclaredPolicy(report), verdict::DefaultPolicy(Task::kClassification));
  report.decision = verdict::Gate(report.evidence, WidePolicy());
  const auto again = verdict::ReadReportJson(verdict::WriteReportJson(report), "r");
  ASSERT_TRUE(again);
  EXPECT_EQ(*verdict::DeclaredPolicy(*again), WidePolicy());

  auto forged = nlohmann::json::parse(verdict::WriteReportJson(report));
  std::string policy = forged["gate"]["policy"];
  policy.replace(policy.find("0.1"), 3, "0.9");
  forged["gate"]["policy"] = policy;
  const auto read = verdict::ReadReportJson(forged.dump(), "r");
  ASSERT_TRUE(read);
  const auto declared = verdict::DeclaredPolicy(*read);
  ASSERT_FALSE(declared);
  EXPECT_EQ(declared.error().code, ErrorCode::kDataLoss);

  forged["gate"].erase("policy");
  const auto bare = verdict::ReadReportJson(forged.dump(), "r");
  ASSERT_TRUE(bare);
  EXPECT_EQ(
      verdict::DeclaredPolicy(*bare)->quality.size() + verdict::DeclaredPolicy(*bare)->cost.size(),
      22);
  EXPECT_EQ(verdict::DeclaredPolicy(*bare)->cost[2].threads, 2);
  EXPECT_EQ(verdict::DeclaredPolicy(*bare)->cost[2].batch, 1);
}

// The example of the format's page, written by hand by those who draw it: no bounds, no counts
// inside the differences.
TEST(ReportTest, JudgesAReportThatHoldsOnlyTheDocumentedKeys) {
  const std::string text = ReadText("tests/formats/report-1.json");
  const auto report = verdict::ReadReportJson(text, "report-1.json");
  ASSERT_TRUE(report) << report.error().what;
  const auto policy = verdict::DeclaredPolicy(*report);
  ASSERT_TRUE(policy);
  const verdict::Decision decision = verdict::Gate(report->evidence, *policy);
  const auto json = nlohmann::json::parse(text);
  ASSERT_EQ(decision.checks.size(), json["gate"]["checks"].size());
  for (size_t i = 0; i < decision.checks.size(); ++i) {
    EXPECT_EQ(verdict::VerdictName(decision.checks[i].verdict),
              json["gate"]["checks"][i]["verdict"])
        << decision.checks[i].reason;
    EXPECT_EQ(decision.checks[i].label, json["gate"]["checks"][i]["label"]);
  }
}

struct BadReport {
  std::string text;
  ErrorCode code;
  std::string_view what;
};
class BadReportTest : public testing::TestWithParam<BadReport> {};

TEST_P(BadReportTest, EndsWithAClearError) {
  const auto report = verdict::ReadReportJson(GetParam().text, "r.json");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, GetParam().code);
  EXPECT_THAT(report.error().what, HasSubstr(GetParam().what));
  EXPECT_FALSE(report.error().next_step.empty());
}

std::string With(std::string_view keys) {
  return StrCat(R"({"schema_version": 1, "n": 5, "baseline": {}, "candidate": {})", keys, "}");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadReportTest,
    testing::Values(
        BadReport{"", ErrorCode::kDataLoss, "stopped at byte"},
        BadReport{"{\"schema_version\": 1, ", ErrorCode::kDataLoss, "stopped at byte"},
        BadReport{"[]", ErrorCode::kInvalidArgument, "the document is not an object"},
        BadReport{"{}", ErrorCode::kInvalidArgument, "no schema_version"},
        BadReport{R"({"schema_version": 2})", ErrorCode::kUnsupported, "schema_version 2"},
        BadReport{R"({"schema_version": 1})", ErrorCode::kInvalidArgument, "n is not there"},
        BadReport{R"({"schema_version": 1e99})", ErrorCode::kInvalidArgument, "whole number"},
        BadReport{std::string(100'000, '['), ErrorCode::kInvalidArgument, "64 levels"},
        BadReport{With(R"(, "task": "poetry")"), ErrorCode::kInvalidArgument,
                  "task is not a task that this version of tare knows"},
        BadReport{With(R"(, "n": -1)"), ErrorCode::kInvalidArgument, "at least 0"},
        BadReport{With(R"(, "n": 99999999999999999999)"), ErrorCode::kInvalidArgument,
                  "whole number"},
        BadReport{With(R"(, "paired": 3)"), ErrorCode::kInvalidArgument, "paired is not an object"},
        BadReport{With(R"(, "paired": {"n": 5, "flips": 9})"), ErrorCode::kInvalidArgument,
                  "paired.flips"},
        BadReport{With(R"(, "paired": {"n": 5, "flips": 2, "harmful": 2, "helpful": 1})"),
                  ErrorCode::kInvalidArgument, "paired.harmful"},
        BadReport{With(R"(, "paired": {"difference": {"f1": {"bounds": [{"confidence": 2}]}}})"),
                  ErrorCode::kInvalidArgument, "paired.difference.f1.bounds[0].confidence"},
        BadReport{
            With(
                R"(, "paired": {"difference": {"a": {"value": 0.5, "n": 5, "harmful": 1, "helpful": 0}}})"),
            ErrorCode::kInvalidArgument, "paired.difference.a.value"},
        BadReport{With(R"(, "candidate": {"metrics": {"accuracy": {"value": "x"}}})"),
                  ErrorCode::kInvalidArgument, "candidate.metrics.accuracy.value is not a number"},
        BadReport{With(R"(, "intervals": {"confidence": 0})"), ErrorCode::kInvalidArgument,
                  "intervals.confidence"},
        BadReport{With(R"(, "cost": {"size_ratio": 1e999})"), ErrorCode::kDataLoss, "out of range"},
        BadReport{With(R"(, "outputs": [3])"), ErrorCode::kInvalidArgument,
                  "outputs[0] is not an object"}));

}  // namespace
}  // namespace tare::evaluate
