// Reads estimates, and what consists of little else, from report.json.

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "verdict/report_estimates_internal.h"
#include "verdict/report_json_internal.h"

namespace tare::verdict {
namespace {

Result<Bound> ReadBound(const JsonReader& reader) {
  Bound out;
  TARE_TRY(const auto confidence, reader.Number("confidence"));
  if (!confidence || !(*confidence > 0 && *confidence < 1)) {
    return reader.Wrong("confidence", "a share between 0 and 1");
  }
  out.confidence = *confidence;
  TARE_TRY(out.low, reader.Number("low"));
  TARE_TRY(out.high, reader.Number("high"));
  return out;
}

bool Differ(double a, double b) { return std::abs(a - b) > 1e-6; }

// A value that its own counts contradict was edited or is corrupt.
Result<void> CheckCounts(const JsonReader& reader, const Estimate& estimate) {
  if (estimate.share) {
    const auto [count, n] = *estimate.share;
    if (count > n) return reader.Wrong("count", "at most n");
    if (n > 0 && Differ(estimate.value, static_cast<double>(count) / static_cast<double>(n))) {
      return reader.Wrong("value", "count / n");
    }
  }
  if (estimate.pairs) {
    const auto [n, harmful, helpful] = *estimate.pairs;
    if (harmful > n || helpful > n - harmful) return reader.Wrong("harmful", "a part of n");
    if (n > 0 &&
        Differ(estimate.value, static_cast<double>(helpful - harmful) / static_cast<double>(n))) {
      return reader.Wrong("value", "(helpful - harmful) / n");
    }
  }
  return {};
}

Result<FoundScope> ReadFoundScope(const JsonReader& reader) {
  FoundScope out;
  TARE_TRY(out.where, reader.Text("where"));
  const std::pair<const char*, int64_t*> counts[] = {{"n", &out.n},
                                                     {"harmful", &out.harmful},
                                                     {"rest_n", &out.rest_n},
                                                     {"rest_harmful", &out.rest_harmful}};
  for (const auto& [key, to] : counts) {
    TARE_TRY(const auto count, reader.Count(key));
    *to = count.value_or(0);
  }
  TARE_TRY(const auto p, reader.Number("p"));
  TARE_TRY(const auto p_holm, reader.Number("p_holm"));
  out.p = p.value_or(kUndefined);
  out.p_holm = p_holm.value_or(kUndefined);
  TARE_TRY(out.baseline, ReadEstimateAt(reader, "baseline"));
  TARE_TRY(out.candidate, ReadEstimateAt(reader, "candidate"));
  TARE_TRY(out.difference, ReadEstimateAt(reader, "difference"));
  return out;
}

}  // namespace

Result<Estimate> ReadEstimate(const JsonReader& reader) {
  TARE_TRY_VOID(reader.ExpectObject());
  Estimate out;
  TARE_TRY(const auto value, reader.Number("value"));
  out.value = value.value_or(kUndefined);
  TARE_TRY(out.low, reader.Number("low"));
  TARE_TRY(out.high, reader.Number("high"));
  TARE_TRY(out.method, reader.Text("method"));
  TARE_TRY(const auto n, reader.Count("n"));
  out.n = n.value_or(0);
  TARE_TRY(const auto count, reader.Count("count"));
  TARE_TRY(const auto harmful, reader.Count("harmful"));
  TARE_TRY(const auto helpful, reader.Count("helpful"));
  if (count && n) out.share = Share{*count, *n};
  if (harmful && helpful && n) out.pairs = stats::PairedCounts{*n, *harmful, *helpful};
  TARE_TRY(out.bounds, ReadList<Bound>(reader, "bounds", ReadBound));
  std::ranges::stable_sort(out.bounds, {}, &Bound::confidence);
  TARE_TRY_VOID(CheckCounts(reader, out));
  return out;
}

Result<Estimate> ReadEstimateAt(const JsonReader& reader, const char* key) {
  const Json* child = reader.Child(key);
  if (child == nullptr) return Estimate{.value = kUndefined};
  return ReadEstimate(reader.Under(key, *child));
}

Result<Metrics> ReadMetrics(const JsonReader& reader, const char* key) {
  Metrics out;
  const Json* child = reader.Child(key);
  if (child == nullptr) return out;
  const JsonReader under = reader.Under(key, *child);
  TARE_TRY_VOID(under.ExpectObject());
  for (const auto& [name, value] : child->items()) {
    TARE_TRY(auto estimate, ReadEstimate(under.Under(name.c_str(), value)));
    out.emplace_back(name, std::move(estimate));
  }
  return out;
}

Result<std::optional<SliceFindings>> ReadSliceFindings(const JsonReader& document) {
  const Json* child = document.Child("slice_search");
  if (child == nullptr) return std::optional<SliceFindings>();
  const JsonReader reader = document.Under("slice_search", *child);
  TARE_TRY_VOID(reader.ExpectObject());
  SliceFindings out;
  TARE_TRY(out.metric, reader.Text("metric"));
  TARE_TRY(const auto tests, reader.Count("tests"));
  out.num_tests = tests.value_or(0);
  TARE_TRY(const auto alpha, reader.Number("alpha"));
  out.alpha = alpha.value_or(out.alpha);
  TARE_TRY(out.found, ReadList<FoundScope>(document, "found_slices", ReadFoundScope));
  return std::optional<SliceFindings>(std::move(out));
}

}  // namespace tare::verdict
