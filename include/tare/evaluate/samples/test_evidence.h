// Evidence of one test set, whatever the task.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tare/verdict/evidence.h"

namespace tare::evaluate {

/// Evidence of one test set.
struct TestEvidence {
  int64_t n = 0;
  std::string scores;
  verdict::Metrics baseline, candidate;
  std::vector<verdict::ClassMetrics> baseline_classes, candidate_classes;
  std::vector<std::vector<int64_t>> baseline_confusion, candidate_confusion;
  std::vector<verdict::ScopeMetrics> baseline_slices, candidate_slices;
  std::optional<verdict::Paired> paired;  ///< absent, as all of the candidate: one model alone
  std::optional<verdict::SliceFindings> slice_findings;
  std::vector<verdict::Warning> warnings;
};

/// What follows from the flips of a pair alone: McNemar's test.
verdict::Paired PairedOf(const verdict::FlipCounts& counts);

/// Puts the evidence of the test set into `evidence`, with a warning where a classifier's baseline
/// itself is hardly better than always answering the most frequent class (30 samples and two
/// classes at least).
void SetTestEvidence(TestEvidence part, verdict::Evidence& evidence);
/// Adds the evidence of another distribution under `name`.
void AddDistribution(std::string name, std::string description, const TestEvidence& part,
                     verdict::Evidence& evidence);

}  // namespace tare::evaluate
