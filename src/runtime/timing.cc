#include "tare/runtime/timing.h"

#include <time.h>

#include <algorithm>
#include <cmath>

namespace tare::runtime {
namespace {

double NowMs(bool thread_time) {
  timespec now{};
  clock_gettime(thread_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

}  // namespace

Result<RoundTimes> TimeInterleaved(std::span<const Session* const> sessions,
                                   std::span<const NamedTensor> inputs,
                                   const TimingOptions& options) {
  RoundTimes times(sessions.size());
  const auto ignore = [](std::span<const TensorView>) -> Result<void> { return {}; };
  double spent = 0;
  for (int round = -options.warm_up_rounds; round < options.max_rounds; ++round) {
    if (round >= options.min_rounds && spent >= options.budget_ms) break;
    for (size_t k = 0; k < sessions.size(); ++k) {
      const size_t i = (k + static_cast<size_t>(std::max(0, round))) % sessions.size();
      const double start = NowMs(options.thread_time);
      TARE_TRY_VOID(sessions[i]->RunViews(inputs, ignore));
      const double elapsed = NowMs(options.thread_time) - start;
      if (round < 0) continue;
      times[i].push_back(elapsed);
      spent += elapsed;
    }
  }
  return times;
}

double Median(std::vector<double> values) {
  if (values.empty()) return 0;
  const size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle), values.end());
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return (upper +
          *std::max_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(middle))) /
         2;
}

Ratio SpeedupOf(std::span<const double> base, std::span<const double> other) {
  std::vector<double> ratios;
  for (size_t r = 0; r < std::min(base.size(), other.size()); ++r) {
    if (other[r] > 0) ratios.push_back(base[r] / other[r]);
  }
  if (ratios.empty()) return {};
  std::sort(ratios.begin(), ratios.end());
  // Ranks of the interval: n/2 -+ 1.96 sqrt(n)/2, the normal form of the binomial's quantiles.
  const auto n = static_cast<double>(ratios.size());
  const double half_width = 0.98 * std::sqrt(n);
  const auto low = static_cast<size_t>(std::max(0.0, std::floor(n / 2 - half_width)));
  const auto high = static_cast<size_t>(std::min(n - 1, std::ceil(n / 2 + half_width)));
  return {Median(ratios), ratios[low], ratios[high]};
}

}  // namespace tare::runtime
