#include "tare/evaluate/models/outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace tare::evaluate {
namespace {

using testing::HasSubstr;

OutputsOptions FastOutputs() {
  OutputsOptions options;
  options.layouts = {{0}};
  options.bootstrap.replicates = 200;
  return options;
}

// One output over one run.
verdict::OutputCloseness Compare(const std::string& name, const Tensor& a, const Tensor& b,
                                 const OutputsOptions& options = FastOutputs(),
                                 int64_t num_valid = 1 << 20) {
  auto evaluation = OutputsEvaluation::Create({{name, a.dtype(), a.shape()}}, options);
  const TensorView first[] = {ViewOf(a)};
  const TensorView second[] = {ViewOf(b)};
  const auto added = evaluation->Add(first, second, num_valid);
  EXPECT_TRUE(added) << added.error().what;
  return evaluation->Finish().front();
}

Tensor Floats(Shape shape, const std::vector<float>& values) {
  return Tensor::Of<float>(std::move(shape), values);
}

TEST(OutputsEvaluationTest, ComparesEachRowByHand) {
  const auto found = Compare("y", Floats({2, 2}, {3, 4, 1, 0}), Floats({2, 2}, {3, 4, 0, 1}));
  EXPECT_EQ(found.n, 2);
  EXPECT_DOUBLE_EQ(found.cosine->value, 0.5);  // rows 1 and 0
  EXPECT_DOUBLE_EQ(found.least_cosine, 0);
  EXPECT_NEAR(found.relative_error->value, std::sqrt(2.0 / 26), 1e-12);
  EXPECT_NEAR(*found.snr_db, 10 * std::log10(13.0), 1e-12);
}

TEST(OutputsEvaluationTest, FollowsTheRulesForZeroVectors) {
  const auto found = Compare("y", Floats({2, 2}, {0, 0, 0, 0}), Floats({2, 2}, {0, 0, 1, 0}));
  EXPECT_DOUBLE_EQ(found.cosine->value, 0.5);  // both zero 1, one zero 0
  EXPECT_FALSE(found.relative_error);          // nothing to be relative to
}

TEST(OutputsEvaluationTest, TakesEqualNanAsEqualAndLoneNanAsWorst) {
  const auto equal = Compare("y", Floats({1, 2}, {NAN, 1}), Floats({1, 2}, {NAN, 1}));
  EXPECT_DOUBLE_EQ(equal.cosine->value, 1);
  const auto lone = Compare("y", Floats({2, 2}, {2, 1, 2, 1}), Floats({2, 2}, {NAN, 1, 2, 1}));
  EXPECT_DOUBLE_EQ(lone.least_cosine, -1);
  EXPECT_EQ(lone.non_finite_candidate, 1);
  EXPECT_FALSE(lone.relative_error);
}

TEST(OutputsEvaluationTest, LeavesPaddingOut) {
  const auto found =
      Compare("y", Floats({3, 1}, {1, 1, 1}), Floats({3, 1}, {1, 1, -1}), FastOutputs(), 2);
  EXPECT_EQ(found.n, 2);
  EXPECT_DOUBLE_EQ(found.least_cosine, 1);
}

TEST(OutputsEvaluationTest, TakesARunAsSampleWithoutABatchAxis) {
  auto options = FastOutputs();
  options.layouts.clear();
  EXPECT_EQ(Compare("y", Floats({2, 2}, {3, 4, 1, 0}), Floats({2, 2}, {3, 4, 0, 1}), options).n, 1);
  EXPECT_EQ(Compare("y", Floats({}, {3}), Floats({}, {3}), options).n, 1);
}

TEST(OutputsEvaluationTest, CountsFlipsWhereScoresAreCompared) {
  const Tensor a = Floats({2, 3}, {1, 5, 2, 7, 1, 1});
  const Tensor b = Floats({2, 3}, {5, 1, 2, 7, 1, 1});
  EXPECT_EQ(Compare("out", a, b).flips, (verdict::Share{1, 2}));
  EXPECT_FALSE(Compare("sentence_embedding", a, b).flips);
  // Rows of length 1 are directions, unless they are probabilities.
  const Tensor unit = Floats({1, 2}, {0.6F, 0.8F});
  EXPECT_FALSE(Compare("out", unit, unit).flips);
  const Tensor probabilities = Floats({1, 2}, {1, 0});
  EXPECT_EQ(Compare("out", probabilities, probabilities).flips, (verdict::Share{0, 1}));
  // [N, T, C]: by name only, and then each position counts.
  const Tensor tokens = Floats({1, 2, 3}, {1, 5, 2, 7, 1, 1});
  EXPECT_FALSE(Compare("last", tokens, tokens).flips);
  EXPECT_EQ(Compare("logits", tokens, tokens).flips, (verdict::Share{0, 2}));
  EXPECT_FALSE(Compare("logits", Floats({2, 1}, {1, 2}), Floats({2, 1}, {1, 2})).flips);
}

TEST(OutputsEvaluationTest, CountsEqualIntegers) {
  const auto found = Compare("label", Tensor::Of<int64_t>({4}, std::vector<int64_t>{1, 2, 3, 4}),
                             Tensor::Of<int64_t>({4}, std::vector<int64_t>{1, 2, 0, 4}));
  EXPECT_EQ(found.agreement, (verdict::Share{3, 4}));
  EXPECT_FALSE(found.cosine);
}

TEST(OutputsEvaluationTest, NamesAnOutputThatDiffersInShape) {
  auto evaluation = OutputsEvaluation::Create({{"y", DType::kFloat32, {-1, 2}}}, FastOutputs());
  const Tensor a = Floats({1, 2}, {1, 2});
  const Tensor b = Floats({2, 1}, {1, 2});
  const TensorView first[] = {ViewOf(a)};
  const TensorView second[] = {ViewOf(b)};
  const auto added = evaluation->Add(first, second, 1);
  ASSERT_FALSE(added);
  EXPECT_THAT(added.error().what,
              HasSubstr("output 'y' is float32 [1, 2] in the baseline and float32 [2, 1]"));
  EXPECT_FALSE(added.error().next_step.empty());
  EXPECT_EQ(evaluation->num_samples(), 0);
  EXPECT_FALSE(evaluation->Add(first, {}, 1));
}

TEST(OutputsEvaluationTest, FinishesWithoutSamples) {
  auto evaluation = OutputsEvaluation::Create({{"y", DType::kFloat32, {-1, 2}}}, FastOutputs());
  const auto found = evaluation->Finish();
  ASSERT_EQ(found.size(), 1);
  EXPECT_TRUE(std::isnan(found[0].cosine->value));
  EXPECT_EQ(found[0].n, 0);
}

TEST(SetOutputsEvidenceTest, WarnsOfNonFiniteValues) {
  verdict::Evidence evidence;
  verdict::OutputCloseness output;
  output.name = "y";
  output.non_finite_candidate = 3;
  SetOutputsEvidence({output}, 7, evidence);
  EXPECT_EQ(evidence.n, 7);
  ASSERT_EQ(evidence.warnings.size(), 1);
  EXPECT_THAT(evidence.warnings[0].what,
              HasSubstr("0 elements in the baseline, 3 in the candidate"));
}

}  // namespace
}  // namespace tare::evaluate
