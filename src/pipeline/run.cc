#include "tare/pipeline/run.h"

#include <filesystem>

#include "pipeline/distributions_internal.h"
#include "pipeline/leaks_internal.h"
#include "pipeline/project_sets_internal.h"
#include "pipeline/run_internal.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/graph/onnx.h"
#include "tare/pipeline/report_files.h"
#include "tare/quantize/prepare.h"
#include "tare/registry/registry.h"
#include "tare/runtime/host.h"
#include "tare/runtime/probe.h"

namespace tare::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxSearchedForLocation = int64_t{64} << 20;

std::string HostKey() {
  const runtime::Host host = runtime::DescribeHost();
  return StrCat(host.cpu, "|", Join(host.isa, ","), "|", host.num_processors, "|", host.runtime);
}

// A small file may keep its weights elsewhere ("location" is the key of ONNX external data): then
// the digest is that of the whole model.
Result<std::string> DigestOfModel(const std::string& path) {
  std::error_code error;
  const auto bytes = fs::file_size(path, error);
  if (!error && static_cast<int64_t>(bytes) <= kMaxSearchedForLocation) {
    TARE_TRY(const std::string text, ReadFile(path, kMaxSearchedForLocation));
    if (text.find("location") != std::string::npos) {
      if (const auto model = graph::ReadOnnx(path)) {
        TARE_TRY(const std::string tensors, graph::ModelDigest(*model));
        return Sha256Hex(Sha256Hex(text) + tensors);
      }
    }
    return Sha256Hex(text);
  }
  return Sha256File(path);
}

void AddInputs(const Project& project, StepKey& key) {
  for (const data::InputBinding& binding : project.bindings) {
    key.Add("input", binding.input)
        .Add("array", binding.array)
        .Add("scale", binding.preprocessing.scale);
    for (const double mean : binding.preprocessing.mean) key.Add("mean", mean);
    for (const double std : binding.preprocessing.std) key.Add("std", std);
  }
  key.Add("label", project.label).Add("task", project.task).Add("output", project.output);
  for (const std::string& name : project.classes) key.Add("class", name);
  for (const std::string& column : SliceColumns(project)) key.Add("column", column);
}

// Columns of the model's scores where the file declares them; 0 elsewhere.
int64_t DeclaredClasses(const graph::Graph& graph) {
  if (graph.outputs.empty()) return 0;
  const Shape& shape = graph.outputs[0].info.shape;
  const bool scores = IsFloat(graph.outputs[0].info.dtype) && shape.size() == 2 && shape[1] >= 2;
  return scores ? shape[1] : 0;
}

}  // namespace

evaluate::EvaluateOptions EvaluationOptions(const Project& project, const Json& data) {
  evaluate::EvaluateOptions options;
  if (data.contains("classes"))
    options.classification.classes = data["classes"].get<std::vector<std::string>>();
  options.classification.slices = project.slices;
  options.classification.kpis = project.kpis;
  options.outputs.sample_is_run = false;
  options.score_output = project.output;
  return options;
}

Json CandidatesJson(const std::vector<search::Candidate>& candidates) {
  Json rows = Json::array();
  for (const search::Candidate& candidate : candidates) {
    const auto ratio = [](const runtime::Ratio& value) {
      return Json{value.value, value.low, value.high};
    };
    rows.push_back({{"name", candidate.name},
                    {"cosine", candidate.closeness.cosine},
                    {"least_cosine", candidate.closeness.least_cosine},
                    {"worst_output", candidate.closeness.worst_output},
                    {"speedup", ratio(candidate.speedup)},
                    {"batch_speedup", ratio(candidate.batch_speedup)},
                    {"model_bytes", candidate.model_bytes},
                    {"problem", candidate.problem},
                    {"chosen", candidate.chosen}});
  }
  return rows;
}

std::vector<search::Candidate> CandidatesFrom(const Json& json) {
  std::vector<search::Candidate> candidates;
  for (const Json& row : json) {
    search::Candidate candidate;
    const auto ratio = [&](const char* key) {
      return runtime::Ratio{row[key][0], row[key][1], row[key][2]};
    };
    candidate.name = row["name"];
    candidate.closeness = {row["cosine"], row["least_cosine"], row["worst_output"]};
    candidate.speedup = ratio("speedup");
    candidate.batch_speedup = ratio("batch_speedup");
    candidate.model_bytes = row["model_bytes"];
    candidate.problem = row["problem"];
    candidate.chosen = row["chosen"];
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

ProjectRun::ProjectRun(const Project& project, const RunOptions& options, evaluate::PeakMemory peak,
                       StepCache cache, Progress& progress)
    : project_(project),
      options_(options),
      peak_(std::move(peak)),
      cache_(std::move(cache)),
      progress_(progress) {
  outcome_.out_folder = options.out_folder;
}

Result<RunOutcome> ProjectRun::Run() {
  TARE_TRY_VOID(Identify());
  TARE_TRY_VOID(CheckData());
  TARE_TRY_VOID(MeasureBaseline());
  TARE_TRY_VOID(Choose());
  if (!outcome_.decline_reason.empty()) {
    TARE_TRY_VOID(Decline());
    return std::move(outcome_);
  }
  TARE_TRY_VOID(EvaluateTest());
  TARE_TRY_VOID(Judge());
  TARE_TRY_VOID(Register());
  outcome_.repeated_nothing = !worked_;
  return std::move(outcome_);
}

Result<Json> ProjectRun::Step(std::string_view name, const std::string& key,
                              const std::function<Result<Json>()>& work) {
  if (progress_.cancelled()) return Cancelled();
  worked_ = true;
  auto result = work();
  // Ctrl-C reaches child processes too: what they say then is not the cause.
  if (!result && progress_.cancelled()) return Cancelled();
  if (!result) return result;
  TARE_TRY_VOID(cache_.Store(name, key, *result));
  return result;
}

void ProjectRun::SayFound(std::string_view title, const std::string& summary) {
  progress_.Begin(title, 0);
  progress_.End(StrCat(summary, "  (as before)"));
}

// ---- what the run depends on --------------------------------------------------------------------

Result<void> ProjectRun::Identify() {
  host_ = HostKey();
  TARE_TRY(model_digest_, DigestOfModel(project_.model_path));
  model_bytes_ = evaluate::ModelBytes(project_.model_path);
  TARE_TRY(calibration_digest_,
           files_.Of(project_.calibration).While("digesting the calibration split"));
  TARE_TRY(search_digest_, files_.Of(project_.search).While("digesting the search split"));
  TARE_TRY(test_digest_, files_.Of(project_.test).While("digesting the test split"));
  StepKey feed("feed");
  AddInputs(project_, feed);
  feed.Add("tare", options_.tare_version)
      .Add("program", options_.program_stamp)
      .Add("model", model_digest_);
  feed_key_ = feed.Digest();

  // The policy is on the record before anything is measured.
  const std::string policy = verdict::PolicyDigest(project_.policy);
  if (auto found = cache_.Find("policy", policy)) {
    policy_declared_ = found->value("declared", "");
  } else {
    policy_declared_ = UtcNow();
    TARE_TRY_VOID(cache_.Store(
        "policy", policy,
        {{"declared", policy_declared_}, {"policy", verdict::CanonicalPolicy(project_.policy)}}));
  }
  return {};
}

runtime::SessionOptions ProjectRun::Session() const {
  runtime::SessionOptions options;
  options.num_threads = project_.num_threads;
  options.custom_op_libraries = project_.custom_ops;
  return options;
}

Result<void> ProjectRun::NeedModel() {
  if (source_) return {};
  TARE_TRY(source_, graph::ReadOnnx(project_.model_path));
  return {};
}

Result<void> ProjectRun::NeedData() {
  if (opener_) return {};
  TARE_TRY_VOID(NeedModel());
  opener_ = std::make_unique<SourceOpener>(project_, FedInputs(source_->graph));
  TARE_TRY(calibration_, opener_->Open(project_.calibration));
  TARE_TRY(search_, opener_->Open(project_.search));
  TARE_TRY(test_, opener_->Open(project_.test));
  return {};
}

Result<void> ProjectRun::NeedRuntime() {
  if (runtime_ready_) return {};
  TARE_TRY_VOID(NeedData());
  TARE_TRY(auto batch, calibration_.feed->Read(std::span(samples_.calibration).first(1)));
  const std::vector<quantize::Inputs> probes = {std::move(batch.inputs)};
  TARE_TRY_VOID(
      runtime::InChild([&] { return quantize::RunOnce(*source_, probes, Session()); },
                       options_.time_limit_s)
          .While(StrCat("running ", project_.model_path, " on the first calibration sample")));
  runtime_ready_ = true;
  return {};
}

// ---- data ---------------------------------------------------------------------------------------

Result<void> ProjectRun::CheckData() {
  StepKey key("data");
  key.Add("feed", feed_key_)
      .Add("calibration", calibration_digest_)
      .Add("search", search_digest_)
      .Add("test", test_digest_);
  key.Add("c", project_.calibration.num_samples)
      .Add("s", project_.search.num_samples)
      .Add("t", project_.test.num_samples);
  key.Add("seed", project_.seed).Add("allow_leak", project_.allow_leak);
  for (const DistributionSource& distribution : project_.distributions) {
    if (distribution.corruption) AddDistribution(distribution, key);
  }
  const std::string digest = key.Digest();
  const auto summary = [&] {
    const int64_t duplicates = data_.value("duplicates", int64_t{0});
    const std::string across =
        duplicates == 0 ? "disjoint, 0 duplicates across"
                        : StrCat("NOT disjoint, ", WithThousands(duplicates), " duplicates across");
    return StrCat("test ", WithThousands(std::ssize(samples_.test)), " · search ",
                  WithThousands(std::ssize(samples_.search)), " · calibration ",
                  WithThousands(std::ssize(samples_.calibration)), " · ", across,
                  data_.value("near", ""));
  };
  if (auto found = cache_.Find("data", digest)) {
    data_ = std::move(*found);
    TARE_TRY_VOID(ChooseSamples());
    SayFound("data", summary());
    return {};
  }
  OneStep step(progress_, "data");
  TARE_TRY(data_, Step("data", digest, [&] { return InspectData(); }));
  step.Done(summary());
  return {};
}

Result<void> ProjectRun::ChooseSamples() {
  const Json& sizes = data_["sizes"];
  TARE_TRY(samples_, ChooseSplits(project_, {calibration_digest_, search_digest_, test_digest_},
                                  {sizes["calibration"], sizes["search"], sizes["test"]}));
  return {};
}

Result<Json> ProjectRun::InspectData() {
  TARE_TRY_VOID(NeedData());
  data_["sizes"] = {{"calibration", calibration_.dataset->num_samples()},
                    {"search", search_.dataset->num_samples()},
                    {"test", test_.dataset->num_samples()}};
  TARE_TRY_VOID(ChooseSamples());
  TARE_TRY_VOID(LookForLeaks());
  data_["inputs"] = test_.feed->report();
  if (project_.task == "classification") {
    const int64_t declared =
        project_.classes.empty() ? DeclaredClasses(source_->graph) : std::ssize(project_.classes);
    TARE_TRY_VOID(ClassLabels(project_, *test_.dataset, samples_.test, declared));
    TARE_TRY(const data::ArrayInfo info, test_.dataset->Find(project_.label));
    data_["classes"] = project_.classes.empty() ? info.classes : project_.classes;
  } else if (project_.task != "outputs") {
    TARE_TRY_VOID(test_.dataset->Find(project_.label).While("looking for the labels"));
    data_["classes"] = project_.classes;
  }
  for (const std::string& column : SliceColumns(project_)) {
    TARE_TRY_VOID(test_.dataset->Find(column).While("looking for a column that a slice compares"));
  }
  // Whether there are images to corrupt is said before minutes are spent.
  for (const DistributionSource& distribution : project_.distributions) {
    if (!distribution.corruption || project_.task == "outputs") continue;
    TARE_TRY_VOID(opener_->OpenCorrupted(project_.test, *distribution.corruption)
                      .While(StrCat("opening the distribution ", distribution.name)));
  }
  return data_;
}

Result<void> ProjectRun::LookForLeaks() {
  const data::Split splits[] = {
      {"calibration", calibration_.dataset.get(), calibration_.feed->arrays(),
       samples_.calibration},
      {"search", search_.dataset.get(), search_.feed->arrays(), samples_.search},
      {"test", test_.dataset.get(), test_.feed->arrays(), samples_.test}};
  TARE_TRY(const Leaks leaks, FindLeaks(splits, project_.allow_leak, progress_));
  data_["duplicates"] = leaks.num_duplicates;
  data_["leak"] = leaks.warning;
  if (leaks.num_near > 0)
    data_["near"] = StrCat(", ", WithThousands(leaks.num_near), " nearly alike");
  if (!leaks.looked_for_near) data_["near"] = " · near duplicates not looked for, so much data";
  return {};
}

verdict::DataSummary ProjectRun::DataFacts() const {
  const auto use = [&](const SplitSource& source, const std::vector<int64_t>& samples,
                       const std::string& digest) {
    return verdict::DataUse{SourceName(source), std::ssize(samples), "sha256:" + digest,
                            project_.seed};
  };
  verdict::DataSummary summary;
  summary.calibration = use(project_.calibration, samples_.calibration, calibration_digest_);
  summary.search = use(project_.search, samples_.search, search_digest_);
  summary.test = use(project_.test, samples_.test, test_digest_);
  // The candidates were checked on as many of the search samples as fit a budget.
  summary.search->n = choice_.value("checked_samples", summary.search->n);
  summary.duplicates_across = data_.value("duplicates", int64_t{0});
  summary.disjoint = summary.duplicates_across == 0;
  return summary;
}

// ---- verdict ------------------------------------------------------------------------------------

void ProjectRun::RemoveReports() const {
  std::error_code ignored;
  for (const char* name : {"report.json", "report.html", "report.md"})
    fs::remove(OutPath(name), ignored);
}

std::string ProjectRun::RegistryRoot() const {
  if (!project_.registry_root.empty()) return project_.registry_root;
  return !options_.registry_root.empty() ? options_.registry_root
                                         : (fs::path(project_.folder) / "tare-registry").string();
}

// Before the verdict is known: a look that was not liked counts too.
Result<void> ProjectRun::CountLook() {
  const registry::Look look{test_digest_, std::string(choice_["model_sha256"]),
                            verdict::PolicyDigest(project_.policy), project_.name};
  TARE_TRY(const auto registry, registry::Registry::Open(RegistryRoot()));
  TARE_TRY(look_, registry.RecordLook(look).While("counting the looks at the test data"));
  return {};
}

Result<void> ProjectRun::Judge() {
  TARE_TRY_VOID(CountLook());
  StepKey key("report");
  key.Add("evaluation", evaluation_key_)
      .Add("policy", verdict::PolicyDigest(project_.policy))
      .Add("name", project_.name);
  key.Add("choice", choice_.dump())
      .Add("page", Sha256Hex(ReportPage()))
      .Add("leak", data_.value("leak", ""))
      .Add("look", look_);
  const std::string digest = key.Digest();
  const std::string path = OutPath("report.json");
  outcome_.report_html_path = ReportPathsOf(path).html;

  const auto found = cache_.Find("report", digest);
  worked_ = worked_ || !found;
  if (found && fs::exists(outcome_.report_html_path) && fs::exists(ReportPathsOf(path).markdown)) {
    const auto text = ReadFile(path);
    if (text && Sha256Hex(*text) == found->value("sha256", "")) {
      TARE_TRY(outcome_.report, verdict::ReadReportJson(*text, path));
      outcome_.report.decision = verdict::Gate(outcome_.report.evidence, project_.policy);
      outcome_.report_json = *text;
      return {};
    }
  }
  TARE_TRY(outcome_.report,
           verdict::ReadReportJson(evaluation_["report"].dump(), OutPath(".tare/evaluate.json")));
  verdict::Report& report = outcome_.report;
  report.tare_version = options_.tare_version;
  report.created = UtcNow();
  report.name = project_.name;
  report.policy_declared = policy_declared_;
  if (const std::string leak = data_.value("leak", ""); !leak.empty()) {
    auto& warnings = report.evidence.warnings;
    warnings.insert(
        warnings.begin(),
        {leak,
         "the verdict may flatter the candidate: remove these samples from calibration or search"});
  }
  report.evidence.look = look_;
  if (look_ > 1 && project_.policy.looks == 0) {
    report.evidence.warnings.push_back(
        {StrCat("this is look ", look_,
                " at this test data: with each one more a candidate may pass by luck"),
         "declare how many there may be before the first, policy: {looks: 3}, or judge by data "
         "that no candidate has seen"});
  }
  report.decision = verdict::Gate(report.evidence, project_.policy);
  report.data = DataFacts();
  report.host = HostFactsOf(project_.num_threads);
  report.digests = {{"baseline", "sha256:" + model_digest_},
                    {"candidate", StrCat("sha256:", std::string(choice_["model_sha256"]))},
                    {"recipe", StrCat("sha256:", std::string(choice_["recipe_sha256"]))},
                    {"calibration", StrCat("sha256:", std::string(choice_["calibration_sha256"]))},
                    {"policy", verdict::PolicyDigest(project_.policy)},
                    {"data_calibration", "sha256:" + calibration_digest_},
                    {"data_search", "sha256:" + search_digest_},
                    {"data_test", "sha256:" + test_digest_}};
  Json document = Json::parse(verdict::WriteReportJson(report));
  for (const auto& [name, section] : choice_["sections"].items()) document[name] = section;
  outcome_.report_json = document.dump(1) + "\n";
  TARE_TRY_VOID(WriteReportFiles(report, outcome_.report_json, path));
  return cache_.Store("report", digest, {{"sha256", Sha256Hex(outcome_.report_json)}});
}

Result<void> ProjectRun::Register() {
  if (!outcome_.report.decision || outcome_.report.decision->verdict != verdict::Verdict::kPass)
    return {};
  outcome_.registry_root = RegistryRoot();
  registry::NewVersion version;
  version.name = project_.name;
  version.files = {{std::string(registry::kModel), OutPath("model.onnx")},
                   {std::string(registry::kRecipe), OutPath("recipe.yaml")},
                   {std::string(registry::kReportJson), OutPath("report.json")},
                   {std::string(registry::kReportHtml), OutPath("report.html")}};
  if (fs::exists(OutPath("model.onnx.data")))
    version.files["model_data"] = OutPath("model.onnx.data");
  if (fs::exists(OutPath("calibration.json")))
    version.files[std::string(registry::kCalibration)] = OutPath("calibration.json");
  version.digests = outcome_.report.digests;
  version.verdict = "PASS";
  version.summary = outcome_.report.decision->summary;
  version.metadata = {{"tare_version", options_.tare_version},
                      {"format", choice_["format"]},
                      {"task", project_.task}};
  TARE_TRY(const auto registry, registry::Registry::Open(outcome_.registry_root));
  TARE_TRY(const auto registered, registry.Register(version));
  outcome_.registered = StrCat(project_.name, "@", registered.number);
  return {};
}

Result<void> ProjectRun::Decline() {
  std::error_code ignored;
  RemoveReports();
  for (const char* name : {"model.onnx", "model.onnx.data", "recipe.yaml", "calibration.json"})
    fs::remove(OutPath(name), ignored);
  outcome_.repeated_nothing = !worked_;
  return {};
}

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
  TARE_TRY(auto peak, evaluate::PeakMemory::Start());
  TARE_TRY(auto cache, StepCache::Open(resolved.out_folder));
  return ProjectRun(project, resolved, std::move(peak), std::move(cache), progress).Run();
}

}  // namespace tare::pipeline
