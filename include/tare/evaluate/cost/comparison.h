// What two models cost on the same inputs: time, size, memory.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/data/feed.h"
#include "tare/evaluate/cost/cost_options.h"
#include "tare/runtime/session.h"
#include "tare/verdict/evidence.h"

namespace tare::evaluate {

struct ComparedModels {
  std::string baseline_path, candidate_path;
  runtime::SessionOptions options;
};

/// What both models are run on while they are measured.
struct TimedSamples {
  const data::Feed& feed;
  const std::vector<int64_t>& chosen;  ///< at least one; of the feed's dataset

  /// `count` samples, from the first again where there are fewer. A fixed batch is filled by the
  /// feed.
  Result<data::FeedBatch> Read(int64_t count) const;
};

/// Checks that the model takes the batches that `costs` asks for. Call it before the long work.
/// Errors  kInvalidArgument: the model has one fixed batch, and another is asked for.
Result<void> CheckBatches(const data::Feed& feed, const CostOptions& costs);

/// Adds latency at each batch size and number of threads, sizes, memory, start and energy to
/// `evidence`, and warnings when the candidate is slower, or the machine was too busy to time
/// anything.
///
/// Time    ten times: both models opened, and at each batch size run for 0.15 s or once, beside a
///         run to warm up; this for each number of threads. A batch larger than the set repeats its
///         samples.
/// Memory  both models at once: the caller's own sessions should be closed.
/// Errors  what reading, loading and running give; kInvalidArgument as CheckBatches(); kCancelled.
Result<void> AddCosts(const ComparedModels& models, const CostOptions& costs,
                      const TimedSamples& samples, Progress& progress, verdict::Evidence& evidence);

}  // namespace tare::evaluate
