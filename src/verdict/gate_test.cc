#include "tare/verdict/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "tare/stats/proportion.h"
#include "verdict/evidence_test_internal.h"

namespace tare::verdict {
namespace {

using testing::HasSubstr;

CheckResult JudgeOne(const Evidence& evidence, const std::string& check,
                     const char* group = "quality") {
  const auto decision = Gate(evidence, PolicyOf(check, group));
  EXPECT_EQ(decision.checks.size(), 1);
  EXPECT_EQ(decision.verdict, decision.checks[0].verdict);
  EXPECT_FALSE(decision.checks[0].reason.empty());
  return decision.checks[0];
}

TEST(GateTest, PassesAnAccuracyWhoseBoundIsWithinTheMargin) {
  const auto check = JudgeOne(MakeEvidence(10'000, 50, 39), "{metric: accuracy, margin: 0.005}");
  EXPECT_EQ(check.verdict, Verdict::kPass);
  EXPECT_EQ(check.test, "tango");
  EXPECT_DOUBLE_EQ(*check.statistic, -0.0011);
  EXPECT_EQ(check.limit, -0.005);
  EXPECT_EQ(check.direction, Direction::kAbove);
  EXPECT_DOUBLE_EQ(*check.bound, stats::TangoLower({10'000, 50, 39}, 0.95));
  EXPECT_LT(*check.p, 0.05);
  EXPECT_EQ(check.n, 10'000);
  EXPECT_THAT(
      check.reason,
      HasSubstr(
          "the lower 95 % bound, \u22120.27 points, is above the margin of \u22120.50 points"));
}

TEST(GateTest, FailsAnAccuracyThatIsShownToBeWorse) {
  const auto check = JudgeOne(MakeEvidence(10'000, 250, 50), "{metric: accuracy, margin: 0.005}");
  EXPECT_EQ(check.verdict, Verdict::kFail);
  EXPECT_THAT(check.reason, HasSubstr("the upper 95 % bound"));
  EXPECT_THAT(check.reason, HasSubstr("is below the margin of"));
}

TEST(GateTest, DoesNotDecideOnTooFewSamplesAndSaysHowManyWouldDo) {
  const auto check = JudgeOne(MakeEvidence(500, 5, 5), "{metric: accuracy, margin: 0.005}");
  EXPECT_EQ(check.verdict, Verdict::kInconclusive);
  ASSERT_TRUE(check.settle_n);
  // Flips of 2 %, margin 0.5 points: (1.645 + 0.842)^2 0.02 / 0.005^2 = 4,947.
  EXPECT_NEAR(static_cast<double>(*check.settle_n), 4947, 500);
  EXPECT_THAT(check.reason, HasSubstr("samples at these rates would settle it"));
}

TEST(GateTest, NeverPassesFewEqualAnswers) {
  const auto check = JudgeOne(MakeEvidence(100, 0, 0), "{metric: accuracy, margin: 0.01}");
  EXPECT_EQ(check.verdict, Verdict::kInconclusive);
  EXPECT_EQ(check.settle_n, 268);  // z^2 (1 - margin) / margin
  EXPECT_EQ(JudgeOne(MakeEvidence(268, 0, 0), "{metric: accuracy, margin: 0.01}").verdict,
            Verdict::kPass);
}

TEST(GateTest, NeverDecidesOnWhatNoSampleSpeaksAbout) {
  const auto evidence = MakeEvidence(1000, 1, 1);
  const auto recall = JudgeOne(evidence, "{metric: recall, class: shirt, margin: 0.5}");
  EXPECT_EQ(recall.verdict, Verdict::kInconclusive);
  EXPECT_EQ(recall.scope, "class:1");
  EXPECT_EQ(recall.label, "recall, shirt");
  EXPECT_FALSE(recall.statistic);
  EXPECT_THAT(recall.reason, HasSubstr("undefined"));
  const auto empty = JudgeOne(MakeEvidence(0, 0, 0), "{metric: accuracy, margin: 0.9}");
  EXPECT_EQ(empty.verdict, Verdict::kInconclusive);
}

TEST(GateTest, SaysWhatTheReportDoesNotHold) {
  const auto evidence = MakeEvidence(1000, 1, 1);
  for (const auto check :
       {"{metric: recall, class: hat, margin: 0.1}",
        "{metric: accuracy, slice: night, margin: 0.1}", "{metric: log_loss, margin: 0.1}",
        "{metric: kl_mean, max: 1}", "{metric: accuracy, distribution: fog, margin: 0.1}",
        "{metric: cosine, min: 0.9}", "{metric: top5_accuracy, margin: 0.1}",
        "{metric: flip_rate, slice: night, max: 0.1}"}) {
    const auto result = JudgeOne(evidence, check);
    EXPECT_EQ(result.verdict, Verdict::kInconclusive) << check;
    EXPECT_THAT(result.reason, HasSubstr("the report has no")) << check;
  }
  const auto speed = JudgeOne(evidence, "{metric: speedup, min: 1.1}", "cost");
  EXPECT_EQ(speed.verdict, Verdict::kInconclusive);
}

TEST(GateTest, JudgesARecallByItsClass) {
  const auto check = JudgeOne(MakeEvidence(2000, 4, 3), "{metric: recall, class: 0, margin: 0.02}");
  EXPECT_EQ(check.verdict, Verdict::kPass);
  EXPECT_EQ(check.label, "recall, coat");
  EXPECT_EQ(check.test, "tango");
}

TEST(GateTest, JudgesFlipsByTheExactBound) {
  // 98 of 10,000: Clopper-Pearson's 95 % bound is 1.16 %.
  const auto evidence = MakeEvidence(10'000, 50, 39, 9);
  const auto pass = JudgeOne(evidence, "{metric: flip_rate, max: 0.03}");
  EXPECT_EQ(pass.verdict, Verdict::kPass);
  EXPECT_NEAR(*pass.bound, 0.01156, 1e-4);
  EXPECT_EQ(JudgeOne(evidence, "{metric: flip_rate, max: 0.005}").verdict, Verdict::kFail);
  EXPECT_EQ(JudgeOne(evidence, "{metric: flip_rate, max: 0.011}").verdict, Verdict::kInconclusive);
  EXPECT_EQ(JudgeOne(evidence, "{metric: top1_agreement, min: 0.98}").verdict, Verdict::kPass);
  EXPECT_EQ(JudgeOne(evidence, "{metric: harmful_rate, max: 0.01}").verdict, Verdict::kPass);
}

TEST(GateTest, JudgesF1ByItsBootstrapBounds) {
  auto evidence = MakeEvidence(1000, 1, 1);
  const auto judge = [&](Estimate estimate) {
    evidence.paired->difference.clear();
    evidence.paired->difference.emplace_back("f1_macro", std::move(estimate));
    return JudgeOne(evidence, "{metric: f1_macro, margin: 0.01}");
  };
  EXPECT_EQ(judge(MakeBootstrapped(-0.001, -0.003, 0.001, 1000)).verdict, Verdict::kPass);
  EXPECT_EQ(judge(MakeBootstrapped(-0.03, -0.04, -0.02, 1000)).verdict, Verdict::kFail);
  const auto open = judge(MakeBootstrapped(-0.005, -0.015, 0.005, 1000));
  EXPECT_EQ(open.verdict, Verdict::kInconclusive);
  // The bound stands 0.010 away, the limit 0.005: 1000 (2 (1.645 + 0.842) / 1.645)^2.
  EXPECT_NEAR(static_cast<double>(*open.settle_n), 1000 * std::pow(2 * 2.4865 / 1.6449, 2), 5);
  EXPECT_EQ(judge(MakeBootstrapped(0, 0, 0, 15)).verdict, Verdict::kInconclusive);
}

TEST(GateTest, NeverJudgesAtALowerConfidenceThanDeclared) {
  auto evidence = MakeEvidence(1000, 1, 1);
  evidence.paired->difference.clear();
  evidence.paired->difference.emplace_back("f1_macro", MakeBootstrapped(0, -0.001, 0.001, 1000));
  auto policy = PolicyOf("{metric: f1_macro, margin: 0.01}");
  policy.confidence = 0.999;  // the report knows 0.95, and 0.975 from its interval
  const auto decision = Gate(evidence, policy);
  EXPECT_EQ(decision.verdict, Verdict::kInconclusive);
  EXPECT_THAT(decision.checks[0].reason, HasSubstr("no 99.9 % bound"));
  policy.confidence = 0.9;  // the stricter bound at 0.95 serves
  EXPECT_EQ(Gate(evidence, policy).verdict, Verdict::kPass);
}

TEST(GateTest, TakesLowerAsBetterForLosses) {
  auto evidence = MakeEvidence(1000, 1, 1);
  evidence.paired->difference.clear();
  evidence.paired->difference.emplace_back("log_loss", MakeBootstrapped(0.02, 0.015, 0.025, 1000));
  const auto pass = JudgeOne(evidence, "{metric: log_loss, margin: 0.03}");
  EXPECT_EQ(pass.verdict, Verdict::kPass);
  EXPECT_EQ(pass.limit, 0.03);
  EXPECT_EQ(pass.direction, Direction::kBelow);
  EXPECT_EQ(JudgeOne(evidence, "{metric: log_loss, margin: 0.01}").verdict, Verdict::kFail);
}

TEST(GateTest, JudgesSizesExactly) {
  auto evidence = MakeEvidence(1000, 1, 1);
  evidence.baseline.model_bytes = 1000;
  evidence.candidate.model_bytes = 350;
  evidence.cost.size_ratio = 0.35;
  EXPECT_EQ(JudgeOne(evidence, "{metric: size_ratio, max: 0.35}", "cost").verdict, Verdict::kPass);
  const auto fail = JudgeOne(evidence, "{metric: size_ratio, max: 0.3}", "cost");
  EXPECT_EQ(fail.verdict, Verdict::kFail);
  EXPECT_EQ(fail.test, "exact");
  EXPECT_FALSE(fail.n);
  EXPECT_EQ(JudgeOne(evidence, "{metric: model_bytes, max: 350}", "cost").verdict, Verdict::kPass);
}

TEST(GateTest, JudgesSpeedByItsInterval) {
  auto evidence = MakeEvidence(1000, 1, 1);
  evidence.baseline.latency.emplace_back();
  evidence.candidate.latency.emplace_back();
  evidence.cost.speedup.push_back({1, 1, MakeBootstrapped(1.2, 1.1, 1.3, 40)});
  evidence.cost.speedup.front().estimate.method = "median_ratio";
  EXPECT_EQ(JudgeOne(evidence, "{metric: speedup, min: 1.1}", "cost").verdict, Verdict::kPass);
  EXPECT_EQ(JudgeOne(evidence, "{metric: speedup, min: 1.2}", "cost").verdict,
            Verdict::kInconclusive);
  EXPECT_EQ(JudgeOne(evidence, "{metric: speedup, min: 1.4}", "cost").verdict, Verdict::kFail);
  EXPECT_EQ(JudgeOne(evidence, "{metric: speedup, min: 1, batch: 8}", "cost").verdict,
            Verdict::kInconclusive);
}

TEST(GateTest, DecidesNoTimeThatAWaitingMachineMade) {
  auto evidence = MakeEvidence(1000, 1, 1);
  evidence.baseline.latency.emplace_back();
  evidence.candidate.latency.emplace_back().p50 = MakeBootstrapped(5, 4, 6, 40);
  evidence.cost.speedup.push_back({1, 1, MakeBootstrapped(1.2, 1.1, 1.3, 40), 0.35});
  for (const char* check : {"{metric: speedup, min: 1.1}", "{metric: speedup, min: 1.4}",
                            "{metric: latency_p50_ms, max: 100}"}) {
    const auto found = JudgeOne(evidence, check, "cost");
    EXPECT_EQ(found.verdict, Verdict::kInconclusive) << check;
    EXPECT_THAT(found.reason, HasSubstr("waited for a processor 35 % of their time")) << check;
  }
  evidence.cost.speedup.front().waited = 0.1;
  EXPECT_EQ(JudgeOne(evidence, "{metric: speedup, min: 1.1}", "cost").verdict, Verdict::kPass);
}

// Batch 8 and 1 at two threads, then both at one: as AddCosts() adds them.
Evidence MakeMeasured() {
  auto evidence = MakeEvidence(1000, 1, 1);
  const struct {
    int64_t batch;
    int threads;
    double speedup;
  } rows[] = {{1, 2, 1.2}, {8, 2, 1.5}, {1, 1, 2.0}, {8, 1, 3.0}};
  for (const auto& [batch, threads, speedup] : rows) {
    Latency latency;
    latency.batch = batch;
    latency.threads = threads;
    latency.p50 = MakeBootstrapped(10 * speedup, 9 * speedup, 11 * speedup, 40);
    evidence.baseline.latency.push_back(latency);
    latency.p50 = MakeBootstrapped(10, 9, 11, 40);
    evidence.candidate.latency.push_back(latency);
    evidence.cost.speedup.push_back(
        {batch, threads, MakeBootstrapped(speedup, speedup - 0.1, speedup + 0.1, 40)});
  }
  return evidence;
}

TEST(GateTest, FindsTheBatchAndTheThreadsThatACheckNames) {
  const auto evidence = MakeMeasured();
  const auto speedup = [&](const std::string& where) {
    return JudgeOne(evidence, "{metric: speedup, min: 1" + where + "}", "cost");
  };
  EXPECT_EQ(speedup("").statistic, 1.2);
  EXPECT_EQ(speedup(", batch: 8").statistic, 1.5);
  EXPECT_EQ(speedup(", threads: 1").statistic, 2.0);
  const auto both = speedup(", batch: 8, threads: 1");
  EXPECT_EQ(both.statistic, 3.0);
  EXPECT_EQ(both.baseline, 30);
  EXPECT_EQ(both.scope, "batch:8,threads:1");
  EXPECT_EQ(both.label, "speedup, batch 8, 1 thread");
  const auto none = speedup(", batch: 8, threads: 4");
  EXPECT_EQ(none.verdict, Verdict::kInconclusive);
  EXPECT_EQ(none.reason, "the report has no speedup at batch 8, 4 threads");
  EXPECT_EQ(JudgeOne(evidence, "{metric: latency_p50_ms, max: 12, threads: 1}", "cost").verdict,
            Verdict::kPass);
}

TEST(GateTest, DecidesOnMeasuredEnergyOnly) {
  auto evidence = MakeEvidence(1000, 1, 1);
  const auto judged = [&] {
    return JudgeOne(evidence, "{metric: energy_ratio, max: 0.9}", "cost");
  };
  EXPECT_EQ(judged().verdict, Verdict::kInconclusive);
  EXPECT_THAT(judged().reason, HasSubstr("energy is not in the report"));
  const Energy measured{.status = "measured", .joules_per_sample = 2, .method = "RAPL package-0"};
  evidence.baseline.energy = measured;
  evidence.candidate.energy = Energy{.status = "estimated",
                                     .joules_per_sample = 1,
                                     .method = "processor time x 65 W / 4 processors"};
  SetCostRatios(evidence);
  EXPECT_FALSE(evidence.cost.energy_ratio);
  evidence.cost.energy_ratio = 0.5;  // even if a report states it
  EXPECT_EQ(judged().verdict, Verdict::kInconclusive);
  EXPECT_EQ(judged().reason,
            "energy is estimated (processor time x 65 W / 4 processors): a decision needs a "
            "measured one, from a host that counts it");
  evidence.candidate.energy->status = "measured";
  SetCostRatios(evidence);
  EXPECT_EQ(judged().verdict, Verdict::kPass);
  EXPECT_EQ(judged().statistic, 0.5);
}

TEST(GateTest, JudgesResidentMemory) {
  auto evidence = MakeEvidence(1000, 1, 1);
  EXPECT_EQ(JudgeOne(evidence, "{metric: resident_rss_bytes, max: 100}", "cost").verdict,
            Verdict::kInconclusive);
  evidence.candidate.resident_rss_bytes = 100;
  EXPECT_EQ(JudgeOne(evidence, "{metric: resident_rss_bytes, max: 100}", "cost").verdict,
            Verdict::kPass);
  EXPECT_EQ(JudgeOne(evidence, "{metric: resident_rss_bytes, max: 99}", "cost").verdict,
            Verdict::kFail);
}

TEST(GateTest, JudgesEachOutputWhenNoneIsNamed) {
  Evidence evidence;
  evidence.task = Task::kOutputs;
  evidence.n = 100;
  for (const auto name : {"logits", "boxes"}) {
    OutputCloseness output;
    output.name = name;
    output.n = 100;
    output.cosine = MakeBootstrapped(0.995, 0.993, 0.997, 100);
    evidence.outputs.push_back(output);
  }
  evidence.outputs[1].cosine = MakeBootstrapped(0.8, 0.7, 0.85, 100);
  const auto decision = Gate(evidence, PolicyOf("{metric: cosine, min: 0.99}"));
  ASSERT_EQ(decision.checks.size(), 2);
  EXPECT_EQ(decision.checks[0].scope, "output:logits");
  EXPECT_EQ(decision.checks[0].verdict, Verdict::kPass);
  EXPECT_EQ(decision.checks[1].verdict, Verdict::kFail);
  EXPECT_EQ(decision.verdict, Verdict::kFail);
}

OutputCloseness JudgedOutput(std::string name, OutputJudgement judged) {
  OutputCloseness output;
  output.name = std::move(name);
  output.n = 100;
  output.judged = std::move(judged);
  return output;
}

Evidence OfOutputs(std::vector<OutputCloseness> outputs) {
  Evidence evidence;
  evidence.task = Task::kOutputs;
  evidence.n = 100;
  evidence.outputs = std::move(outputs);
  return evidence;
}

// A cosine of one positive value a sample is 1 whatever it is: what fits the output's kind decides.
TEST(GateTest, HasNoPassForOutputsThatDoNotHold) {
  auto score = JudgedOutput(
      "score", {"R2", 0.61, 0.98, false, 19.5, "R2 0.6100 of 'score', value 0 (n = 100)"});
  score.cosine = MakeBootstrapped(0.999, 0.998, 1, 100);
  Evidence evidence = OfOutputs({score});
  const auto moved = Gate(evidence, DefaultPolicy(Task::kOutputs));
  ASSERT_EQ(moved.checks.size(), 2);
  EXPECT_EQ(moved.checks[0].verdict, Verdict::kPass);
  EXPECT_EQ(moved.checks[1].metric, "strain");
  EXPECT_EQ(moved.checks[1].verdict, Verdict::kFail);
  EXPECT_EQ(
      moved.checks[1].reason,
      "R2 0.6100 of 'score', value 0 (n = 100): the value, 19.5, is above the maximum of 1.00");
  EXPECT_EQ(moved.verdict, Verdict::kFail);

  evidence.outputs[0].judged->strain = 1;
  EXPECT_EQ(Gate(evidence, DefaultPolicy(Task::kOutputs)).verdict, Verdict::kPass);

  evidence.outputs[0].judged.reset();  // a report of before
  EXPECT_EQ(Gate(evidence, DefaultPolicy(Task::kOutputs)).verdict, Verdict::kInconclusive);
}

// Of token ids there is no cosine to ask for.
TEST(GateTest, AsksNoCosineOfIntegersWhereAnotherCheckJudgesThem) {
  auto ids = JudgedOutput("ids", {"agreement", 0.99, 0.95, true, 0.2, "agreement 0.9900 of 'ids'"});
  ids.agreement = Share{9900, 10000};
  Evidence evidence = OfOutputs({ids});
  const auto held = Gate(evidence, DefaultPolicy(Task::kOutputs));
  ASSERT_EQ(held.checks.size(), 1);
  EXPECT_EQ(held.checks[0].metric, "strain");
  EXPECT_EQ(held.verdict, Verdict::kPass);

  // Alone, or beside costs, it still has to be answered.
  Policy policy = PolicyOf("{metric: cosine, min: 0.99}", "quality");
  policy.cost = PolicyOf("{metric: size_ratio, max: 1}", "cost").cost;
  evidence.cost.size_ratio = 0.3;
  const auto alone = Gate(evidence, policy);
  ASSERT_EQ(alone.checks.size(), 2);
  EXPECT_EQ(alone.verdict, Verdict::kInconclusive);

  // One float output among integers is asked.
  auto logits =
      JudgedOutput("logits", {"cosine", 0.5, 0.99, false, 50, "cosine 0.5000 of 'logits'"});
  logits.cosine = MakeBootstrapped(0.5, 0.4, 0.6, 100);
  evidence.outputs.push_back(logits);
  EXPECT_EQ(Gate(evidence, DefaultPolicy(Task::kOutputs)).verdict, Verdict::kFail);
}

TEST(GateTest, TakesTheWorstVerdictAndNothingFromNoCheck) {
  EXPECT_EQ(Gate(MakeEvidence(10'000, 0, 0), Policy{}).verdict, Verdict::kInconclusive);
  auto policy =
      PolicyOf("{metric: accuracy, margin: 0.01}, {metric: recall, class: 1, margin: 0.1}");
  EXPECT_EQ(Gate(MakeEvidence(10'000, 0, 0), policy).verdict, Verdict::kInconclusive);
  EXPECT_EQ(Gate(MakeEvidence(10'000, 900, 0), policy).verdict, Verdict::kFail);
}

TEST(GateTest, SaysTheVerdictInOneSentence) {
  auto evidence = MakeEvidence(10'000, 50, 39);
  evidence.cost.speedup.push_back({1, 1, MakeBootstrapped(2.1, 2.0, 2.2, 100)});
  evidence.cost.size_ratio = 0.29;
  const auto policy = PolicyOf("{metric: accuracy, margin: 0.005}");
  EXPECT_EQ(Gate(evidence, policy).summary,
            "int8_static is not worse than float32 within the declared margins (n = 10,000, 95 %): "
            "accuracy \u22120.11 points [\u22120.30, +0.08], 2.1 times as fast, 0.29 of the size.");
  EXPECT_THAT(
      Gate(MakeEvidence(10'000, 250, 50), policy).summary,
      HasSubstr("int8_static fails 1 of 1 checks (n = 10,000, 95 %): accuracy \u22122.00 points"));
  EXPECT_THAT(Gate(MakeEvidence(500, 5, 5), policy).summary,
              HasSubstr("the evidence does not decide 1 of 1 checks (n = 500, 95 %)"));
}

TEST(GateTest, IsPure) {
  const auto evidence = MakeEvidence(10'000, 50, 39);
  const auto policy = DefaultPolicy(Task::kClassification);
  EXPECT_EQ(Gate(evidence, policy).summary, Gate(evidence, policy).summary);
  EXPECT_EQ(Gate(evidence, policy).policy_digest, PolicyDigest(policy));
}

TEST(GateTest, AsksMoreOfAFailureAmongSeveralChecks) {
  // 34 harmful and 12 helpful flips of 1,000 against a margin of 1 point: shown at 95 %, not at
  // 97.5 %.
  const Evidence evidence = MakeEvidence(1'000, 34, 12);
  ASSERT_LT(stats::TangoUpper({1'000, 34, 12}, 0.95), -0.01);
  ASSERT_GT(stats::TangoUpper({1'000, 34, 12}, 0.975), -0.01);
  EXPECT_EQ(Gate(evidence, PolicyOf("{metric: accuracy, margin: 0.01}", "quality")).verdict,
            Verdict::kFail);

  Policy two = PolicyOf("{metric: accuracy, margin: 0.01}", "quality");
  two.quality.push_back(two.quality[0]);
  two.quality[1].margin = 0.5;  // holds
  const Decision decision = Gate(evidence, two);
  EXPECT_EQ(decision.verdict, Verdict::kInconclusive);
  EXPECT_THAT(decision.checks[0].reason, HasSubstr("(Holm)"));

  // Both violated: the first must hold at 97.5 %, and does; the second then at 95 %.
  two.quality[1].margin = 0.002;
  ASSERT_LT(stats::TangoUpper({1'000, 34, 12}, 0.975), -0.002);
  EXPECT_EQ(Gate(evidence, two).checks[0].verdict, Verdict::kFail);
  EXPECT_EQ(Gate(evidence, two).checks[1].verdict, Verdict::kFail);
}

TEST(GateTest, PaysForEachLookAtATestSet) {
  auto policy = PolicyOf("{metric: accuracy, margin: 0.01}");
  policy.looks = 4;
  EXPECT_DOUBLE_EQ(Gate(MakeEvidence(1000, 1, 1), policy).confidence, 0.9875);
  // Four candidates that lose exactly the margin, drawn anew each: that any of them passes is as
  // likely as the policy says, at most.
  std::mt19937_64 random(5);
  constexpr int kTrials = 4'000;
  int passed = 0, passed_unpaid = 0;
  auto unpaid = policy;
  unpaid.looks = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    bool any = false, any_unpaid = false;
    for (int look = 1; look <= 4; ++look) {
      const auto harmful = std::binomial_distribution<int64_t>(2'000, 0.02)(random);
      const auto helpful =
          std::binomial_distribution<int64_t>(2'000 - harmful, 0.01 / 0.98)(random);
      auto evidence = MakeEvidence(2'000, harmful, helpful);
      evidence.look = look;
      any = any || Gate(evidence, policy).verdict == Verdict::kPass;
      any_unpaid = any_unpaid || Gate(evidence, unpaid).verdict == Verdict::kPass;
    }
    passed += any ? 1 : 0;
    passed_unpaid += any_unpaid ? 1 : 0;
  }
  // 5 % of 4,000 is 200; three standard deviations are 41. Unpaid, 1 - 0.95^4 is 18.5 %.
  EXPECT_LE(passed, 241);
  EXPECT_GE(passed_unpaid, 600);
}

TEST(GateTest, PassesNobodyBeyondTheLooksThatArePaidFor) {
  auto policy = PolicyOf("{metric: accuracy, margin: 0.01}");
  policy.looks = 2;
  auto evidence = MakeEvidence(5'000, 2, 2);
  evidence.look = 2;
  EXPECT_EQ(Gate(evidence, policy).verdict, Verdict::kPass);
  EXPECT_THAT(Gate(evidence, policy).summary, HasSubstr("97.5 %, look 2 of 2"));
  evidence.look = 3;
  EXPECT_EQ(Gate(evidence, policy).verdict, Verdict::kInconclusive);
  EXPECT_THAT(Gate(evidence, policy).summary,
              HasSubstr("the test set is used up (n = 5,000, 97.5 %, look 3 of 2)"));
  policy.looks = 0;  // nobody said how many
  EXPECT_EQ(Gate(evidence, policy).verdict, Verdict::kPass);
  auto worse = MakeEvidence(5'000, 400, 2);
  worse.look = 3;
  policy.looks = 2;
  EXPECT_EQ(Gate(worse, policy).verdict, Verdict::kFail);
}

}  // namespace
}  // namespace tare::verdict
