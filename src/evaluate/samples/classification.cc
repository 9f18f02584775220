#include "tare/evaluate/samples/classification.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluate/samples/answers_internal.h"
#include "evaluate/samples/classification_state_internal.h"

namespace tare::evaluate {
namespace {

// Slices are looked for in float32 columns, which tell whole numbers apart up to here.
constexpr int64_t kMaxClasses = 1 << 24;

// One score a row becomes two: [1 - p, p], or logits [0, z].
std::vector<double> TwoColumns(std::span<const double> scores, stats::ScoreKind kind) {
  std::vector<double> out;
  out.reserve(2 * scores.size());
  for (const double score : scores) {
    out.push_back(kind == stats::ScoreKind::kProbabilities ? 1 - score : 0);
    out.push_back(score);
  }
  return out;
}

// Rows of `num_classes` scores, one at least.
bool AllSumTo(double wanted, double tolerance, std::span<const double> scores,
              int64_t num_classes) {
  const auto width = static_cast<size_t>(num_classes);
  for (size_t row = 0; row + width <= scores.size(); row += width) {
    const auto part = scores.subspan(row, width);
    const double sum = std::accumulate(part.begin(), part.end(), 0.0);
    if (!(std::abs(sum - wanted) <= tolerance)) return false;
  }
  return !scores.empty();
}

bool AllInUnitInterval(std::span<const double> scores) {
  return std::ranges::all_of(scores, [](double p) { return p >= 0 && p <= 1; });
}

// Probabilities of few digits, or of 8 bits: rows that add up to 1 but for the rounding.
bool AreRoundedProbabilities(std::span<const double> scores, int64_t num_classes) {
  const double tolerance = std::min(0.1, 1e-3 + 0.005 * static_cast<double>(num_classes));
  return AllInUnitInterval(scores) && AllSumTo(1, tolerance, scores, num_classes);
}

Error WrongSize(std::string_view what, size_t size, size_t rows) {
  return InvalidArgument(StrCat(what, " has ", size, " values for ", rows, " samples"),
                         "give one for each sample");
}

Error NoClass(std::string_view what, int64_t value, int64_t sample, int64_t num_classes) {
  return InvalidArgument(StrCat(what, " ", value, " of sample ", sample, " is no class",
                                num_classes > 0 ? StrCat(": the model has ", num_classes, " (0 to ",
                                                         num_classes - 1, ")")
                                                : std::string()),
                         "check that the labels belong to this model: classes count from 0");
}

}  // namespace

Result<void> ClassificationEvaluation::State::CheckSizes(const ClassificationBatch& batch) const {
  const size_t rows = batch.labels.size();
  if (batch.num_classes < 0 || batch.num_classes > kMaxClasses) {
    return InvalidArgument(StrCat("scores with ", batch.num_classes, " classes"),
                           "give between 1 and 16,777,216 classes");
  }
  if (score_columns >= 0 && batch.num_classes != score_columns) {
    return InvalidArgument(
        StrCat("a batch has ", batch.num_classes, " classes, the first had ", score_columns),
        "evaluate models whose output keeps its number of classes");
  }
  const bool hard = batch.num_classes == 0;
  const size_t scores = rows * static_cast<size_t>(batch.num_classes);
  for (const auto* answers : {&batch.baseline, &batch.candidate}) {
    const bool is_baseline = answers == &batch.baseline;
    const std::string_view side = is_baseline ? "baseline" : "candidate";
    const size_t asked = is_baseline || is_pair() ? 1 : 0;
    if (answers->scores.size() != asked * scores)
      return WrongSize(side, answers->scores.size(), rows);
    if (answers->predictions.size() != (hard ? asked * rows : 0))
      return WrongSize(side, answers->predictions.size(), rows);
  }
  for (const auto columns : {batch.columns, batch.candidate_columns}) {
    for (const Column& column : columns) {
      if (column.values.size() != rows) return WrongSize(column.name, column.values.size(), rows);
    }
  }
  return {};
}

Result<void> ClassificationEvaluation::State::CheckClasses(const ClassificationBatch& batch) const {
  const bool hard = batch.num_classes == 0;
  const int64_t known =
      hard ? static_cast<int64_t>(options.classes.size()) : std::max<int64_t>(2, batch.num_classes);
  const int64_t bound = known > 0 ? known : kMaxClasses;
  const auto check = [&](std::string_view what, std::span<const int64_t> values,
                         int64_t least) -> Result<void> {
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] >= least && values[i] < bound) continue;
      return NoClass(what, values[i], num_samples() + static_cast<int64_t>(i), known);
    }
    return {};
  };
  TARE_TRY_VOID(check("label", batch.labels, 0));
  // A prediction may be kNoAnswer, which counts as wrong; a sample without its label cannot be
  // judged.
  TARE_TRY_VOID(check("the baseline's prediction", batch.baseline.predictions, kNoAnswer));
  return check("the candidate's prediction", batch.candidate.predictions, kNoAnswer);
}

Result<void> ClassificationEvaluation::State::Decide(const ClassificationBatch& batch) {
  if (score_columns >= 0 || batch.labels.empty()) return {};
  const auto are_probabilities = [&](std::span<const double> scores) {
    if (batch.num_classes == 1) return AllInUnitInterval(scores);
    return stats::LookLikeProbabilities(scores, batch.num_classes) ||
           AreRoundedProbabilities(scores, batch.num_classes);
  };
  const bool probabilities = batch.num_classes > 0 && are_probabilities(batch.baseline.scores);
  for (const auto* answers : {&batch.baseline, &batch.candidate}) {
    const auto& scores = answers->scores;
    const bool is_percent = batch.num_classes > 1 &&
                            std::ranges::all_of(scores, [](double p) { return p >= 0; }) &&
                            AllSumTo(100, 1, scores, batch.num_classes);
    if (!is_percent) continue;
    return InvalidArgument(
        StrCat("the scores of the ", answers == &batch.baseline ? "baseline" : "candidate",
               " add up to 100: they are per cent, and would be taken for logits"),
        "divide them by 100");
  }
  // Sums are not looked at: a softmax in 8 bits need not give 1. One score a sample may lie between
  // 0 and 1 by chance, several do not sum to 1 so.
  if (batch.num_classes > 1 && is_pair() && !AllInUnitInterval(batch.baseline.scores) &&
      !probabilities && are_probabilities(batch.candidate.scores)) {
    return InvalidArgument(
        "the scores of the baseline are logits, those of the candidate probabilities: log loss and "
        "calibration of the two cannot be compared",
        "give logits of both, or probabilities of both");
  }
  score_columns = batch.num_classes;
  if (score_columns == 0) return {};
  // The first batch decides for all, and the baseline for both: what scores are must not depend on
  // how badly a candidate computes them.
  kind = probabilities ? stats::ScoreKind::kProbabilities : stats::ScoreKind::kLogits;
  constexpr size_t kTooManyByChance = 16;
  are_single_probabilities = !probabilities && batch.baseline.scores.size() >= kTooManyByChance &&
                             AllInUnitInterval(batch.baseline.scores);
  num_classes = std::max<int64_t>(2, score_columns);
  return {};
}

void ClassificationEvaluation::State::Count(const Sample& answers) {
  baseline_unanswered += answers.baseline == kNoAnswer ? 1 : 0;
  candidate_unanswered += is_pair() && answers.candidate == kNoAnswer ? 1 : 0;
}

void ClassificationEvaluation::State::AddPredictions(const ClassificationBatch& batch) {
  for (size_t i = 0; i < batch.labels.size(); ++i) {
    SampleRecord record;
    const int64_t candidate = is_pair() ? batch.candidate.predictions[i] : kNoAnswer;
    record.answers = {static_cast<int32_t>(batch.labels[i]),
                      static_cast<int32_t>(batch.baseline.predictions[i]),
                      static_cast<int32_t>(candidate)};
    const int64_t most = std::max({batch.labels[i], batch.baseline.predictions[i], candidate});
    num_classes = std::max(num_classes, most + 1);
    Count(record.answers);
    records.push_back(record);
  }
}

void ClassificationEvaluation::State::AddScores(const ClassificationBatch& batch) {
  std::vector<double> first, second;
  std::span<const double> baseline = batch.baseline.scores;
  std::span<const double> candidate = batch.candidate.scores;
  if (score_columns == 1) {
    first = TwoColumns(baseline, *kind);
    second = TwoColumns(candidate, *kind);
    baseline = first;
    candidate = second;
  }
  const auto width = static_cast<size_t>(num_classes);
  AnswerReader reader(*kind, num_classes, batch.least_probability);
  for (size_t i = 0; i < batch.labels.size(); ++i) {
    const auto row = baseline.subspan(i * width, width);
    if (is_pair()) {
      reader.Read(row, candidate.subspan(i * width, width), batch.labels[i]);
    } else {
      reader.Read(row, batch.labels[i]);
    }
    const Answer& a = reader.baseline();
    const Answer& b = reader.candidate();
    records.push_back({{static_cast<int32_t>(batch.labels[i]), a.prediction, b.prediction},
                       a.in_top_k,
                       b.in_top_k,
                       a.confidence,
                       b.confidence,
                       a.log_loss,
                       b.log_loss,
                       reader.kl_nats()});
    Count(records.back().answers);
    baseline_capped += a.is_capped ? 1 : 0;
    candidate_capped += b.is_capped ? 1 : 0;
    for (const Answer* answer : {&a, &b})
      if (answer->is_capped) most_loss = std::max(most_loss, answer->log_loss);
  }
}

std::string ClassificationEvaluation::State::NameOf(int32_t answer) const {
  if (answer == kNoAnswer) return "no answer";
  const auto index = static_cast<size_t>(answer);
  return index < options.classes.size() ? options.classes[index] : StrCat(answer);
}

std::optional<double> ClassificationEvaluation::State::MarginOf(const ClassificationBatch& batch,
                                                                size_t row,
                                                                const SampleRecord& record) const {
  const auto& [label, before, after] = record.answers;
  if (!kind || before == kNoAnswer || after == kNoAnswer) return std::nullopt;
  const double confidence = record.baseline_confidence;
  // Of two classes by one score, the other has the rest.
  if (score_columns == 1) return 2 * confidence - 1;
  const auto width = static_cast<size_t>(num_classes);
  const auto scores = batch.baseline.scores.subspan(row * width, width);
  const double own = scores[static_cast<size_t>(before)];
  const double other = scores[static_cast<size_t>(after)];
  return *kind == stats::ScoreKind::kLogits ? confidence * -std::expm1(other - own) : own - other;
}

void ClassificationEvaluation::State::AddFlips(const ClassificationBatch& batch, int64_t begin,
                                               std::span<const SampleRecord> of_batch) const {
  for (size_t i = 0; i < of_batch.size(); ++i) {
    const auto& [label, before, after] = of_batch[i].answers;
    if (before == after) continue;
    verdict::Flip flip;
    flip.place = begin + static_cast<int64_t>(i);
    if (batch.line) flip.line = batch.line(i);
    flip.kind = verdict::FlipKindOf(before == label, after == label);
    flip.label = NameOf(label);
    flip.baseline = NameOf(before);
    flip.candidate = NameOf(after);
    if (kind && before != kNoAnswer) flip.baseline_confidence = of_batch[i].baseline_confidence;
    if (kind && after != kNoAnswer) flip.candidate_confidence = of_batch[i].candidate_confidence;
    flip.margin = MarginOf(batch, i, of_batch[i]);
    test.flips->Add(std::move(flip));
  }
}

// A sample of hard predictions is all said by its answers and slices, of which there are few kinds.
void ClassificationEvaluation::State::Fold() {
  if (score_columns != 0 || !search_columns.empty()) return;
  for (size_t i = 0; i < records.size(); ++i)
    ++folded[{records[i].answers, slices.empty() ? 0 : slice_bits[i]}];
  num_folded += static_cast<int64_t>(records.size());
  records.clear();
  slice_bits.clear();
}

ClassificationEvaluation::ClassificationEvaluation(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
ClassificationEvaluation::ClassificationEvaluation(ClassificationEvaluation&&) noexcept = default;
ClassificationEvaluation& ClassificationEvaluation::operator=(ClassificationEvaluation&&) noexcept =
    default;
ClassificationEvaluation::~ClassificationEvaluation() = default;

Result<ClassificationEvaluation> ClassificationEvaluation::Create(TestOptions test,
                                                                  ClassificationOptions options,
                                                                  Sides sides) {
  TARE_TRY_VOID(stats::CheckBootstrap(test.bootstrap, test.confidence));
  std::vector<std::string> names;
  for (const SliceSpec& spec : test.slices) names.push_back(spec.name);
  TARE_TRY_VOID(CheckSliceNames(names));
  auto state = std::make_unique<State>();
  for (const auto& spec : test.slices) {
    TARE_TRY(auto where,
             SliceExpression::Parse(spec.where).While(StrCat("reading slice '", spec.name, "'")));
    state->slices.push_back({spec, std::move(where)});
  }
  if (!test.kpis.empty()) {
    SampleOptions of_kpis{test.confidence, test.bootstrap, {}, {}, sides};
    for (const SliceSpec& spec : test.slices) of_kpis.slices.push_back(spec.name);
    TARE_TRY(state->kpis, KpiEvaluation::Create(test.kpis, std::move(of_kpis)));
  }
  state->test = std::move(test);
  state->options = std::move(options);
  state->sides = sides;
  return ClassificationEvaluation(std::move(state));
}

Result<void> ClassificationEvaluation::Add(const ClassificationBatch& batch) {
  TARE_TRY_VOID(state_->CheckSizes(batch));
  TARE_TRY_VOID(state_->CheckClasses(batch));
  TARE_TRY_VOID(state_->CheckSliceColumns(batch));
  TARE_TRY_VOID(state_->CheckKpiColumns(batch));
  if (batch.labels.empty()) return {};
  TARE_TRY_VOID(state_->Decide(batch));
  const int64_t begin = state_->num_samples();
  if (batch.num_classes == 0) {
    state_->AddPredictions(batch);
  } else {
    state_->AddScores(batch);
  }
  if (state_->is_pair() && state_->test.flips != nullptr)
    state_->AddFlips(batch, begin, std::span(state_->records).last(batch.labels.size()));
  state_->AddMembership(batch);
  state_->AddSearchColumns(batch);
  TARE_TRY_VOID(state_->AddKpis(batch));
  state_->Fold();
  return {};
}

int64_t ClassificationEvaluation::num_samples() const { return state_->num_samples(); }

std::optional<stats::ScoreKind> ClassificationEvaluation::score_kind() const {
  return state_->kind;
}

}  // namespace tare::evaluate
