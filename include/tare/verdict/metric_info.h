// What is known about each metric by name: unit, which way is better, how people call it.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tare/core/result.h"
#include "tare/verdict/gate.h"

namespace tare::verdict {

enum class Better { kHigher, kLower };

/// Where in a policy a metric may stand, and what it asks for.
enum class MetricPlace {
  kQuality,   ///< of the test set, a slice or a distribution; margin, max or min
  kClass,     ///< of one class; margin, max or min
  kFlips,     ///< of the test set, a slice, a distribution or a class; a limit, no margin
  kOutput,    ///< of one output, or of each; a limit, no margin
  kCost,      ///< under cost, of the whole; a limit
  kCostBatch  ///< under cost, may name a batch and threads; a limit
};

struct MetricInfo {
  std::string_view name;
  std::string_view label;
  Unit unit = Unit::kNumber;
  Better better = Better::kHigher;
  MetricPlace place = MetricPlace::kQuality;
};

std::span<const MetricInfo> KnownMetrics();
/// Returns the entry, or nullptr. All KPIs (kpi:NAME) share one.
const MetricInfo* FindMetricInfo(std::string_view name);
/// How people call a metric: its label, of a KPI its own name, else the name itself.
std::string_view MetricLabel(std::string_view name);

/// What the name of a KPI becomes as the name of a metric: "kpi:revenue".
inline constexpr std::string_view kKpiPrefix = "kpi:";
std::string KpiMetricName(std::string_view name);

/// Errors  kInvalidArgument: a name is not made of at most 64 letters, digits, '_', '-' and '.', or
///         stands twice; more than 32 names.
Result<void> CheckKpiNames(std::span<const std::string> names);

}  // namespace tare::verdict
