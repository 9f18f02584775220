// One run of a project: its steps in order, each with what the ones before it found.

#include "tare/pipeline/run.h"

#include <filesystem>

#include "pipeline/baseline_step_internal.h"
#include "pipeline/choose_step_internal.h"
#include "pipeline/data_step_internal.h"
#include "pipeline/evaluate_step_internal.h"
#include "pipeline/judge_step_internal.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/graph/onnx.h"
#include "tare/pipeline/report_files.h"
#include "tare/registry/registry.h"

namespace tare::pipeline {
namespace {

namespace fs = std::filesystem;

std::string RegistryRoot(const Project& project, const RunOptions& options) {
  if (!project.registry_root.empty()) return project.registry_root;
  return !options.registry_root.empty() ? options.registry_root
                                        : (fs::path(project.folder) / "tare-registry").string();
}

// The policy is on the record before anything is measured: returns since when.
Result<std::string> DeclarePolicy(const verdict::Policy& policy, const StepCache& cache) {
  const std::string digest = verdict::PolicyDigest(policy);
  if (const auto found = cache.Find("policy", digest);
      found && found->contains("declared") && (*found)["declared"].is_string())
    return (*found)["declared"].get<std::string>();
  const std::string now = UtcNow();
  TARE_TRY_VOID(cache.Store("policy", digest,
                            {{"declared", now}, {"policy", verdict::CanonicalPolicy(policy)}}));
  return now;
}

// Before the verdict is known: a look that was not liked counts too.
Result<int64_t> CountLook(const JudgeIn& in, const std::string& registry_root) {
  const registry::Look look{in.identity->splits.test, in.choice->model_sha256,
                            verdict::PolicyDigest(in.project->policy), in.project->name};
  TARE_TRY(const auto registry, registry::Registry::Open(registry_root));
  return registry.RecordLook(look).While("counting the looks at the test data");
}

Result<std::vector<std::string>> DistributionDigests(const Project& project, FileDigests& files) {
  std::vector<std::string> digests;
  for (const DistributionSource& distribution : project.distributions) {
    if (distribution.corruption) continue;
    TARE_TRY(digests.emplace_back(),
             files.Of(distribution.source)
                 .While(StrCat("digesting the distribution ", distribution.name)));
  }
  return digests;
}

class ProjectRun {
 public:
  ProjectRun(const Project& project, const RunOptions& options, StepCache cache, Progress& progress)
      : project_(project),
        options_(options),
        plan_(PlanOf(project)),
        sources_(project, options.time_limit_s),
        steps_(std::move(cache), progress, options.again) {
    outcome_.out_folder = options.out_folder;
  }

  Result<RunOutcome> Run() {
    TARE_TRY(identity_, IdentifyRun(project_, options_, files_));
    TARE_TRY(policy_declared_, DeclarePolicy(project_.policy, steps_.cache()));
    TARE_TRY(const DataOut data, steps_.Do(kDataStep, DataIn{&project_, &identity_, &sources_}));
    TARE_TRY(samples_, ChooseSplits(project_, identity_.splits, data.sizes));
    const BaselineIn baseline_in = Baseline(data);
    TARE_TRY(const BaselineOut baseline, steps_.Do(kBaselineStep, baseline_in));
    TARE_TRY(const ChooseOut choice, steps_.Do(kChooseStep, Choose(baseline)));
    outcome_.decline_reason = choice.decline_reason;
    outcome_.candidates = choice.candidates;
    if (!choice.decline_reason.empty()) {
      RemoveAll();
    } else {
      TARE_TRY(const EvaluateIn evaluate_in, Evaluate(data, choice, baseline_in));
      TARE_TRY(const EvaluateOut evaluation, steps_.Do(kEvaluateStep, evaluate_in));
      TARE_TRY_VOID(Judge(data, choice, evaluation, kEvaluateStep.key(evaluate_in)));
      TARE_TRY_VOID(Register(choice));
    }
    outcome_.repeated_nothing = !steps_.worked();
    return std::move(outcome_);
  }

 private:
  std::string OutPath(std::string_view name) const {
    return StrCat(outcome_.out_folder, "/", name);
  }

  BaselineIn Baseline(const DataOut& data) {
    return {.plan = &plan_,
            .identity = &identity_,
            .sources = &sources_,
            .samples = samples_.test,
            .classes = data.classes,
            .num_threads = project_.num_threads,
            .custom_ops = project_.custom_ops,
            .answers_path = OutPath(".tare/baseline.answers")};
  }

  ChooseIn Choose(const BaselineOut& baseline) {
    return {.project = &project_,
            .identity = &identity_,
            .samples = &samples_,
            .sources = &sources_,
            .float_latency_ms = baseline.latency_ms,
            .tare_version = options_.tare_version,
            .out_folder = outcome_.out_folder};
  }

  Result<EvaluateIn> Evaluate(const DataOut& data, const ChooseOut& choice,
                              const BaselineIn& baseline) {
    EvaluateIn in{.plan = &plan_,
                  .identity = &identity_,
                  .sources = &sources_,
                  .samples = samples_.test,
                  .classes = data.classes,
                  .num_threads = project_.num_threads,
                  .custom_ops = project_.custom_ops,
                  .costs = project_.costs,
                  .model_path = OutPath("model.onnx"),
                  .model_sha256 = choice.model_sha256,
                  .format = choice.format,
                  .answers_path = baseline.answers_path,
                  .answers_key = kBaselineStep.key(baseline)};
    TARE_TRY(in.distribution_digests, DistributionDigests(project_, files_));
    return in;
  }

  // The result of this step is the report itself, so it is kept in its place and not in the cache.
  Result<void> Judge(const DataOut& data, const ChooseOut& choice, const EvaluateOut& evaluation,
                     const std::string& evaluation_key) {
    JudgeIn in{.project = &project_,
               .identity = &identity_,
               .data = &data,
               .choice = &choice,
               .evaluation = &evaluation,
               .policy_declared = policy_declared_,
               .tare_version = options_.tare_version,
               .created = UtcNow()};
    TARE_TRY(in.look, CountLook(in, RegistryRoot(project_, options_)));
    const std::string key = ReportKey(in, evaluation_key);
    const std::string path = OutPath("report.json");
    outcome_.report_html_path = ReportPathsOf(path).html;
    // A step that was done again under its old key may have measured something else.
    if (!steps_.worked() && FindReport(path, key, evaluation.flips)) return {};
    steps_.SetWorked();
    outcome_.report = JudgeRun(in);
    outcome_.report_json = verdict::WriteReportJson(outcome_.report);
    ReportFlips flips{evaluation.flips, evaluation.num_flips, project_.num_shown_flips};
    if (!flips.flips.empty() && flips.num_shown > 0) {
      TARE_TRY(const auto* const sets, sources_.Sets());
      TARE_TRY_VOID(DescribeFlips(sets->test, flips.num_shown, flips.flips)
                        .While("showing samples whose answer changed"));
    }
    TARE_TRY_VOID(WriteReportFiles(outcome_.report, outcome_.report_json, path, flips));
    outcome_.flips_path = flips.flips.empty() ? "" : ReportPathsOf(path).flips;
    return steps_.cache().Store("report", key, {{"sha256", Sha256Hex(outcome_.report_json)}});
  }

  // True when the report in the folder is the one of this key, and its files are there.
  bool FindReport(const std::string& path, const std::string& key,
                  std::span<const verdict::Flip> flips) {
    const auto found = steps_.cache().Find("report", key);
    const ReportPaths paths = ReportPathsOf(path);
    outcome_.flips_path = flips.empty() ? "" : paths.flips;
    if (!found || !fs::exists(paths.html) || !fs::exists(paths.markdown) ||
        fs::exists(paths.flips) == flips.empty())
      return false;
    auto text = ReadFile(path);
    if (!text || !found->contains("sha256") || (*found)["sha256"] != Sha256Hex(*text)) return false;
    auto report = verdict::ReadReportJson(*text, path);
    if (!report) return false;
    outcome_.report = *std::move(report);
    outcome_.report.decision = verdict::Gate(outcome_.report.evidence, project_.policy);
    outcome_.report_json = *std::move(text);
    return true;
  }

  Result<void> Register(const ChooseOut& choice) {
    const auto& decision = outcome_.report.decision;
    if (!decision || decision->verdict != verdict::Verdict::kPass) return {};
    outcome_.registry_root = RegistryRoot(project_, options_);
    registry::NewVersion version;
    version.name = project_.name;
    version.files = {{std::string(registry::kModel), OutPath("model.onnx")},
                     {std::string(registry::kRecipe), OutPath("recipe.yaml")},
                     {std::string(registry::kReportJson), OutPath("report.json")},
                     {std::string(registry::kReportHtml), OutPath("report.html")}};
    // One of an older run may lie there: it counts where the model names it.
    TARE_TRY(const int64_t bytes, graph::ModelBytes(OutPath("model.onnx")));
    if (std::error_code none;
        bytes > static_cast<int64_t>(fs::file_size(OutPath("model.onnx"), none)))
      version.files[std::string(registry::kModelData)] = OutPath("model.onnx.data");
    if (fs::exists(OutPath("calibration.json")))
      version.files[std::string(registry::kCalibration)] = OutPath("calibration.json");
    version.digests = outcome_.report.digests;
    version.verdict = "PASS";
    version.summary = decision->summary;
    version.metadata = {{"tare_version", options_.tare_version},
                        {"format", choice.format},
                        {"task", std::string(TaskName(project_.task))}};
    TARE_TRY(const auto registry, registry::Registry::Open(outcome_.registry_root));
    TARE_TRY(const auto registered, registry.Register(version));
    outcome_.registered = StrCat(project_.name, "@", registered.number);
    return {};
  }

  // Nothing was gained: no file of an earlier run stays.
  void RemoveAll() const {
    RemoveReports(outcome_.out_folder);
    std::error_code ignored;
    for (const char* name : {"model.onnx", "model.onnx.data", "recipe.yaml", "calibration.json"})
      fs::remove(OutPath(name), ignored);
  }

  const Project& project_;
  const RunOptions& options_;
  const TestPlan plan_;
  RunSources sources_;
  StepRunner steps_;
  FileDigests files_;
  RunIdentity identity_;
  std::string policy_declared_;
  SplitSamples samples_;
  RunOutcome outcome_;
};

}  // namespace

Result<RunOutcome> RunProject(const Project& project, const RunOptions& options,
                              Progress& progress) {
  RunOptions resolved = options;
  if (resolved.out_folder.empty())
    resolved.out_folder = (fs::path(project.folder) / "tare-out").string();
  std::error_code ignored;
  if (fs::equivalent(project.model_path, fs::path(resolved.out_folder) / "model.onnx", ignored)) {
    return InvalidArgument(
        StrCat("the quantized model would overwrite the float one, ", project.model_path),
        "choose another folder with --out");
  }
  TARE_TRY(auto cache, StepCache::Open(resolved.out_folder));
  return ProjectRun(project, resolved, std::move(cache), progress).Run();
}

}  // namespace tare::pipeline
