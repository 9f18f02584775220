// Writes report.json.

#include <cmath>

#include "tare/verdict/findings.h"
#include "tare/verdict/metric_info.h"
#include "verdict/report_write_internal.h"

namespace tare::verdict {
namespace {

void PutBounds(Json& to, const std::vector<Bound>& bounds) {
  for (const auto& bound : bounds) {
    Json item{{"confidence", bound.confidence}};
    Put(item, "low", bound.low);
    Put(item, "high", bound.high);
    to["bounds"].push_back(std::move(item));
  }
}

Json ShapeJson(const std::vector<int64_t>& shape) {
  Json out = Json::array();
  for (const int64_t extent : shape) out.push_back(extent < 0 ? Json("?") : Json(extent));
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
  PutModelSections(report, out);
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
