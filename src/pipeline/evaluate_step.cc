#include <filesystem>

#include "core/json_reader.h"
#include "pipeline/evaluate_step_internal.h"
#include "pipeline/recorded_answers_internal.h"
#include "tare/core/text.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {
namespace {

void AddCostOptions(const evaluate::CostOptions& costs, StepKey& key) {
  for (const int64_t batch : costs.batches) key.Add("batch", batch);
  for (const int64_t count : costs.thread_counts) key.Add("thread_count", count);
  if (costs.estimate_energy_watts) key.Add("estimate_energy_watts", *costs.estimate_energy_watts);
}

std::string KeyOf(const EvaluateIn& in) {
  StepKey key("evaluate");
  key.Add("feed", in.identity->feed_key)
      .Add("host", in.identity->host)
      .Add("candidate", in.model_sha256);
  key.Add("test", in.identity->splits.test)
      .Add("samples", SamplesDigest(in.samples))
      .Add("threads", in.num_threads);
  AddCostOptions(in.costs, key);
  for (const std::string& library : in.custom_ops) key.Add("library", library);
  for (const auto& slice : in.plan->slices) key.Add("slice", slice.name).Add("where", slice.where);
  for (const auto& kpi : in.plan->kpis) key.Add("kpi", kpi.name).Add("value", kpi.expression);
  for (const DistributionSource& distribution : in.plan->distributions) {
    AddDistribution(distribution, key);
    if (distribution.corruption) key.Add("seed", in.plan->seed);
  }
  for (const std::string& digest : in.distribution_digests) key.Add("digest", digest);
  return key.Digest();
}

std::string SummaryOf(const EvaluateOut& out) {
  const verdict::Evidence& evidence = out.evidence;
  std::string text = StrCat(WithThousands(evidence.n), " pairs");
  if (evidence.paired && evidence.paired->counts.n > 0) {
    const auto& counts = evidence.paired->counts;
    text += StrCat("   ", WithThousands(counts.flips), counts.flips == 1 ? " flip" : " flips");
  }
  if (!evidence.cost.speedup.empty())
    text += StrCat("   ", Fixed(evidence.cost.speedup.front().estimate.value, 2), "x as fast");
  return text;
}

// `ran_again`: the kept answers of the float model were damaged.
Result<PairOut> Compare(const EvaluateIn& in, Progress& progress, bool& ran_again) {
  TARE_TRY(auto* const model, in.sources->Model());
  TARE_TRY(const auto* const sets, in.sources->Sets());
  TARE_TRY(const auto probes, sets->test.Probes(in.samples, 1));
  TARE_TRY_VOID(model->Try(probes, progress));
  PairIn pair{.plan = in.plan,
              .baseline = model,
              .test = &sets->test,
              .samples = in.samples,
              .classes = in.classes,
              .candidate_path = in.model_path,
              .costs = in.costs};
  // They only save time: where they are damaged the model is asked once more.
  pair.answers = [&](std::vector<ValueInfo> outputs) {
    auto kept = ReplayAnswers(in.answers_path, in.answers_key, std::move(outputs));
    ran_again = !kept;
    return kept ? *std::move(kept) : std::nullopt;
  };
  TARE_TRY(auto out, EvaluatePair(pair, progress));
  verdict::Evidence& evidence = out.evidence;
  evidence.baseline.label = "float32";
  evidence.baseline.path = std::filesystem::path(model->request().path).filename().string();
  evidence.baseline.model_bytes = in.identity->model_bytes;
  evidence.candidate.label = in.format;
  evidence.candidate.path = std::filesystem::path(in.model_path).filename().string();
  return out;
}

Result<EvaluateOut> Work(const EvaluateIn& in, Progress& progress) {
  OneStep step(progress, StrCat("evaluate ", WithThousands(std::ssize(in.samples)), " pairs"));
  EvaluateOut out;
  bool ran_again = false;
  TARE_TRY(out, Compare(in, step, ran_again));
  step.Done(StrCat(SummaryOf(out), ran_again ? "  (the kept answers of the float model were "
                                               "damaged: it was run again)"
                                             : ""));
  return out;
}

Json WriteEvaluation(const EvaluateOut& out) {
  verdict::Report report;
  report.evidence = out.evidence;
  Json json = Json::parse(verdict::WriteReportJson(report));
  json["num_flips"] = out.num_flips;
  json["flips"] = verdict::WriteFlipLines(out.flips);
  return json;
}

Result<EvaluateOut> ReadEvaluation(const Json& json) {
  TARE_TRY(auto report, verdict::ReadReportJson(json.dump(), "evaluate.json"));
  const JsonReader reader(json, "evaluate.json", "");
  EvaluateOut out{std::move(report.evidence), {}, 0};
  TARE_TRY(const auto num_flips, reader.Count("num_flips"));
  out.num_flips = num_flips.value_or(0);
  TARE_TRY(const std::string lines, reader.Text("flips"));
  out.flips = verdict::ReadFlipLines(lines);
  return out;
}

}  // namespace

const Step<EvaluateIn, EvaluateOut> kEvaluateStep = {"evaluate", KeyOf,           Work,
                                                     SummaryOf,  WriteEvaluation, ReadEvaluation};

}  // namespace tare::pipeline
