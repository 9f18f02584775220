#include "tare/pipeline/evaluate_models.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "pipeline/evaluate_pair_internal.h"
#include "pipeline/sample_division_internal.h"
#include "tare/core/file.h"
#include "tare/core/hash.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"
#include "tare/data/splits.h"
#include "tare/evaluate/predictions/detection_predictions.h"
#include "tare/evaluate/predictions/flip_lines.h"
#include "tare/evaluate/predictions/foreign_files.h"
#include "tare/evaluate/predictions/predictions.h"
#include "tare/evaluate/predictions/task_predictions.h"
#include "tare/pipeline/report_files.h"
#include "tare/verdict/gate.h"
#include "tare/verdict/metric_info.h"

namespace tare::pipeline {
namespace {

namespace fs = std::filesystem;

// What the file is called.
std::string LabelOf(const std::string& path, std::string otherwise) {
  const fs::path model(path);
  return model.stem().empty() ? std::move(otherwise) : model.stem().string();
}

void Finish(const std::optional<verdict::Policy>& policy, const std::string& tare_version,
            int num_threads, verdict::Report& report) {
  report.tare_version = tare_version;
  report.created = UtcNow();
  report.host = HostFactsOf(num_threads);
  if (!policy) return;
  report.policy_declared = report.created;
  report.decision = verdict::Gate(report.evidence, *policy);
  report.digests["policy"] = verdict::PolicyDigest(*policy);
}

Result<void> AddDigest(const std::string& name, const std::string& path, verdict::Report& report) {
  TARE_TRY(const std::string digest, Sha256File(path));
  report.digests[name] = "sha256:" + digest;
  return {};
}

TestPlan PlanOf(const EvaluateRequest& request) {
  TestPlan plan;
  plan.task = request.task.value_or(request.label.empty() ? verdict::Task::kOutputs
                                                          : verdict::Task::kClassification);
  plan.output = request.output;
  plan.label = request.label;
  plan.classes = request.classes;
  plan.classes_file = "--classes";
  plan.slices = request.slices;
  plan.kpis = request.kpis;
  plan.test = FileSource(request.data_path);
  plan.seed = request.seed;
  for (const data::CorruptionSpec& spec : request.corruptions) {
    plan.distributions.push_back(
        {StrCat(data::CorruptionName(spec.corruption), ":", spec.severity), {}, spec});
  }
  return plan;
}

Result<void> CheckPlan(const TestPlan& plan) {
  const bool judged = plan.task != verdict::Task::kOutputs;
  if (!judged && !plan.slices.empty())
    return InvalidArgument("--slice needs labels", "name their array with --label");
  if (!judged && !plan.kpis.empty())
    return InvalidArgument("--kpi needs labels", "name their array with --label");
  if (judged && plan.label.empty()) {
    return InvalidArgument(StrCat("task ", TaskName(plan.task), " needs labels"),
                           "name their array with --label, or use --task outputs");
  }
  if (!judged && !plan.distributions.empty()) {
    return InvalidArgument("what is corrupted is judged by its labels",
                           "name their array with --label, or leave out --corrupt");
  }
  std::set<std::string> names;
  for (const DistributionSource& distribution : plan.distributions) {
    if (names.insert(distribution.name).second) continue;
    return InvalidArgument(StrCat("the corruption ", distribution.name, " is given twice"),
                           "give it once");
  }
  return {};
}

// Labels that nobody asked for: whoever forgets --label should not take close outputs for a judged
// task.
std::string UnusedLabel(const OpenSource& source, const std::vector<ValueInfo>& inputs) {
  for (const data::ArrayInfo& array : source.dataset->arrays()) {
    const bool column = array.sample_shape.empty() || array.sample_shape == Shape{1};
    const bool feeds = std::ranges::any_of(
        inputs, [&](const ValueInfo& input) { return input.name == array.name; });
    if (column && !feeds && !IsFloat(array.dtype) && data::IsNamedLikeLabels(array.name))
      return array.name;
  }
  return "";
}

// Whoever forgets --label is told.
void WarnOfUnusedLabel(const OpenSource& source, const std::vector<ValueInfo>& inputs,
                       verdict::Evidence& evidence) {
  const std::string label = UnusedLabel(source, inputs);
  if (label.empty()) return;
  evidence.warnings.push_back(
      {StrCat("outputs were compared and no answer was judged: there is no --label, and the data "
              "has '",
              label, "'"),
       StrCat("give --label ", label, "; or --task outputs, if that is what you want")});
}

void NameModels(const EvaluateRequest& request, verdict::Evidence& evidence) {
  evidence.baseline.label = LabelOf(request.baseline_path, "float");
  evidence.candidate.label = LabelOf(request.candidate_path, "int8");
  if (evidence.baseline.label == evidence.candidate.label) {
    evidence.baseline.label = "float";
    evidence.candidate.label = "int8";
  }
  evidence.baseline.path = fs::path(request.baseline_path).filename().string();
  evidence.candidate.path = fs::path(request.candidate_path).filename().string();
}

}  // namespace

Result<EvaluatedReport> EvaluateModels(const EvaluateRequest& request, Progress& progress) {
  const TestPlan plan = PlanOf(request);
  TARE_TRY_VOID(CheckPlan(plan));
  ModelRequest model{request.baseline_path, request.bindings, request.label, request.session,
                     request.time_limit_s};
  TARE_TRY(auto baseline, OpenedModel::Open(model));
  model.path = request.candidate_path;
  TARE_TRY(auto candidate, OpenedModel::Open(std::move(model)));
  TARE_TRY(const OpenSource test, baseline.Bind(plan.test));
  TARE_TRY_VOID(data::CheckLabelsExist(*test.dataset, request.label));
  TARE_TRY_VOID(CheckClassNames(plan, *test.dataset, DeclaredClasses(baseline.source().graph)));
  // Whether there is something to corrupt is said before minutes are spent.
  for (const data::CorruptionSpec& spec : request.corruptions)
    TARE_TRY_VOID(baseline.BindCorrupted(plan.test, spec, plan.seed));
  const int64_t available = test.dataset->num_samples();
  auto samples = data::ChooseSamples(
      available, request.num_samples > 0 ? request.num_samples : available, request.seed);
  if (!request.unseen_by.empty()) {
    TARE_TRY(samples, WithoutCalibration(samples, request.unseen_by, *test.dataset));
  }
  if (samples.empty()) {
    return FailedPrecondition(
        StrCat("every chosen sample of ", request.data_path, " calibrated the candidate"),
        "give other data, or leave --unseen out");
  }
  TARE_TRY_VOID(evaluate::CheckBatches(*test.feed, request.costs));
  TARE_TRY(const auto probes, test.Probes(samples, 1));
  for (OpenedModel* opened : {&baseline, &candidate}) TARE_TRY_VOID(opened->Try(probes, progress));
  if (candidate.takes_one_row()) baseline.LimitToOneRow("the candidate does");

  TARE_TRY(auto classes, ClassNames(plan, *test.dataset));
  TARE_TRY(auto pair, EvaluatePair({.plan = &plan,
                                    .baseline = &baseline,
                                    .test = &test,
                                    .samples = samples,
                                    .classes = std::move(classes),
                                    .candidate_path = request.candidate_path,
                                    .costs = request.costs},
                                   progress));
  EvaluatedReport out;
  verdict::Report& report = out.report;
  verdict::Evidence& evidence = report.evidence;
  evidence = std::move(pair.evidence);
  out.flips = {std::move(pair.flips), pair.num_flips, request.num_shown_flips};
  TARE_TRY_VOID(DescribeFlips(test, request.num_shown_flips, out.flips.flips));
  if (!request.task && request.label.empty()) WarnOfUnusedLabel(test, baseline.inputs(), evidence);
  NameModels(request, evidence);

  report.name = evidence.candidate.path;
  TARE_TRY_VOID(AddDigest("baseline", request.baseline_path, report));
  TARE_TRY_VOID(AddDigest("candidate", request.candidate_path, report));
  TARE_TRY(const std::string data_digest, data::DigestOfData(request.data_path));
  report.digests["data_test"] = "sha256:" + data_digest;
  verdict::DataSummary data;
  data.test = verdict::DataUse{fs::path(request.data_path).filename().string(), std::ssize(samples),
                               report.digests["data_test"], request.seed};
  data.inputs = test.feed->report();
  report.data = std::move(data);
  Finish(request.policy, request.tare_version, request.session.num_threads, report);
  return out;
}

namespace {

// The lines of both models: the files themselves, or what they become beside a truth.
class PredictionSources {
 public:
  static Result<PredictionSources> Open(const PredictionsRequest& request) {
    PredictionSources sources;
    sources.paths_ = {request.baseline_path, request.candidate_path};
    sources.task_ = request.task.value_or(verdict::Task::kClassification);
    if (request.truth_path.empty()) return sources;
    constexpr int64_t kMaxFileBytes = int64_t{1} << 30;
    TARE_TRY(const std::string truth, ReadFile(request.truth_path, kMaxFileBytes));
    const evaluate::FileText truth_file{request.truth_path, truth};
    TARE_TRY(const auto task, evaluate::TaskOfTruth(truth_file));
    if (!task || (request.task && *request.task != *task)) {
      return InvalidArgument(
          StrCat(request.truth_path, task ? StrCat(" is a truth of ", TaskName(*task), ", not of ",
                                                   TaskName(*request.task))
                                          : " is neither COCO's annotations nor SQuAD's data"),
          "leave out --truth and give JSON Lines, or give the matching file and no --task");
    }
    sources.task_ = *task;
    for (const std::string& path : sources.paths_) {
      TARE_TRY(const std::string text, ReadFile(path, kMaxFileBytes));
      const bool is_coco = task == verdict::Task::kObjectDetection;
      TARE_TRY(sources.lines_.emplace_back(),
               is_coco ? evaluate::LinesOfCoco(truth_file, {path, text})
                       : evaluate::LinesOfSquad(truth_file, {path, text}));
    }
    return sources;
  }

  verdict::Task task() const { return task_; }

  /// A new stream of one side, from its beginning.
  std::unique_ptr<std::istream> Stream(size_t side) const {
    if (lines_.empty()) return std::make_unique<std::ifstream>(paths_[side]);
    return std::make_unique<std::istringstream>(lines_[side]);
  }

 private:
  std::vector<std::string> paths_;
  std::vector<std::string> lines_;  // empty: the files are lines
  verdict::Task task_ = verdict::Task::kClassification;
};

Result<evaluate::TestEvidence> JudgePredictions(const PredictionsRequest& request,
                                                const PredictionSources& sources,
                                                const evaluate::TestOptions& options,
                                                evaluate::SupportJudge* judge,
                                                std::vector<std::string>& classes) {
  const auto baseline = sources.Stream(0);
  const auto candidate = sources.Stream(1);
  const evaluate::PredictionStreams streams{*baseline, request.baseline_path, *candidate,
                                            request.candidate_path};
  switch (sources.task()) {
    case verdict::Task::kClassification:
      return evaluate::EvaluatePredictions(streams, options, {}, &classes);
    case verdict::Task::kObjectDetection:
      return evaluate::EvaluateDetectionPredictions(streams, options);
    default:
      return evaluate::EvaluateTaskPredictions(sources.task(), streams, options, judge);
  }
}

// Only the lines of the flips are read again.
Result<void> DescribePredictionFlips(const PredictionsRequest& request,
                                     const PredictionSources& sources, ReportFlips& flips) {
  const auto baseline = sources.Stream(0);
  const auto candidate = sources.Stream(1);
  return evaluate::DescribeFlips(
      {*baseline, request.baseline_path, *candidate, request.candidate_path}, flips.num_shown,
      flips.flips);
}

// KPIs by commands read the files again.
Result<void> AddCommands(const PredictionsRequest& request, const PredictionSources& sources,
                         const evaluate::TestOptions& options, Progress& progress,
                         evaluate::TestEvidence& part) {
  const auto baseline = sources.Stream(0);
  const auto candidate = sources.Stream(1);
  const evaluate::KpiCommandOptions limits{options.confidence, options.bootstrap.seed,
                                           request.command_time_limit_s};
  return evaluate::AddKpiCommands(
      request.kpi_commands, {*baseline, request.baseline_path, *candidate, request.candidate_path},
      limits, progress, part);
}

Result<void> CheckKpiNames(const PredictionsRequest& request) {
  std::vector<std::string> names;
  for (const auto& kpi : request.kpis) names.push_back(kpi.name);
  for (const auto& kpi : request.kpi_commands) names.push_back(kpi.name);
  return verdict::CheckKpiNames(names);
}

// Null without a judge. The report's digests say which model judged, by which vocabulary.
Result<std::unique_ptr<evaluate::SupportJudge>> LoadJudge(const PredictionsRequest& request,
                                                          verdict::Task task,
                                                          verdict::Report& report) {
  if (!request.judge) return std::unique_ptr<evaluate::SupportJudge>();
  if (task != verdict::Task::kQuestionAnswering && task != verdict::Task::kGeneration) {
    return InvalidArgument(
        StrCat("a judge of support for the task '", TaskName(task), "', which has no contexts"),
        "leave out --judge, or give --task question_answering or generation");
  }
  TARE_TRY_VOID(AddDigest("judge", request.judge->model_path, report));
  TARE_TRY_VOID(AddDigest("judge_vocab", request.judge->vocab_path, report));
  return evaluate::LoadEntailmentJudge(*request.judge);
}

}  // namespace

Result<EvaluatedReport> EvaluatePredictionFiles(const PredictionsRequest& request,
                                                Progress& progress) {
  TARE_TRY_VOID(CheckKpiNames(request));
  EvaluatedReport out;
  verdict::Report& report = out.report;
  for (const std::string& path : {request.baseline_path, request.candidate_path}) {
    TARE_TRY_VOID(
        AddDigest(path == request.baseline_path ? "baseline_predictions" : "candidate_predictions",
                  path, report));
  }
  if (!request.truth_path.empty())
    TARE_TRY_VOID(AddDigest("data_test", request.truth_path, report));
  TARE_TRY(const auto sources, PredictionSources::Open(request));
  TARE_TRY(const auto judge, LoadJudge(request, sources.task(), report));
  evaluate::TestOptions options;
  options.slices = request.slices;
  options.kpis = request.kpis;
  verdict::FlipList flips(FlipsToKeep(sources.task()));
  options.flips = &flips;
  report.evidence.task = sources.task();
  TARE_TRY(auto part,
           JudgePredictions(request, sources, options, judge.get(), report.evidence.classes));
  out.flips = {{}, flips.total(), request.num_shown_flips};
  out.flips.flips = flips.Take();
  TARE_TRY_VOID(DescribePredictionFlips(request, sources, out.flips));
  TARE_TRY_VOID(AddCommands(request, sources, options, progress, part));
  report.evidence.confidence = options.confidence;
  report.evidence.seed = options.bootstrap.seed;
  evaluate::SetTestEvidence(std::move(part), report.evidence);
  report.evidence.replicates = stats::WithinBudget(options.bootstrap, report.evidence.n).replicates;
  report.evidence.baseline.label = LabelOf(request.baseline_path, "baseline");
  report.evidence.candidate.label = LabelOf(request.candidate_path, "candidate");
  report.evidence.baseline.path = fs::path(request.baseline_path).filename().string();
  report.evidence.candidate.path = fs::path(request.candidate_path).filename().string();
  report.name = report.evidence.candidate.path;
  Finish(request.policy, request.tare_version, 1, report);
  return out;
}

}  // namespace tare::pipeline
