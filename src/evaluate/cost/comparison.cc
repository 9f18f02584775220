#include "tare/evaluate/cost/comparison.h"

#include <algorithm>

#include "evaluate/cost/energy_internal.h"
#include "evaluate/cost/latency_grid_internal.h"
#include "evaluate/cost/peak_memory_internal.h"
#include "tare/core/text.h"
#include "tare/graph/onnx.h"

namespace tare::evaluate {
namespace {

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

}  // namespace

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
  TARE_TRY_VOID(AddLatencies(models, costs, samples, progress, evidence));
  TARE_TRY(evidence.baseline.model_bytes, graph::ModelBytes(models.baseline_path));
  TARE_TRY(evidence.candidate.model_bytes, graph::ModelBytes(models.candidate_path));
  const int64_t batch = BatchesOf(costs, samples).front();
  TARE_TRY(const auto first, samples.Read(batch));
  AddMemory(models, first.inputs, progress, evidence);
  if (progress.cancelled()) return Cancelled();
  AddEnergy(models, first.inputs, batch, costs.estimate_energy_watts, evidence);
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
