#include "tare/evaluate/classification.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "evaluate/answers_internal.h"
#include "evaluate/classification_internal.h"
#include "evaluate/format_internal.h"
#include "tare/core/text.h"
#include "tare/evaluate/slice_search.h"

namespace tare::evaluate {
namespace {

constexpr std::string_view kConfidence = "confidence";
constexpr size_t kMaxSlices = 64;
constexpr size_t kMaxConfusionClasses = 200;
constexpr int64_t kMaxClasses = 1 << 24;

// One score a row becomes two: [1 - p, p], or logits [0, z].
std::vector<float> TwoColumns(std::span<const float> scores, stats::ScoreKind kind) {
  std::vector<float> out;
  out.reserve(2 * scores.size());
  for (const float score : scores) {
    out.push_back(kind == stats::ScoreKind::kProbabilities ? 1 - score : 0);
    out.push_back(score);
  }
  return out;
}

bool AllInUnitInterval(std::span<const float> scores) {
  return std::ranges::all_of(scores, [](float p) { return p >= 0 && p <= 1; });
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

struct ClassificationEvaluation::State {
  struct Slice {
    SliceSpec spec;
    SliceExpression where;
  };

  ClassificationOptions options;
  std::vector<Slice> slices;
  std::optional<KpiEvaluation> kpis;
  std::optional<stats::ScoreKind> kind;  // absent until the first batch; and for predictions
  int64_t score_columns = -1;            // as given; 0 for predictions; -1 before the first batch
  int64_t num_classes = 0;
  std::vector<SampleRecord> records;
  std::map<std::string, std::vector<float>> search_columns;  // values of each sample, by name
  std::vector<uint64_t> slice_bits;  // bit s: the sample is in slice s
  int64_t baseline_unanswered = 0, candidate_unanswered = 0;

  Result<void> CheckSizes(const ClassificationBatch& batch) const;
  Result<void> CheckClasses(const ClassificationBatch& batch) const;
  Result<void> CheckSliceColumns(const ClassificationBatch& batch) const;
  Result<void> CheckKpiColumns(const ClassificationBatch& batch) const;
  void AddMembership(const ClassificationBatch& batch);
  Result<void> AddKpis(const ClassificationBatch& batch);
  void AddSearchColumns(const ClassificationBatch& batch);
  void Decide(const ClassificationBatch& batch);
  void AddPredictions(const ClassificationBatch& batch);
  void AddScores(const ClassificationBatch& batch);

  size_t ClassCount() const {
    return std::max(options.classes.size(), static_cast<size_t>(num_classes));
  }
  SummaryOptions MakeSummaryOptions() const;
  std::vector<SampleRecord> RecordsOf(size_t slice) const;
  void FinishSlices(const SummaryOptions& summary, TestEvidence& out) const;
  void AddConfusion(const Cells& cells, TestEvidence& out) const;
  void AddWarnings(TestEvidence& out) const;
  void FindSlices(TestEvidence& out) const;
};

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
    const std::string_view side = answers == &batch.baseline ? "baseline" : "candidate";
    if (answers->scores.size() != scores) return WrongSize(side, answers->scores.size(), rows);
    if (answers->predictions.size() != (hard ? rows : 0)) {
      return WrongSize(side, answers->predictions.size(), rows);
    }
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
      return NoClass(what, values[i], static_cast<int64_t>(records.size() + i), known);
    }
    return {};
  };
  TARE_TRY_VOID(check("label", batch.labels, 0));
  TARE_TRY_VOID(check("the baseline's prediction", batch.baseline.predictions, -1));
  return check("the candidate's prediction", batch.candidate.predictions, -1);
}

Result<void> ClassificationEvaluation::State::CheckSliceColumns(const ClassificationBatch& batch) const {
  for (const Slice& slice : slices) {
    for (const std::string& name : slice.where.names()) {
      if (name == "label" || (name == kConfidence && batch.num_classes > 0)) continue;
      if (std::ranges::find(batch.columns, name, &Column::name) != batch.columns.end()) continue;
      return InvalidArgument(StrCat("slice '", slice.spec.name, "' compares '", name, "', which is no column of the data"),
                             name == kConfidence ? "give scores: hard predictions have no confidence"
                                                 : "compare 'label', 'confidence' or a numeric array of the test data");
    }
  }
  return {};
}

namespace {

// What a classification measures of a sample for KPIs; the last needs scores.
constexpr std::string_view kMeasured[] = {"label", "prediction", "correct", kConfidence};
bool IsMeasured(std::string_view name, const ClassificationBatch& batch) {
  return std::ranges::find(kMeasured, name) != std::end(kMeasured) && (name != kConfidence || batch.num_classes > 0);
}

double Measured(std::string_view name, const Sample& answers, int32_t prediction, float confidence) {
  if (name == "label") return answers.label;
  if (name == "prediction") return prediction;
  if (name == "correct") return prediction == answers.label ? 1 : 0;
  return confidence;
}

const Column* FindColumn(std::span<const Column> columns, std::string_view name) {
  const auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

}  // namespace

Result<void> ClassificationEvaluation::State::CheckKpiColumns(const ClassificationBatch& batch) const {
  for (size_t i = 0; kpis && i < kpis->names().size(); ++i) {
    const std::string& name = kpis->names()[i];
    if (IsMeasured(name, batch) || FindColumn(batch.columns, name) != nullptr) continue;
    std::vector<std::string> known;
    for (const std::string_view measured : kMeasured) {
      if (IsMeasured(measured, batch)) known.emplace_back(measured);
    }
    for (const Column& column : batch.columns) known.emplace_back(column.name);
    return UnknownKpiColumn(kpis->ReadersOf(i), name, known);
  }
  return {};
}

// KPIs of the records that `batch` has just added.
Result<void> ClassificationEvaluation::State::AddKpis(const ClassificationBatch& batch) {
  if (!kpis) return {};
  const size_t rows = batch.labels.size();
  const auto& names = kpis->names();
  std::vector<const Column*> columns[2];
  for (const std::string& name : names) {
    const Column* ours = IsMeasured(name, batch) ? nullptr : FindColumn(batch.columns, name);
    const Column* theirs = ours == nullptr ? nullptr : FindColumn(batch.candidate_columns, name);
    columns[0].push_back(ours);
    columns[1].push_back(theirs == nullptr ? ours : theirs);
  }
  std::vector<double> values[2] = {std::vector<double>(names.size()), std::vector<double>(names.size())};
  for (size_t i = 0; i < rows; ++i) {
    const size_t at = records.size() - rows + i;
    const SampleRecord& record = records[at];
    for (size_t c = 0; c < names.size(); ++c) {
      const Sample& answers = record.answers;
      values[0][c] = columns[0][c] != nullptr ? columns[0][c]->values[i] : Measured(names[c], answers, answers.baseline, record.baseline_confidence);
      values[1][c] = columns[1][c] != nullptr ? columns[1][c]->values[i] : Measured(names[c], answers, answers.candidate, record.candidate_confidence);
    }
    auto added = kpis->Add(values[0], values[1], slices.empty() ? 0 : slice_bits[at]);
    if (!added) return std::move(added).error().While(StrCat("reading ", batch.place ? batch.place(i) : StrCat("sample ", at)));
  }
  return {};
}

// Bits of the records that `batch` has just added.
void ClassificationEvaluation::State::AddMembership(const ClassificationBatch& batch) {
  const size_t rows = batch.labels.size();
  const std::span<const SampleRecord> added = std::span(records).last(rows);
  std::vector<uint64_t> bits(slices.empty() ? 0 : rows);
  for (size_t s = 0; s < slices.size(); ++s) {
    const auto& names = slices[s].where.names();
    std::vector<double> values(names.size());
    for (size_t i = 0; i < bits.size(); ++i) {
      for (size_t c = 0; c < names.size(); ++c) {
        const auto column = std::ranges::find(batch.columns, names[c], &Column::name);
        values[c] = names[c] == "label"            ? static_cast<double>(batch.labels[i])
                    : column != batch.columns.end() ? column->values[i]
                                                    : static_cast<double>(added[i].baseline_confidence);
      }
      if (slices[s].where.Matches(values)) bits[i] |= uint64_t{1} << s;
    }
  }
  slice_bits.insert(slice_bits.end(), bits.begin(), bits.end());
}

// The search looks at columns that every batch has.
void ClassificationEvaluation::State::AddSearchColumns(const ClassificationBatch& batch) {
  const bool is_first = records.size() == batch.labels.size();
  for (const Column& column : batch.columns) {
    if (is_first) search_columns.emplace(column.name, std::vector<float>());
  }
  for (auto& [name, values] : search_columns) {
    const auto column = std::ranges::find(batch.columns, name, &Column::name);
    for (size_t i = 0; i < batch.labels.size(); ++i) {
      values.push_back(column == batch.columns.end() ? NAN : static_cast<float>(column->values[i]));
    }
  }
}

void ClassificationEvaluation::State::FindSlices(TestEvidence& out) const {
  std::vector<float> labels;
  std::vector<uint8_t> damaged;
  for (const SampleRecord& record : records) {
    labels.push_back(static_cast<float>(record.answers.label));
    damaged.push_back(record.answers.baseline == record.answers.label && record.answers.candidate != record.answers.label ? 1 : 0);
  }
  std::vector<SearchColumn> columns = {{"label", labels, true}};
  // Not by confidence: an unsure answer flips first in any model, which is no finding.
  for (const auto& [name, values] : search_columns) columns.push_back({name, values, false});
  const auto percent = [](int64_t part, int64_t whole) { return FormatValue(static_cast<double>(part) / static_cast<double>(whole), Unit::kRatio); };
  for (const FoundSlice& slice : FindDamagedSlices(columns, damaged)) {
    out.warnings.push_back({StrCat("harmful flips gather where ", slice.where, ": ", slice.damaged, " of ", WithThousands(slice.n), " samples (",
                                   percent(slice.damaged, slice.n), "), elsewhere ", percent(slice.rest_damaged, slice.rest_n),
                                   " (p = ", slice.p < 1e-3 ? "below 0.001" : Fixed(slice.p, 3), " after Holm)"),
                            StrCat("judge it by itself: a slice with where: \"", slice.where, "\" and a margin of its own")});
  }
}

void ClassificationEvaluation::State::Decide(const ClassificationBatch& batch) {
  if (score_columns >= 0 || batch.labels.empty()) return;
  score_columns = batch.num_classes;
  if (score_columns == 0) return;
  const bool probabilities =
      score_columns == 1 ? AllInUnitInterval(batch.baseline.scores)
                         : stats::LookLikeProbabilities(batch.baseline.scores, score_columns);
  kind = probabilities ? stats::ScoreKind::kProbabilities : stats::ScoreKind::kLogits;
  num_classes = std::max<int64_t>(2, score_columns);
}

void ClassificationEvaluation::State::AddPredictions(const ClassificationBatch& batch) {
  for (size_t i = 0; i < batch.labels.size(); ++i) {
    SampleRecord record;
    record.answers = {static_cast<int32_t>(batch.labels[i]),
                      static_cast<int32_t>(batch.baseline.predictions[i]),
                      static_cast<int32_t>(batch.candidate.predictions[i])};
    baseline_unanswered += record.answers.baseline < 0 ? 1 : 0;
    candidate_unanswered += record.answers.candidate < 0 ? 1 : 0;
    const int64_t most =
        std::max({batch.labels[i], batch.baseline.predictions[i], batch.candidate.predictions[i]});
    num_classes = std::max(num_classes, most + 1);
    records.push_back(record);
  }
}

void ClassificationEvaluation::State::AddScores(const ClassificationBatch& batch) {
  std::vector<float> first, second;
  std::span<const float> baseline = batch.baseline.scores;
  std::span<const float> candidate = batch.candidate.scores;
  if (score_columns == 1) {
    first = TwoColumns(baseline, *kind);
    second = TwoColumns(candidate, *kind);
    baseline = first;
    candidate = second;
  }
  const auto width = static_cast<size_t>(num_classes);
  AnswerReader reader(*kind, num_classes);
  for (size_t i = 0; i < batch.labels.size(); ++i) {
    reader.Read(baseline.subspan(i * width, width), candidate.subspan(i * width, width),
                batch.labels[i]);
    const Answer& a = reader.baseline();
    const Answer& b = reader.candidate();
    baseline_unanswered += a.prediction < 0 ? 1 : 0;
    candidate_unanswered += b.prediction < 0 ? 1 : 0;
    records.push_back({{static_cast<int32_t>(batch.labels[i]), a.prediction, b.prediction},
                       a.in_top_k,
                       b.in_top_k,
                       a.confidence,
                       b.confidence,
                       a.log_loss,
                       b.log_loss,
                       reader.kl_nats()});
  }
}

SummaryOptions ClassificationEvaluation::State::MakeSummaryOptions() const {
  SummaryOptions out;
  out.num_classes = ClassCount();
  out.has_scores = kind.has_value();
  out.confidence = options.confidence;
  out.bootstrap = stats::WithinBudget(options.bootstrap, static_cast<int64_t>(records.size()));
  return out;
}

std::vector<SampleRecord> ClassificationEvaluation::State::RecordsOf(size_t slice) const {
  std::vector<SampleRecord> out;
  for (size_t i = 0; i < records.size(); ++i) {
    if ((slice_bits[i] >> slice & 1) != 0) out.push_back(records[i]);
  }
  return out;
}

namespace {
Cells CellsOf(std::span<const SampleRecord> records) {
  std::vector<Sample> samples;
  samples.reserve(records.size());
  for (const auto& record : records) samples.push_back(record.answers);
  return CountCells(std::move(samples));
}
}  // namespace

void ClassificationEvaluation::State::FinishSlices(const SummaryOptions& summary,
                                                   TestEvidence& out) const {
  for (size_t s = 0; s < slices.size(); ++s) {
    const auto part = RecordsOf(s);
    const Cells cells = CellsOf(part);
    MetricSet metrics = SummariseAnswers(part, cells, summary);
    const auto& [name, where] = slices[s].spec;
    const auto n = static_cast<int64_t>(part.size());
    out.baseline_slices.push_back({name, where, n, std::move(metrics.baseline)});
    out.candidate_slices.push_back({name, where, n, std::move(metrics.candidate)});
    out.paired.slices.push_back({name, CountFlips(cells), std::move(metrics.difference)});
    if (n == 0) {
      out.warnings.push_back(
          {StrCat("slice '", name, "' holds no sample"), StrCat("look at its condition: ", where)});
    }
  }
}

void ClassificationEvaluation::State::AddConfusion(const Cells& cells,
                                                   TestEvidence& out) const {
  const size_t size = ClassCount();
  if (size > kMaxConfusionClasses) return;
  out.baseline_confusion.assign(size, std::vector<int64_t>(size));
  out.candidate_confusion = out.baseline_confusion;
  for (size_t i = 0; i < cells.kinds.size(); ++i) {
    const auto& [label, baseline, candidate] = cells.kinds[i];
    const auto row = static_cast<size_t>(label);
    if (baseline >= 0) out.baseline_confusion[row][static_cast<size_t>(baseline)] += cells.sizes[i];
    if (candidate >= 0) {
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
}

ClassificationEvaluation::ClassificationEvaluation(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
ClassificationEvaluation::ClassificationEvaluation(ClassificationEvaluation&&) noexcept = default;
ClassificationEvaluation& ClassificationEvaluation::operator=(ClassificationEvaluation&&) noexcept =
    default;
ClassificationEvaluation::~ClassificationEvaluation() = default;

Result<ClassificationEvaluation> ClassificationEvaluation::Create(ClassificationOptions options) {
  if (!(options.confidence > 0.5 && options.confidence < 1)) {
    return InvalidArgument(StrCat("confidence ", options.confidence, " is not in (0.5, 1)"),
                           "give a confidence such as 0.95");
  }
  if (options.bootstrap.replicates < 100) {
    return InvalidArgument(StrCat(options.bootstrap.replicates, " bootstrap replicates"),
                           "give at least 100; 10,000 is the default");
  }
  if (options.slices.size() > kMaxSlices) {
    return InvalidArgument(StrCat(options.slices.size(), " slices"), "give at most 64 slices");
  }
  auto state = std::make_unique<State>();
  for (const auto& spec : options.slices) {
    TARE_TRY(
        auto where,
        SliceExpression::Parse(spec.where).While(StrCat("reading slice '", spec.name, "'")));
    state->slices.push_back({spec, std::move(where)});
  }
  if (!options.kpis.empty()) {
    SampleOptions of_kpis{options.confidence, options.bootstrap, {}, {}};
    for (const SliceSpec& spec : options.slices) of_kpis.slices.push_back(spec.name);
    TARE_TRY(state->kpis, KpiEvaluation::Create(options.kpis, std::move(of_kpis)));
  }
  state->options = std::move(options);
  return ClassificationEvaluation(std::move(state));
}

Result<void> ClassificationEvaluation::Add(const ClassificationBatch& batch) {
  TARE_TRY_VOID(state_->CheckSizes(batch));
  TARE_TRY_VOID(state_->CheckClasses(batch));
  TARE_TRY_VOID(state_->CheckSliceColumns(batch));
  TARE_TRY_VOID(state_->CheckKpiColumns(batch));
  if (batch.labels.empty()) return {};
  state_->Decide(batch);
  if (batch.num_classes == 0) {
    state_->AddPredictions(batch);
  } else {
    state_->AddScores(batch);
  }
  state_->AddMembership(batch);
  state_->AddSearchColumns(batch);
  return state_->AddKpis(batch);
}

int64_t ClassificationEvaluation::num_samples() const {
  return static_cast<int64_t>(state_->records.size());
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
  const Cells cells = CellsOf(state.records);
  out.paired.counts = CountFlips(cells);
  const auto& counts = out.paired.counts;
  out.paired.mcnemar_p =
      stats::McNemar({counts.n, counts.harmful, counts.helpful}, stats::Tail::kTwoSided);

  MetricSet metrics = SummariseAnswers(state.records, cells, options);
  if (state.kind && out.n > 0) {
    ScoreSummary scores = SummariseScores(state.records, options);
    const auto append = [](Metrics& to, Metrics& from) {
      std::move(from.begin(), from.end(), std::back_inserter(to));
    };
    append(metrics.baseline, scores.metrics.baseline);
    append(metrics.candidate, scores.metrics.candidate);
    append(metrics.difference, scores.metrics.difference);
    if (scores.kl_nats.mean.n > 0) out.paired.kl_nats = std::move(scores.kl_nats);
  }
  out.baseline = std::move(metrics.baseline);
  out.candidate = std::move(metrics.candidate);
  out.paired.difference = std::move(metrics.difference);

  ClassSummary classes = SummariseClasses(cells, options);
  out.baseline_classes = std::move(classes.baseline);
  out.candidate_classes = std::move(classes.candidate);
  out.paired.per_class = std::move(classes.paired);
  state.AddConfusion(cells, out);
  state.FinishSlices(options, out);
  if (state.kpis) state.kpis->AddTo(out);
  state.AddWarnings(out);
  state.FindSlices(out);
  return out;
}

}  // namespace tare::evaluate
