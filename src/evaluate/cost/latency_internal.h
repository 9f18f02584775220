// Latency of two models, measured against each other (how they are timed: tare/runtime/timing.h).
//
// Where the buffers of a session happen to lie moves its speed by a per cent or more for as long as
// it lives. More runs of the same two sessions therefore do not say more about the two models: the
// unit is a pair of sessions made anew, and the interval is one over such pairs.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tare/core/result.h"
#include "tare/runtime/timing.h"
#include "tare/verdict/evidence.h"

namespace tare::evaluate {

/// 2^-10 < 0.001: with ten pairs of sessions every confidence of verdict::kBoundConfidences has a
/// bound.
inline constexpr int kSessionPairs = 10;

/// Of the clock, for the runs of one pair of sessions; the round that runs when it ends is finished.
inline constexpr double kPairBudgetMs = 150;
inline constexpr int kMaxRunsOfAPair = 400;

/// What the times are of, for the record, and what their intervals are to hold.
struct LatencyOptions {
  int64_t batch = 1;
  int num_threads = 1;
  double confidence = 0.95;  ///< of the two-sided intervals, in (0.5, 1)
};

/// Times of the runs of one pair of sessions, in ms: run i of both was made in the same round.
struct PairedTimes {
  std::vector<double> baseline, candidate;
};

struct PairedLatency {
  verdict::Latency baseline, candidate;
  verdict::Estimate speedup;
};

/// Times two models in turn (runtime::TimeInterleaved), after a run of each that is thrown away:
/// once, or until kPairBudgetMs of the clock are spent.
/// Errors   what a run gives.
Result<PairedTimes> TimePair(const runtime::TimedRun& baseline, const runtime::TimedRun& candidate,
                             const runtime::Clock& clock, uint64_t seed);

/// Summarises the times of pairs of sessions.
///
///   speedup         exp of the Hodges-Lehmann centre over the pairs of the median of
///                   log(baseline[i] / candidate[i]); n pairs, bounds by signed ranks
///   p50             the same of the pairs' median times
///   p90, p99        quantiles of all runs together, with bounds by order statistics: these hold
///                   for runs of these sessions
///   throughput      1000 batch / p50 per second
///
/// Edge     no times give undefined estimates (NaN, n 0); a pair without times is left out. A time
///          of 0 ns counts as 1 ns. At most 60 pairs (TARE_CHECK).
/// Bound    two equal models: the interval of the speedup holds 1 with at least the confidence
///          whatever the machine does, because the sign of each pair's ratio is then a fair coin.
PairedLatency SummariseTimes(std::span<const PairedTimes> pairs, const LatencyOptions& options);

/// Adds a measurement to the evidence: latency of both sides and the speedup at that batch and
/// number of threads; `waited` as verdict::Speedup::waited. The first one added is the headline.
void AddLatency(const PairedLatency& measured, std::optional<double> waited,
                verdict::Evidence& evidence);

}  // namespace tare::evaluate
