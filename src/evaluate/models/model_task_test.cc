#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "evaluate/models/model_task_internal.h"
#include "evaluate/samples/test_metrics_internal.h"
#include "tare/scores/ranking_scores.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;
using verdict::Task;

EvaluateOptions FastTask() {
  EvaluateOptions options;
  options.test.bootstrap.replicates = 200;
  return options;
}

// One batch through a task; both sides' outputs.
Result<TestEvidence> Judge(Task task, const EvaluationBatch& batch, const Tensor& baseline,
                           const Tensor& candidate, EvaluateOptions options = FastTask()) {
  options.task = task;
  TARE_TRY(const auto made,
           MakeModelTask({{"y", baseline.dtype(), baseline.shape()}}, options, Sides::kPair));
  const TensorView first[] = {ViewOf(baseline)};
  const TensorView second[] = {ViewOf(candidate)};
  TARE_TRY_VOID(made->Add(batch, first, second));
  return made->Finish(NoProgress());
}

std::vector<float> RandomVectors(int64_t n, int64_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(n * size));
  for (float& value : values) value = normal(random);
  return values;
}

TEST(ModelTaskTest, RanksEmbeddingsAsTheSlowWayDoes) {
  constexpr int64_t kSamples =
      700;  // more than a block of documents, and no multiple of the queries of a block
  constexpr int64_t kSize = 5;
  const auto values = RandomVectors(kSamples, kSize, 1);
  EvaluationBatch batch;
  batch.num_valid = kSamples;
  for (int64_t i = 0; i < kSamples; ++i) batch.labels.push_back(i % 90);
  const auto other = RandomVectors(kSamples, kSize, 2);
  const auto found = Judge(Task::kEmbedding, batch, Tensor::Of<float>({kSamples, kSize}, values),
                           Tensor::Of<float>({kSamples, kSize}, other));
  ASSERT_TRUE(found) << found.error().what;

  double mrr = 0, recall = 0, ndcg = 0, first = 0;
  for (int64_t i = 0; i < kSamples; ++i) {
    std::vector<std::pair<double, int64_t>> ranked;
    const auto at = [&](int64_t sample, int64_t d) {
      return static_cast<double>(values[static_cast<size_t>(sample * kSize + d)]);
    };
    for (int64_t j = 0; j < kSamples; ++j) {
      double dot = 0, a = 0, b = 0;
      for (int64_t d = 0; d < kSize; ++d) {
        dot += at(i, d) * at(j, d);
        a += at(i, d) * at(i, d);
        b += at(j, d) * at(j, d);
      }
      if (j != i) ranked.emplace_back(-dot / std::sqrt(a * b), j);
    }
    std::ranges::sort(ranked);
    std::vector<std::string> ids, relevant;
    for (const auto& [similarity, j] : ranked) {
      ids.push_back(std::to_string(j));
      if (j % 90 == i % 90) relevant.push_back(ids.back());
    }
    const scores::RetrievalScore ten = scores::ScoreRetrieval(ids, relevant, 10);
    mrr += ten.reciprocal_rank / kSamples;
    recall += ten.recall / kSamples;
    ndcg += ten.ndcg / kSamples;
    first += scores::ScoreRetrieval(ids, relevant, 1).recall > 0 ? 1.0 / kSamples : 0;
  }
  EXPECT_NEAR(Value(found->baseline, "mrr"), mrr, 1e-12);
  EXPECT_NEAR(Value(found->baseline, "recall_at_10"), recall, 1e-12);
  EXPECT_NEAR(Value(found->baseline, "ndcg_at_10"), ndcg, 1e-12);
  EXPECT_NEAR(Value(found->baseline, "precision_at_1"), first, 1e-12);
  EXPECT_NE(Value(found->candidate, "mrr"), mrr);
}

TEST(ModelTaskTest, TakesTheMeanOfTheTokensThatCount) {
  // By the first token alone 0 and 1 are neighbours; the second token of each is masked out.
  EvaluationBatch batch;
  batch.num_valid = 4;
  batch.labels = {0, 0, 1, 1};
  batch.inputs.push_back(
      {"attention_mask",
       Tensor::Of<int64_t>({4, 2}, std::vector<int64_t>{1, 0, 1, 0, 1, 0, 1, 0})});
  const std::vector<float> values = {1, 0, 0, 9, 1, 0.1F, 9, 0, 0, 1, 9, 0, 0.1F, 1, 0, -9};
  const Tensor output = Tensor::Of<float>({4, 2, 2}, values);
  const auto masked = Judge(Task::kEmbedding, batch, output, output);
  ASSERT_TRUE(masked) << masked.error().what;
  EXPECT_EQ(Value(masked->baseline, "mrr"), 1);
  batch.inputs.clear();
  EXPECT_LT(Value(Judge(Task::kEmbedding, batch, output, output)->baseline, "mrr"), 1);
}

TEST(ModelTaskTest, LeavesOutQueriesThatAskForNothing) {
  EvaluationBatch batch;
  batch.num_valid = 3;
  batch.labels = {0, 0, 7};
  const Tensor output = Tensor::Of<float>({3, 2}, std::vector<float>{1, 0, 0, 1, 1, 0.1F});
  const auto found = Judge(Task::kEmbedding, batch, output, output);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->n, 2);
  EXPECT_EQ(Value(found->baseline, "mrr"),
            0.5 * (0.5 + 0.5));  // sample 2 stands before the right one for both
  ASSERT_EQ(found->warnings.size(), 1);
  EXPECT_THAT(found->warnings[0].what, HasSubstr("1 of 3 samples"));
  batch.labels = {0, 1, 7};
  EXPECT_THAT(Judge(Task::kEmbedding, batch, output, output).error().what,
              HasSubstr("no two samples"));
}

TEST(ModelTaskTest, CountsTokensAndEntities) {
  EvaluationBatch batch;
  batch.num_valid = 2;
  batch.targets = {1, 2, 0, 0, 1, -100};  // B-X I-X O | O B-X, the last token is not judged
  const auto one_hot = [](const std::vector<int>& classes) {
    std::vector<float> values(classes.size() * 3);
    for (size_t i = 0; i < classes.size(); ++i) values[i * 3 + static_cast<size_t>(classes[i])] = 1;
    return Tensor::Of<float>({2, 3, 3}, values);
  };
  auto options = FastTask();
  options.classification.classes = {"O", "B-X", "I-X"};
  const auto found = Judge(Task::kTokenClassification, batch, one_hot({1, 2, 0, 0, 1, 2}),
                           one_hot({1, 0, 0, 0, 1, 0}), options);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(Value(found->baseline, "f1_micro"), 1);
  // The candidate cuts the first entity short: one of two found is right.
  EXPECT_EQ(Value(found->candidate, "f1_micro"), 0.5);
  EXPECT_EQ(Value(found->candidate, "token_accuracy"), 0.8);
  EXPECT_EQ(found->paired->counts.harmful, 1);
  options.classification.classes.clear();  // then tokens alone
  const auto tokens = Judge(Task::kTokenClassification, batch, one_hot({1, 2, 0, 0, 1, 2}),
                            one_hot({1, 0, 0, 0, 1, 0}), options);
  EXPECT_EQ(verdict::FindMetric(tokens->candidate, "f1_micro"), nullptr);
  EXPECT_EQ(Value(tokens->candidate, "token_accuracy"), 0.8);
}

TEST(ModelTaskTest, JudgesSlicesOfEveryTask) {
  EvaluationBatch batch;
  batch.num_valid = 4;
  batch.targets = {1, 2, 3, 4};
  batch.columns = {{"width", {1, 1, 2, 2}}};
  auto options = FastTask();
  options.test.slices = {{"wide", "width == 2"}, {"large", "label > 3"}};
  const Tensor right = Tensor::Of<float>({4, 1}, std::vector<float>{1, 2, 3, 4});
  const Tensor wrong = Tensor::Of<float>({4, 1}, std::vector<float>{1, 2, 4, 7});
  const auto found = Judge(Task::kRegression, batch, right, wrong, options);
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(Value(found->candidate, "mae"), 1);
  EXPECT_EQ(found->candidate_slices[0].n, 2);
  EXPECT_EQ(Value(found->candidate_slices[0].metrics, "mae"), 2);
  EXPECT_EQ(Value(found->candidate_slices[1].metrics, "mae"), 3);
  options.test.slices = {{"tall", "height > 1"}};
  EXPECT_THAT(Judge(Task::kRegression, batch, right, wrong, options).error().what,
              HasSubstr("compares 'height'"));
}

TEST(ModelTaskTest, SaysWhatDoesNotFit) {
  EvaluationBatch batch;
  batch.num_valid = 2;
  batch.targets = {1, 0};
  batch.labels = {0, 0};
  const auto error = [&](Task task, const Tensor& output) {
    const auto found = Judge(task, batch, output, output);
    EXPECT_FALSE(found) << TaskName(task);
    if (found) return std::string();
    EXPECT_FALSE(found.error().next_step.empty());
    return found.error().what;
  };
  const Tensor cube = Tensor::Of<float>({2, 3, 4}, std::vector<float>(24));
  EXPECT_THAT(error(Task::kRetrieval, cube), HasSubstr("the task 'retrieval'"));
  EXPECT_THAT(error(Task::kRegression, cube),
              HasSubstr("no output holds one number a sample: y float32 [2, 3, 4]"));
  EXPECT_THAT(error(Task::kTokenClassification, cube),
              HasSubstr("labels of 2 numbers for 2 samples of 3 tokens"));
  const Tensor nan = Tensor::Of<float>({2, 1}, std::vector<float>{1, NAN});
  EXPECT_THAT(error(Task::kRegression, nan), HasSubstr("not finite"));
  EXPECT_THAT(error(Task::kEmbedding, nan), HasSubstr("not finite"));
  batch.targets = {1, 0, 9};
  EXPECT_THAT(
      error(Task::kTokenClassification, Tensor::Of<float>({2, 3, 4}, std::vector<float>(24))),
      HasSubstr("labels of 3 numbers"));
  batch.targets = {1, 0, 9, 0, 0, 0};
  EXPECT_THAT(error(Task::kTokenClassification, cube), HasSubstr("label 9 of token 2 is no class"));
}

}  // namespace
}  // namespace tare::evaluate
