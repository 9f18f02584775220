// Question answering and generation, judged from answers.

#include <algorithm>

#include "evaluate/line_scorer_internal.h"
#include "tare/evaluate/text_scores.h"

namespace tare::evaluate {
namespace {

using Kind = SampleMetric::Kind;
using Json = JsonReader::Json;

Result<std::vector<std::string>> ReadAnswers(const JsonReader& fields) {
  const Json* child = fields.Child("answers");
  if (child != nullptr && child->is_string()) return std::vector<std::string>{child->get<std::string>()};
  if (child == nullptr) return fields.Wrong("answers", "a list of texts: it is missing");
  return fields.Texts("answers");
}

bool HasAnswer(const std::vector<std::string>& answers) {
  return std::any_of(answers.begin(), answers.end(), [](const std::string& answer) { return !answer.empty(); });
}

class AnswerScorer : public LineScorer {
 public:
  enum : size_t { kExact, kF1, kAnswered, kRouge };
  static constexpr std::string_view kSlices[] = {"has_answer", "no_answer"};

  explicit AnswerScorer(bool generation) : generation_(generation) {
    schema_.columns = {"exact", "f1", "answered", "rouge_l"};
    schema_.correct = kExact;
    schema_.metrics = {{.name = "exact_match", .kind = Kind::kShare, .column = kExact},
                       {.name = "token_f1", .kind = Kind::kMean, .column = kF1}};
    if (generation) schema_.metrics.push_back({.name = "rouge_l", .kind = Kind::kMean, .column = kRouge});
    schema_.metrics.push_back({.name = "answer_rate", .kind = Kind::kShare, .column = kAnswered});
  }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer, std::span<double> row) const override {
    TARE_TRY(const auto answers, ReadAnswers(reference));
    if (answer.Child("prediction") == nullptr) return answer.Wrong("prediction", "a text: it is missing");
    TARE_TRY(const std::string prediction, answer.Text("prediction"));
    const AnswerScore score = ScoreAnswer(prediction, answers);
    row[kExact] = score.exact;
    row[kF1] = score.f1;
    row[kAnswered] = prediction.empty() ? 0 : 1;
    row[kRouge] = generation_ && HasAnswer(answers) ? RougeL(prediction, answers).f1 : 0;
    return NormalizeAnswer(prediction);
  }

  std::span<const std::string_view> slices() const override { return kSlices; }
  uint64_t SlicesOf(const JsonReader& reference) const override {
    const auto answers = ReadAnswers(reference);
    return answers && HasAnswer(*answers) ? 1 : 2;
  }
  const char* reference_key() const override { return "answers"; }

 private:
  bool generation_;
};

}  // namespace

std::unique_ptr<LineScorer> MakeAnswerScorer(bool generation, const JsonReader& /*first*/) {
  return std::make_unique<AnswerScorer>(generation);
}

}  // namespace tare::evaluate
