// Writes what report.json says of one model: metrics and costs.

#include "tare/verdict/metric_info.h"
#include "verdict/report_write_internal.h"

namespace tare::verdict {
namespace {

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

}  // namespace

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

}  // namespace tare::verdict
