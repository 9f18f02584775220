#include <algorithm>
#include <filesystem>
#include <optional>

#include "pipeline/comparison_internal.h"
#include "pipeline/energy_internal.h"
#include "tare/core/text.h"
#include "tare/evaluate/latency.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kSeveral = 8;
constexpr double kLatencyBudgetMs = 1500;

// One row, then several where the model takes them.
std::vector<int64_t> BatchesOf(const data::Feed& feed, size_t num_samples) {
  if (feed.natural_batch() > 0) return {feed.natural_batch()};
  if (num_samples < static_cast<size_t>(kSeveral)) return {1};
  return {1, kSeveral};
}

// Opens both models in turns, and runs each once.
Result<void> AddColdStart(const ComparedModels& models, std::span<const NamedTensor> inputs, evaluate::Evidence& evidence) {
  constexpr int kRounds = 5;
  std::vector<double> load[2];
  std::vector<double> cold[2];
  for (int round = 0; round < kRounds; ++round) {
    for (const int side : {0, 1}) {
      const int64_t start = evaluate::MonotonicNs();
      TARE_TRY(const auto session, runtime::Session::FromFile(side == 0 ? models.baseline_path : models.candidate_path, models.options));
      const int64_t loaded = evaluate::MonotonicNs();
      TARE_TRY_VOID(session.Run(inputs));
      load[side].push_back(static_cast<double>(loaded - start) * 1e-6);
      cold[side].push_back(static_cast<double>(evaluate::MonotonicNs() - start) * 1e-6);
    }
  }
  const auto median = [](std::vector<double>& times) {
    std::ranges::sort(times);
    return times[times.size() / 2];
  };
  evaluate::Side* const sides[] = {&evidence.baseline, &evidence.candidate};
  for (const int side : {0, 1}) {
    sides[side]->load_ms = median(load[side]);
    sides[side]->cold_start_ms = median(cold[side]);
  }
  return {};
}

}  // namespace

int64_t ModelBytes(const std::string& path) {
  std::error_code error;
  const auto model = std::filesystem::file_size(path, error);
  if (error) return 0;
  const auto beside = std::filesystem::file_size(path + ".data", error);
  return static_cast<int64_t>(model) + (error ? 0 : static_cast<int64_t>(beside));
}

Result<void> AddCosts(const ComparedModels& models, const data::Feed& feed, const std::vector<int64_t>& samples, const PeakMemory& peak,
                      Progress& progress, evaluate::Evidence& evidence) {
  std::optional<data::FeedBatch> first;
  for (const int64_t batch : BatchesOf(feed, samples.size())) {
    if (progress.cancelled()) return Cancelled();
    const auto count = std::min(static_cast<size_t>(batch), samples.size());
    TARE_TRY(auto inputs, feed.Read(std::span(samples).first(count)));
    evaluate::LatencyOptions options;
    options.batch = batch;
    options.num_threads = models.options.num_threads;
    options.budget_ms = kLatencyBudgetMs;
    TARE_TRY(const auto measured, evaluate::MeasurePair(*models.baseline, *models.candidate, inputs.inputs, options));
    evaluate::AddLatency(measured, evidence);
    if (!first) first = std::move(inputs);
  }
  evidence.baseline.model_bytes = ModelBytes(models.baseline_path);
  evidence.candidate.model_bytes = ModelBytes(models.candidate_path);
  // A model that cannot be measured so leaves the two numbers out.
  const auto baseline_peak = peak.Measure(models.baseline_path, first->inputs, models.options);
  const auto candidate_peak = baseline_peak ? peak.Measure(models.candidate_path, first->inputs, models.options) : baseline_peak;
  if (baseline_peak && candidate_peak) {
    evidence.baseline.peak_rss_bytes = *baseline_peak;
    evidence.candidate.peak_rss_bytes = *candidate_peak;
  }
  TARE_TRY_VOID(AddColdStart(models, first->inputs, evidence));
  evaluate::SetCostRatios(evidence);
  AddEnergy(models, first->inputs, BatchesOf(feed, samples.size()).front(), evidence);
  const double speedup = evidence.cost.speedup.front().second.value;
  if (speedup < 1) {
    evidence.warnings.push_back({StrCat("the candidate is SLOWER than the float model: ", Fixed(speedup, 2), "x"),
                                 "keep the float model on this host, or choose for size knowingly"});
  }
  return {};
}

}  // namespace tare::pipeline
