#include <algorithm>

#include "evaluate/cost/latency_internal.h"
#include "tare/stats/quantile.h"

namespace tare::evaluate {
namespace {

verdict::Estimate QuantileEstimate(std::span<const double> sorted, double probability,
                                   double confidence, std::string method) {
  verdict::Estimate out;
  out.value = stats::Quantile(sorted, probability);
  out.n = static_cast<int64_t>(sorted.size());
  out.method = std::move(method);
  // Two one-sided bounds, each of which misses half of what the interval may.
  const double each = (1 + confidence) / 2;
  out.low = stats::QuantileLower(sorted, probability, each);
  out.high = stats::QuantileUpper(sorted, probability, each);
  for (const double level : verdict::kBoundConfidences) {
    const verdict::Bound bound{level, stats::QuantileLower(sorted, probability, level),
                               stats::QuantileUpper(sorted, probability, level)};
    if (bound.low || bound.high) out.bounds.push_back(bound);
  }
  return out;
}

bool IsNarrow(std::span<const double> ratios, const LatencyOptions& options) {
  const auto median = stats::MedianWithInterval(ratios, options.confidence);
  return median.interval &&
         median.interval->high - median.interval->low <= options.target_width * median.value;
}

verdict::Latency SummariseSide(std::vector<double> times, const LatencyOptions& options) {
  std::sort(times.begin(), times.end());
  verdict::Latency out;
  out.batch = options.batch;
  out.threads = options.num_threads;
  out.runs = static_cast<int64_t>(times.size());
  const auto quantile = [&](double probability) {
    return QuantileEstimate(times, probability, options.confidence, "order_statistics");
  };
  out.p50 = quantile(0.5);
  out.p90 = quantile(0.9);
  out.p99 = quantile(0.99);
  if (out.p50.value > 0) {
    out.throughput_per_s = 1e3 * static_cast<double>(options.batch) / out.p50.value;
  }
  return out;
}

Result<void> Check(const LatencyOptions& options) {
  if (options.warm_up_pairs < 0 || options.min_pairs < 1 || options.max_pairs < options.min_pairs) {
    return InvalidArgument(StrCat("latency pairs: warm-up ", options.warm_up_pairs, ", at least ",
                                  options.min_pairs, ", at most ", options.max_pairs),
                           "give at least 1 pair, and no more at least than at most");
  }
  if (!(options.budget_ms >= 0) || !(options.confidence > 0.5 && options.confidence < 1)) {
    return InvalidArgument("the latency budget is negative or the confidence not in (0.5, 1)",
                           "give a budget in ms and a confidence such as 0.95");
  }
  return {};
}

}  // namespace

Result<PairedTimes> TimePairs(const runtime::TimedRun& baseline, const runtime::TimedRun& candidate,
                              const runtime::Clock& clock, const LatencyOptions& options) {
  TARE_TRY_VOID(Check(options));
  runtime::TimingOptions timing{.budget_ms = options.budget_ms,
                                .min_rounds = options.min_pairs,
                                .max_rounds = options.max_pairs,
                                .warm_up_rounds = options.warm_up_pairs,
                                .rotate = false,
                                .clock = clock,
                                .is_enough = {}};
  if (options.target_width > 0) {
    timing.is_enough = [&](const runtime::RoundTimes& times) {
      return IsNarrow(runtime::RoundRatios(times[0], times[1]), options);
    };
  }
  const runtime::TimedRun runs[] = {baseline, candidate};
  TARE_TRY(auto times, runtime::TimeInterleaved(runs, timing));
  return PairedTimes{std::move(times[0]), std::move(times[1])};
}

PairedLatency SummariseTimes(PairedTimes times, const LatencyOptions& options) {
  PairedLatency out;
  out.baseline = SummariseSide(times.baseline, options);
  out.candidate = SummariseSide(times.candidate, options);
  out.speedup = QuantileEstimate(runtime::RoundRatios(times.baseline, times.candidate), 0.5,
                                 options.confidence, "median_ratio");
  out.times = std::move(times);
  return out;
}

Result<PairedLatency> MeasurePair(const runtime::Session& baseline,
                                  const runtime::Session& candidate,
                                  std::span<const NamedTensor> inputs,
                                  const LatencyOptions& options, const runtime::Clock& clock) {
  const auto run = [&](const runtime::Session& session) {
    return [&session, inputs]() -> Result<void> {
      return session.RunViews(inputs, [](std::span<const TensorView>) { return Result<void>(); });
    };
  };
  TARE_TRY(auto times, TimePairs(run(baseline), run(candidate), clock, options));
  return SummariseTimes(std::move(times), options);
}

void AddLatency(const PairedLatency& measured, verdict::Evidence& evidence) {
  evidence.baseline.latency.push_back(measured.baseline);
  evidence.candidate.latency.push_back(measured.candidate);
  evidence.cost.speedup.push_back(
      {measured.baseline.batch, measured.baseline.threads, measured.speedup});
}

}  // namespace tare::evaluate
