// Timing several sessions against each other on a machine that is never quiet.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tare/core/result.h"
#include "tare/runtime/session.h"

namespace tare::runtime {

struct TimingOptions {
  double budget_ms = 300;  ///< of measured time in all, after warm-up
  int min_rounds = 5;
  int max_rounds = 200;
  int warm_up_rounds = 2;
  /// Time the calling thread's processor time instead of the wall clock: the same for a session of
  /// one thread, and blind to whatever else the machine does meanwhile.
  bool thread_time = false;
};

/// Times of session i in round r, in ms: times[i][r].
using RoundTimes = std::vector<std::vector<double>>;

/// Runs each session once a round, in turn (A B C A B C ...), so that drift of the machine meets all
/// alike; the turn begins one further in each round.
/// Errors  what Run() gives.
Result<RoundTimes> TimeInterleaved(std::span<const Session* const> sessions,
                                   std::span<const NamedTensor> inputs,
                                   const TimingOptions& options);

/// A ratio of times with its interval.
struct Ratio {
  double value = 0;
  double low = 0;
  double high = 0;
};

/// Speedup of `other` over `base`: the median over rounds of base[r] / other[r], with the
/// distribution-free 95 % interval of a median (order statistics of the binomial).
/// Edge    no rounds: all 0. Fewer than 6 rounds: the extremes.
Ratio SpeedupOf(std::span<const double> base, std::span<const double> other);

/// Median; 0 for none.
double Median(std::vector<double> values);

}  // namespace tare::runtime
