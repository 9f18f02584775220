// Writes report.json.

#include <cmath>
#include <nlohmann/json.hpp>

#include "tare/stats/multiplicity.h"
#include "tare/verdict/findings.h"
#include "tare/verdict/metric_info.h"
#include "tare/verdict/report.h"
#include "verdict/extra_damage_internal.h"
#include "verdict/report_json_internal.h"

namespace tare::verdict {
namespace {

// Declared before the templates that call them.
Json ToJson(const CheckResult& check);
Json ToJson(const Latency& latency);
Json ToJson(const PairedClass& row);
Json ToJson(const PairedScope& scope);
Json ToJson(const OutputCloseness& output);
Json ToJson(const FormatCandidate& row);
Json ToJson(const NodeRow& row);
Json ToJson(const TensorRow& row);

template <class T>
void Put(Json& to, const char* key, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_floating_point_v<T>) {
    to[key] = Number(*value);
  } else {
    to[key] = *value;
  }
}

void PutText(Json& to, const char* key, const std::string& value) {
  if (!value.empty()) to[key] = value;
}

template <class Range>
Json ListOf(const Range& range) {
  Json out = Json::array();
  for (const auto& item : range) out.push_back(ToJson(item));
  return out;
}

template <class Range>
void PutList(Json& to, const char* key, const Range& range) {
  if (!range.empty()) to[key] = ListOf(range);
}

void PutBounds(Json& to, const std::vector<Bound>& bounds) {
  for (const auto& bound : bounds) {
    Json item{{"confidence", bound.confidence}};
    Put(item, "low", bound.low);
    Put(item, "high", bound.high);
    to["bounds"].push_back(std::move(item));
  }
}

Json ClassJson(const ClassMetrics& row, const std::vector<std::string>& names) {
  Json out{{"class", row.index}};
  if (static_cast<size_t>(row.index) < names.size()) {
    out["name"] = names[static_cast<size_t>(row.index)];
  }
  out["n"] = row.n;
  out["recall"] = ToJson(row.recall);
  out["precision"] = ToJson(row.precision);
  out["f1"] = ToJson(row.f1);
  return out;
}

Json ScopeJson(const ScopeMetrics& scope, const char* text_key) {
  return {{"name", scope.name},
          {text_key, scope.text},
          {"n", scope.n},
          {"metrics", ToJson(scope.metrics)}};
}

Json ToJson(const Latency& latency) {
  Json out{{"batch", latency.batch},
           {"threads", latency.threads},
           {"runs", latency.runs},
           {"p50", Number(latency.p50.value)},
           {"p90", Number(latency.p90.value)},
           {"p99", Number(latency.p99.value)}};
  Put(out, "low", latency.p50.low);
  Put(out, "high", latency.p50.high);
  out["throughput_per_s"] = Number(latency.throughput_per_s);
  out["quantiles"] = {
      {"p50", ToJson(latency.p50)}, {"p90", ToJson(latency.p90)}, {"p99", ToJson(latency.p99)}};
  return out;
}

Json ToJson(const Energy& energy) {
  Json out{{"status", energy.status}};
  Put(out, "joules_per_sample", energy.joules_per_sample);
  Put(out, "joules_per_correct", energy.joules_per_correct);
  PutText(out, "method", energy.method);
  return out;
}

// So that no reader needs to know every metric by its name.
void PutInfo(Json& metrics) {
  for (auto& [name, metric] : metrics.items()) {
    const MetricInfo* info = FindMetricInfo(name);
    if (info == nullptr) continue;
    metric["label"] = MetricLabel(name);
    metric["unit"] = UnitName(info->unit);
    metric["better"] = info->better == Better::kLower ? "lower" : "higher";
  }
}

Json SideJson(const Side& side, const std::vector<std::string>& names) {
  Json out{{"label", side.label}};
  PutText(out, "path", side.path);
  out["metrics"] = ToJson(side.metrics);
  PutInfo(out["metrics"]);
  for (const auto& row : side.per_class) out["per_class"].push_back(ClassJson(row, names));
  if (!side.confusion.empty()) out["confusion"] = side.confusion;
  for (const auto& slice : side.slices) out["slices"].push_back(ScopeJson(slice, "where"));
  for (const auto& other : side.distributions) {
    out["distributions"].push_back(ScopeJson(other, "description"));
  }
  if (!side.latency.empty()) {
    out["latency_ms"] = ToJson(side.latency.front());
    out["throughput_per_s"] = Number(side.latency.front().throughput_per_s);
    PutList(out, "latency", side.latency);
  }
  Put(out, "model_bytes", side.model_bytes);
  Put(out, "loaded_rss_bytes", side.loaded_rss_bytes);
  Put(out, "resident_rss_bytes", side.resident_rss_bytes);
  Put(out, "peak_rss_bytes", side.peak_rss_bytes);
  Put(out, "load_ms", side.load_ms);
  Put(out, "cold_start_ms", side.cold_start_ms);
  if (side.energy) out["energy"] = ToJson(*side.energy);
  return out;
}

void PutCounts(Json& to, const FlipCounts& counts) {
  to["n"] = counts.n;
  to["flips"] = counts.flips;
  to["harmful"] = counts.harmful;
  to["helpful"] = counts.helpful;
}

Json ToJson(const PairedClass& row) {
  Json out{{"class", row.index}};
  PutCounts(out, row.counts);
  for (const auto& [name, estimate] : row.difference) out[name + "_difference"] = ToJson(estimate);
  return out;
}

Json ToJson(const PairedScope& scope) {
  Json out{{"name", scope.name}};
  PutCounts(out, scope.counts);
  out["difference"] = ToJson(scope.difference);
  return out;
}

Json ToJson(const KlSummary& kl) {
  return {{"mean", Number(kl.mean.value)}, {"p50", Number(kl.p50)},
          {"p95", Number(kl.p95)},         {"p99", Number(kl.p99.value)},
          {"max", Number(kl.max)},         {"mean_interval", ToJson(kl.mean)},
          {"p99_interval", ToJson(kl.p99)}};
}

Json DamageJson(const DistributionDamage& damage) {
  Json out{{"metric", damage.metric}};
  Json estimate = ToJson(damage.estimate);
  estimate.erase("bounds");  // the gate makes its own of the differences
  out.update(estimate);
  Put(out, "p", damage.p);
  Put(out, "p_holm", damage.p_holm);
  return out;
}

void PutDamages(const Evidence& evidence, Json& paired) {
  const auto damages = DistributionDamages(evidence);
  for (size_t i = 0; i < damages.size(); ++i) {
    if (damages[i]) paired["distributions"][i]["extra_damage"] = DamageJson(*damages[i]);
  }
}

Json FoundJson(const FoundScope& found) {
  return {{"where", found.where},
          {"n", found.n},
          {"harmful", found.harmful},
          {"rest_n", found.rest_n},
          {"rest_harmful", found.rest_harmful},
          {"baseline", ToJson(found.baseline)},
          {"candidate", ToJson(found.candidate)},
          {"difference", ToJson(found.difference)},
          {"p", Number(found.p)},
          {"p_holm", Number(found.p_holm)}};
}

void PutFindings(const SliceFindings& findings, Json& out) {
  out["slice_search"] = {{"metric", findings.metric},
                         {"tests", findings.num_tests},
                         {"alpha", findings.alpha},
                         {"test", "fisher_exact"},
                         {"adjustment", "holm"}};
  out["found_slices"] = Json::array();
  for (const auto& found : findings.found) out["found_slices"].push_back(FoundJson(found));
}

// Whether a class loses more than chance takes, with all classes looked at.
void PutClassTests(const Paired& paired, Json& rows) {
  std::vector<double> p;
  for (const PairedClass& row : paired.per_class) {
    p.push_back(stats::McNemar({row.counts.n, row.counts.harmful, row.counts.helpful},
                               stats::Tail::kCandidateWorse));
  }
  const auto adjusted = stats::AdjustByHolm(p);
  for (size_t i = 0; i < p.size(); ++i) {
    rows[i]["p"] = Number(p[i]);
    rows[i]["p_holm"] = Number(adjusted[i]);
  }
}

Json PairedJson(const Paired& paired, double confidence) {
  Json out;
  PutCounts(out, paired.counts);
  out["discordant"] = paired.counts.discordant();
  if (paired.counts.n > 0) {
    const auto& counts = paired.counts;
    const Estimate rate = ShareEstimate(counts.flips, counts.n, confidence);
    out["flip_rate"] = Number(rate.value);
    out["flip_rate_interval"] = {{"low", *rate.low}, {"high", *rate.high}};
    out["top1_agreement"] = ToJson(ShareEstimate(counts.n - counts.flips, counts.n, confidence));
  }
  out["mcnemar_p"] = Number(paired.mcnemar_p);
  if (paired.kl_nats) out["kl_nats"] = ToJson(*paired.kl_nats);
  out["difference"] = ToJson(paired.difference);
  PutList(out, "per_class", paired.per_class);
  if (!paired.per_class.empty()) PutClassTests(paired, out["per_class"]);
  PutList(out, "slices", paired.slices);
  PutList(out, "distributions", paired.distributions);
  return out;
}

Json ShapeJson(const std::vector<int64_t>& shape) {
  Json out = Json::array();
  for (const int64_t extent : shape) out.push_back(extent < 0 ? Json("?") : Json(extent));
  return out;
}

Json ToJson(const OutputCloseness& output) {
  Json out{{"name", output.name}, {"shape", ShapeJson(output.shape)}, {"n", output.n}};
  if (output.cosine) {
    Json cosine = ToJson(*output.cosine);
    out["cosine"] = {{"mean", Number(output.cosine->value)},
                     {"least", Number(output.least_cosine)}};
    cosine.erase("value");
    out["cosine"].update(cosine);
  }
  if (output.relative_error) {
    out["relative_error"] = Number(output.relative_error->value);
    out["relative_error_interval"] = ToJson(*output.relative_error);
  }
  Put(out, "snr_db", output.snr_db);
  if (output.flips && output.flips->n > 0) {
    out["flips"] = output.flips->count;
    out["flips_n"] = output.flips->n;
    out["flip_rate"] =
        static_cast<double>(output.flips->count) / static_cast<double>(output.flips->n);
  }
  if (output.agreement) {
    out["agreement"] = {{"equal", output.agreement->count}, {"n", output.agreement->n}};
  }
  if (output.non_finite_baseline + output.non_finite_candidate > 0) {
    out["non_finite"] = {{"baseline", output.non_finite_baseline},
                         {"candidate", output.non_finite_candidate}};
  }
  if (output.judged) {
    out["judged"] = {
        {"measure", output.judged->measure},       {"value", Number(output.judged->value)},
        {"bound", Number(output.judged->bound)},   {"holds", output.judged->holds},
        {"strain", Number(output.judged->strain)}, {"text", output.judged->text}};
  }
  return out;
}

Json ToJson(const CheckResult& check) {
  Json out{{"metric", check.metric},
           {"scope", check.scope},
           {"label", check.label},
           {"kind", CheckKindName(check.kind)}};
  Put(out, "baseline", check.baseline);
  Put(out, "candidate", check.candidate);
  // Keys that others rely on are there even when undefined.
  out["statistic"] = check.statistic ? Number(*check.statistic) : Json(nullptr);
  Put(out, "low", check.low);
  Put(out, "high", check.high);
  out["margin"] = Number(check.margin);
  out["limit"] = Number(check.limit);
  out["direction"] = check.direction == Direction::kAbove ? "above" : "below";
  out["bound"] = check.bound ? Number(*check.bound) : Json(nullptr);
  out["unit"] = UnitName(check.unit);
  out["n"] = check.n ? Json(*check.n) : Json(nullptr);
  PutText(out, "test", check.test);
  Put(out, "p", check.p);
  out["verdict"] = VerdictName(check.verdict);
  out["reason"] = check.reason;
  Put(out, "settle_n", check.settle_n);
  return out;
}

Json CostJson(const Cost& cost) {
  Json out = Json::object();
  if (!cost.speedup.empty()) {
    const Estimate& first = cost.speedup.front().estimate;
    out["speedup"] = Number(first.value);
    if (first.low && first.high) {
      out["speedup_interval"] = {{"low", Number(*first.low)}, {"high", Number(*first.high)}};
    }
    for (const auto& [batch, threads, estimate, waited] : cost.speedup) {
      Json row{{"batch", batch}, {"threads", threads}, {"speedup", Number(estimate.value)}};
      Json rest = ToJson(estimate);
      rest.erase("value");
      row.update(rest);
      Put(row, "waited", waited);
      out["by_batch"].push_back(std::move(row));
    }
  }
  Put(out, "size_ratio", cost.size_ratio);
  Put(out, "memory_ratio", cost.memory_ratio);
  Put(out, "energy_ratio", cost.energy_ratio);
  return out;
}

Json ToJson(const FormatCandidate& row) {
  Json out{{"format", row.format}, {"speedup", Number(row.speedup.value)}};
  if (row.speedup.low && row.speedup.high) {
    out["speedup_interval"] = {{"low", *row.speedup.low}, {"high", *row.speedup.high}};
  }
  out["cosine"] = {{"mean", Number(row.mean_cosine)}, {"least", Number(row.least_cosine)}};
  Put(out, "size_ratio", row.size_ratio);
  Put(out, "latency_ms", row.latency_ms);
  Put(out, "fused", row.fused);
  Put(out, "expected", row.expected);
  out["chosen"] = row.chosen;
  PutText(out, "reason", row.reason);
  return out;
}

Json FusionJson(const FusionSummary& fusion) {
  Json out{{"expected", fusion.expected}, {"fused", fusion.fused}, {"islands", Json::array()}};
  for (const auto& [node, op, rule, reason] : fusion.islands) {
    out["islands"].push_back({{"node", node}, {"op", op}, {"rule", rule}, {"reason", reason}});
  }
  return out;
}

Json ToJson(const NodeRow& row) {
  Json out{{"name", row.name},
           {"op", row.op},
           {"format", row.format},
           {"float_bytes", row.float_bytes},
           {"quantized_bytes", row.quantized_bytes}};
  out["fused"] = row.fused ? Json(*row.fused) : Json(nullptr);
  PutText(out, "reason", row.reason);
  return out;
}

// One number, or one a channel.
template <class T>
void PutOneOrMany(Json& to, const char* key, const std::vector<T>& values) {
  if (values.size() == 1) to[key] = values.front();
  if (values.size() > 1) to[key] = values;
}

Json ToJson(const TensorRow& row) {
  Json out{{"name", row.name},       {"kind", row.kind},
           {"dtype", row.dtype},     {"n", row.n},
           {"min", Number(row.min)}, {"max", Number(row.max)},
           {"low", Number(row.low)}, {"high", Number(row.high)}};
  PutText(out, "method", row.method);
  PutOneOrMany(out, "scale", row.scale);
  PutOneOrMany(out, "zero_point", row.zero_point);
  Put(out, "clipped_share", row.clipped_share);
  Put(out, "zero_share", row.zero_share);
  if (!row.histogram_counts.empty()) {
    out["histogram"] = {{"low", Number(row.histogram_low)},
                        {"high", Number(row.histogram_high)},
                        {"counts", row.histogram_counts}};
  }
  return out;
}

Json ToJson(const DataUse& use) {
  Json out{{"path", use.path}, {"n", use.n}};
  PutText(out, "digest", use.digest);
  Put(out, "seed", use.seed);
  return out;
}

Json DataJson(const DataSummary& data) {
  Json out = Json::object();
  if (data.calibration) out["calibration"] = ToJson(*data.calibration);
  if (data.search) out["search"] = ToJson(*data.search);
  if (data.test) out["test"] = ToJson(*data.test);
  Put(out, "disjoint", data.disjoint);
  Put(out, "duplicates_across", data.duplicates_across);
  if (!data.inputs.empty()) out["inputs"] = data.inputs;
  return out;
}

Json HostJson(const HostFacts& host) {
  Json out{
      {"cpu", host.cpu}, {"isa", host.isa}, {"threads", host.threads}, {"runtime", host.runtime}};
  Put(out, "cores", host.cores);
  Put(out, "memory_bytes", host.memory_bytes);
  PutText(out, "os", host.os);
  return out;
}

void PutHead(const Report& report, Json& out) {
  const Evidence& evidence = report.evidence;
  out["schema_version"] = kReportSchemaVersion;
  out["tare_version"] = report.tare_version;
  out["created"] = report.created;
  out["name"] = report.name;
  out["task"] = evidence.task ? TaskName(*evidence.task) : "";
  PutText(out, "headline", std::string(HeadlineMetric(evidence.task)));
  out["verdict"] = report.decision ? Json(VerdictName(report.decision->verdict)) : Json(nullptr);
  out["summary"] = report.decision ? report.decision->summary : "no policy was declared";
  out["n"] = evidence.n;
  if (!evidence.classes.empty()) out["classes"] = evidence.classes;
  PutText(out, "scores", evidence.scores);
  Put(out, "look", evidence.look);
  out["intervals"] = {{"confidence", evidence.confidence},
                      {"method", "wilson, tango, bca paired bootstrap"},
                      {"replicates", evidence.replicates},
                      {"seed", evidence.seed}};
}

void PutTail(const Report& report, Json& out) {
  PutList(out, "candidates", report.candidates);
  if (report.fusion) out["fusion"] = FusionJson(*report.fusion);
  PutList(out, "nodes", report.nodes);
  PutList(out, "tensors", report.tensors);
  if (report.data) out["data"] = DataJson(*report.data);
  out["host"] = HostJson(report.host);
  out["digests"] = report.digests;
  for (const auto& [scope, what] : FindDisagreements(report.evidence))
    out["findings"].push_back({{"scope", scope}, {"what", what}});
  out["warnings"] = Json::array();
  for (const auto& [what, next] : report.evidence.warnings) {
    out["warnings"].push_back({{"what", what}, {"next", next}});
  }
  // Of the policy and not of the evidence: another gate has its own.
  if (report.decision) {
    for (const auto& [what, next] : report.decision->doubts)
      out["warnings"].push_back({{"what", what}, {"next", next}, {"policy", true}});
  }
}

}  // namespace

Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json ToJson(const Estimate& estimate) {
  Json out{{"value", Number(estimate.value)}};
  Put(out, "low", estimate.low);
  Put(out, "high", estimate.high);
  if (estimate.n > 0) out["n"] = estimate.n;
  PutText(out, "method", estimate.method);
  if (estimate.share) out["count"] = estimate.share->count;
  if (estimate.pairs) {
    out["harmful"] = estimate.pairs->harmful;
    out["helpful"] = estimate.pairs->helpful;
  }
  PutBounds(out, estimate.bounds);
  return out;
}

Json ToJson(const Metrics& metrics) {
  Json out = Json::object();
  for (const auto& [name, estimate] : metrics) out[name] = ToJson(estimate);
  return out;
}

Json ToJson(const Decision& decision) {
  Json out{{"policy_digest", decision.policy_digest}, {"confidence", decision.confidence}};
  PutText(out, "policy", decision.policy);
  out["checks"] = ListOf(decision.checks);
  return out;
}

std::string WriteReportJson(const Report& report) {
  const Evidence& evidence = report.evidence;
  Json out;
  PutHead(report, out);
  out["baseline"] = SideJson(evidence.baseline, evidence.classes);
  out["candidate"] = SideJson(evidence.candidate, evidence.classes);
  if (evidence.paired) {
    out["paired"] = PairedJson(*evidence.paired, evidence.confidence);
    PutDamages(evidence, out["paired"]);
  }
  if (evidence.slice_findings) PutFindings(*evidence.slice_findings, out);
  PutList(out, "outputs", evidence.outputs);
  if (report.decision) {
    out["gate"] = ToJson(*report.decision);
    PutText(out["gate"], "declared", report.policy_declared);
  }
  out["cost"] = CostJson(evidence.cost);
  PutTail(report, out);
  return out.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace tare::verdict
