#include "tare/verdict/findings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tare/core/strcat.h"

namespace tare::verdict {
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
  evidence.paired->difference = {{std::move(accuracy), std::move(first)},
                                 {std::move(f1), std::move(second)}};
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
  Evidence evidence =
      Differing("accuracy", Of(0.0012, 0.0003, 0.0021), "f1_macro", Of(-0.004, -0.009, 0.001));
  evidence.classes = {"coat", "shirt", "bag", "hat"};
  AddClass(0, 9'000, 0.003, evidence);
  AddClass(1, 500, -0.021, evidence);
  AddClass(2, 300, -0.0015, evidence);
  AddClass(3, 200, 0, evidence);
  const auto found = FindDisagreements(evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].scope, "all");
  EXPECT_EQ(found[0].what,
            "accuracy rises by 0.12 points [+0.03, +0.21] while F1 macro falls by 0.004 [−0.009, "
            "+0.001] (only the interval of accuracy "
            "excludes 0): rare classes lose more than frequent ones gain; the classes that lose "
            "most: shirt (recall −2.10 points, n 500), "
            "bag (recall −0.15 points, n 300)");
}

TEST(FindingsTest, SayTheContraryWhereFrequentClassesPay) {
  Evidence evidence =
      Differing("accuracy", Of(-0.01, -0.02, -0.005), "f1_macro", Of(0.01, 0.001, 0.02));
  AddClass(0, 9'000, -0.02, evidence);
  AddClass(1, 100, 0.05, evidence);
  const auto found = FindDisagreements(evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, AllOf(HasSubstr("accuracy falls by 1.00 points"),
                                   HasSubstr("both intervals exclude 0"),
                                   HasSubstr("frequent classes lose more than rare ones gain; the "
                                             "classes that lose most: class 0 (")));
}

TEST(FindingsTest, ClaimNoReasonThatTheClassesDoNotBearOut) {
  Evidence evidence =
      Differing("accuracy", Of(0.01, -0.02, 0.02), "f1_macro", Of(-0.01, -0.02, 0.02));
  AddClass(0, 100, 0.5, evidence);
  AddClass(1, 900, -0.05, evidence);
  const auto found = FindDisagreements(evidence);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_THAT(found[0].what, AllOf(HasSubstr("both intervals hold 0, so this may be chance"),
                                   HasSubstr("macro F1 counts them alike")));
}

TEST(FindingsTest, AreSilentWhereDirectionsAgreeOrShowAsZero) {
  EXPECT_THAT(FindDisagreements({}), IsEmpty());
  EXPECT_THAT(
      FindDisagreements(Differing("accuracy", Of(0.01, 0, 0.02), "f1_macro", Of(0.01, 0, 0.02))),
      IsEmpty());
  EXPECT_THAT(FindDisagreements(Differing("accuracy", Of(0, 0, 0), "f1_macro", Of(-0.01, 0, 0.02))),
              IsEmpty());
  EXPECT_THAT(
      FindDisagreements(Differing("accuracy", Of(1e-7, 0, 0), "f1_macro", Of(-0.01, 0, 0.02))),
      IsEmpty());
  EXPECT_THAT(
      FindDisagreements(Differing("accuracy", Of(NAN, 0, 0), "f1_macro", Of(-0.01, 0, 0.02))),
      IsEmpty());
  EXPECT_THAT(
      FindDisagreements(Differing("accuracy", Of(0.1, 0, 0), "log_loss", Of(-0.01, 0, 0.02))),
      IsEmpty());
}

TEST(FindingsTest, LookAtSlicesAndDistributionsToo) {
  Evidence evidence =
      Differing("exact_match", Of(-0.01, -0.02, 0), "token_f1", Of(-0.01, -0.02, 0));
  const Metrics apart = {{"exact_match", Of(-0.03, -0.05, -0.01)},
                         {"token_f1", Of(0.02, 0.01, 0.03)}};
  evidence.paired->slices.push_back({"long", {1'200, 0, 0, 0}, apart});
  evidence.paired->distributions.push_back({"typos", {90, 0, 0, 0}, apart});
  const auto found = FindDisagreements(evidence);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].scope, "slice:long");
  EXPECT_THAT(found[0].what,
              AllOf(HasSubstr("in slice long (n 1,200) exact match falls by 3.00 points"),
                    HasSubstr("the others come closer")));
  EXPECT_EQ(found[1].scope, "distribution:typos");
}

}  // namespace
}  // namespace tare::verdict
