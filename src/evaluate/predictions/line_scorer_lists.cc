// Token classification and retrieval.

#include "evaluate/predictions/line_scorer_internal.h"
#include "evaluate/samples/list_tasks_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

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
  TokenScorer() { schema_ = TokenSchema(true); }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer,
                            std::span<double> row) const override {
    TARE_TRY(const auto truths, NeedTexts(reference, "label"));
    TARE_TRY(const auto found, NeedTexts(answer, "prediction"));
    const auto measured = MeasureTokens(truths, found, true, row);
    if (!measured)
      return answer.Wrong("prediction",
                          StrCat("a list of as many tags as label: ", measured.error().what));
    return Join(found, " ");
  }
};

class RankingScorer : public LineScorer {
 public:
  RankingScorer() { schema_ = RankingSchema(); }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer,
                            std::span<double> row) const override {
    TARE_TRY(const auto relevant, NeedTexts(reference, "relevant"));
    TARE_TRY(const auto ranked, NeedTexts(answer, "prediction"));
    if (relevant.empty())
      return reference.Wrong("relevant",
                             "a list with at least one id: leave such queries out of both files");
    MeasureRanking(scores::ScoreRetrieval(ranked, relevant, 1),
                   scores::ScoreRetrieval(ranked, relevant, 10), row);
    return Join(ranked, " ");
  }
  const char* reference_key() const override { return "relevant"; }
};

}  // namespace

std::unique_ptr<LineScorer> MakeTokenScorer() { return std::make_unique<TokenScorer>(); }
std::unique_ptr<LineScorer> MakeRankingScorer() { return std::make_unique<RankingScorer>(); }

}  // namespace tare::evaluate
