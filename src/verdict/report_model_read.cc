// Reads back what a report says of its model: the formats that were measured, what fused, nodes,
// tensors.

#include "core/json_reader.h"
#include "tare/verdict/report.h"
#include "verdict/report_estimates_internal.h"
#include "verdict/report_json_internal.h"

namespace tare::verdict {
namespace {

Result<double> NumberOr(const JsonReader& reader, const char* key, double otherwise) {
  TARE_TRY(const auto value, reader.Number(key));
  return value.value_or(otherwise);
}

Result<int64_t> CountOf(const JsonReader& reader, const char* key) {
  TARE_TRY(const auto value, reader.Count(key));
  return value.value_or(0);
}

// Absent and null are "not known".
Result<std::optional<bool>> Flag(const JsonReader& reader, const char* key) {
  const Json* child = reader.Child(key);
  if (child == nullptr) return std::optional<bool>();
  if (!child->is_boolean()) return reader.Wrong(key, "true or false");
  return std::optional(child->get<bool>());
}

// One number, or a list of one a channel; absent gives none.
Result<std::vector<double>> Numbers(const JsonReader& reader, const char* key) {
  const Json* child = reader.Child(key);
  std::vector<double> out;
  if (child == nullptr) return out;
  for (const Json& item : child->is_array() ? *child : Json::array({*child})) {
    if (!item.is_number()) return reader.Wrong(key, "a number, or a list of numbers");
    out.push_back(item.get<double>());
  }
  return out;
}

Result<FormatCandidate> ReadCandidate(const JsonReader& reader) {
  FormatCandidate out;
  TARE_TRY(out.format, reader.Text("format"));
  TARE_TRY(out.speedup.value, NumberOr(reader, "speedup", kUndefined));
  if (const Json* interval = reader.Child("speedup_interval")) {
    const JsonReader under = reader.Under("speedup_interval", *interval);
    TARE_TRY(out.speedup.low, under.Number("low"));
    TARE_TRY(out.speedup.high, under.Number("high"));
  }
  if (const Json* cosine = reader.Child("cosine")) {
    const JsonReader under = reader.Under("cosine", *cosine);
    TARE_TRY(out.mean_cosine, NumberOr(under, "mean", kUndefined));
    TARE_TRY(out.least_cosine, NumberOr(under, "least", kUndefined));
  }
  TARE_TRY(out.size_ratio, reader.Number("size_ratio"));
  TARE_TRY(out.latency_ms, reader.Number("latency_ms"));
  TARE_TRY(out.fused, reader.Count("fused"));
  TARE_TRY(out.expected, reader.Count("expected"));
  TARE_TRY(const auto chosen, Flag(reader, "chosen"));
  out.chosen = chosen.value_or(false);
  TARE_TRY(out.reason, reader.Text("reason"));
  return out;
}

Result<FusionIsland> ReadIsland(const JsonReader& reader) {
  FusionIsland out;
  TARE_TRY(out.node, reader.Text("node"));
  TARE_TRY(out.op, reader.Text("op"));
  TARE_TRY(out.rule, reader.Text("rule"));
  TARE_TRY(out.reason, reader.Text("reason"));
  return out;
}

Result<std::optional<FusionSummary>> ReadFusion(const JsonReader& document) {
  const Json* child = document.Child("fusion");
  if (child == nullptr) return std::optional<FusionSummary>();
  const JsonReader reader = document.Under("fusion", *child);
  FusionSummary out;
  TARE_TRY(out.expected, CountOf(reader, "expected"));
  TARE_TRY(out.fused, CountOf(reader, "fused"));
  TARE_TRY(out.islands, ReadList<FusionIsland>(reader, "islands", ReadIsland));
  return std::optional(std::move(out));
}

Result<NodeRow> ReadNode(const JsonReader& reader) {
  NodeRow out;
  TARE_TRY(out.name, reader.Text("name"));
  TARE_TRY(out.op, reader.Text("op"));
  TARE_TRY(out.format, reader.Text("format"));
  TARE_TRY(out.float_bytes, CountOf(reader, "float_bytes"));
  TARE_TRY(out.quantized_bytes, CountOf(reader, "quantized_bytes"));
  TARE_TRY(out.fused, Flag(reader, "fused"));
  TARE_TRY(out.reason, reader.Text("reason"));
  return out;
}

Result<void> ReadHistogram(const JsonReader& reader, TensorRow& out) {
  const Json* child = reader.Child("histogram");
  if (child == nullptr) return {};
  const JsonReader under = reader.Under("histogram", *child);
  TARE_TRY(out.histogram_low, NumberOr(under, "low", kUndefined));
  TARE_TRY(out.histogram_high, NumberOr(under, "high", kUndefined));
  TARE_TRY(const auto counts, Numbers(under, "counts"));
  for (const double count : counts) out.histogram_counts.push_back(static_cast<int64_t>(count));
  return {};
}

Result<TensorRow> ReadTensor(const JsonReader& reader) {
  TensorRow out;
  TARE_TRY(out.name, reader.Text("name"));
  TARE_TRY(out.kind, reader.Text("kind"));
  TARE_TRY(out.dtype, reader.Text("dtype"));
  TARE_TRY(out.n, CountOf(reader, "n"));
  TARE_TRY(out.min, NumberOr(reader, "min", kUndefined));
  TARE_TRY(out.max, NumberOr(reader, "max", kUndefined));
  TARE_TRY(out.low, NumberOr(reader, "low", kUndefined));
  TARE_TRY(out.high, NumberOr(reader, "high", kUndefined));
  TARE_TRY(out.method, reader.Text("method"));
  TARE_TRY(out.scale, Numbers(reader, "scale"));
  TARE_TRY(const auto zero_points, Numbers(reader, "zero_point"));
  for (const double value : zero_points) out.zero_point.push_back(static_cast<int64_t>(value));
  TARE_TRY(out.clipped_share, reader.Number("clipped_share"));
  TARE_TRY(out.zero_share, reader.Number("zero_share"));
  TARE_TRY_VOID(ReadHistogram(reader, out));
  return out;
}

}  // namespace

Result<Report> ReadModelSections(std::string_view text, const std::string& source) {
  TARE_TRY(const auto json, ParseJson(text, source, kMaxReportBytes));
  const JsonReader document(json, source, "");
  TARE_TRY_VOID(document.ExpectObject());
  Report out;
  TARE_TRY(out.candidates, ReadList<FormatCandidate>(document, "candidates", ReadCandidate));
  TARE_TRY(out.fusion, ReadFusion(document));
  TARE_TRY(out.nodes, ReadList<NodeRow>(document, "nodes", ReadNode));
  TARE_TRY(out.tensors, ReadList<TensorRow>(document, "tensors", ReadTensor));
  return out;
}

}  // namespace tare::verdict
