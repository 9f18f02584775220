#include "tare/evaluate/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tare/core/strcat.h"
#include "tare/evaluate/predictions.h"
#include "tare/evaluate/render.h"
#include "tare/evaluate/report.h"
#include "tare/evaluate/task_predictions.h"

namespace tare::evaluate {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

Estimate Of(double value, double low, double high) {
  Estimate out;
  out.value = value;
  out.low = low;
  out.high = high;
  return out;
}

Evidence Differing(std::string accuracy, Estimate first, std::string f1, Estimate second) {
  Evidence evidence;
  evidence.paired.emplace();
  evidence.paired->difference = {{std::move(accuracy), std::move(first)}, {std::move(f1), std::move(second)}};
  return evidence;
}

void AddClass(int64_t index, int64_t n, double recall, Evidence& evidence) {
  PairedClass row;
  row.index = index;
  row.counts.n = n;
  row.difference = {{"recall", Of(recall, recall, recall)}};
  evidence.paired->per_class.push_back(std::move(row));
}

TEST(FindingsTest, SayInWordsThatRareClassesPay) {
  Evidence evidence = Differing("accuracy", Of(0.0012, 0.0003, 0.0021), "f1_macro", Of(-0.004, -0.009, 0.001));
  evidence.classes = {"coat", "shirt", "bag", "hat"};
  AddClass(0, 9'000, 0.003, evidence);
  AddClass(1, 500, -0.021, evidence);
  AddClass(2, 300, -0.0015, evidence);
  AddClass(3, 200, 0, evidence);
  const auto found = FindDisagreements(evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].scope, "all");
  EXPECT_EQ(found[0].what,
            "accuracy rises by 0.12 points [+0.03, +0.21] while F1 macro falls by 0.004 [−0.009, +0.001] (only the interval of accuracy "
            "excludes 0): rare classes lose more than frequent ones gain; the classes that lose most: shirt (recall −2.10 points, n 500), "
            "bag (recall −0.15 points, n 300)");
}

TEST(FindingsTest, SayTheContraryWhereFrequentClassesPay) {
  Evidence evidence = Differing("accuracy", Of(-0.01, -0.02, -0.005), "f1_macro", Of(0.01, 0.001, 0.02));
  AddClass(0, 9'000, -0.02, evidence);
  AddClass(1, 100, 0.05, evidence);
  const auto found = FindDisagreements(evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, AllOf(HasSubstr("accuracy falls by 1.00 points"), HasSubstr("both intervals exclude 0"),
                                   HasSubstr("frequent classes lose more than rare ones gain; the classes that lose most: class 0 (")));
}

TEST(FindingsTest, ClaimNoReasonThatTheClassesDoNotBearOut) {
  Evidence evidence = Differing("accuracy", Of(0.01, -0.02, 0.02), "f1_macro", Of(-0.01, -0.02, 0.02));
  AddClass(0, 100, 0.5, evidence);
  AddClass(1, 900, -0.05, evidence);
  const auto found = FindDisagreements(evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, AllOf(HasSubstr("both intervals hold 0, so this may be chance"), HasSubstr("macro F1 counts them alike")));
}

TEST(FindingsTest, AreSilentWhereDirectionsAgreeOrShowAsZero) {
  EXPECT_THAT(FindDisagreements({}), IsEmpty());
  EXPECT_THAT(FindDisagreements(Differing("accuracy", Of(0.01, 0, 0.02), "f1_macro", Of(0.01, 0, 0.02))), IsEmpty());
  EXPECT_THAT(FindDisagreements(Differing("accuracy", Of(0, 0, 0), "f1_macro", Of(-0.01, 0, 0.02))), IsEmpty());
  EXPECT_THAT(FindDisagreements(Differing("accuracy", Of(1e-7, 0, 0), "f1_macro", Of(-0.01, 0, 0.02))), IsEmpty());
  EXPECT_THAT(FindDisagreements(Differing("accuracy", Of(NAN, 0, 0), "f1_macro", Of(-0.01, 0, 0.02))), IsEmpty());
  EXPECT_THAT(FindDisagreements(Differing("accuracy", Of(0.1, 0, 0), "log_loss", Of(-0.01, 0, 0.02))), IsEmpty());
}

TEST(FindingsTest, LookAtSlicesAndDistributionsToo) {
  Evidence evidence = Differing("exact_match", Of(-0.01, -0.02, 0), "token_f1", Of(-0.01, -0.02, 0));
  const Metrics apart = {{"exact_match", Of(-0.03, -0.05, -0.01)}, {"token_f1", Of(0.02, 0.01, 0.03)}};
  evidence.paired->slices.push_back({"long", {1'200, 0, 0, 0}, apart});
  evidence.paired->distributions.push_back({"typos", {90, 0, 0, 0}, apart});
  const auto found = FindDisagreements(evidence);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].scope, "slice:long");
  EXPECT_THAT(found[0].what, AllOf(HasSubstr("in slice long (n 1,200) exact match falls by 3.00 points"), HasSubstr("the others come closer")));
  EXPECT_EQ(found[1].scope, "distribution:typos");
}

// Of 200 samples 180 are of class 0; the candidate wins four of those and loses three of the twenty of class 1.
//   class 0: 170, then 174 right of 180; 170, then 177 predicted: F1 340/350, then 348/357
//   class 1:  20, then  17 right of  20;  30, then  23 predicted: F1  40/50,  then  34/43
// Accuracy 190/200, then 191/200; F1 macro 0.8857, then 0.8827.
Report RealReport() {
  std::string first, second;
  for (int i = 0; i < 200; ++i) {
    const int label = i < 180 ? 0 : 1;
    const int before = i < 10 ? 1 : label;
    const int after = i < 6 ? 1 : i >= 197 ? 0 : label;
    first += StrCat("{\"id\": ", i, ", \"label\": ", label, ", \"prediction\": ", before, "}\n");
    second += StrCat("{\"id\": ", i, ", \"prediction\": ", after, "}\n");
  }
  std::istringstream a(first), b(second);
  ClassificationOptions options;
  options.bootstrap.replicates = 200;
  Report report;
  auto part = EvaluatePredictions(a, "a", b, "b", options, &report.evidence.classes);
  EXPECT_TRUE(part);
  SetTestEvidence(*std::move(part), report.evidence);
  return report;
}

TEST(FindingsTest, StandInEveryFormOfTheReport) {
  const Report report = RealReport();
  const std::string json = WriteReportJson(report);
  EXPECT_THAT(json, HasSubstr("\"findings\": [\n  {\n   \"scope\": \"all\",\n   \"what\": \"accuracy rises by 0.50 points"));
  EXPECT_THAT(json, HasSubstr("F1 macro falls by 0.003"));
  EXPECT_THAT(json, HasSubstr("rare classes lose more than frequent ones gain; the classes that lose most: class 1 (recall −15.00 points, n 20)"));
  EXPECT_THAT(WriteReportMarkdown(report), HasSubstr("- Finding: accuracy rises by 0.50 points"));
  const auto again = ReadReportJson(json, "report.json");
  ASSERT_TRUE(again);
  EXPECT_EQ(FindDisagreements(again->evidence).size(), 1U) << "a report that was read back says the same";
}

}  // namespace
}  // namespace tare::evaluate
