// Writes what a report says of its model: the formats that were measured, what fused, nodes, tensors.

#include "verdict/report_write_internal.h"

namespace tare::verdict {
namespace {

Json FusionJson(const FusionSummary& fusion) {
  Json out{{"expected", fusion.expected}, {"fused", fusion.fused}, {"islands", Json::array()}};
  for (const auto& [node, op, rule, reason] : fusion.islands) {
    out["islands"].push_back({{"node", node}, {"op", op}, {"rule", rule}, {"reason", reason}});
  }
  return out;
}

// One number, or one a channel.
template <class T>
void PutOneOrMany(Json& to, const char* key, const std::vector<T>& values) {
  if (values.size() == 1) to[key] = values.front();
  if (values.size() > 1) to[key] = values;
}

}  // namespace

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

void PutModelSections(const Report& report, Json& out) {
  PutList(out, "candidates", report.candidates);
  if (report.fusion) out["fusion"] = FusionJson(*report.fusion);
  PutList(out, "nodes", report.nodes);
  PutList(out, "tensors", report.tensors);
}

}  // namespace tare::verdict
