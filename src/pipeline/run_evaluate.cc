// The step of `tare run` that compares float and int8 on the test split.

#include <filesystem>

#include "pipeline/distributions_internal.h"
#include "pipeline/run_internal.h"
#include "tare/core/text.h"
#include "tare/evaluate/cost/comparison.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {
namespace {

std::string EvaluationSummary(const verdict::Evidence& evidence) {
  std::string text = StrCat(WithThousands(evidence.n), " pairs");
  if (evidence.paired && evidence.paired->counts.n > 0) {
    const auto& counts = evidence.paired->counts;
    text += StrCat("   ", WithThousands(counts.flips), counts.flips == 1 ? " flip" : " flips");
  }
  if (!evidence.cost.speedup.empty())
    text += StrCat("   ", Fixed(evidence.cost.speedup.front().estimate.value, 2), "x as fast");
  return text;
}

void AddCostOptions(const evaluate::CostOptions& costs, StepKey& key) {
  for (const int64_t batch : costs.batches) key.Add("batch", batch);
  for (const int64_t count : costs.thread_counts) key.Add("thread_count", count);
  if (costs.estimate_energy_watts) key.Add("estimate_energy_watts", *costs.estimate_energy_watts);
}

}  // namespace

Result<void> ProjectRun::EvaluateTest() {
  StepKey key("evaluate");
  key.Add("feed", feed_key_)
      .Add("host", host_)
      .Add("candidate", std::string(choice_["model_sha256"]));
  key.Add("test", test_digest_)
      .Add("samples", SamplesDigest(samples_.test))
      .Add("threads", project_.num_threads);
  AddCostOptions(project_.costs, key);
  for (const std::string& library : project_.custom_ops) key.Add("library", library);
  for (const auto& slice : project_.slices) key.Add("slice", slice.name).Add("where", slice.where);
  for (const auto& kpi : project_.kpis) key.Add("kpi", kpi.name).Add("value", kpi.expression);
  for (const DistributionSource& distribution : project_.distributions) {
    AddDistribution(distribution, key);
    if (distribution.corruption) {
      key.Add("seed", project_.seed);
      continue;
    }
    TARE_TRY(const std::string digest,
             files_.Of(distribution.source)
                 .While(StrCat("digesting the distribution ", distribution.name)));
    key.Add("digest", digest);
  }
  evaluation_key_ = key.Digest();
  if (auto found = cache_.Find("evaluate", evaluation_key_)) {
    evaluation_ = std::move(*found);
    SayFound("evaluate", evaluation_["summary"]);
    return {};
  }
  TARE_TRY(evaluation_, Step("evaluate", evaluation_key_, [&] { return RunEvaluation(); }));
  return {};
}

Result<Json> ProjectRun::RunEvaluation() {
  OneStep step(progress_, StrCat("evaluate ", WithThousands(std::ssize(samples_.test)), " pairs"));
  TARE_TRY_VOID(NeedRuntime());
  TARE_TRY_VOID(evaluate::CheckBatches(*test_.feed, project_.costs));
  TARE_TRY(const auto baseline, runtime::Session::FromFile(project_.model_path, Session()));
  TARE_TRY(const auto candidate, runtime::Session::FromFile(OutPath("model.onnx"), Session()));
  const auto options = EvaluationOptions(project_, data_);
  const auto first = evaluate::RunnableOf(baseline);
  const auto second = evaluate::RunnableOf(candidate);
  SplitBatches batches(project_, test_, samples_.test);
  verdict::Report report;
  verdict::Evidence& evidence = report.evidence;
  TARE_TRY(evidence, evaluate::Evaluate(first, second, batches, project_.task, options, step));
  evidence.baseline.label = "float32";
  evidence.baseline.path = std::filesystem::path(project_.model_path).filename().string();
  evidence.candidate.label = choice_["format"];
  evidence.candidate.path = "model.onnx";
  TARE_TRY_VOID(
      AddDistributions(project_, *opener_, samples_.test, first, second, options, step, evidence));
  const evaluate::ComparedModels models{project_.model_path, OutPath("model.onnx"), &baseline,
                                        &candidate, Session()};
  TARE_TRY_VOID(evaluate::AddCosts(models, project_.costs, *test_.feed, samples_.test, peak_, step,
                                   evidence));
  evidence.baseline.model_bytes = model_bytes_;
  report.name = project_.name;
  Json result;
  result["summary"] = EvaluationSummary(evidence);
  result["report"] = Json::parse(verdict::WriteReportJson(report));
  step.Done(std::string(result["summary"]));
  return result;
}

}  // namespace tare::pipeline
