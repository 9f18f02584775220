#include <algorithm>

#include "pipeline/choose_model_internal.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kMinCheckSamples = 16;
constexpr int64_t kMaxCheckSamples = 256;
constexpr int64_t kMaxCheckBytes = 64 << 20;
// One run tells whether the model loads; a second one, with other numbers, whether a rewrite holds.
constexpr size_t kProbes = 2;

}  // namespace

Result<int64_t> NumCheckSamples(const data::Feed& feed, int64_t available) {
  const int64_t first[] = {0};
  TARE_TRY(const auto batch, feed.Read(first));
  int64_t bytes = 1;
  for (const NamedTensor& input : batch.inputs) bytes += std::ssize(input.value.bytes());
  return std::min(available,
                  std::clamp(kMaxCheckBytes / bytes, kMinCheckSamples, kMaxCheckSamples));
}

Result<ModelChoice> ChooseModel(OpenedModel& model, const search::Samples& samples,
                                ChoiceRequest request, Progress& progress) {
  search::AutoOptions& options = request.search;
  const CalibrationData* const data = request.data;
  options.session = model.request().session;
  const data::Feed& feed = samples.check_feed != nullptr ? *samples.check_feed : *samples.feed;
  TARE_TRY(const auto probes, ReadProbes(feed, samples.check, kProbes));
  ModelChoice out;
  TARE_TRY(out.prepared, model.Prepare(probes, progress));
  TARE_TRY(const auto kept, quantize::KeepInFloat(request.nodes, model.source(), out.prepared));
  out.num_kept = std::ssize(kept);
  if (!out.prepared.decline_reason.empty()) {
    out.choice.reason = out.prepared.decline_reason;
    return out;
  }
  CalibrationEvidence evidence;
  if (data != nullptr) {
    TARE_TRY(evidence, CheckCalibration(*data, progress));
  }
  TARE_TRY(out.choice,
           search::ChooseFormats(model.source(), out.prepared, samples, options, progress));
  if (!kept.empty())
    out.choice.recipe.nodes = quantize::InGraphOrder(out.prepared, out.choice.recipe.nodes, kept);
  if (data != nullptr && out.choice.model) TARE_TRY_VOID(JudgeAnswers(evidence));
  return out;
}

}  // namespace tare::pipeline
