#include "tare/evaluate/predictions/task_predictions.h"

#include <optional>

#include "evaluate/predictions/kpi_lines_internal.h"
#include "evaluate/predictions/line_scorer_internal.h"
#include "evaluate/predictions/prediction_lines_internal.h"
#include "evaluate/samples/sample_evaluation_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

using verdict::Task;

constexpr Task kPredictionTasks[] = {Task::kRegression,          Task::kMultiLabel,
                                     Task::kTokenClassification, Task::kQuestionAnswering,
                                     Task::kGeneration,          Task::kRetrieval};

class TaskEvaluation {
 public:
  TaskEvaluation(Task task, PredictionReader& baseline, PredictionReader& candidate,
                 const TestOptions& options, SupportJudge* judge)
      : task_(task), readers_{&baseline, &candidate}, options_(options), judge_(judge) {}

  Result<TestEvidence> Run() {
    for (const SliceSpec& spec : options_.slices) {
      TARE_TRY(auto where,
               SliceExpression::Parse(spec.where).While(StrCat("reading slice '", spec.name, "'")));
      conditions_.push_back(std::move(where));
    }
    TARE_TRY_VOID(JoinById(*readers_[0], *readers_[1],
                           [&](const PredictionLine& first, const PredictionLine& second) {
                             return Add(first, second);
                           }));
    TARE_TRY_VOID(MeasurePending());
    TestEvidence out = evaluation_->Finish();
    scorer_->AddTo(options_.confidence, options_.bootstrap.seed, out);
    if (kpis_) kpis_->AddTo(out);
    if (judge_ != nullptr) {
      for (verdict::Warning& warning : judge_->warnings())
        out.warnings.push_back(std::move(warning));
    }
    return out;
  }

 private:
  // The first pair decides what the task measures.
  Result<void> Start(const PredictionLine& first, const PredictionLine& second) {
    TARE_TRY(scorer_, MakeLineScorer(task_, readers_[0]->Fields(first), judge_));
    SampleOptions options{options_.confidence, options_.bootstrap, {}, {}};
    for (const std::string_view name : scorer_->slices()) {
      options.slices.emplace_back(name);
      options.slice_texts.emplace_back(kTaskSlice);
    }
    for (const SliceSpec& spec : options_.slices) {
      options.slices.push_back(spec.name);
      options.slice_texts.push_back(spec.where);
    }
    const auto& columns = scorer_->schema().columns;
    if (!options_.kpis.empty()) {
      TARE_TRY(kpis_, KpiLines::Create(options_.kpis, options, columns, first, second));
    }
    TARE_TRY(evaluation_, SampleEvaluation::Create(scorer_->schema(), std::move(options)));
    for (auto& row : rows_) row.resize(columns.size());
    return {};
  }

  Result<void> Add(const PredictionLine& first, const PredictionLine& second) {
    if (!evaluation_) TARE_TRY_VOID(Start(first, second));
    if (scorer_->lookahead() == 0) return Measure(first, second);
    pending_.emplace_back(first, second);
    return pending_.size() < scorer_->lookahead() ? Result<void>() : MeasurePending();
  }

  Result<void> MeasurePending() {
    if (pending_.empty()) return {};
    std::vector<LinePair> lines;
    for (const auto& [first, second] : pending_)
      lines.push_back({readers_[0]->Fields(first), readers_[1]->Fields(second)});
    TARE_TRY_VOID(scorer_->Prepare(lines));
    for (const auto& [first, second] : pending_) TARE_TRY_VOID(Measure(first, second));
    pending_.clear();
    return {};
  }

  Result<void> Measure(const PredictionLine& first, const PredictionLine& second) {
    const JsonReader baseline = readers_[0]->Fields(first);
    const JsonReader candidate = readers_[1]->Fields(second);
    TARE_TRY_VOID(CheckReference(baseline, candidate, second));
    TARE_TRY(const std::string before, scorer_->Score(baseline, baseline, rows_[0]));
    TARE_TRY(const std::string after, scorer_->Score(baseline, candidate, rows_[1]));
    TARE_TRY(const uint64_t slices, SlicesOf(baseline));
    evaluation_->Add(rows_[0], rows_[1], before != after, slices);
    if (before != after && options_.flips != nullptr) AddFlip(first, second, before, after);
    TARE_TRY_VOID(scorer_->Rank(baseline, baseline, candidate));
    return kpis_ ? kpis_->Add(baseline, candidate, rows_[0], rows_[1], slices) : Result<void>();
  }

  void AddFlip(const PredictionLine& first, const PredictionLine& second, const std::string& before,
               const std::string& after) const {
    const SampleSchema& schema = scorer_->schema();
    verdict::Flip flip = FlipOfRows(schema.correct, schema.margin, rows_[0], rows_[1]);
    flip.place = evaluation_->num_samples() - 1;
    flip.line = first.line;
    flip.label = TextOfField(first, scorer_->reference_key());
    // As it was written; what the task makes of it where scores stand in its place.
    const auto said = [](const PredictionLine& line, const std::string& answer) {
      return line.json.contains("prediction") ? TextOfField(line, "prediction") : answer;
    };
    flip.baseline = said(first, before);
    flip.candidate = said(second, after);
    options_.flips->Add(std::move(flip));
  }

  Result<void> CheckReference(const JsonReader& baseline, const JsonReader& candidate,
                              const PredictionLine& line) const {
    const char* key = scorer_->reference_key();
    const auto* theirs = candidate.Child(key);
    const auto* ours = baseline.Child(key);
    if (ours == nullptr) return baseline.Wrong(key, "there: the first file says what is right");
    if (theirs == nullptr || *theirs == *ours) return {};
    return readers_[1]->Wrong(
        line.line,
        StrCat("'", key, "' of id '", line.id, "' differs from that in ", readers_[0]->name()),
        StrCat("give the same ", key, " in both files, or leave it out of the second"));
  }

  Result<uint64_t> SlicesOf(const JsonReader& reference) const {
    uint64_t bits = scorer_->SlicesOf(reference);
    size_t place = scorer_->slices().size();
    for (const SliceExpression& condition : conditions_) {
      std::vector<double> values;
      for (const std::string& name : condition.names()) {
        TARE_TRY(const auto value, reference.Number(name.c_str()));
        if (!value) return reference.Wrong(name.c_str(), "a number: a slice compares it");
        values.push_back(*value);
      }
      if (condition.Matches(values)) bits |= uint64_t{1} << place;
      ++place;
    }
    return bits;
  }

  Task task_;
  PredictionReader* readers_[2];
  const TestOptions& options_;
  SupportJudge* judge_;
  std::vector<SliceExpression> conditions_;
  std::unique_ptr<LineScorer> scorer_;
  std::optional<SampleEvaluation> evaluation_;
  std::optional<KpiLines> kpis_;
  std::vector<double> rows_[2];
  std::vector<std::pair<PredictionLine, PredictionLine>>
      pending_;  // until the scorer has seen them together
};

}  // namespace

std::span<const Task> PredictionTasks() { return kPredictionTasks; }

Result<std::unique_ptr<LineScorer>> MakeLineScorer(Task task, const JsonReader& first,
                                                   SupportJudge* judge) {
  const bool answers = task == Task::kQuestionAnswering || task == Task::kGeneration;
  if (judge != nullptr && !answers) {
    return InvalidArgument(
        StrCat("a judge of support for the task '", TaskName(task), "', which has no contexts"),
        "leave out --judge, or give --task question_answering or generation");
  }
  switch (task) {
    case Task::kQuestionAnswering:
    case Task::kGeneration:
      return MakeAnswerScorer(task == Task::kGeneration, judge);
    case Task::kRegression:
      return MakeRegressionScorer(first);
    case Task::kMultiLabel:
      return MakeMultiLabelScorer(first);
    case Task::kTokenClassification:
      return MakeTokenScorer();
    case Task::kRetrieval:
      return MakeRankingScorer();
    case Task::kOutputs:
    case Task::kClassification:
    case Task::kEmbedding:
    case Task::kObjectDetection:
      break;
  }
  std::vector<std::string> names;
  for (const Task known : kPredictionTasks) names.emplace_back(TaskName(known));
  return Unsupported(StrCat("predictions of the task '", TaskName(task), "' are not known"),
                     StrCat("choose one of classification, object_detection, ", Join(names, ", ")));
}

Result<TestEvidence> EvaluateTaskPredictions(Task task, const PredictionStreams& streams,
                                             const TestOptions& options, SupportJudge* judge) {
  PredictionReader first(streams.baseline, streams.baseline_name);
  PredictionReader second(streams.candidate, streams.candidate_name);
  return TaskEvaluation(task, first, second, options, judge).Run();
}

}  // namespace tare::evaluate
