// The test set seen under other conditions: other files, or its images corrupted.

#pragma once

#include <cstdint>
#include <vector>

#include "pipeline/project_data_internal.h"
#include "pipeline/step_cache_internal.h"
#include "tare/core/progress.h"
#include "tare/evaluate/models/evaluate.h"

namespace tare::pipeline {

/// Adds what a distribution is, but not the content of its files, to a key.
void AddDistribution(const DistributionSource& distribution, StepKey& key);

/// Evaluates the distributions of a project and adds them to `evidence`. Corruptions take the test
/// samples; other files take all of theirs; both fewer where `samples` says so. A task other than
/// classification leaves a warning for each.
///
/// Errors  what opening, reading and running give; kUnsupported: no images to corrupt; kCancelled.
Result<void> AddDistributions(const Project& project, SourceOpener& opener,
                              const std::vector<int64_t>& test_samples,
                              const evaluate::RunnableModel& baseline,
                              const evaluate::RunnableModel& candidate,
                              const evaluate::EvaluateOptions& options, Progress& progress,
                              verdict::Evidence& evidence);

}  // namespace tare::pipeline
