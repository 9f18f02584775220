// The policy under which a report was judged.

#include <algorithm>
#include <charconv>
#include <optional>

#include "tare/verdict/metric_info.h"
#include "tare/verdict/policy.h"
#include "tare/verdict/report.h"

namespace tare::verdict {
namespace {

// 8 of "batch:8,threads:2" for the key "batch:".
std::optional<int64_t> NumberOf(std::string_view scope, std::string_view key) {
  const size_t at = scope.find(key);
  if (at == std::string_view::npos) return std::nullopt;
  const char* begin = scope.data() + at + key.size();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(begin, scope.data() + scope.size(), number);
  if (error != std::errc() || number < 1) return std::nullopt;
  return number;
}

// "class:6" back into the check.
void SetScopeOf(const std::string& scope, Check& check) {
  const auto after = [&](std::string_view prefix) -> std::optional<std::string> {
    if (!scope.starts_with(prefix)) return std::nullopt;
    return scope.substr(prefix.size());
  };
  if (const auto name = after("class:")) check.class_name = *name;
  if (const auto name = after("slice:")) check.slice = *name;
  if (const auto name = after("distribution:")) check.distribution = *name;
  if (const auto name = after("output:")) check.output = *name;
}

Policy PolicyOfChecks(const Decision& decision) {
  Policy out;
  out.confidence = std::clamp(decision.confidence, 0.5, 0.9999);
  for (const auto& judged : decision.checks) {
    Check check;
    check.metric = judged.metric;
    (judged.kind == CheckKind::kMax   ? check.max
     : judged.kind == CheckKind::kMin ? check.min
                                      : check.margin) = judged.margin;
    SetScopeOf(judged.scope, check);
    const MetricInfo* info = FindMetricInfo(judged.metric);
    if (info != nullptr && info->place == MetricPlace::kCostBatch) {
      check.batch = NumberOf(judged.scope, "batch:");
      check.threads = NumberOf(judged.scope, "threads:");
    }
    const bool cost = info != nullptr &&
                      (info->place == MetricPlace::kCost || info->place == MetricPlace::kCostBatch);
    (cost ? out.cost : out.quality).push_back(std::move(check));
  }
  return out;
}

}  // namespace

Result<Policy> DeclaredPolicy(const Report& report) {
  const Task task = report.evidence.task.value_or(Task::kClassification);
  if (!report.decision) return DefaultPolicy(task);
  const Decision& decision = *report.decision;
  if (decision.policy.empty()) {
    return decision.checks.empty() ? DefaultPolicy(task) : PolicyOfChecks(decision);
  }
  TARE_TRY(auto policy, ParsePolicy(decision.policy, "the report's gate.policy"));
  if (PolicyDigest(policy) != decision.policy_digest) {
    return DataLoss("the report's gate.policy does not have the digest that was declared",
                    "the report was changed after it was written: evaluate again");
  }
  return policy;
}

}  // namespace tare::verdict
