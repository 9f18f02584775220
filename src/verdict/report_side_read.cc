// Reads what report.json says of one model: metrics and costs.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/json_reader.h"
#include "verdict/report_estimates_internal.h"
#include "verdict/report_json_internal.h"
#include "verdict/report_read_internal.h"

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

}  // namespace

Result<int> ReadThreads(const JsonReader& reader, int otherwise) {
  TARE_TRY(const auto threads, reader.Count("threads"));
  return static_cast<int>(std::min<int64_t>(threads.value_or(otherwise), 1 << 20));
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

}  // namespace tare::verdict
