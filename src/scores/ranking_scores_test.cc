#include "tare/scores/ranking_scores.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stats/golden_test_internal.h"

namespace tare::scores {
namespace {

using Bytes = std::vector<uint8_t>;
using Doubles = std::vector<double>;
using Strings = std::vector<std::string>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(BinaryRankingTest, AgreesWithScikitLearn) {
  for (const auto& test : stats::ReadGolden("sklearn/sklearn.json", "binary")) {
    const BinaryRanking ranking(test["truths"].get<Bytes>(), test["scores"].get<Doubles>());
    stats::ExpectGolden(ranking.AveragePrecision(), test["ap"], "ap");
    stats::ExpectGolden(ranking.RocAuc(), test["auc"], "auc");
    const Doubles weights = test["weights"];
    stats::ExpectGolden(ranking.AveragePrecision(weights), test["weighted_ap"], "weighted ap");
    stats::ExpectGolden(ranking.RocAuc(weights), test["weighted_auc"], "weighted auc");
  }
}

TEST(BinaryRankingTest, IsUndefinedWithoutBothClassesOrWithNan) {
  EXPECT_TRUE(std::isnan(BinaryRanking({}, {}).AveragePrecision()));
  EXPECT_TRUE(std::isnan(BinaryRanking({}, {}).RocAuc()));
  const BinaryRanking negative(Bytes{0, 0}, Doubles{1, 2});
  EXPECT_TRUE(std::isnan(negative.AveragePrecision()));
  EXPECT_TRUE(std::isnan(negative.RocAuc()));
  const BinaryRanking positive(Bytes{1, 1}, Doubles{1, 2});
  EXPECT_EQ(positive.AveragePrecision(), 1);
  EXPECT_TRUE(std::isnan(positive.RocAuc()));
  const BinaryRanking broken(Bytes{0, 1}, Doubles{NAN, 1});
  EXPECT_TRUE(std::isnan(broken.AveragePrecision()));
  EXPECT_TRUE(std::isnan(broken.RocAuc()));
}

TEST(BinaryRankingTest, OrdersInfiniteScores) {
  const BinaryRanking ranking(Bytes{1, 0, 0}, Doubles{kInfinity, 5, -kInfinity});
  EXPECT_EQ(ranking.AveragePrecision(), 1);
  EXPECT_EQ(ranking.RocAuc(), 1);
}

TEST(LogLossTest, AgreesWithScikitLearn) {
  for (const auto& test : stats::ReadGolden("sklearn/sklearn.json", "binary")) {
    stats::ExpectGolden(BinaryLogLoss(test["truths"].get<Bytes>(), test["chances"].get<Doubles>()),
                        test["log_loss"], "binary log loss");
  }
  for (const auto& test : stats::ReadGolden("sklearn/sklearn.json", "multiclass")) {
    Doubles flat;
    for (const auto& row : test["rows"]) {
      for (const double value : row) flat.push_back(value);
    }
    const auto width = static_cast<int64_t>(test["rows"][0].size());
    stats::ExpectGolden(LogLoss(test["labels"].get<std::vector<int64_t>>(), flat, width),
                        test["log_loss"], "log loss");
  }
}

TEST(LogLossTest, IsUndefinedWithoutSamples) {
  EXPECT_TRUE(std::isnan(LogLoss({}, {}, 3)));
  EXPECT_TRUE(std::isnan(BinaryLogLoss({}, {})));
  EXPECT_TRUE(std::isnan(BinaryLogLoss(Bytes{1}, Doubles{NAN})));
}

TEST(ScoreRetrievalTest, AgreesWithScikitLearn) {
  for (const auto& test : stats::ReadGolden("sklearn/sklearn.json", "retrieval")) {
    const auto score = ScoreRetrieval(test["ranked"].get<Strings>(),
                                      test["relevant"].get<Strings>(), test["k"].get<int64_t>());
    stats::ExpectGolden(score.recall, test["recall"], "recall");
    stats::ExpectGolden(score.reciprocal_rank, test["reciprocal_rank"], "reciprocal rank");
    stats::ExpectGolden(score.ndcg, test["ndcg"], "ndcg");
  }
}

TEST(ScoreRetrievalTest, CountsAnIdOnce) {
  const auto score = ScoreRetrieval(Strings{"x", "a", "a", "b"}, Strings{"a", "b", "b"}, 3);
  EXPECT_EQ(score.recall, 0.5);
  EXPECT_EQ(score.reciprocal_rank, 0.5);
  // Places 2 of the list, 1 and 2 of the best one.
  EXPECT_DOUBLE_EQ(score.ndcg, (1 / std::log2(3)) / (1 + 1 / std::log2(3)));
}

TEST(ScoreRetrievalTest, LooksPastTheDepthForTheFirstRelevantOnly) {
  const auto score = ScoreRetrieval(Strings{"x", "y", "z", "a"}, Strings{"a"}, 2);
  EXPECT_EQ(score.recall, 0);
  EXPECT_EQ(score.reciprocal_rank, 0.25);
  EXPECT_EQ(ScoreRetrieval({}, Strings{"a"}, 10).reciprocal_rank, 0);
  EXPECT_TRUE(std::isnan(ScoreRetrieval(Strings{"a"}, {}, 1).recall));
}

}  // namespace
}  // namespace tare::scores
