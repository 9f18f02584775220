// Token classification and retrieval.

#include <algorithm>

#include "evaluate/line_scorer_internal.h"
#include "tare/core/text.h"
#include "tare/evaluate/ranking_scores.h"
#include "tare/evaluate/span_scores.h"

namespace tare::evaluate {
namespace {

using Kind = SampleMetric::Kind;
using Json = JsonReader::Json;

// A list of texts; whole numbers count as their text.
Result<std::vector<std::string>> NeedTexts(const JsonReader& fields, const char* key) {
  TARE_TRY(const Json* list, fields.Array(key));
  if (list == nullptr) return fields.Wrong(key, "a list of texts: it is missing");
  std::vector<std::string> texts;
  for (const Json& item : *list) {
    if (!item.is_string() && !item.is_number_integer()) return fields.Wrong(key, "a list of texts");
    texts.push_back(item.is_string() ? item.get<std::string>() : item.dump());
  }
  return texts;
}

class TokenScorer : public LineScorer {
 public:
  enum : size_t { kRightTokens, kTokens, kRight, kPredicted, kMembers, kExact };

  TokenScorer() {
    schema_.columns = {"right_tokens", "tokens", "right", "predicted", "members", "exact"};
    schema_.correct = kExact;
    const auto of = [](double FScore::*field) {
      return [field](std::span<const double> sums, double) {
        const SpanCounts counts{static_cast<int64_t>(sums[kRight]), static_cast<int64_t>(sums[kPredicted]),
                                static_cast<int64_t>(sums[kMembers])};
        return ScoreCounts(counts).*field;
      };
    };
    schema_.metrics = {{.name = "f1_micro", .kind = Kind::kOfSums, .value = of(&FScore::f1)},
                       {.name = "precision_micro", .kind = Kind::kOfSums, .value = of(&FScore::precision)},
                       {.name = "recall_micro", .kind = Kind::kOfSums, .value = of(&FScore::recall)},
                       {.name = "token_accuracy", .kind = Kind::kRatio, .column = kRightTokens, .denominator = kTokens}};
  }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer, std::span<double> row) const override {
    TARE_TRY(const auto truths, NeedTexts(reference, "label"));
    TARE_TRY(const auto found, NeedTexts(answer, "prediction"));
    const auto outcome = ScoreSpans(truths, found);
    if (!outcome) return answer.Wrong("prediction", StrCat("a list of as many tags as label: ", outcome.error().what));
    row[kRightTokens] = static_cast<double>(outcome->num_right_tokens);
    row[kTokens] = static_cast<double>(outcome->num_tokens);
    row[kRight] = static_cast<double>(outcome->all.right);
    row[kPredicted] = static_cast<double>(outcome->all.predicted);
    row[kMembers] = static_cast<double>(outcome->all.members);
    row[kExact] = truths == found ? 1 : 0;
    return Join(found, " ");
  }
};

class RankingScorer : public LineScorer {
 public:
  enum : size_t { kFirst, kRecall1, kRecall10, kReciprocalRank, kNdcg };

  RankingScorer() {
    schema_.columns = {"first", "recall_at_1", "recall_at_10", "reciprocal_rank", "ndcg_at_10"};
    schema_.correct = kFirst;
    schema_.metrics = {{.name = "mrr", .kind = Kind::kMean, .column = kReciprocalRank},
                       {.name = "recall_at_1", .kind = Kind::kMean, .column = kRecall1},
                       {.name = "recall_at_10", .kind = Kind::kMean, .column = kRecall10},
                       {.name = "ndcg_at_10", .kind = Kind::kMean, .column = kNdcg}};
  }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer, std::span<double> row) const override {
    TARE_TRY(const auto relevant, NeedTexts(reference, "relevant"));
    TARE_TRY(const auto ranked, NeedTexts(answer, "prediction"));
    if (relevant.empty()) return reference.Wrong("relevant", "a list with at least one id: leave such queries out of both files");
    const RetrievalScore ten = ScoreRetrieval(ranked, relevant, 10);
    row[kRecall1] = ScoreRetrieval(ranked, relevant, 1).recall;
    row[kRecall10] = ten.recall;
    row[kReciprocalRank] = ten.reciprocal_rank;
    row[kNdcg] = ten.ndcg;
    row[kFirst] = ten.reciprocal_rank == 1 ? 1 : 0;
    return Join(ranked, " ");
  }
  const char* reference_key() const override { return "relevant"; }
};

}  // namespace

std::unique_ptr<LineScorer> MakeTokenScorer() { return std::make_unique<TokenScorer>(); }
std::unique_ptr<LineScorer> MakeRankingScorer() { return std::make_unique<RankingScorer>(); }

}  // namespace tare::evaluate
