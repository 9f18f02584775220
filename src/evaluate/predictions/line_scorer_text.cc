// Question answering and generation, judged from answers.

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "evaluate/predictions/judge_cache_internal.h"
#include "evaluate/predictions/line_scorer_internal.h"
#include "tare/scores/support_scores.h"
#include "tare/scores/text_scores.h"

namespace tare::evaluate {
namespace {

using Kind = SampleMetric::Kind;
using Json = JsonReader::Json;

constexpr double kSupported = 0.5;   // least score of a judge
constexpr size_t kJudgedLines = 16;  // pairs of lines whose answers are judged together

Result<std::vector<std::string>> ReadAnswers(const JsonReader& fields) {
  const Json* child = fields.Child("answers");
  if (child != nullptr && child->is_string())
    return std::vector<std::string>{child->get<std::string>()};
  if (child == nullptr) return fields.Wrong("answers", "a list of texts: it is missing");
  return fields.Texts("answers");
}

// The verdict that the answer is not supported, and what it is known to be worth.
struct SupportVerdict {
  bool flagged = false;
  std::optional<bool> label;  // what a person says, on a sub-sample
};

// What a judge is asked: the question, where the line has it, makes a statement of a short answer.
Result<SupportPair> PairOf(const JsonReader& reference, const JsonReader& answer,
                           const std::string& prediction) {
  SupportPair pair;
  TARE_TRY(pair.premise, reference.Text("context"));
  if (pair.premise.empty())
    return reference.Wrong("context",
                           "a text: the judge needs it where an answer has no `support`");
  TARE_TRY(const std::string question, reference.Text("question"));
  pair.hypothesis = question.empty() ? prediction : StrCat(question, " ", prediction);
  pair.where = answer.source();
  return pair;
}

// `support` is a score of the user's own judge; else the judge that runs decides, else words.
Result<SupportVerdict> JudgeSupport(const JsonReader& reference, const JsonReader& answer,
                                    const std::string& prediction, const JudgeCache* judge) {
  SupportVerdict verdict;
  TARE_TRY(const auto score, answer.Number("support"));
  if (score && (*score < 0 || *score > 1)) return answer.Wrong("support", "between 0 and 1");
  if (score) {
    verdict.flagged = *score < kSupported;
  } else if (judge != nullptr) {
    TARE_TRY(const SupportPair pair, PairOf(reference, answer, prediction));
    verdict.flagged = judge->ScoreOf(pair.premise, pair.hypothesis) < kSupported;
  } else {
    TARE_TRY(const std::string context, reference.Text("context"));
    verdict.flagged = !scores::ScoreSupport(prediction, context).supported;
  }
  if (const Json* label = answer.Child("supported")) {
    if (!label->is_boolean()) return answer.Wrong("supported", "true or false");
    verdict.label = label->get<bool>();
  }
  return verdict;
}

class AnswerScorer : public LineScorer {
 public:
  enum : size_t {
    kExact,
    kF1,
    kAnswered,
    kRouge,
    kJudged,
    kFlagged,
    kTruePositive,
    kFalseNegative,
    kTrueNegative,
    kFalsePositive
  };
  static constexpr std::string_view kSlices[] = {"has_answer", "no_answer"};

  AnswerScorer(bool generation, SupportJudge* judge) : generation_(generation) {
    if (judge != nullptr) judge_.emplace(*judge);
    schema_.columns = {"exact",         "f1",
                       "answered",      "rouge_l",
                       "judged",        "flagged",
                       "true_positive", "false_negative",
                       "true_negative", "false_positive"};
    schema_.correct = kExact;
    schema_.margin = kF1;
    schema_.metrics = {{.name = "exact_match", .kind = Kind::kShare, .column = kExact},
                       {.name = "token_f1", .kind = Kind::kMean, .column = kF1}};
    if (generation)
      schema_.metrics.push_back({.name = "rouge_l", .kind = Kind::kMean, .column = kRouge});
    schema_.metrics.push_back({.name = "answer_rate", .kind = Kind::kShare, .column = kAnswered});
    schema_.metrics.push_back({.name = "hallucination_rate",
                               .kind = Kind::kRatio,
                               .column = kFlagged,
                               .denominator = kJudged,
                               .optional = true});
    // Rogan and Gladen's estimate (support_scores.h), each side with the judge's errors on that
    // side.
    const auto corrected = [](std::span<const double> sums, double) -> double {
      const auto count = [&](size_t column) { return static_cast<int64_t>(sums[column]); };
      if (sums[kJudged] == 0) return NAN;
      const scores::JudgeCounts labelled{count(kTruePositive), count(kFalseNegative),
                                         count(kTrueNegative), count(kFalsePositive)};
      const auto rate = scores::RoganGladen(count(kFlagged), count(kJudged), labelled, 0.95);
      return rate ? rate->rate : NAN;
    };
    schema_.metrics.push_back({.name = "hallucination_rate_corrected",
                               .kind = Kind::kOfSums,
                               .value = corrected,
                               .optional = true});
  }

  Result<std::string> Score(const JsonReader& reference, const JsonReader& answer,
                            std::span<double> row) const override {
    TARE_TRY(const auto answers, ReadAnswers(reference));
    if (answer.Child("prediction") == nullptr)
      return answer.Wrong("prediction", "a text: it is missing");
    TARE_TRY(const std::string prediction, answer.Text("prediction"));
    const scores::AnswerScore score = scores::ScoreAnswer(prediction, answers);
    std::fill(row.begin(), row.end(), 0);
    row[kExact] = score.exact;
    row[kF1] = score.f1;
    row[kAnswered] = scores::IsAbstention(prediction) ? 0 : 1;
    // Without an answer the empty one is right, as for exact and f1.
    if (generation_)
      row[kRouge] = score.has_answer ? scores::RougeL(prediction, answers).f1 : score.f1;
    if (row[kAnswered] != 0 && IsJudged(reference, answer)) {
      TARE_TRY(const auto verdict,
               JudgeSupport(reference, answer, prediction, judge_ ? &*judge_ : nullptr));
      row[kJudged] = 1;
      row[kFlagged] = verdict.flagged ? 1 : 0;
      if (verdict.label && !*verdict.label)
        row[verdict.flagged ? kTruePositive : kFalseNegative] = 1;
      if (verdict.label && *verdict.label)
        row[verdict.flagged ? kFalsePositive : kTrueNegative] = 1;
    }
    return scores::NormalizeAnswer(prediction);
  }

  Result<void> Rank(const JsonReader& reference, const JsonReader& baseline,
                    const JsonReader& candidate) override {
    ++num_lines_;
    if (!IsJudged(reference, baseline) || !IsJudged(reference, candidate)) ++num_without_context_;
    return {};
  }
  void AddTo(double /*confidence*/, uint64_t /*seed*/, TestEvidence& evidence) const override {
    if (num_without_context_ == 0 || num_without_context_ == num_lines_) return;
    evidence.warnings.push_back(
        {StrCat("hallucination_rate is of ", num_lines_ - num_without_context_, " of ", num_lines_,
                " lines: the other ", num_without_context_, " have no `context`"),
         "give every line its context, or judge those that have one by themselves"});
  }

  size_t lookahead() const override { return judge_ ? kJudgedLines : 0; }
  Result<void> Prepare(std::span<const LinePair> lines) override {
    // A judge is asked for by name: where the first lines give it nothing to read, none do.
    const auto is_judged = [](const LinePair& line) {
      return IsJudged(line.baseline, line.baseline) || IsJudged(line.baseline, line.candidate);
    };
    if (!std::exchange(has_prepared_, true) && std::ranges::none_of(lines, is_judged))
      TARE_TRY_VOID(PairOf(lines.front().baseline, lines.front().baseline, ""));
    std::vector<SupportPair> pairs;
    for (const LinePair& line : lines) {
      for (const JsonReader* answer : {&line.baseline, &line.candidate}) {
        TARE_TRY(const std::string prediction, answer->Text("prediction"));
        if (scores::IsAbstention(prediction) || answer->Child("support") != nullptr ||
            !IsJudged(line.baseline, *answer))
          continue;
        TARE_TRY(auto pair, PairOf(line.baseline, *answer, prediction));
        pairs.push_back(std::move(pair));
      }
    }
    return judge_->Prepare(std::move(pairs));
  }

  std::span<const std::string_view> slices() const override { return kSlices; }
  uint64_t SlicesOf(const JsonReader& reference) const override {
    const auto answers = ReadAnswers(reference);
    return answers && scores::ScoreAnswer("", *answers).has_answer ? 1 : 2;
  }
  const char* reference_key() const override { return "answers"; }

 private:
  // Where there is nothing to hold an answer against, it is neither supported nor not.
  static bool IsJudged(const JsonReader& reference, const JsonReader& answer) {
    return reference.Child("context") != nullptr || answer.Child("support") != nullptr;
  }

  bool generation_;
  int64_t num_lines_ = 0, num_without_context_ = 0;
  bool has_prepared_ = false;
  std::optional<JudgeCache> judge_;
};

}  // namespace

std::unique_ptr<LineScorer> MakeAnswerScorer(bool generation, SupportJudge* judge) {
  return std::make_unique<AnswerScorer>(generation, judge);
}

}  // namespace tare::evaluate
