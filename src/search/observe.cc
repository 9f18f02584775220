#include <algorithm>
#include <map>

#include "tare/graph/index.h"
#include "tare/quantize/apply.h"
#include "tare/search/auto_format.h"

namespace tare::search {
namespace {

// Values fetched in one run stay below this: memory over the float session is bounded by it.
constexpr int64_t kMaxFetchedBytes = 5 << 20;  // and the fetched values stay in the cache
constexpr int64_t kMaxBatch = 16;

int64_t ElementsOf(const runtime::Session& session, const data::Feed& feed, int64_t sample) {
  int64_t elements = 0;
  const auto batch = feed.Read(std::span(&sample, 1));
  if (!batch) return 1;
  const auto counted =
      session.RunViews(batch->inputs, [&](std::span<const TensorView> views) -> Result<void> {
        for (const TensorView& view : views) elements += static_cast<int64_t>(view.bytes.size());
        return {};
      });
  return counted ? std::max<int64_t>(1, elements) : 1;
}

}  // namespace

Result<calibrate::Observations> ObserveValues(const runtime::Session& tapped,
                                              const data::Feed& feed,
                                              std::span<const int64_t> samples,
                                              Progress& progress) {
  int64_t batch_size = feed.BatchOf(1);
  if (!samples.empty()) {
    const int64_t bytes = ElementsOf(tapped, feed, samples[0]);
    batch_size = feed.BatchOf(std::clamp<int64_t>(kMaxFetchedBytes / bytes, 1, kMaxBatch));
  }
  data::FeedReader reader(feed, samples, batch_size);
  const calibrate::BatchSource source = [&]() -> Result<std::optional<calibrate::Batch>> {
    TARE_TRY(auto batch, reader.Next());
    if (!batch) return std::optional<calibrate::Batch>();
    TARE_TRY_VOID(data::CheckFinite(*batch, reader.part()));
    return batch;
  };
  calibrate::CalibrateOptions options;
  options.num_samples = static_cast<int64_t>(samples.size());
  // The inputs were checked; NaN inside a model that answers well is a placeholder, and only keeps
  // its own tensor out of the plan.
  options.non_finite = calibrate::CalibrateOptions::NonFinite::kCount;
  return calibrate::Calibrate(tapped, source, options, progress);
}

Result<void> FillRanges(quantize::Recipe& recipe, const quantize::Prepared& prepared,
                        const calibrate::Observations& observations,
                        calibrate::RangeMethod method) {
  std::map<std::string, const calibrate::TensorStatistics*> observed;
  for (const auto& tensor : observations.tensors) observed[tensor.name] = &tensor.statistics;
  for (const std::string& value :
       quantize::ValuesToCalibrate(prepared.model, prepared.abilities, recipe.nodes)) {
    const auto found = observed.find(value);
    if (found == observed.end()) {
      return FailedPrecondition(StrCat("no calibration range for activation '", value, "'"),
                                "calibrate again with this model");
    }
    TARE_TRY(const ValueRange range, calibrate::ChooseRange(*found->second, method, {})
                                         .While(StrCat("choosing the range of '", value, "'")));
    recipe.tensors.push_back({value, range, std::string(calibrate::RangeMethodName(method))});
  }
  for (const graph::Node& node : prepared.model.graph.nodes) {
    const ValueRange* fixed = quantize::FixedRange(node);
    if (fixed != nullptr) recipe.tensors.push_back({node.outputs[0], *fixed, "definition"});
  }
  std::sort(recipe.tensors.begin(), recipe.tensors.end(),
            [](const auto& a, const auto& b) { return a.tensor < b.tensor; });
  return {};
}

}  // namespace tare::search
