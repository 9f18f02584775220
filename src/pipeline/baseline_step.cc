#include "core/json_reader.h"
#include "pipeline/baseline_step_internal.h"
#include "pipeline/recorded_answers_internal.h"
#include "tare/core/text.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/runtime/timing.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {
namespace {

std::string KeyOf(const BaselineIn& in) {
  StepKey key("baseline");
  key.Add("feed", in.identity->feed_key)
      .Add("test", in.identity->splits.test)
      .Add("samples", SamplesDigest(in.samples))
      .Add("host", in.identity->host);
  key.Add("threads", in.num_threads);
  for (const std::string& library : in.custom_ops) key.Add("library", library);
  return key.Digest();
}

// What the float model alone is worth, for the terminal.
std::string MetricText(const verdict::Metrics& metrics) {
  if (const verdict::Estimate* accuracy = verdict::FindMetric(metrics, "accuracy"))
    return StrCat("accuracy ", Fixed(100 * accuracy->value, 2), " %   ");
  if (metrics.empty()) return "";
  return StrCat(metrics.front().first, " ", Fixed(metrics.front().second.value, 3), "   ");
}

std::string SummaryOf(const BaselineOut& out) {
  return StrCat(MetricText(out.evidence.baseline.metrics), "latency ",
                Fixed(out.latency_ms, out.latency_ms < 10 ? 2 : 1), " ms   ",
                HumanBytes(out.model_bytes));
}

Result<verdict::Evidence> Evaluate(const BaselineIn& in, const ProjectSets& sets,
                                   const runtime::Session& session, Progress& progress) {
  if (in.plan->task == verdict::Task::kOutputs) return verdict::Evidence();
  AnswerRecorder recorder(in.answers_path, KeyOf(in));
  SplitBatches batches(*in.plan, sets.test, in.samples);
  evaluate::EvaluateOptions options = EvaluationOptions(*in.plan, in.classes);
  // Slices and KPIs are compared where there are two models.
  options.test.slices.clear();
  options.test.kpis.clear();
  options.test.bootstrap.replicates = 100;  // its intervals are not used
  TARE_TRY(auto evidence, evaluate::EvaluateModel(recorder.Record(evaluate::RunnableOf(session)),
                                                  batches, options, progress));
  recorder.Keep();
  return evidence;
}

Result<BaselineOut> Measure(const BaselineIn& in, Progress& progress) {
  TARE_TRY(auto* const model, in.sources->Model());
  TARE_TRY(const auto* const sets, in.sources->Sets());
  TARE_TRY(const auto probes, sets->test.Probes(in.samples, 1));
  TARE_TRY_VOID(model->Try(probes, progress));
  const ModelRequest& request = model->request();
  TARE_TRY(const auto session, runtime::Session::FromFile(request.path, request.session));
  BaselineOut out;
  out.model_bytes = in.identity->model_bytes;
  TARE_TRY(out.evidence, Evaluate(in, *sets, session, progress));
  TARE_TRY(out.latency_ms, runtime::TimeAlone(session, probes.single[0], {}));
  return out;
}

Result<BaselineOut> Work(const BaselineIn& in, Progress& progress) {
  OneStep step(progress, StrCat("baseline ", WithThousands(std::ssize(in.samples)), " samples"));
  TARE_TRY(auto out, Measure(in, step));
  step.Done(SummaryOf(out));
  return out;
}

Json WriteBaseline(const BaselineOut& out) {
  verdict::Report report;
  report.evidence = out.evidence;
  return {{"latency_ms", out.latency_ms},
          {"model_bytes", out.model_bytes},
          {"report", Json::parse(verdict::WriteReportJson(report))}};
}

Result<BaselineOut> ReadBaseline(const Json& json) {
  const JsonReader reader(json, "baseline.json", "");
  TARE_TRY_VOID(reader.ExpectObject());
  BaselineOut out;
  TARE_TRY(const auto latency, reader.Number("latency_ms"));
  TARE_TRY(const auto bytes, reader.Count("model_bytes"));
  out.latency_ms = latency.value_or(0);
  out.model_bytes = bytes.value_or(0);
  const Json* report = reader.Child("report");
  if (report == nullptr) return reader.Wrong("report", "there");
  TARE_TRY(auto read, verdict::ReadReportJson(report->dump(), "baseline.json"));
  out.evidence = std::move(read.evidence);
  return out;
}

}  // namespace

const Step<BaselineIn, BaselineOut> kBaselineStep = {"baseline", KeyOf,         Work,
                                                     SummaryOf,  WriteBaseline, ReadBaseline};

}  // namespace tare::pipeline
