// What to measure of cost beyond the defaults.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tare::evaluate {

/// Greatest values that make sense of each.
inline constexpr int64_t kMaxMeasuredBatch = 65'536;
inline constexpr int64_t kMaxMeasuredThreads = 1'024;
inline constexpr size_t kMaxMeasuredSizes = 16;  ///< entries of a list
inline constexpr double kMaxWatts = 100'000;

struct CostOptions {
  /// Batch sizes to time, in this order; empty: the model's own, or 1 and 8.
  std::vector<int64_t> batches;
  /// Numbers of threads to time beside the session's own, which comes first.
  std::vector<int64_t> thread_counts;
  /// Watts that the processor takes with all its cores busy. Where energy cannot be measured it is
  /// then estimated from processor time; absent: it is `unavailable`.
  std::optional<double> estimate_energy_watts;
};

}  // namespace tare::evaluate
