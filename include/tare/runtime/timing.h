// Timing several models against each other on a machine that is never quiet.
//
// A shared machine drifts: a neighbour wakes up, the clock changes. Measured one after the other,
// two models see different machines. In turn, each round of runs sees nearly the same one, and the
// median of the rounds' ratios shrugs off the rounds that a neighbour hit in the middle.

#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "tare/core/result.h"
#include "tare/runtime/session.h"

namespace tare::runtime {

/// Nanoseconds of a clock that never goes back.
using Clock = std::function<int64_t()>;
/// The wall clock: CLOCK_MONOTONIC.
int64_t MonotonicNs();
/// Processor time of the calling thread: the same for a session of one thread, and blind to
/// whatever else the machine does meanwhile.
int64_t ThreadNs();

/// One run of a model.
using TimedRun = std::function<Result<void>()>;
/// Times of run i in round r, in ms: times[i][r].
using RoundTimes = std::vector<std::vector<double>>;

/// Nanoseconds that the threads of this process have waited so far for a processor while they
/// could have run; 0 where the kernel does not count it.
/// Source   Linux, Documentation/scheduler/sched-stats.rst: /proc/<pid>/schedstat, second number.
int64_t WaitedNs();

struct TimingOptions {
  double budget_ms =
      300;  ///< of the clock, after warm-up; the round that runs when it ends is finished
  int min_rounds = 5;  ///< measured whatever the budget; 1 or more
  int max_rounds = 200;
  int warm_up_rounds = 2;  ///< run and thrown away
  Clock clock = MonotonicNs;
  uint64_t seed = 1;  ///< of the order within a round
};

/// Runs each once a round, and times it. The order of a round is drawn, and the next round has its
/// reverse: what runs first, or behind a certain other, finds other caches, and no run must always
/// be that one.
/// Errors  what a run gives.
Result<RoundTimes> TimeInterleaved(std::span<const TimedRun> runs, const TimingOptions& options);

/// The same of sessions on the same inputs.
Result<RoundTimes> TimeInterleaved(std::span<const Session* const> sessions,
                                   std::span<const NamedTensor> inputs,
                                   const TimingOptions& options);

/// Median time of one session alone, in ms.
Result<double> TimeAlone(const Session& session, std::span<const NamedTensor> inputs,
                         const TimingOptions& options);

/// Ratios base[r] / other[r] of the rounds that both have, rising. A time of 0 ns counts as 1 ns.
std::vector<double> RoundRatios(std::span<const double> base, std::span<const double> other);

/// A ratio of times with its interval.
struct Ratio {
  double value = 0;
  double low = 0;
  double high = 0;
};

/// Speedup of `other` over `base`: the median of RoundRatios(), with the distribution-free 95 %
/// interval of a median (stats::MedianWithInterval: order statistics by exact binomial ranks).
/// Edge    no rounds: all 0. Fewer than 6 rounds have no such interval: the extremes.
Ratio SpeedupOf(std::span<const double> base, std::span<const double> other);

}  // namespace tare::runtime
