// What the program sums by sample equals the scorers that are held to scikit-learn's values.

#include <gtest/gtest.h>

#include <random>

#include "evaluate/samples/number_tasks_internal.h"
#include "scores/multilabel_scores_internal.h"
#include "scores/regression_scores_internal.h"

namespace tare::evaluate {
namespace {

verdict::Metrics Finish(SampleEvaluation& evaluation) { return evaluation.Finish().baseline; }

SampleEvaluation Make(SampleSchema schema) {
  SampleOptions options;
  options.bootstrap.replicates = 100;
  return *SampleEvaluation::Create(std::move(schema), std::move(options));
}

TEST(NumberTasksTest, SumsRegressionToTheScoresOfAllSamples) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal;
  // Around 1e7 the squares of labels leave no digit of their spread; the origin keeps them.
  for (const double mean : {0.0, 1e7}) {
    std::vector<double> labels, found;
    auto evaluation = Make(RegressionSchema());
    std::vector<double> row(RegressionSchema().columns.size());
    for (int i = 0; i < 500; ++i) {
      labels.push_back(mean + normal(random));
      found.push_back(labels.back() + 0.3 * normal(random));
      MeasureRegression(labels[static_cast<size_t>(i)], found.back(), labels[0], row);
      evaluation.Add(row, row, false);
    }
    const scores::RegressionScore expected = scores::ScoreRegression(labels, found);
    const verdict::Metrics metrics = Finish(evaluation);
    EXPECT_NEAR(verdict::FindMetric(metrics, "mae")->value, expected.mae, 1e-9);
    EXPECT_NEAR(verdict::FindMetric(metrics, "rmse")->value, expected.rmse, 1e-9);
    EXPECT_NEAR(verdict::FindMetric(metrics, "r2")->value, expected.r2, 1e-9) << mean;
  }
}

TEST(NumberTasksTest, SumsLabelSetsToTheScoresOfAllSamples) {
  std::mt19937 random(2);
  std::uniform_real_distribution<double> uniform;
  constexpr size_t kClasses = 6;
  std::vector<scores::LabelCounts> counts(kClasses);
  auto evaluation = Make(LabelSetSchema(kClasses));
  std::vector<double> row(LabelSetSchema(kClasses).columns.size());
  double num_wrong = 0;
  double num_exact = 0;
  for (int i = 0; i < 400; ++i) {
    std::vector<uint8_t> truths;
    std::vector<double> scores;
    std::set<int64_t> gold, predicted;
    for (size_t c = 0; c < kClasses; ++c) {
      truths.push_back(uniform(random) < 0.3 ? 1 : 0);
      scores.push_back(uniform(random));
      if (truths.back() != 0) gold.insert(static_cast<int64_t>(c));
      if (scores.back() >= 0.5) predicted.insert(static_cast<int64_t>(c));
    }
    const scores::LabelOutcome outcome = scores::JudgeLabels(truths, scores, 0.5, counts);
    num_wrong += static_cast<double>(outcome.num_wrong);
    num_exact += outcome.exact() ? 1 : 0;
    MeasureLabelSets(gold, predicted, kClasses, row);
    evaluation.Add(row, row, false);
  }
  const verdict::Metrics metrics = Finish(evaluation);
  const scores::FScore micro = scores::MicroScore(counts);
  EXPECT_NEAR(verdict::FindMetric(metrics, "f1_micro")->value, micro.f1, 1e-12);
  EXPECT_NEAR(verdict::FindMetric(metrics, "precision_micro")->value, micro.precision, 1e-12);
  EXPECT_NEAR(verdict::FindMetric(metrics, "recall_micro")->value, micro.recall, 1e-12);
  EXPECT_NEAR(verdict::FindMetric(metrics, "f1_macro")->value, scores::MacroScore(counts).f1,
              1e-12);
  EXPECT_NEAR(verdict::FindMetric(metrics, "hamming_loss")->value, num_wrong / (400 * kClasses),
              1e-12);
  EXPECT_NEAR(verdict::FindMetric(metrics, "subset_accuracy")->value, num_exact / 400, 1e-12);
}

}  // namespace
}  // namespace tare::evaluate
