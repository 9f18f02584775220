#include "tare/verdict/metric_info.h"

#include <algorithm>
#include <set>

#include "tare/core/text.h"

namespace tare::verdict {
namespace {

constexpr auto kHigher = Better::kHigher;
constexpr auto kLower = Better::kLower;

constexpr MetricInfo kMetrics[] = {
    {"accuracy", "accuracy", Unit::kRatio, kHigher, MetricPlace::kQuality},
    {"extra_damage", "extra damage", Unit::kRatio, kHigher, MetricPlace::kQuality},
    {"top5_accuracy", "top-5 accuracy", Unit::kRatio, kHigher, MetricPlace::kQuality},
    {"precision_macro", "precision macro", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"recall_macro", "recall macro", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"f1_macro", "F1 macro", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"precision_micro", "precision micro", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"recall_micro", "recall micro", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"f1_micro", "F1 micro", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"log_loss", "log loss", Unit::kNats, kLower, MetricPlace::kQuality},
    {"ece", "calibration error", Unit::kRatio, kLower, MetricPlace::kQuality},
    {"subset_accuracy", "subset accuracy", Unit::kRatio, kHigher, MetricPlace::kQuality},
    {"hamming_loss", "Hamming loss", Unit::kRatio, kLower, MetricPlace::kQuality},
    {"average_precision_macro", "average precision", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"mae", "mean absolute error", Unit::kNumber, kLower, MetricPlace::kQuality},
    {"rmse", "root mean squared error", Unit::kNumber, kLower, MetricPlace::kQuality},
    {"r2", "R squared", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"token_accuracy", "token accuracy", Unit::kRatio, kHigher, MetricPlace::kQuality},
    {"exact_match", "exact match", Unit::kRatio, kHigher, MetricPlace::kQuality},
    {"token_f1", "token F1", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"rouge_l", "ROUGE-L", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"answer_rate", "answer rate", Unit::kRatio, kHigher, MetricPlace::kQuality},
    {"hallucination_rate", "hallucination rate", Unit::kRatio, kLower, MetricPlace::kQuality},
    {"hallucination_rate_corrected", "hallucination rate, judge corrected", Unit::kRatio, kLower,
     MetricPlace::kQuality},
    {"precision_at_1", "precision at 1", Unit::kRatio, kHigher, MetricPlace::kQuality},
    {"recall_at_1", "recall at 1", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"recall_at_10", "recall at 10", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"mrr", "mean reciprocal rank", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"ndcg_at_10", "nDCG at 10", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"map", "mAP 0.5:0.95", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"map_50", "mAP 0.5", Unit::kScore, kHigher, MetricPlace::kQuality},
    {"recall", "recall", Unit::kScore, kHigher, MetricPlace::kClass},
    {"precision", "precision", Unit::kScore, kHigher, MetricPlace::kClass},
    {"f1", "F1", Unit::kScore, kHigher, MetricPlace::kClass},
    {"flip_rate", "flips", Unit::kRatio, kLower, MetricPlace::kFlips},
    {"harmful_rate", "harmful flips", Unit::kRatio, kLower, MetricPlace::kFlips},
    {"top1_agreement", "agreement", Unit::kRatio, kHigher, MetricPlace::kFlips},
    {"kl_mean", "KL of outputs, mean", Unit::kNats, kLower, MetricPlace::kFlips},
    {"kl_p99", "KL of outputs, p99", Unit::kNats, kLower, MetricPlace::kFlips},
    {"cosine", "cosine", Unit::kScore, kHigher, MetricPlace::kOutput},
    {"relative_error", "relative error", Unit::kNumber, kLower, MetricPlace::kOutput},
    {"snr_db", "signal to noise", Unit::kDb, kHigher, MetricPlace::kOutput},
    {"agreement", "agreement", Unit::kRatio, kHigher, MetricPlace::kOutput},
    {"strain", "strain", Unit::kNumber, kLower, MetricPlace::kOutput},
    {"output_flip_rate", "flips", Unit::kRatio, kLower, MetricPlace::kOutput},
    {"size_ratio", "size", Unit::kTimes, kLower, MetricPlace::kCost},
    {"memory_ratio", "peak memory", Unit::kTimes, kLower, MetricPlace::kCost},
    {"energy_ratio", "energy", Unit::kTimes, kLower, MetricPlace::kCost},
    {"model_bytes", "size", Unit::kBytes, kLower, MetricPlace::kCost},
    {"peak_rss_bytes", "peak memory", Unit::kBytes, kLower, MetricPlace::kCost},
    {"resident_rss_bytes", "resident memory", Unit::kBytes, kLower, MetricPlace::kCost},
    {"speedup", "speedup", Unit::kTimes, kHigher, MetricPlace::kCostBatch},
    {"latency_p50_ms", "latency", Unit::kMs, kLower, MetricPlace::kCostBatch},
    {"latency_p90_ms", "latency p90", Unit::kMs, kLower, MetricPlace::kCostBatch},
    {"latency_p99_ms", "latency p99", Unit::kMs, kLower, MetricPlace::kCostBatch},
    {"throughput_per_s", "throughput", Unit::kPerSecond, kHigher, MetricPlace::kCostBatch},
};

constexpr MetricInfo kKpi = {"kpi", "KPI", Unit::kNumber, kHigher, MetricPlace::kQuality};

constexpr size_t kMaxKpis = 32;
constexpr size_t kMaxNameBytes = 64;

bool IsNamePart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

bool IsKpi(std::string_view name) {
  return name.starts_with(kKpiPrefix) && name.size() > kKpiPrefix.size();
}

}  // namespace

std::span<const MetricInfo> KnownMetrics() { return kMetrics; }

const MetricInfo* FindMetricInfo(std::string_view name) {
  if (IsKpi(name)) return &kKpi;
  const auto* found = std::ranges::find(kMetrics, name, &MetricInfo::name);
  return found == std::end(kMetrics) ? nullptr : found;
}

std::string_view MetricLabel(std::string_view name) {
  if (IsKpi(name)) return name.substr(kKpiPrefix.size());
  const MetricInfo* info = FindMetricInfo(name);
  return info == nullptr ? name : info->label;
}

std::string KpiMetricName(std::string_view name) { return StrCat(kKpiPrefix, name); }

Result<void> CheckKpiNames(std::span<const std::string> names) {
  if (names.size() > kMaxKpis)
    return InvalidArgument(StrCat(names.size(), " KPIs"), StrCat("give at most ", kMaxKpis));
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (name.empty() || name.size() > kMaxNameBytes || !std::ranges::all_of(name, IsNamePart)) {
      return InvalidArgument(
          StrCat("the KPI name '", name.substr(0, 200),
                 "' is not made of letters, digits, '_', '-' and '.', at most 64"),
          "name it like: revenue");
    }
    if (!seen.insert(name).second)
      return InvalidArgument(StrCat("the KPI '", name, "' is given twice"),
                             "give each KPI a name of its own");
  }
  return {};
}

}  // namespace tare::verdict
