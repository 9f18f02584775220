#include "tare/evaluate/cost/comparison.h"

#include <algorithm>
#include <filesystem>

#include "evaluate/cost/energy_internal.h"
#include "evaluate/cost/latency_internal.h"
#include "evaluate/cost/peak_memory_internal.h"
#include "tare/core/text.h"
#include "tare/runtime/energy.h"

namespace tare::evaluate {
namespace {

constexpr int64_t kSeveral = 8;
constexpr double kLatencyBudgetMs = 1500;

// One row, then several where the model takes them.
std::vector<int64_t> BatchesOf(const CostOptions& costs, const data::Feed& feed,
                               size_t num_samples) {
  if (feed.natural_batch() > 0) return {feed.natural_batch()};
  if (!costs.batches.empty()) return costs.batches;
  if (num_samples < static_cast<size_t>(kSeveral)) return {1};
  return {1, kSeveral};
}

// Those beside the sessions' own, each once.
std::vector<int> OtherThreadCounts(const CostOptions& costs, int own) {
  std::vector<int> counts;
  for (const int64_t count : costs.thread_counts) {
    if (count != own && std::ranges::find(counts, count) == counts.end())
      counts.push_back(static_cast<int>(count));
  }
  return counts;
}

// Times batch sizes and numbers of threads, and knows how busy the machine was meanwhile.
class LatencyGrid {
 public:
  LatencyGrid(const std::vector<int64_t>& batches, const TimedSamples& samples,
              const Progress& progress, verdict::Evidence& evidence)
      : batches_(batches), samples_(samples), progress_(progress), evidence_(evidence) {}

  // Each batch size at the number of threads that the two sessions have.
  Result<void> AddRow(const ComparedModels& models) {
    for (const int64_t batch : batches_) {
      if (progress_.cancelled()) return Cancelled();
      TARE_TRY(const auto inputs, samples_.Read(batch));
      LatencyOptions options;
      options.batch = batch;
      options.num_threads = models.options.num_threads;
      options.budget_ms = kLatencyBudgetMs;
      const int64_t start = runtime::MonotonicNs();
      const double processor_start = runtime::ProcessorSeconds();
      auto measured = MeasurePair(*models.baseline, *models.candidate, inputs.inputs, options);
      if (!measured)
        return std::move(measured).error().While(
            StrCat("timing batch ", batch, ", threads ", options.num_threads));
      wall_s_ += static_cast<double>(runtime::MonotonicNs() - start) * 1e-9;
      processor_s_ += runtime::ProcessorSeconds() - processor_start;
      AddLatency(*measured, evidence_);
    }
    return {};
  }

  // The same at another number: one pair of sessions at a time is open beside the own.
  Result<void> AddRow(ComparedModels models, int num_threads) {
    models.options.num_threads = num_threads;
    TARE_TRY(const auto baseline, runtime::Session::FromFile(models.baseline_path, models.options));
    TARE_TRY(const auto candidate,
             runtime::Session::FromFile(models.candidate_path, models.options));
    models.baseline = &baseline;
    models.candidate = &candidate;
    return AddRow(models);
  }

  // Runs that wait for a processor are longer by the scheduler's slices: a short run may slip
  // between them where a long one does not, and then turns do not save the ratio.
  void WarnOfBusyMachine() {
    constexpr double kLeastShare = 0.8;
    const double share = wall_s_ > 0 ? processor_s_ / wall_s_ : 1;
    if (share >= kLeastShare) return;
    evidence_.warnings.push_back(
        {StrCat("the machine was busy: the timed runs had a processor for ", Fixed(100 * share, 0),
                " % of their time, so latencies and speedups may be wrong beyond their intervals"),
         "measure again on a quiet machine before the numbers decide anything"});
  }

 private:
  const std::vector<int64_t>& batches_;
  const TimedSamples& samples_;
  const Progress& progress_;
  verdict::Evidence& evidence_;
  double wall_s_ = 0, processor_s_ = 0;  // of the timed runs
};

// Each batch size, at the sessions' own number of threads first.
Result<void> AddLatencies(const ComparedModels& models, const CostOptions& costs,
                          LatencyGrid& grid) {
  TARE_TRY_VOID(grid.AddRow(models));
  for (const int count : OtherThreadCounts(costs, models.options.num_threads))
    TARE_TRY_VOID(grid.AddRow(models, count));
  grid.WarnOfBusyMachine();
  return {};
}

// A model that cannot be measured so leaves the numbers out.
void AddMemory(const ComparedModels& models, std::span<const NamedTensor> inputs,
               const Progress& progress, verdict::Evidence& evidence) {
  const auto baseline = MeasureMemory(models.baseline_path, inputs, models.options, progress);
  const auto candidate =
      baseline ? MeasureMemory(models.candidate_path, inputs, models.options, progress) : baseline;
  if (!baseline || !candidate) return;
  const auto set = [](const ResidentMemory& memory, verdict::Side& side) {
    if (memory.loaded > 0) side.loaded_rss_bytes = memory.loaded;
    if (memory.first_run > 0) side.resident_rss_bytes = memory.first_run;
    side.peak_rss_bytes = memory.peak;
  };
  set(*baseline, evidence.baseline);
  set(*candidate, evidence.candidate);
}

// Opens both models in turns, and runs each once.
Result<void> AddColdStart(const ComparedModels& models, std::span<const NamedTensor> inputs,
                          verdict::Evidence& evidence) {
  constexpr int kRounds = 5;
  std::vector<double> load[2];
  std::vector<double> cold[2];
  for (int round = 0; round < kRounds; ++round) {
    for (const int side : {0, 1}) {
      const int64_t start = runtime::MonotonicNs();
      TARE_TRY(const auto session,
               runtime::Session::FromFile(side == 0 ? models.baseline_path : models.candidate_path,
                                          models.options));
      const int64_t loaded = runtime::MonotonicNs();
      TARE_TRY_VOID(session.Run(inputs));
      load[side].push_back(static_cast<double>(loaded - start) * 1e-6);
      cold[side].push_back(static_cast<double>(runtime::MonotonicNs() - start) * 1e-6);
    }
  }
  const auto median = [](std::vector<double>& times) {
    std::ranges::sort(times);
    return times[times.size() / 2];
  };
  verdict::Side* const sides[] = {&evidence.baseline, &evidence.candidate};
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

Result<void> CheckBatches(const data::Feed& feed, const CostOptions& costs) {
  const int64_t own = feed.natural_batch();
  const auto other =
      std::ranges::find_if(costs.batches, [own](int64_t batch) { return batch != own; });
  if (own == 0 || other == costs.batches.end()) return {};
  return InvalidArgument(
      StrCat("batch ", *other, " cannot be timed: the model takes batches of ", own, " only"),
      "leave the batches out, or export the model with a dynamic batch axis");
}

Result<data::FeedBatch> TimedSamples::Read(int64_t count) const {
  std::vector<int64_t> samples;
  const size_t distinct = feed.natural_batch() > 0
                              ? std::min(chosen.size(), static_cast<size_t>(count))
                              : static_cast<size_t>(count);
  for (size_t i = 0; i < distinct; ++i) samples.push_back(chosen[i % chosen.size()]);
  return feed.Read(samples);
}

Result<void> AddCosts(const ComparedModels& models, const CostOptions& costs,
                      const TimedSamples& samples, Progress& progress,
                      verdict::Evidence& evidence) {
  TARE_TRY_VOID(CheckBatches(samples.feed, costs));
  const auto batches = BatchesOf(costs, samples.feed, samples.chosen.size());
  LatencyGrid grid(batches, samples, progress, evidence);
  TARE_TRY_VOID(AddLatencies(models, costs, grid));
  evidence.baseline.model_bytes = ModelBytes(models.baseline_path);
  evidence.candidate.model_bytes = ModelBytes(models.candidate_path);
  TARE_TRY(const auto first, samples.Read(batches.front()));
  AddMemory(models, first.inputs, progress, evidence);
  if (progress.cancelled()) return Cancelled();
  TARE_TRY_VOID(AddColdStart(models, first.inputs, evidence));
  AddEnergy(models, first.inputs, batches.front(), costs.estimate_energy_watts, evidence);
  verdict::SetCostRatios(evidence);
  const double speedup = evidence.cost.speedup.front().estimate.value;
  if (speedup < 1) {
    evidence.warnings.push_back(
        {StrCat("the candidate is SLOWER than the float model: ", Fixed(speedup, 2), "x"),
         "keep the float model on this host, or choose for size knowingly"});
  }
  return {};
}

}  // namespace tare::evaluate
