// What both models cost, as rows of text.

#include "verdict/table_internal.h"

namespace tare::verdict {
namespace {

std::string Quantiles(const Latency& latency) {
  return StrCat(FormatValue(latency.p50.value, Unit::kMs), " / ",
                FormatValue(latency.p90.value, Unit::kMs), " / ",
                FormatValue(latency.p99.value, Unit::kMs));
}

std::string SpeedupText(const Evidence& evidence, const Latency& at) {
  for (const Speedup& row : evidence.cost.speedup) {
    if (row.batch != at.batch || row.threads != at.threads) continue;
    const auto& [low, high] = std::tie(row.estimate.low, row.estimate.high);
    return StrCat(FormatValue(row.estimate.value, Unit::kTimes), " as fast",
                  low && high ? StrCat(" ", FormatInterval(*low, *high, Unit::kTimes)) : "",
                  row.waited.value_or(0) > kMostWaiting ? ", too busy to tell" : "");
  }
  return "";
}

void AppendLatencies(const Evidence& evidence, std::vector<TableRow>& rows) {
  for (const Latency& first : evidence.baseline.latency) {
    for (const Latency& second : evidence.candidate.latency) {
      if (second.batch != first.batch || second.threads != first.threads) continue;
      const std::string threads =
          StrCat(first.threads, first.threads == 1 ? " thread" : " threads");
      rows.push_back({StrCat("p50 / p90 / p99, batch ", first.batch, ", ", threads),
                      Quantiles(first), Quantiles(second), SpeedupText(evidence, first), "", ""});
      break;
    }
  }
}

template <class T>
void AppendPair(std::string label, std::optional<T> baseline, std::optional<T> candidate, Unit unit,
                std::vector<TableRow>& rows) {
  if (!baseline || !candidate) return;
  const auto first = static_cast<double>(*baseline);
  const auto second = static_cast<double>(*candidate);
  const std::string ratio = first > 0 ? FormatValue(second / first, Unit::kTimes) : "";
  rows.push_back(
      {std::move(label), FormatValue(first, unit), FormatValue(second, unit), ratio, "", ""});
}

void AppendEnergy(const Side& a, const Side& b, std::vector<TableRow>& rows) {
  if (!a.energy || !b.energy) return;
  const std::string status = a.energy->status == b.energy->status
                                 ? a.energy->status
                                 : StrCat(a.energy->status, " / ", b.energy->status);
  if (!a.energy->joules_per_sample || !b.energy->joules_per_sample) {
    rows.push_back({"energy", "", "", status, "", ""});
    return;
  }
  AppendPair(StrCat("energy a sample, ", status), a.energy->joules_per_sample,
             b.energy->joules_per_sample, Unit::kJoules, rows);
  AppendPair(StrCat("energy a correct answer, ", status), a.energy->joules_per_correct,
             b.energy->joules_per_correct, Unit::kJoules, rows);
}

}  // namespace

std::vector<TableRow> CostRows(const Evidence& evidence) {
  const auto& [a, b] = std::tie(evidence.baseline, evidence.candidate);
  std::vector<TableRow> rows;
  AppendLatencies(evidence, rows);
  AppendPair("load time", a.load_ms, b.load_ms, Unit::kMs, rows);
  AppendPair("cold start", a.cold_start_ms, b.cold_start_ms, Unit::kMs, rows);
  AppendPair("resident memory, model open", a.loaded_rss_bytes, b.loaded_rss_bytes, Unit::kBytes,
             rows);
  AppendPair("resident memory, after a run", a.resident_rss_bytes, b.resident_rss_bytes,
             Unit::kBytes, rows);
  AppendPair("peak memory", a.peak_rss_bytes, b.peak_rss_bytes, Unit::kBytes, rows);
  AppendEnergy(a, b, rows);
  return rows;
}

}  // namespace tare::verdict
