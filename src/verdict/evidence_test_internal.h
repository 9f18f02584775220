// Evidence made by hand, for the tests of the gate and of what is written from it.

#pragma once

#include <string>

#include "tare/verdict/evidence.h"
#include "tare/verdict/policy.h"

namespace tare::verdict {

/// A paired classification of n samples with the given flips; the baseline is right on 90 %.
inline Evidence MakeEvidence(int64_t n, int64_t harmful, int64_t helpful, int64_t other_flips = 0) {
  Evidence out;
  out.task = Task::kClassification;
  out.n = n;
  out.classes = {"coat", "shirt"};
  out.baseline.label = "float32";
  out.candidate.label = "int8_static";
  Paired paired;
  paired.counts = {n, harmful + helpful + other_flips, harmful, helpful};
  const int64_t right = n * 9 / 10;
  out.baseline.metrics.emplace_back("accuracy", ShareEstimate(right, n, 0.95));
  out.candidate.metrics.emplace_back("accuracy", ShareEstimate(right - harmful + helpful, n, 0.95));
  paired.difference.emplace_back("accuracy", PairedEstimate({n, harmful, helpful}, 0.95));
  paired.per_class.push_back(
      {0, paired.counts, {{"recall", PairedEstimate({n, harmful, helpful}, 0.95)}}});
  paired.per_class.push_back({1, {}, {{"recall", PairedEstimate({0, 0, 0}, 0.95)}}});
  for (auto* side : {&out.baseline, &out.candidate}) {
    side->per_class.push_back(
        {0, n, ShareEstimate(right, n, 0.95), ShareEstimate(right, n, 0.95), {}});
    side->per_class.push_back({1, 0, ShareEstimate(0, 0, 0.95), ShareEstimate(0, 0, 0.95), {}});
  }
  out.paired = paired;
  return out;
}

/// A bootstrapped quantity with one-sided bounds at 95 % only.
inline Estimate MakeBootstrapped(double value, double low, double high, int64_t n) {
  Estimate out;
  out.value = value;
  out.low = low;
  out.high = high;
  out.n = n;
  out.method = "bca";
  out.bounds = {{0.95, low, high}};
  return out;
}

/// A policy of one check, from its flow form.
inline Policy PolicyOf(const std::string& check, const char* group = "quality") {
  auto policy = ParsePolicy(std::string(group) + ": [" + check + "]", "test");
  TARE_CHECK(policy.has_value());
  return *policy;
}

}  // namespace tare::verdict
