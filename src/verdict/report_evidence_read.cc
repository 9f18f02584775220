// Reads the evidence of report.json, and fills in what older reports say elsewhere.

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_reader.h"
#include "verdict/report_estimates_internal.h"
#include "verdict/report_json_internal.h"
#include "verdict/report_read_internal.h"

namespace tare::verdict {
namespace {

Result<std::vector<int64_t>> ReadShape(const JsonReader& reader) {
  std::vector<int64_t> out;
  TARE_TRY(const Json* list, reader.Array("shape"));
  if (list == nullptr) return out;
  for (const auto& extent : *list) {
    out.push_back(extent.is_number_integer() ? extent.get<int64_t>() : -1);
  }
  return out;
}

Result<OutputCloseness> ReadOutput(const JsonReader& reader) {
  OutputCloseness out;
  TARE_TRY(out.name, reader.Text("name"));
  TARE_TRY(out.shape, ReadShape(reader));
  TARE_TRY(const auto n, reader.Count("n"));
  out.n = n.value_or(0);
  if (const Json* child = reader.Child("cosine")) {
    const JsonReader cosine = reader.Under("cosine", *child);
    TARE_TRY(auto estimate, ReadEstimate(cosine));
    TARE_TRY(const auto mean, cosine.Number("mean"));
    TARE_TRY(const auto least, cosine.Number("least"));
    estimate.value = mean.value_or(kUndefined);
    if (estimate.n == 0) estimate.n = out.n;
    out.cosine = std::move(estimate);
    out.least_cosine = least.value_or(kUndefined);
  }
  if (reader.Child("relative_error_interval") != nullptr) {
    TARE_TRY(out.relative_error, ReadEstimateAt(reader, "relative_error_interval"));
  }
  TARE_TRY(out.snr_db, reader.Number("snr_db"));
  TARE_TRY(const auto flips, reader.Count("flips"));
  TARE_TRY(const auto flips_n, reader.Count("flips_n"));
  if (flips) {
    if (*flips > flips_n.value_or(out.n)) return reader.Wrong("flips", "at most n");
    out.flips = Share{*flips, flips_n.value_or(out.n)};
  }
  if (const Json* child = reader.Child("agreement")) {
    const JsonReader agreement = reader.Under("agreement", *child);
    TARE_TRY(const auto equal, agreement.Count("equal"));
    TARE_TRY(const auto total, agreement.Count("n"));
    if (equal.value_or(0) > total.value_or(0)) return agreement.Wrong("equal", "at most n");
    out.agreement = Share{equal.value_or(0), total.value_or(0)};
  }
  if (const Json* child = reader.Child("non_finite")) {
    const JsonReader non_finite = reader.Under("non_finite", *child);
    TARE_TRY(const auto baseline, non_finite.Count("baseline"));
    TARE_TRY(const auto candidate, non_finite.Count("candidate"));
    out.non_finite_baseline = baseline.value_or(0);
    out.non_finite_candidate = candidate.value_or(0);
  }
  if (const Json* child = reader.Child("judged")) {
    const JsonReader judged = reader.Under("judged", *child);
    OutputJudgement judgement;
    TARE_TRY(judgement.measure, judged.Text("measure"));
    TARE_TRY(const auto value, judged.Number("value"));
    TARE_TRY(const auto bound, judged.Number("bound"));
    judgement.value = value.value_or(kUndefined);
    judgement.bound = bound.value_or(kUndefined);
    const Json* holds = judged.Child("holds");
    judgement.holds = holds != nullptr && *holds == true;
    TARE_TRY(const auto strain, judged.Number("strain"));
    judgement.strain = strain.value_or(kUndefined);
    TARE_TRY(judgement.text, judged.Text("text"));
    out.judged = std::move(judgement);
  }
  return out;
}

// A row without threads is one of a report that knows only the headline's: FillSizes() asks the
// latencies.
Result<Speedup> ReadSpeedup(const JsonReader& reader) {
  TARE_TRY(const auto batch, reader.Count("batch"));
  TARE_TRY(const int threads, ReadThreads(reader, 0));
  TARE_TRY(auto estimate, ReadEstimate(reader));
  TARE_TRY(const auto value, reader.Number("speedup"));
  estimate.value = value.value_or(kUndefined);
  TARE_TRY(const auto waited, reader.Number("waited"));
  return Speedup{batch.value_or(1), threads, std::move(estimate), waited};
}

Result<Cost> ReadCost(const JsonReader& document) {
  Cost out;
  const Json* child = document.Child("cost");
  if (child == nullptr) return out;
  const JsonReader reader = document.Under("cost", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  TARE_TRY(out.speedup, ReadList<Speedup>(reader, "by_batch", ReadSpeedup));
  TARE_TRY(out.size_ratio, reader.Number("size_ratio"));
  TARE_TRY(out.memory_ratio, reader.Number("memory_ratio"));
  TARE_TRY(out.energy_ratio, reader.Number("energy_ratio"));
  return out;
}

Result<void> ReadIntervals(const JsonReader& document, Evidence& evidence) {
  const Json* child = document.Child("intervals");
  if (child == nullptr) return {};
  const JsonReader reader = document.Under("intervals", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  TARE_TRY(const auto confidence, reader.Number("confidence"));
  evidence.confidence = confidence.value_or(evidence.confidence);
  if (!(evidence.confidence > 0 && evidence.confidence < 1)) {
    return reader.Wrong("confidence", "a share between 0 and 1");
  }
  TARE_TRY(const auto replicates, reader.Count("replicates"));
  evidence.replicates = replicates.value_or(0);
  evidence.seed = ReadSeed(reader).value_or(evidence.seed);
  return {};
}

// Estimates that came without their n rest on the samples of their scope; speedups without threads
// on those of the latency at that batch.
void FillSizes(int64_t n, Metrics& metrics) {
  for (auto& [name, estimate] : metrics) {
    if (estimate.n == 0 && std::isfinite(estimate.value)) estimate.n = n;
  }
}

void FillSizes(Evidence& evidence) {
  for (auto* side : {&evidence.baseline, &evidence.candidate}) {
    FillSizes(evidence.n, side->metrics);
    for (auto& scope : side->slices) FillSizes(scope.n, scope.metrics);
    for (auto& scope : side->distributions) FillSizes(scope.n, scope.metrics);
  }
  if (evidence.paired) {
    FillSizes(evidence.n, evidence.paired->difference);
    for (auto& row : evidence.paired->per_class) FillSizes(row.counts.n, row.difference);
    for (auto& scope : evidence.paired->slices) FillSizes(scope.counts.n, scope.difference);
    for (auto& scope : evidence.paired->distributions) FillSizes(scope.counts.n, scope.difference);
  }
  for (auto& [batch, threads, estimate, waited] : evidence.cost.speedup) {
    for (const auto& latency : evidence.candidate.latency) {
      if (latency.batch != batch || (threads > 0 && latency.threads != threads)) continue;
      if (threads == 0) threads = latency.threads;
      if (estimate.n == 0) estimate.n = latency.runs;
    }
  }
}

// Absent, or empty in the report of a run that evaluated nothing.
Result<std::optional<Task>> ReadTask(const JsonReader& document) {
  TARE_TRY(const std::string name, document.Text("task"));
  if (name.empty()) return std::optional<Task>();
  if (const auto task = ParseTask(name)) return std::optional(*task);
  return document.Wrong("task", "a task that this version of tare knows");
}

}  // namespace

Result<Evidence> ReadEvidence(const JsonReader& document) {
  Evidence out;
  TARE_TRY(out.task, ReadTask(document));
  TARE_TRY(const auto n, document.Count("n"));
  if (!n) return document.Wrong("n", "there");
  out.n = *n;
  TARE_TRY(out.look, document.Count("look"));
  TARE_TRY(out.classes, document.Texts("classes"));
  TARE_TRY(out.scores, document.Text("scores"));
  TARE_TRY_VOID(ReadIntervals(document, out));
  TARE_TRY(out.baseline, ReadSide(document, "baseline"));
  TARE_TRY(out.candidate, ReadSide(document, "candidate"));
  TARE_TRY(out.paired, ReadPaired(document));
  TARE_TRY(out.slice_findings, ReadSliceFindings(document));
  TARE_TRY(out.outputs, ReadList<OutputCloseness>(document, "outputs", ReadOutput));
  TARE_TRY(out.cost, ReadCost(document));
  TARE_TRY(out.warnings, ReadWarnings(document, false));
  FillSizes(out);
  return out;
}

}  // namespace tare::verdict
