#include "tare/runtime/timing.h"

#include <time.h>

#include <algorithm>

#include "tare/stats/quantile.h"

namespace tare::runtime {
namespace {

// Looking at the times after each round would cost more than a fast model's run.
constexpr int kRoundsBetweenLooks = 25;

int64_t ReadClock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

double Ms(int64_t ns) { return static_cast<double>(ns) * 1e-6; }

// Whether the rounds so far will do; `spent_ms` is what they took.
bool IsDone(const RoundTimes& times, int rounds, double spent_ms, const TimingOptions& options) {
  if (rounds < options.min_rounds) return false;
  if (rounds >= options.max_rounds || spent_ms >= options.budget_ms) return true;
  return options.is_enough && rounds % kRoundsBetweenLooks == 0 && options.is_enough(times);
}

}  // namespace

int64_t MonotonicNs() { return ReadClock(CLOCK_MONOTONIC); }
int64_t ThreadNs() { return ReadClock(CLOCK_THREAD_CPUTIME_ID); }

Result<RoundTimes> TimeInterleaved(std::span<const TimedRun> runs, const TimingOptions& options) {
  for (int round = 0; round < options.warm_up_rounds; ++round) {
    for (const TimedRun& run : runs) TARE_TRY_VOID(run());
  }
  RoundTimes times(runs.size());
  const int64_t begin = options.clock();
  for (int round = 0; !IsDone(times, round, Ms(options.clock() - begin), options); ++round) {
    const size_t first = options.rotate ? static_cast<size_t>(round) : 0;
    for (size_t k = 0; k < runs.size(); ++k) {
      const size_t i = (first + k) % runs.size();
      const int64_t start = options.clock();
      TARE_TRY_VOID(runs[i]());
      times[i].push_back(Ms(options.clock() - start));
    }
  }
  return times;
}

Result<RoundTimes> TimeInterleaved(std::span<const Session* const> sessions,
                                   std::span<const NamedTensor> inputs,
                                   const TimingOptions& options) {
  std::vector<TimedRun> runs;
  for (const Session* session : sessions) {
    runs.emplace_back([session, inputs] {
      return session->RunViews(inputs, [](std::span<const TensorView>) { return Result<void>(); });
    });
  }
  return TimeInterleaved(runs, options);
}

Result<double> TimeAlone(const Session& session, std::span<const NamedTensor> inputs,
                         const TimingOptions& options) {
  const Session* sessions[] = {&session};
  TARE_TRY(const auto times, TimeInterleaved(sessions, inputs, options));
  return stats::MedianOf(times.front());
}

std::vector<double> RoundRatios(std::span<const double> base, std::span<const double> other) {
  constexpr double kLeastMs = 1e-6;  // 1 ns
  std::vector<double> ratios;
  for (size_t r = 0; r < std::min(base.size(), other.size()); ++r) {
    ratios.push_back(std::max(base[r], kLeastMs) / std::max(other[r], kLeastMs));
  }
  std::sort(ratios.begin(), ratios.end());
  return ratios;
}

Ratio SpeedupOf(std::span<const double> base, std::span<const double> other) {
  const std::vector<double> ratios = RoundRatios(base, other);
  if (ratios.empty()) return {};
  const auto median = stats::MedianWithInterval(ratios, 0.95);
  const auto interval = median.interval.value_or(stats::Interval{ratios.front(), ratios.back()});
  return {median.value, interval.low, interval.high};
}

}  // namespace tare::runtime
