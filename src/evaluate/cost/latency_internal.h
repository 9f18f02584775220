// Latency of two models, measured against each other (how they are timed: tare/runtime/timing.h).

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tare/core/result.h"
#include "tare/runtime/session.h"
#include "tare/runtime/timing.h"
#include "tare/tensor/tensor.h"
#include "tare/verdict/evidence.h"

namespace tare::evaluate {

struct LatencyOptions {
  /// Pairs that are run and thrown away.
  int warm_up_pairs = 3;
  /// At least this many pairs are measured, whatever the budget; 1 or more.
  int min_pairs = 10;
  int max_pairs = 2'000;
  /// Time for all measured pairs; the pair that runs when it ends is finished.
  double budget_ms = 2'000;
  /// Stops earlier once the interval of the speedup is narrower than this share of it; 0 never.
  double target_width = 0.01;
  /// Of the two-sided intervals, in (0.5, 1).
  double confidence = 0.95;
  int64_t batch = 1;
  /// Threads that the sessions were made with; for the record.
  int num_threads = 1;
};

/// Times of paired runs, in ms.
struct PairedTimes {
  std::vector<double> baseline, candidate;
};

struct PairedLatency {
  verdict::Latency baseline, candidate;
  verdict::Estimate speedup;  ///< median of baseline[i] / candidate[i]
  PairedTimes times;
};

/// Runs the two in turn, A B A B, and times each run.
/// Errors   what a run gives; kInvalidArgument: an option is outside its range.
Result<PairedTimes> TimePairs(const runtime::TimedRun& baseline, const runtime::TimedRun& candidate,
                              const runtime::Clock& clock, const LatencyOptions& options);

/// Summarises paired times.
///
///   p50, p90, p99   sample quantiles, with bounds by order statistics (no distribution assumed)
///   speedup         median of the paired ratios with its order-statistics interval
///   throughput      1000 batch / p50 per second
///
/// Edge     no pairs give undefined estimates (NaN, n 0). A time of 0 ns counts as 1 ns.
PairedLatency SummariseTimes(PairedTimes times, const LatencyOptions& options);

/// TimePairs and SummariseTimes of two sessions on the same inputs.
Result<PairedLatency> MeasurePair(const runtime::Session& baseline,
                                  const runtime::Session& candidate,
                                  std::span<const NamedTensor> inputs,
                                  const LatencyOptions& options,
                                  const runtime::Clock& clock = runtime::MonotonicNs);

/// Adds a measurement to the evidence: latency of both sides and the speedup at that batch and
/// number of threads. The first one added is the headline.
void AddLatency(const PairedLatency& measured, verdict::Evidence& evidence);

}  // namespace tare::evaluate
