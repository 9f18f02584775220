// Reads what report.json says of both models on the same samples.

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/json_reader.h"
#include "verdict/report_estimates_internal.h"
#include "verdict/report_json_internal.h"
#include "verdict/report_read_internal.h"

namespace tare::verdict {
namespace {

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

}  // namespace

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

}  // namespace tare::verdict
