// Reads back report.json, from a file that may be anything.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_reader.h"
#include "tare/verdict/report.h"
#include "verdict/report_estimates_internal.h"
#include "verdict/report_json_internal.h"

namespace tare::verdict {
namespace {

Result<ClassMetrics> ReadClass(const JsonReader& reader) {
  ClassMetrics out;
  TARE_TRY(const auto index, reader.Count("class"));
  if (!index) return reader.Wrong("class", "there");
  out.index = *index;
  TARE_TRY(const auto n, reader.Count("n"));
  out.n = n.value_or(0);
  TARE_TRY(out.recall, ReadEstimateAt(reader, "recall"));
  TARE_TRY(out.precision, ReadEstimateAt(reader, "precision"));
  TARE_TRY(out.f1, ReadEstimateAt(reader, "f1"));
  return out;
}

Result<ScopeMetrics> ReadScope(const JsonReader& reader) {
  ScopeMetrics out;
  TARE_TRY(out.name, reader.Text("name"));
  TARE_TRY(out.text, reader.Text("where"));
  if (out.text.empty()) {
    TARE_TRY(out.text, reader.Text("description"));
  }
  TARE_TRY(const auto n, reader.Count("n"));
  out.n = n.value_or(0);
  TARE_TRY(out.metrics, ReadMetrics(reader, "metrics"));
  return out;
}

// p50 with its bounds stands under "quantiles"; a report without it has the numbers and the
// interval of the median.
Result<Estimate> ReadQuantile(const JsonReader& reader, const char* key) {
  if (const Json* quantiles = reader.Child("quantiles")) {
    const JsonReader under = reader.Under("quantiles", *quantiles);
    if (under.Child(key) != nullptr) return ReadEstimateAt(under, key);
  }
  Estimate out;
  TARE_TRY(const auto value, reader.Number(key));
  out.value = value.value_or(kUndefined);
  if (std::string_view(key) == "p50") {
    TARE_TRY(out.low, reader.Number("low"));
    TARE_TRY(out.high, reader.Number("high"));
  }
  TARE_TRY(const auto runs, reader.Count("runs"));
  out.n = runs.value_or(0);
  return out;
}

Result<int> ReadThreads(const JsonReader& reader, int otherwise) {
  TARE_TRY(const auto threads, reader.Count("threads"));
  return static_cast<int>(std::min<int64_t>(threads.value_or(otherwise), 1 << 20));
}

Result<Latency> ReadLatency(const JsonReader& reader) {
  TARE_TRY_VOID(reader.ExpectObject());
  Latency out;
  TARE_TRY(const auto batch, reader.Count("batch"));
  TARE_TRY(out.threads, ReadThreads(reader, 1));
  TARE_TRY(const auto runs, reader.Count("runs"));
  TARE_TRY(const auto throughput, reader.Number("throughput_per_s"));
  out.batch = batch.value_or(1);
  out.runs = runs.value_or(0);
  out.throughput_per_s = throughput.value_or(0);
  TARE_TRY(out.p50, ReadQuantile(reader, "p50"));
  TARE_TRY(out.p90, ReadQuantile(reader, "p90"));
  TARE_TRY(out.p99, ReadQuantile(reader, "p99"));
  return out;
}

// The list holds the headline too; it comes first.
Result<std::vector<Latency>> ReadLatencies(const JsonReader& reader) {
  TARE_TRY(auto list, ReadList<Latency>(reader, "latency", ReadLatency));
  const Json* first = reader.Child("latency_ms");
  if (first == nullptr) return list;
  TARE_TRY(auto headline, ReadLatency(reader.Under("latency_ms", *first)));
  std::erase_if(list, [&](const Latency& other) {
    return other.batch == headline.batch && other.threads == headline.threads;
  });
  list.insert(list.begin(), std::move(headline));
  return list;
}

Result<std::optional<Energy>> ReadEnergy(const JsonReader& side) {
  const Json* child = side.Child("energy");
  if (child == nullptr) return std::optional<Energy>();
  const JsonReader reader = side.Under("energy", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  Energy out;
  TARE_TRY(out.status, reader.Text("status"));
  TARE_TRY(out.joules_per_sample, reader.Number("joules_per_sample"));
  TARE_TRY(out.joules_per_correct, reader.Number("joules_per_correct"));
  TARE_TRY(out.method, reader.Text("method"));
  return std::optional<Energy>(std::move(out));
}

// The counts of one array.
Result<std::vector<int64_t>> ReadCountList(const JsonReader& reader, const char* key,
                                           const Json& list) {
  std::vector<int64_t> out;
  if (!list.is_array()) return reader.Wrong(key, "a list of whole numbers");
  for (const auto& item : list) {
    if (!item.is_number_integer()) return reader.Wrong(key, "a list of whole numbers");
    out.push_back(item.get<int64_t>());
  }
  return out;
}

Result<std::vector<std::vector<int64_t>>> ReadConfusion(const JsonReader& reader) {
  std::vector<std::vector<int64_t>> out;
  TARE_TRY(const Json* rows, reader.Array("confusion"));
  if (rows == nullptr) return out;
  for (const auto& row : *rows) {
    TARE_TRY(auto counts, ReadCountList(reader, "confusion", row));
    out.push_back(std::move(counts));
  }
  return out;
}

Result<Side> ReadSide(const JsonReader& document, const char* key) {
  const Json* child = document.Child(key);
  if (child == nullptr) return document.Wrong(key, "there");
  const JsonReader reader = document.Under(key, *child);
  TARE_TRY_VOID(reader.ExpectObject());
  Side out;
  TARE_TRY(out.label, reader.Text("label"));
  TARE_TRY(out.path, reader.Text("path"));
  TARE_TRY(out.metrics, ReadMetrics(reader, "metrics"));
  TARE_TRY(out.per_class, ReadList<ClassMetrics>(reader, "per_class", ReadClass));
  TARE_TRY(out.confusion, ReadConfusion(reader));
  TARE_TRY(out.slices, ReadList<ScopeMetrics>(reader, "slices", ReadScope));
  TARE_TRY(out.distributions, ReadList<ScopeMetrics>(reader, "distributions", ReadScope));
  TARE_TRY(out.latency, ReadLatencies(reader));
  TARE_TRY(out.model_bytes, reader.Count("model_bytes"));
  TARE_TRY(out.loaded_rss_bytes, reader.Count("loaded_rss_bytes"));
  TARE_TRY(out.resident_rss_bytes, reader.Count("resident_rss_bytes"));
  TARE_TRY(out.peak_rss_bytes, reader.Count("peak_rss_bytes"));
  TARE_TRY(out.load_ms, reader.Number("load_ms"));
  TARE_TRY(out.cold_start_ms, reader.Number("cold_start_ms"));
  TARE_TRY(out.energy, ReadEnergy(reader));
  return out;
}

Result<FlipCounts> ReadCounts(const JsonReader& reader) {
  FlipCounts out;
  const auto take = [&](const char* key, int64_t& to) -> Result<void> {
    TARE_TRY(const auto count, reader.Count(key));
    to = count.value_or(0);
    return {};
  };
  TARE_TRY_VOID(take("n", out.n));
  TARE_TRY_VOID(take("flips", out.flips));
  TARE_TRY_VOID(take("harmful", out.harmful));
  TARE_TRY_VOID(take("helpful", out.helpful));
  if (out.flips > out.n) return reader.Wrong("flips", "at most n");
  if (out.harmful > out.flips || out.helpful > out.flips - out.harmful) {
    return reader.Wrong("harmful", "a part of the flips");
  }
  return out;
}

// A difference that came without counts gets those of its scope, which it must agree with but for
// rounding.
Result<void> AttachPairs(const JsonReader& reader, const char* metric, const FlipCounts& counts,
                         Metrics& difference) {
  constexpr double kRounding = 5e-4;
  for (auto& [name, estimate] : difference) {
    if (name != metric || estimate.pairs || counts.n == 0 || !std::isfinite(estimate.value)) {
      continue;
    }
    const double exact =
        static_cast<double>(counts.helpful - counts.harmful) / static_cast<double>(counts.n);
    if (std::abs(exact - estimate.value) > kRounding) {
      return reader.Wrong(metric, "the difference that harmful, helpful and n say");
    }
    estimate.value = exact;
    estimate.pairs = stats::PairedCounts{counts.n, counts.harmful, counts.helpful};
    estimate.n = counts.n;
  }
  return {};
}

Result<PairedScope> ReadPairedScope(const JsonReader& reader) {
  PairedScope out;
  TARE_TRY(out.name, reader.Text("name"));
  TARE_TRY(out.counts, ReadCounts(reader));
  TARE_TRY(out.difference, ReadMetrics(reader, "difference"));
  TARE_TRY_VOID(AttachPairs(reader, "accuracy", out.counts, out.difference));
  return out;
}

Result<PairedClass> ReadPairedClass(const JsonReader& reader) {
  PairedClass out;
  TARE_TRY(const auto index, reader.Count("class"));
  if (!index) return reader.Wrong("class", "there");
  out.index = *index;
  TARE_TRY(out.counts, ReadCounts(reader));
  for (const char* name : {"recall", "precision", "f1"}) {
    const std::string key = StrCat(name, "_difference");
    const Json* child = reader.Child(key.c_str());
    if (child == nullptr) continue;
    TARE_TRY(auto estimate, ReadEstimate(reader.Under(key.c_str(), *child)));
    out.difference.emplace_back(name, std::move(estimate));
  }
  TARE_TRY_VOID(AttachPairs(reader, "recall", out.counts, out.difference));
  return out;
}

Result<std::optional<KlSummary>> ReadKl(const JsonReader& paired) {
  const Json* child = paired.Child("kl_nats");
  if (child == nullptr) return std::optional<KlSummary>();
  const JsonReader reader = paired.Under("kl_nats", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  KlSummary out;
  TARE_TRY(const auto p50, reader.Number("p50"));
  TARE_TRY(const auto p95, reader.Number("p95"));
  TARE_TRY(const auto max, reader.Number("max"));
  out.p50 = p50.value_or(kUndefined);
  out.p95 = p95.value_or(kUndefined);
  out.max = max.value_or(kUndefined);
  TARE_TRY(out.mean, ReadEstimateAt(reader, "mean_interval"));
  TARE_TRY(out.p99, ReadEstimateAt(reader, "p99_interval"));
  return std::optional<KlSummary>(std::move(out));
}

Result<std::optional<Paired>> ReadPaired(const JsonReader& document) {
  const Json* child = document.Child("paired");
  if (child == nullptr) return std::optional<Paired>();
  const JsonReader reader = document.Under("paired", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  Paired out;
  TARE_TRY(out.counts, ReadCounts(reader));
  TARE_TRY(const auto p, reader.Number("mcnemar_p"));
  out.mcnemar_p = p.value_or(1);
  TARE_TRY(out.kl_nats, ReadKl(reader));
  TARE_TRY(out.difference, ReadMetrics(reader, "difference"));
  TARE_TRY_VOID(AttachPairs(reader, "accuracy", out.counts, out.difference));
  TARE_TRY(out.per_class, ReadList<PairedClass>(reader, "per_class", ReadPairedClass));
  TARE_TRY(out.slices, ReadList<PairedScope>(reader, "slices", ReadPairedScope));
  TARE_TRY(out.distributions, ReadList<PairedScope>(reader, "distributions", ReadPairedScope));
  return std::optional<Paired>(std::move(out));
}

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

Result<Warning> ReadWarning(const JsonReader& reader) {
  Warning out;
  TARE_TRY(out.what, reader.Text("what"));
  TARE_TRY(out.next, reader.Text("next"));
  return out;
}

// Those of the policy, or those of the evidence.
Result<std::vector<Warning>> ReadWarnings(const JsonReader& document, bool of_policy) {
  std::vector<Warning> out;
  TARE_TRY(const Json* const rows, document.Array("warnings"));
  for (size_t i = 0; rows != nullptr && i < rows->size(); ++i) {
    const JsonReader row = document.At("warnings", i, (*rows)[i]);
    TARE_TRY_VOID(row.ExpectObject());
    const Json* mark = row.Child("policy");
    if ((mark != nullptr && *mark == true) != of_policy) continue;
    TARE_TRY(out.emplace_back(), ReadWarning(row));
  }
  return out;
}

// All 64 bits; one that is no such number is as good as absent.
std::optional<uint64_t> ReadSeed(const JsonReader& reader) {
  const Json* seed = reader.Child("seed");
  if (seed == nullptr || !seed->is_number_unsigned()) return std::nullopt;
  return seed->get<uint64_t>();
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

// The one of `all` that has this name, else `otherwise`: a newer tare may know more of them.
template <class Enum, size_t kCount, class NameOf>
Enum Named(std::string_view name, const Enum (&all)[kCount], const NameOf& name_of,
           Enum otherwise) {
  const auto* found = std::ranges::find(all, name, name_of);
  return found == std::end(all) ? otherwise : *found;
}

CheckKind KindNamed(std::string_view name) {
  constexpr CheckKind kAll[] = {CheckKind::kDifference, CheckKind::kMax, CheckKind::kMin};
  return Named(name, kAll, CheckKindName, CheckKind::kDifference);
}

Unit UnitNamed(std::string_view name) {
  constexpr Unit kAll[] = {Unit::kRatio,  Unit::kScore, Unit::kTimes,  Unit::kMs,
                           Unit::kBytes,  Unit::kNats,  Unit::kJoules, Unit::kPerSecond,
                           Unit::kNumber, Unit::kDb};
  return Named(name, kAll, UnitName, Unit::kNumber);
}

Verdict VerdictNamed(std::string_view name) {
  constexpr Verdict kAll[] = {Verdict::kPass, Verdict::kFail, Verdict::kInconclusive};
  return Named(name, kAll, VerdictName, Verdict::kInconclusive);
}

Result<void> ReadJudgement(const JsonReader& reader, CheckResult& check) {
  TARE_TRY(const auto limit, reader.Number("limit"));
  TARE_TRY(const auto direction, reader.Text("direction"));
  TARE_TRY(const auto verdict, reader.Text("verdict"));
  check.limit = limit.value_or(0);
  check.direction = direction == "below" ? Direction::kBelow : Direction::kAbove;
  check.verdict = VerdictNamed(verdict);
  TARE_TRY(check.bound, reader.Number("bound"));
  TARE_TRY(check.test, reader.Text("test"));
  TARE_TRY(check.p, reader.Number("p"));
  TARE_TRY(check.reason, reader.Text("reason"));
  TARE_TRY(check.settle_n, reader.Count("settle_n"));
  return {};
}

Result<CheckResult> ReadCheck(const JsonReader& reader) {
  CheckResult out;
  TARE_TRY(out.metric, reader.Text("metric"));
  TARE_TRY(out.scope, reader.Text("scope"));
  TARE_TRY(out.label, reader.Text("label"));
  TARE_TRY(const auto kind, reader.Text("kind"));
  TARE_TRY(const auto unit, reader.Text("unit"));
  TARE_TRY(const auto margin, reader.Number("margin"));
  out.kind = KindNamed(kind);
  out.unit = UnitNamed(unit);
  out.margin = margin.value_or(0);
  TARE_TRY(out.baseline, reader.Number("baseline"));
  TARE_TRY(out.candidate, reader.Number("candidate"));
  TARE_TRY(out.statistic, reader.Number("statistic"));
  TARE_TRY(out.low, reader.Number("low"));
  TARE_TRY(out.high, reader.Number("high"));
  TARE_TRY(out.n, reader.Count("n"));
  TARE_TRY_VOID(ReadJudgement(reader, out));
  return out;
}

Result<std::optional<Decision>> ReadDecision(const JsonReader& document) {
  const Json* child = document.Child("gate");
  if (child == nullptr) return std::optional<Decision>();
  const JsonReader reader = document.Under("gate", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  Decision out;
  TARE_TRY(out.policy, reader.Text("policy"));
  TARE_TRY(out.policy_digest, reader.Text("policy_digest"));
  TARE_TRY(const auto confidence, reader.Number("confidence"));
  out.confidence = confidence.value_or(out.confidence);
  TARE_TRY(out.checks, ReadList<CheckResult>(reader, "checks", ReadCheck));
  TARE_TRY(out.doubts, ReadWarnings(document, true));
  TARE_TRY(out.summary, document.Text("summary"));
  TARE_TRY(const auto verdict, document.Text("verdict"));
  out.verdict = VerdictNamed(verdict);
  TARE_TRY(out.look, document.Count("look"));
  return std::optional<Decision>(std::move(out));
}

Result<std::optional<DataUse>> ReadDataUse(const JsonReader& data, const char* key) {
  const Json* child = data.Child(key);
  if (child == nullptr) return std::optional<DataUse>();
  const JsonReader reader = data.Under(key, *child);
  TARE_TRY_VOID(reader.ExpectObject());
  DataUse out;
  TARE_TRY(out.path, reader.Text("path"));
  TARE_TRY(const auto n, reader.Count("n"));
  out.n = n.value_or(0);
  TARE_TRY(out.digest, reader.Text("digest"));
  out.seed = ReadSeed(reader);
  return std::optional<DataUse>(std::move(out));
}

Result<std::optional<DataSummary>> ReadData(const JsonReader& document) {
  const Json* child = document.Child("data");
  if (child == nullptr) return std::optional<DataSummary>();
  const JsonReader reader = document.Under("data", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  DataSummary out;
  TARE_TRY(out.calibration, ReadDataUse(reader, "calibration"));
  TARE_TRY(out.search, ReadDataUse(reader, "search"));
  TARE_TRY(out.test, ReadDataUse(reader, "test"));
  if (const Json* disjoint = reader.Child("disjoint")) {
    if (!disjoint->is_boolean()) return reader.Wrong("disjoint", "true or false");
    out.disjoint = disjoint->get<bool>();
  }
  TARE_TRY(out.duplicates_across, reader.Count("duplicates_across"));
  TARE_TRY(out.inputs, reader.Texts("inputs"));
  return std::optional<DataSummary>(std::move(out));
}

Result<HostFacts> ReadHost(const JsonReader& document) {
  HostFacts out;
  const Json* child = document.Child("host");
  if (child == nullptr) return out;
  const JsonReader reader = document.Under("host", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  TARE_TRY(out.cpu, reader.Text("cpu"));
  TARE_TRY(out.isa, reader.Texts("isa"));
  TARE_TRY(out.runtime, reader.Text("runtime"));
  TARE_TRY(out.os, reader.Text("os"));
  TARE_TRY(const auto threads, reader.Count("threads"));
  out.threads = static_cast<int>(std::min<int64_t>(threads.value_or(1), 1 << 20));
  TARE_TRY(out.cores, reader.Count("cores"));
  TARE_TRY(out.memory_bytes, reader.Count("memory_bytes"));
  return out;
}

Result<std::map<std::string, std::string>> ReadDigests(const JsonReader& document) {
  std::map<std::string, std::string> out;
  const Json* child = document.Child("digests");
  if (child == nullptr) return out;
  for (const auto& [name, value] : child->items()) {
    if (!value.is_string()) return document.Wrong("digests", "an object of texts");
    out[name] = value.get<std::string>();
  }
  return out;
}

Result<Report> ReadReport(const JsonReader& document, const std::string& source) {
  TARE_TRY_VOID(document.ExpectObject());
  TARE_TRY(const auto version, document.Count("schema_version"));
  if (!version) {
    return InvalidArgument(StrCat(source, " is not a report: it has no schema_version"),
                           "give the report.json that tare evaluate or tare run wrote");
  }
  if (*version > kReportSchemaVersion) {
    return Unsupported(StrCat(source, " has schema_version ", *version, ", this tare reads up to ",
                              kReportSchemaVersion),
                       "read it with the tare that wrote it, or a newer one");
  }
  Report out;
  TARE_TRY(out.tare_version, document.Text("tare_version"));
  TARE_TRY(out.created, document.Text("created"));
  TARE_TRY(out.name, document.Text("name"));
  TARE_TRY(out.evidence, ReadEvidence(document));
  TARE_TRY(out.decision, ReadDecision(document));
  TARE_TRY(out.data, ReadData(document));
  TARE_TRY(out.host, ReadHost(document));
  TARE_TRY(out.digests, ReadDigests(document));
  if (const Json* gate = document.Child("gate")) {
    TARE_TRY(out.policy_declared, document.Under("gate", *gate).Text("declared"));
  }
  return out;
}

}  // namespace

Result<Report> ReadReportJson(std::string_view text, const std::string& source) {
  TARE_TRY(const auto json, ParseJson(text, source, kMaxReportBytes));
  return ReadReport(JsonReader(json, source, ""), source);
}

}  // namespace tare::verdict
