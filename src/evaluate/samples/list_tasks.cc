#include <algorithm>

#include "evaluate/samples/list_tasks_internal.h"
#include "tare/core/strcat.h"
#include "tare/scores/span_scores.h"

namespace tare::evaluate {
namespace {

using Kind = SampleMetric::Kind;

enum TokenColumn : size_t { kRightTokens, kTokens, kExact, kRight, kPredicted, kMembers };
enum RankingColumn : size_t { kFirst, kRecall1, kRecall10, kReciprocalRank, kNdcg };

}  // namespace

SampleSchema TokenSchema(bool with_entities) {
  SampleSchema schema;
  schema.columns = {"right_tokens", "tokens", "exact"};
  schema.correct = kExact;
  schema.margin = kRightTokens;
  if (with_entities) {
    for (const char* column : {"right", "predicted", "members"})
      schema.columns.emplace_back(column);
    const auto of = [](double scores::FScore::*field) {
      return [field](std::span<const double> sums, double) {
        const scores::SpanCounts counts{static_cast<int64_t>(sums[kRight]),
                                        static_cast<int64_t>(sums[kPredicted]),
                                        static_cast<int64_t>(sums[kMembers])};
        return scores::ScoreCounts(counts).*field;
      };
    };
    schema.metrics = {
        {.name = "f1_micro", .kind = Kind::kOfSums, .value = of(&scores::FScore::f1)},
        {.name = "precision_micro", .kind = Kind::kOfSums, .value = of(&scores::FScore::precision)},
        {.name = "recall_micro", .kind = Kind::kOfSums, .value = of(&scores::FScore::recall)}};
  }
  schema.metrics.push_back({.name = "token_accuracy",
                            .kind = Kind::kRatio,
                            .column = kRightTokens,
                            .denominator = kTokens});
  return schema;
}

Result<void> MeasureTokens(std::span<const std::string> truths, std::span<const std::string> found,
                           bool with_entities, std::span<double> row) {
  row[kExact] = std::ranges::equal(truths, found) ? 1 : 0;
  if (with_entities) {
    TARE_TRY(const scores::SpanOutcome outcome, scores::ScoreSpans(truths, found));
    row[kRightTokens] = static_cast<double>(outcome.num_right_tokens);
    row[kTokens] = static_cast<double>(outcome.num_tokens);
    row[kRight] = static_cast<double>(outcome.all.right);
    row[kPredicted] = static_cast<double>(outcome.all.predicted);
    row[kMembers] = static_cast<double>(outcome.all.members);
    return {};
  }
  if (truths.size() != found.size()) {
    return InvalidArgument(StrCat(found.size(), " tags for ", truths.size(), " tokens"),
                           "give one tag a token");
  }
  double right = 0;
  for (size_t t = 0; t < truths.size(); ++t) right += truths[t] == found[t] ? 1 : 0;
  row[kRightTokens] = right;
  row[kTokens] = static_cast<double>(truths.size());
  return {};
}

SampleSchema RankingSchema() {
  SampleSchema schema;
  schema.columns = {"first", "recall_at_1", "recall_at_10", "reciprocal_rank", "ndcg_at_10"};
  schema.correct = kFirst;
  schema.margin = kReciprocalRank;
  schema.metrics = {{.name = "mrr", .kind = Kind::kMean, .column = kReciprocalRank},
                    {.name = "precision_at_1", .kind = Kind::kShare, .column = kFirst},
                    {.name = "recall_at_1", .kind = Kind::kMean, .column = kRecall1},
                    {.name = "recall_at_10", .kind = Kind::kMean, .column = kRecall10},
                    {.name = "ndcg_at_10", .kind = Kind::kMean, .column = kNdcg}};
  return schema;
}

void MeasureRanking(const scores::RetrievalScore& one, const scores::RetrievalScore& ten,
                    std::span<double> row) {
  row[kFirst] = ten.reciprocal_rank == 1 ? 1 : 0;
  row[kRecall1] = one.recall;
  row[kRecall10] = ten.recall;
  row[kReciprocalRank] = ten.reciprocal_rank;
  row[kNdcg] = ten.ndcg;
}

}  // namespace tare::evaluate
