#include "tare/runtime/timing.h"

#include <time.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "tare/core/random.h"
#include "tare/stats/quantile.h"

namespace tare::runtime {
namespace {

int64_t ReadClock(clockid_t id) {
  timespec now{};
  clock_gettime(id, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

double Ms(int64_t ns) { return static_cast<double>(ns) * 1e-6; }

// Whether the rounds so far will do; `spent_ms` is what they took.
bool IsDone(int rounds, double spent_ms, const TimingOptions& options) {
  if (rounds < options.min_rounds) return false;
  return rounds >= options.max_rounds || spent_ms >= options.budget_ms;
}

void Shuffle(std::vector<size_t>& order, Random& random) {
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
}

}  // namespace

int64_t MonotonicNs() { return ReadClock(CLOCK_MONOTONIC); }
int64_t ThreadNs() { return ReadClock(CLOCK_THREAD_CPUTIME_ID); }

int64_t WaitedNs() {
  int64_t total = 0;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task", error)) {
    std::ifstream file(thread.path() / "schedstat");
    int64_t ran = 0;
    int64_t waited = 0;
    if (file >> ran >> waited) total += waited;
  }
  return total;
}

Result<RoundTimes> TimeInterleaved(std::span<const TimedRun> runs, const TimingOptions& options) {
  for (int round = 0; round < options.warm_up_rounds; ++round) {
    for (const TimedRun& run : runs) TARE_TRY_VOID(run());
  }
  RoundTimes times(runs.size());
  std::vector<size_t> order(runs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  Random random(options.seed);
  const int64_t begin = options.clock();
  for (int round = 0; !IsDone(round, Ms(options.clock() - begin), options); ++round) {
    if (round % 2 == 0) {
      Shuffle(order, random);
    } else {
      std::reverse(order.begin(), order.end());
    }
    for (const size_t i : order) {
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
