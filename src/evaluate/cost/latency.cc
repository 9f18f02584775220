#include <algorithm>
#include <cmath>

#include "evaluate/cost/latency_internal.h"
#include "tare/stats/quantile.h"
#include "tare/stats/signed_rank.h"

namespace tare::evaluate {
namespace {

// Fills value, interval and bounds from one-sided bounds at each confidence.
template <class Lower, class Upper>
verdict::Estimate Bounded(double value, int64_t n, double confidence, const Lower& lower,
                          const Upper& upper) {
  verdict::Estimate out;
  out.value = value;
  out.n = n;
  // Two one-sided bounds, each of which misses half of what the interval may.
  const double each = (1 + confidence) / 2;
  out.low = lower(each);
  out.high = upper(each);
  for (const double level : verdict::kBoundConfidences) {
    const verdict::Bound bound{level, lower(level), upper(level)};
    if (bound.low || bound.high) out.bounds.push_back(bound);
  }
  return out;
}

verdict::Estimate QuantileEstimate(std::span<const double> sorted, double probability,
                                   double confidence) {
  const auto at = [&](auto bound) {
    return [=](double level) { return bound(sorted, probability, level); };
  };
  auto out = Bounded(stats::Quantile(sorted, probability), std::ssize(sorted), confidence,
                     at(stats::QuantileLower), at(stats::QuantileUpper));
  out.method = "order_statistics";
  return out;
}

// The centre over pairs of sessions of logarithms, as the number itself.
verdict::Estimate CentreEstimate(std::span<const double> logs, double confidence) {
  const auto walsh = stats::WalshAverages(logs);
  const int64_t n = std::ssize(logs);
  const auto at = [&](auto bound) {
    return [&walsh, n, bound](double level) {
      auto log = bound(walsh, n, level);
      if (log) log = std::exp(*log);
      return log;
    };
  };
  auto out = Bounded(std::exp(stats::HodgesLehmann(walsh)), n, confidence, at(stats::CentreLower),
                     at(stats::CentreUpper));
  out.method = "signed_rank";
  return out;
}

verdict::Latency SummariseSide(std::span<const PairedTimes> pairs,
                               std::vector<double> PairedTimes::*side,
                               const LatencyOptions& options) {
  constexpr double kLeastMs = 1e-6;  // 1 ns
  std::vector<double> all;
  std::vector<double> medians;
  for (const PairedTimes& pair : pairs) {
    const std::vector<double>& times = pair.*side;
    if (times.empty()) continue;
    all.insert(all.end(), times.begin(), times.end());
    medians.push_back(std::log(std::max(stats::MedianOf(times), kLeastMs)));
  }
  std::sort(all.begin(), all.end());
  verdict::Latency out;
  out.batch = options.batch;
  out.threads = options.num_threads;
  out.runs = std::ssize(all);
  out.p50 = CentreEstimate(medians, options.confidence);
  out.p90 = QuantileEstimate(all, 0.9, options.confidence);
  out.p99 = QuantileEstimate(all, 0.99, options.confidence);
  if (out.p50.value > 0) {
    out.throughput_per_s = 1e3 * static_cast<double>(options.batch) / out.p50.value;
  }
  return out;
}

}  // namespace

Result<PairedTimes> TimePair(const runtime::TimedRun& baseline, const runtime::TimedRun& candidate,
                             const runtime::Clock& clock, uint64_t seed) {
  const runtime::TimingOptions timing{.budget_ms = kPairBudgetMs,
                                      .min_rounds = 1,
                                      .max_rounds = kMaxRunsOfAPair,
                                      .warm_up_rounds = 1,
                                      .clock = clock,
                                      .seed = seed};
  const runtime::TimedRun runs[] = {baseline, candidate};
  TARE_TRY(auto times, runtime::TimeInterleaved(runs, timing));
  return PairedTimes{std::move(times[0]), std::move(times[1])};
}

PairedLatency SummariseTimes(std::span<const PairedTimes> pairs, const LatencyOptions& options) {
  PairedLatency out;
  out.baseline = SummariseSide(pairs, &PairedTimes::baseline, options);
  out.candidate = SummariseSide(pairs, &PairedTimes::candidate, options);
  std::vector<double> logs;
  for (const PairedTimes& pair : pairs) {
    const auto ratios = runtime::RoundRatios(pair.baseline, pair.candidate);
    if (!ratios.empty()) logs.push_back(std::log(stats::MedianOf(ratios)));
  }
  out.speedup = CentreEstimate(logs, options.confidence);
  return out;
}

void AddLatency(const PairedLatency& measured, std::optional<double> waited,
                verdict::Evidence& evidence) {
  evidence.baseline.latency.push_back(measured.baseline);
  evidence.candidate.latency.push_back(measured.candidate);
  evidence.cost.speedup.push_back(
      {measured.baseline.batch, measured.baseline.threads, measured.speedup, waited});
}

}  // namespace tare::evaluate
