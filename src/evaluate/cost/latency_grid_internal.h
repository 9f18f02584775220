// Times of two models at every batch size and number of threads that is asked for.

#pragma once

#include <vector>

#include "tare/core/progress.h"
#include "tare/evaluate/cost/comparison.h"

namespace tare::evaluate {

/// Batch sizes to time: the model's own where it has one, else those asked for, else 1 and 8 (1
/// where there are fewer than 8 samples).
std::vector<int64_t> BatchesOf(const CostOptions& costs, const TimedSamples& samples);

/// Adds latency and speedup of each number of threads and batch size to `evidence`, load time and
/// cold start at the first, and a warning where the machine was too busy to time anything.
///
/// Both models are opened kSessionPairs times, one pair of sessions at a time. With one thread a run
/// is timed by the processor time of its thread, else by the wall clock.
/// Errors  what reading, loading and running give; kCancelled.
Result<void> AddLatencies(const ComparedModels& models, const CostOptions& costs,
                          const TimedSamples& samples, const Progress& progress,
                          verdict::Evidence& evidence);

}  // namespace tare::evaluate
