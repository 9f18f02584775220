#include "tare/evaluate/samples/classification.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>

#include "evaluate/samples/answers_internal.h"
#include "evaluate/samples/classification_state_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

// A report of 1,000 classes would be two million counts, nearly all of them 0.
constexpr size_t kMaxConfusionClasses = 200;
// Slices are looked for in float32 columns, which tell whole numbers apart up to here.
constexpr int64_t kMaxClasses = 1 << 24;
constexpr size_t kMaxListedClasses = 1000;  // of which those are listed too that never occur

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

// Numbers the classes of cells by their places in `listed`, which holds them all, rising.
void NumberByPlace(std::span<const int32_t> listed, Cells& cells) {
  for (Sample& kind : cells.kinds) {
    for (int32_t* index : {&kind.label, &kind.baseline, &kind.candidate}) {
      if (*index < 0) continue;
      const auto place = std::ranges::lower_bound(listed, *index) - listed.begin();
      *index = static_cast<int32_t>(place);
    }
  }
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

SummaryOptions ClassificationEvaluation::State::MakeSummaryOptions() const {
  SummaryOptions out;
  out.num_classes = ClassCount();
  out.has_scores = kind.has_value();
  out.confidence = test.confidence;
  out.bootstrap = stats::WithinBudget(test.bootstrap, num_samples());
  out.sides = sides;
  return out;
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

std::vector<SampleRecord> ClassificationEvaluation::State::RecordsOf(size_t slice) const {
  std::vector<SampleRecord> out;
  for (size_t i = 0; i < records.size(); ++i) {
    if ((slice_bits[i] >> slice & 1) != 0) out.push_back(records[i]);
  }
  return out;
}

std::vector<int32_t> ClassificationEvaluation::State::ListedClasses(const Cells& cells) const {
  std::vector<int32_t> listed;
  if (ClassCount() <= kMaxListedClasses) {
    listed.resize(ClassCount());
    std::iota(listed.begin(), listed.end(), 0);
    return listed;
  }
  for (const Sample& cell : cells.kinds) {
    for (const int32_t index : {cell.label, cell.baseline, cell.candidate})
      if (index >= 0) listed.push_back(index);
  }
  std::ranges::sort(listed);
  listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
  return listed;
}

// Either all samples are folded or none.
Cells ClassificationEvaluation::State::CellsOf(std::span<const SampleRecord> from,
                                               std::optional<size_t> slice) const {
  std::vector<Sample> samples;
  samples.reserve(from.size());
  for (const SampleRecord& record : from) samples.push_back(record.answers);
  Cells cells = CountCells(std::move(samples));
  // The map goes by answers first.
  for (const auto& [same, size] : folded) {
    if (slice && (same.slices >> *slice & 1) == 0) continue;
    if (cells.kinds.empty() || cells.kinds.back() != same.answers) {
      cells.kinds.push_back(same.answers);
      cells.sizes.push_back(0);
    }
    cells.sizes.back() += size;
  }
  return cells;
}

void ClassificationEvaluation::State::FinishSlices(const SummaryOptions& summary,
                                                   TestEvidence& out) const {
  for (size_t s = 0; s < slices.size(); ++s) {
    const auto part = RecordsOf(s);
    Cells cells = CellsOf(part, s);
    SummaryOptions of_slice = summary;
    const auto listed = ListedClasses(cells);
    of_slice.num_classes = listed.size();
    NumberByPlace(listed, cells);
    MetricSet metrics = SummariseAnswers(part, cells, of_slice);
    const auto& [name, where] = slices[s].spec;
    const int64_t n = std::accumulate(cells.sizes.begin(), cells.sizes.end(), int64_t{0});
    out.baseline_slices.push_back({name, where, n, std::move(metrics.baseline)});
    if (is_pair()) {
      out.candidate_slices.push_back({name, where, n, std::move(metrics.candidate)});
      out.paired->slices.push_back({name, CountFlips(cells), std::move(metrics.difference)});
    }
    if (n == 0) {
      out.warnings.push_back(
          {StrCat("slice '", name, "' holds no sample"), StrCat("look at its condition: ", where)});
    }
  }
}

void ClassificationEvaluation::State::AddConfusion(const Cells& cells, TestEvidence& out) const {
  const size_t size = ClassCount();
  if (size > kMaxConfusionClasses) return;
  out.baseline_confusion.assign(size, std::vector<int64_t>(size));
  if (is_pair()) out.candidate_confusion = out.baseline_confusion;
  for (size_t i = 0; i < cells.kinds.size(); ++i) {
    const auto& [label, baseline, candidate] = cells.kinds[i];
    const auto row = static_cast<size_t>(label);
    if (baseline >= 0) out.baseline_confusion[row][static_cast<size_t>(baseline)] += cells.sizes[i];
    if (is_pair() && candidate >= 0) {
      out.candidate_confusion[row][static_cast<size_t>(candidate)] += cells.sizes[i];
    }
  }
}

void ClassificationEvaluation::State::AddWarnings(TestEvidence& out) const {
  const auto warn = [&](std::string_view side, int64_t count) {
    if (count == 0) return;
    out.warnings.push_back(
        {StrCat("the ", side, " gave no usable answer (NaN or infinity) on ", count, " of ", out.n,
                " samples; they count as wrong"),
         "look for overflow: compare the outputs of both models on these samples"});
  };
  warn("baseline", baseline_unanswered);
  warn("candidate", candidate_unanswered);
  const auto warn_capped = [&](std::string_view side, int64_t count) {
    if (count == 0) return;
    out.warnings.push_back(
        {StrCat("log_loss of the ", side, " is capped on ", count, " of ", out.n,
                " samples: their label has a probability of 0 or nearly, which counts as ",
                Fixed(most_loss, 2), " nats"),
         "without the cap it is infinite, or larger: compare accuracy and flips beside it, or give "
         "logits, which have no cap"});
  };
  warn_capped("baseline", baseline_capped);
  warn_capped("candidate", candidate_capped);
  if (are_single_probabilities) {
    out.warnings.push_back(
        {"the scores lie within 0 and 1 and do not add up to 1: they are taken for logits, and "
         "log_loss and ece say little",
         "if each is the probability of its class by itself, judge by accuracy and F1, or give "
         "scores that add up to 1"});
  }
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

void ClassificationEvaluation::State::AddMetrics(const Cells& all, const SummaryOptions& whole,
                                                 TestEvidence& out) const {
  // Work and report grow with the classes that occur, not with the greatest index.
  Cells cells = all;
  SummaryOptions summary = whole;
  const auto listed = ListedClasses(cells);
  summary.num_classes = listed.size();
  NumberByPlace(listed, cells);
  MetricSet metrics = SummariseAnswers(records, cells, summary);
  if (kind && out.n > 0) {
    ScoreSummary scores = SummariseScores(records, summary);
    const auto append = [](verdict::Metrics& to, verdict::Metrics& from) {
      std::move(from.begin(), from.end(), std::back_inserter(to));
    };
    append(metrics.baseline, scores.metrics.baseline);
    append(metrics.candidate, scores.metrics.candidate);
    append(metrics.difference, scores.metrics.difference);
    if (is_pair()) out.paired->kl_nats = std::move(scores.kl_nats);
  }
  ClassSummary classes = SummariseClasses(cells, summary);
  const auto rename = [&](auto& rows) {
    for (auto& row : rows) row.index = listed[static_cast<size_t>(row.index)];
  };
  rename(classes.baseline);
  rename(classes.candidate);
  rename(classes.paired);
  out.baseline = std::move(metrics.baseline);
  out.candidate = std::move(metrics.candidate);
  out.baseline_classes = std::move(classes.baseline);
  out.candidate_classes = std::move(classes.candidate);
  if (!is_pair()) return;
  out.paired->difference = std::move(metrics.difference);
  out.paired->per_class = std::move(classes.paired);
}

TestEvidence ClassificationEvaluation::Finish() const {
  const State& state = *state_;
  const SummaryOptions options = state.MakeSummaryOptions();
  TestEvidence out;
  out.n = num_samples();
  out.scores = "predictions";
  if (state.kind) {
    out.scores = *state.kind == stats::ScoreKind::kLogits ? "logits" : "probabilities";
  }
  const Cells cells = state.CellsOf(state.records, std::nullopt);
  if (state.is_pair()) out.paired = PairedOf(CountFlips(cells));
  state.AddMetrics(cells, options, out);
  state.AddConfusion(cells, out);
  state.FinishSlices(options, out);
  if (state.kpis) state.kpis->AddTo(out);
  state.AddWarnings(out);
  if (state.is_pair()) state.FindSlices(out);
  return out;
}

}  // namespace tare::evaluate
