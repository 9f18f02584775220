#include "tare/pipeline/evaluate_models.h"

#include <filesystem>
#include <fstream>
#include <set>

#include "evaluate/cost/peak_memory_internal.h"
#include "pipeline/distributions_internal.h"
#include "pipeline/project_data_internal.h"
#include "tare/core/hash.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"
#include "tare/evaluate/cost/comparison.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/evaluate/predictions/detection_predictions.h"
#include "tare/evaluate/predictions/predictions.h"
#include "tare/evaluate/predictions/task_predictions.h"
#include "tare/graph/onnx.h"
#include "tare/pipeline/report_files.h"
#include "tare/quantize/prepare.h"
#include "tare/runtime/probe.h"
#include "tare/verdict/gate.h"
#include "tare/verdict/metric_info.h"

namespace tare::pipeline {
namespace {

namespace fs = std::filesystem;

// Loads a model and runs it once where a crash does no harm.
Result<void> Probe(const std::string& path, const quantize::Inputs& inputs,
                   const EvaluateRequest& request) {
  return runtime::InChild(
             [&]() -> Result<void> {
               TARE_TRY(const auto session, runtime::Session::FromFile(path, request.session));
               TARE_TRY_VOID(session.Run(inputs));
               return {};
             },
             request.time_limit_s)
      .While(StrCat("running ", path, " on the first sample"));
}

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

Project ProjectOf(const EvaluateRequest& request) {
  Project project;
  project.file = request.data_path;
  project.model_path = request.baseline_path;
  project.label = request.label;
  project.task = !request.task.empty()   ? request.task
                 : request.label.empty() ? "outputs"
                                         : "classification";
  project.bindings = request.bindings;
  project.slices = request.slices;
  project.kpis = request.kpis;
  project.test.path = request.data_path;
  project.seed = request.seed;
  for (const data::CorruptionSpec& spec : request.corruptions) {
    project.distributions.push_back(
        {StrCat(data::CorruptionName(spec.corruption), ":", spec.severity), {}, spec});
  }
  return project;
}

Result<void> CheckRequest(const Project& project) {
  if (project.task != "outputs" && project.label.empty()) {
    return InvalidArgument(StrCat("task ", project.task, " needs labels"),
                           "name their array with --label, or use --task outputs");
  }
  if (project.task == "outputs" && !project.distributions.empty()) {
    return InvalidArgument("what is corrupted is judged by its labels",
                           "name their array with --label, or leave out --corrupt");
  }
  std::set<std::string> names;
  for (const DistributionSource& distribution : project.distributions) {
    if (names.insert(distribution.name).second) continue;
    return InvalidArgument(StrCat("the corruption ", distribution.name, " is given twice"),
                           "give it once");
  }
  return {};
}

Result<std::vector<ValueInfo>> InputsOf(const std::string& path) {
  TARE_TRY(const auto model, graph::ReadOnnx(path));
  std::vector<ValueInfo> inputs;
  for (const graph::Value& input : model.graph.inputs) {
    if (model.graph.FindInitializer(input.info.name) == nullptr) inputs.push_back(input.info);
  }
  return inputs;
}

// Labels that nobody asked for: whoever forgets --label should not take close outputs for a judged task.
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

}  // namespace

Result<verdict::Report> EvaluateModels(const EvaluateRequest& request, Progress& progress) {
  const Project project = ProjectOf(request);
  if (project.task == "outputs" && !request.slices.empty()) {
    return InvalidArgument("--slice needs labels", "name their array with --label");
  }
  if (project.task == "outputs" && !request.kpis.empty()) {
    return InvalidArgument("--kpi needs labels", "name their array with --label");
  }
  TARE_TRY_VOID(CheckRequest(project));
  TARE_TRY(auto peak, evaluate::PeakMemory::Start());
  TARE_TRY(const auto inputs, InputsOf(request.baseline_path));
  TARE_TRY_VOID(InputsOf(request.candidate_path));
  SourceOpener opener(project, inputs);
  TARE_TRY(const OpenSource source, opener.Open(project.test));
  for (const data::CorruptionSpec& spec : request.corruptions)
    TARE_TRY_VOID(opener.OpenCorrupted(project.test, spec));
  const int64_t available = source.dataset->num_samples();
  const auto samples = data::ChooseSamples(
      available, request.num_samples > 0 ? request.num_samples : available, request.seed);
  TARE_TRY_VOID(evaluate::CheckBatches(*source.feed, request.costs));
  TARE_TRY(const auto first, source.feed->Read(std::span(samples).first(1)));
  for (const std::string& path : {request.baseline_path, request.candidate_path}) {
    const auto probed = Probe(path, first.inputs, request);
    if (!probed && progress.cancelled()) return Cancelled();
    if (!probed) return probed.error();
  }
  TARE_TRY(const auto baseline, runtime::Session::FromFile(request.baseline_path, request.session));
  TARE_TRY(const auto candidate,
           runtime::Session::FromFile(request.candidate_path, request.session));

  verdict::Report report;
  verdict::Evidence& evidence = report.evidence;
  evaluate::EvaluateOptions options;
  options.score_output = request.output;
  options.classification.slices = request.slices;
  options.classification.kpis = request.kpis;
  if (project.task == "classification") {
    TARE_TRY(const data::ArrayInfo info, source.dataset->Find(project.label));
    options.classification.classes = info.classes;
  } else if (project.task == "token_classification") {
    options.classification.classes = request.classes;
  }
  SplitBatches batches(project, source, samples);
  const auto first_model = evaluate::RunnableOf(baseline);
  const auto second_model = evaluate::RunnableOf(candidate);
  TARE_TRY(evidence,
           evaluate::Evaluate(first_model, second_model, batches, project.task, options, progress));
  TARE_TRY_VOID(AddDistributions(project, opener, samples, first_model, second_model, options,
                                 progress, evidence));
  if (const std::string label =
          request.task.empty() && request.label.empty() ? UnusedLabel(source, inputs) : "";
      !label.empty()) {
    evidence.warnings.push_back(
        {StrCat("outputs were compared and no answer was judged: there is no --label, and the data "
                "has '",
                label, "'"),
         StrCat("give --label ", label, "; or --task outputs, if that is what you want")});
  }
  evidence.baseline.label = LabelOf(request.baseline_path, "float");
  evidence.candidate.label = LabelOf(request.candidate_path, "int8");
  if (evidence.baseline.label == evidence.candidate.label) {
    evidence.baseline.label = "float";
    evidence.candidate.label = "int8";
  }
  evidence.baseline.path = fs::path(request.baseline_path).filename().string();
  evidence.candidate.path = fs::path(request.candidate_path).filename().string();
  const evaluate::ComparedModels models{request.baseline_path, request.candidate_path, &baseline,
                                        &candidate, request.session};
  TARE_TRY_VOID(
      evaluate::AddCosts(models, request.costs, *source.feed, samples, peak, progress, evidence));

  report.name = evidence.candidate.path;
  TARE_TRY_VOID(AddDigest("baseline", request.baseline_path, report));
  TARE_TRY_VOID(AddDigest("candidate", request.candidate_path, report));
  TARE_TRY_VOID(AddDigest("data_test", request.data_path, report));
  verdict::DataSummary data;
  data.test = verdict::DataUse{fs::path(request.data_path).filename().string(), std::ssize(samples),
                               report.digests["data_test"], request.seed};
  report.data = std::move(data);
  Finish(request.policy, request.tare_version, request.session.num_threads, report);
  return report;
}

namespace {

// KPIs by commands read the files again.
Result<void> AddCommands(const PredictionsRequest& request,
                         const evaluate::ClassificationOptions& options, Progress& progress,
                         evaluate::TestEvidence& part) {
  std::ifstream baseline(request.baseline_path);
  std::ifstream candidate(request.candidate_path);
  const evaluate::KpiCommandOptions limits{options.confidence, options.bootstrap.seed,
                                           request.command_time_limit_s};
  return evaluate::AddKpiCommands(
      request.kpi_commands, {baseline, request.baseline_path, candidate, request.candidate_path},
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
                                                          verdict::Report& report) {
  if (!request.judge) return std::unique_ptr<evaluate::SupportJudge>();
  if (request.task != "question_answering" && request.task != "generation") {
    return InvalidArgument(
        StrCat("a judge of support for the task '",
               request.task.empty() ? "classification" : request.task, "', which has no contexts"),
        "leave out --judge, or give --task question_answering or generation");
  }
  TARE_TRY_VOID(AddDigest("judge", request.judge->model_path, report));
  TARE_TRY_VOID(AddDigest("judge_vocab", request.judge->vocab_path, report));
  return evaluate::LoadEntailmentJudge(*request.judge);
}

}  // namespace

Result<verdict::Report> EvaluatePredictionFiles(const PredictionsRequest& request,
                                                Progress& progress) {
  TARE_TRY_VOID(CheckKpiNames(request));
  verdict::Report report;
  for (const std::string& path : {request.baseline_path, request.candidate_path}) {
    TARE_TRY_VOID(
        AddDigest(path == request.baseline_path ? "baseline_predictions" : "candidate_predictions",
                  path, report));
  }
  TARE_TRY(const auto judge, LoadJudge(request, report));
  std::ifstream baseline(request.baseline_path);
  std::ifstream candidate(request.candidate_path);
  evaluate::ClassificationOptions options;
  options.slices = request.slices;
  options.kpis = request.kpis;
  report.evidence.task = request.task.empty() ? "classification" : request.task;
  evaluate::TestEvidence part;
  if (report.evidence.task == "classification") {
    TARE_TRY(part, evaluate::EvaluatePredictions(baseline, request.baseline_path, candidate,
                                                 request.candidate_path, options,
                                                 &report.evidence.classes));
  } else if (report.evidence.task == "object_detection") {
    if (!request.slices.empty())
      return Unsupported("object detection is judged on the whole set, not by slice",
                         "leave out --slice");
    const evaluate::DetectionOptions detection{options.confidence, options.bootstrap, request.kpis};
    TARE_TRY(part,
             evaluate::EvaluateDetectionPredictions(baseline, request.baseline_path, candidate,
                                                    request.candidate_path, detection));
  } else {
    const evaluate::TaskOptions task{options.confidence, options.bootstrap, request.slices,
                                     request.kpis, judge.get()};
    TARE_TRY(part, evaluate::EvaluateTaskPredictions(report.evidence.task, baseline,
                                                     request.baseline_path, candidate,
                                                     request.candidate_path, task));
  }
  TARE_TRY_VOID(AddCommands(request, options, progress, part));
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
  return report;
}

}  // namespace tare::pipeline
