#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "tare/core/strcat.h"
#include "tare/evaluate/predictions/predictions.h"
#include "tare/verdict/findings.h"
#include "tare/verdict/render.h"
#include "tare/verdict/report.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;

// Of 200 samples 180 are of class 0; the candidate wins four of those and loses three of the twenty
// of class 1.
//   class 0: 170, then 174 right of 180; 170, then 177 predicted: F1 340/350, then 348/357
//   class 1:  20, then  17 right of  20;  30, then  23 predicted: F1  40/50,  then  34/43
// Accuracy 190/200, then 191/200; F1 macro 0.8857, then 0.8827.
verdict::Report RealReport() {
  std::string first, second;
  for (int i = 0; i < 200; ++i) {
    const int label = i < 180 ? 0 : 1;
    const int before = i < 10 ? 1 : label;
    const int after = i < 6 ? 1 : i >= 197 ? 0 : label;
    first += StrCat("{\"id\": ", i, ", \"label\": ", label, ", \"prediction\": ", before, "}\n");
    second += StrCat("{\"id\": ", i, ", \"prediction\": ", after, "}\n");
  }
  std::istringstream a(first), b(second);
  TestOptions options;
  options.bootstrap.replicates = 200;
  verdict::Report report;
  auto part = EvaluatePredictions({a, "a", b, "b"}, options, {}, &report.evidence.classes);
  EXPECT_TRUE(part);
  SetTestEvidence(*std::move(part), report.evidence);
  return report;
}

TEST(FindingsOfPredictionsTest, StandInEveryFormOfTheReport) {
  const verdict::Report report = RealReport();
  const std::string json = verdict::WriteReportJson(report);
  EXPECT_THAT(json, HasSubstr("\"findings\": [\n  {\n   \"scope\": \"all\",\n   \"what\": "
                              "\"accuracy rises by 0.50 points"));
  EXPECT_THAT(json, HasSubstr("F1 macro falls by 0.003"));
  EXPECT_THAT(json, HasSubstr("rare classes lose more than frequent ones gain; the classes that "
                              "lose most: class 1 (recall −15.00 points, n 20)"));
  EXPECT_THAT(verdict::WriteReportMarkdown(report),
              HasSubstr("- Finding: accuracy rises by 0.50 points"));
  const auto again = verdict::ReadReportJson(json, "report.json");
  ASSERT_TRUE(again);
  EXPECT_EQ(verdict::FindDisagreements(again->evidence).size(), 1U)
      << "a report that was read back says the same";
}

}  // namespace
}  // namespace tare::evaluate
