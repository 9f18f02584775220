// What a check is about: the numbers of the evidence that it names.

#pragma once

#include <optional>
#include <string>

#include "tare/verdict/evidence.h"
#include "tare/verdict/metric_info.h"
#include "tare/verdict/policy.h"

namespace tare::verdict {

/// The quantity that a check judges, and the two values behind it.
struct Subject {
  const MetricInfo* info = nullptr;
  std::optional<Unit> unit;  ///< where it is not that of `info`
  std::string scope = "all";
  std::string label;
  std::optional<double> baseline, candidate;
  /// The difference for a margin, the value for a limit. Absent: `missing` says why.
  std::optional<Estimate> statistic;
  std::string missing;
  std::string note;    ///< what the value is of, where its name does not say so
  bool exact = false;  ///< no sampling: the value is its own bound
  /// Of a time: verdict::Speedup::waited of the same batch and threads.
  std::optional<double> waited;
};

/// Finds the subject of a check. Never fails: what is not there is said in `missing`.
Subject FindSubject(const Evidence& evidence, const Check& check);

/// Returns each check once for each output that it is about, where it names none; else itself.
/// Edge     a measure of float outputs asks nothing of a model whose outputs are all integers, as
///          long as another check is left to judge it.
std::vector<Check> ExpandOutputs(const Evidence& evidence, std::span<const Check> checks);

/// Returns the index of the class called `name` (its name, or its index in decimal), or nullopt.
std::optional<int64_t> FindClass(const Evidence& evidence, const std::string& name);

}  // namespace tare::verdict
