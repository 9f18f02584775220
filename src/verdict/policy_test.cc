#include "tare/verdict/policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tare::verdict {
namespace {

using testing::HasSubstr;

TEST(PolicyTest, ReadsThePolicyOfTheDesign) {
  const auto policy = ParsePolicy(R"(
confidence: 0.9
quality:
  - {metric: accuracy, margin: 0.005}
  - {metric: recall, class: 6, margin: 0.02}
  - {metric: accuracy, distribution: noise, margin: 0.01}
  - {metric: flip_rate, max: 0.03}
cost:
  - {metric: size_ratio, max: 0.35}
  - {metric: speedup, min: 1.1, batch: 8}
)",
                                  "tare.yaml");
  ASSERT_TRUE(policy) << policy.error().what;
  EXPECT_EQ(policy->confidence, 0.9);
  ASSERT_EQ(policy->quality.size(), 4);
  EXPECT_EQ(policy->quality[1].class_name, "6");
  EXPECT_EQ(policy->quality[2].distribution, "noise");
  EXPECT_EQ(policy->quality[3].max, 0.03);
  EXPECT_FALSE(policy->quality[3].margin);
  ASSERT_EQ(policy->cost.size(), 2);
  EXPECT_EQ(policy->cost[1].batch, 8);
}

TEST(PolicyTest, ReadsChecksOfKpis) {
  const auto policy = ParsePolicy(
      "quality: [{metric: \"kpi:revenue\", slice: dear, margin: 0.5}, {metric: \"kpi:speed\", min: "
      "-7}]\n",
      "p");
  ASSERT_TRUE(policy) << policy.error().what;
  EXPECT_EQ(policy->quality[0].metric, "kpi:revenue");
  EXPECT_EQ(policy->quality[0].slice, "dear");
  EXPECT_EQ(policy->quality[1].min, -7);
  const auto again = ParsePolicy(CanonicalPolicy(*policy), "p");
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, *policy);
}

TEST(PolicyTest, ReadsADocumentThatIsAProject) {
  const auto policy = ParsePolicy("policy:\n  quality: [{metric: accuracy, margin: 1/200}]\n", "p");
  ASSERT_TRUE(policy) << policy.error().what;
  EXPECT_EQ(policy->quality[0].margin, 0.005);
}

struct Mistake {
  std::string_view yaml, what, next_step;
};
class PolicyMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(PolicyMistakeTest, IsNamedWithItsLineAndTheNextStep) {
  const auto policy = ParsePolicy(GetParam().yaml, "p.yaml");
  ASSERT_FALSE(policy);
  EXPECT_EQ(policy.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(policy.error().what, HasSubstr(GetParam().what));
  EXPECT_THAT(policy.error().what, HasSubstr("p.yaml:"));
  EXPECT_THAT(policy.error().next_step, HasSubstr(GetParam().next_step));
}

INSTANTIATE_TEST_SUITE_P(
    All, PolicyMistakeTest,
    testing::Values(
        Mistake{"quality: [{metric: acuracy, margin: 0.01}]", "unknown metric 'acuracy'",
                "did you mean 'accuracy'?"},
        Mistake{"quality: [{metric: 'kpi:', margin: 0.01}]", "unknown metric 'kpi:'", "kpi:NAME"},
        Mistake{"quality: [{metric: 'kpi:x', class: 1, margin: 0.01}]", "takes no class", "recall"},
        Mistake{"quality: [{metric: 'kpi:x', max: 3}]", "would ask for a worse model", "min"},
        Mistake{"cost: [{metric: size_ratio, max: 1, threads: 2}]",
                "takes no such number of threads", "remove 'threads'"},
        Mistake{"cost: [{metric: speedup, min: 1, threads: 0}]", "takes no such number of threads",
                "remove 'threads'"},
        Mistake{"quality: [{metric: zzz, margin: 0.01}]", "unknown metric 'zzz'", "accuracy"},
        Mistake{"quality: [{metric: accuracy}]", "0 limits", "margin or min"},
        Mistake{"quality: [{metric: accuracy, margin: 0.1, min: 0.5}]", "2 limits", "only one"},
        Mistake{"quality: [{metric: accuracy, margin: -0.1}]", "negative", "at least 0"},
        Mistake{"quality: [{metric: accuracy, max: 0.5}]", "worse model", "give min"},
        Mistake{"quality: [{metric: flip_rate, margin: 0.1}]", "takes no margin", "give max"},
        Mistake{"quality: [{metric: recall, margin: 0.1}]", "needs a class", "recall_macro"},
        Mistake{"quality: [{metric: accuracy, class: 1, margin: 0.1}]", "takes no class", "recall"},
        Mistake{"quality: [{metric: recall, class: 1, slice: a, margin: 0.1}]", "more than one of",
                "slice"},
        Mistake{"quality: [{metric: size_ratio, max: 0.5}]", "belongs under cost", "cost:"},
        Mistake{"cost: [{metric: accuracy, margin: 0.5}]", "belongs under quality", "quality:"},
        Mistake{"cost: [{metric: size_ratio, max: 0.5, batch: 3}]", "no such batch", "remove"},
        Mistake{"quality: [{metric: accuracy, margn: 0.1}]", "margn", "margin"},
        Mistake{"quality: {metric: accuracy}", "must be a list", "- {metric"},
        Mistake{"quality: [{metric: accuracy, margin: .nan}]", "margin", ""},
        Mistake{"confidence: 95\nquality: [{metric: accuracy, margin: 0.1}]", "not in [0.5, 1)",
                "0.95"},
        Mistake{"confidence: 0.95", "demands nothing", "accuracy"}, Mistake{"- 3", "", ""}));

TEST(PolicyTest, DigestFollowsTheMeaningNotTheLayout) {
  const auto one = ParsePolicy("quality:\n  - {metric: accuracy, margin: 0.01}\n", "a");
  const auto two =
      ParsePolicy("confidence: 0.95\nquality: [{margin: 1.0e-2, metric: \"accuracy\"}]", "b");
  ASSERT_TRUE(one && two);
  EXPECT_EQ(PolicyDigest(*one), PolicyDigest(*two));
  EXPECT_EQ(PolicyDigest(*one).size(), 7 + 64);
  auto other = *one;
  other.quality[0].margin = 0.011;
  EXPECT_NE(PolicyDigest(*one), PolicyDigest(other));
}

TEST(PolicyTest, CanonicalTextReadsBackAsTheSamePolicy) {
  const auto policy = ParsePolicy(R"(
quality:
  - {metric: recall, class: "T-shirt: \"x\"", margin: 0.1}
  - {metric: accuracy, slice: 'a b', margin: 0.1}
  - {metric: cosine, output: "/out/0", min: 0.99}
cost:
  - {metric: latency_p99_ms, max: 1/3, batch: 2, threads: 4}
)",
                                  "p");
  ASSERT_TRUE(policy) << policy.error().what;
  const auto again = ParsePolicy(CanonicalPolicy(*policy), "canonical");
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(*again, *policy);
}

TEST(PolicyTest, HasADefaultForEachTask) {
  EXPECT_EQ(DefaultPolicy(Task::kClassification).quality.size(), 2);
  EXPECT_DOUBLE_EQ(*DefaultPolicy(Task::kOutputs, 0.03).quality[0].min, 0.97);
  for (const Task task : {Task::kClassification, Task::kOutputs}) {
    EXPECT_TRUE(ParsePolicy(CanonicalPolicy(DefaultPolicy(task)), "default"));
  }
}

}  // namespace
}  // namespace tare::verdict
