#include "tare/pipeline/quantize_model.h"

#include <algorithm>
#include <filesystem>

#include "tare/core/file.h"
#include "tare/core/hash.h"
#include "tare/core/text.h"
#include "tare/data/splits.h"
#include "tare/graph/onnx.h"
#include "tare/quantize/apply.h"
#include "tare/runtime/probe.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kMaxCheckSamples = 64;
constexpr size_t kProbeRuns = 2;

// Inputs as the file declares them: what the feed binds to before anything is loaded.
std::vector<ValueInfo> InputsOf(const graph::Graph& graph) {
  std::vector<ValueInfo> inputs;
  for (const graph::Value& input : graph.inputs) {
    if (graph.FindInitializer(input.info.name) == nullptr) inputs.push_back(input.info);
  }
  return inputs;
}

// Why nothing of the model can be quantized whatever the data, or "".
Result<std::string> DeclineWithoutData(const graph::Model& source,
                                       const runtime::SessionOptions& options,
                                       double time_limit_s) {
  TARE_TRY_VOID(
      runtime::InChild([&] { return quantize::RunOnce(source, {}, options); }, time_limit_s));
  TARE_TRY(const auto prepared, quantize::Prepare(source, {}, options));
  return prepared.decline_reason;
}

// A third of a small file checks, the rest calibrates; of a large one up to kMaxCheckSamples check.
Result<search::Samples> Divide(const data::Feed& feed, int64_t wanted, uint64_t seed) {
  const int64_t available = feed.num_samples();
  search::Samples samples{&feed, {}, {}};
  if (available < 2) {
    samples.calibration = samples.check = data::ChooseSamples(available, available, seed);
    return samples;
  }
  const int64_t check = std::clamp<int64_t>(available / 3, 1, kMaxCheckSamples);
  const int64_t calibration = std::min(wanted, available - check);
  const data::SplitRequest requests[] = {{"calibration", "data", "", available, calibration},
                                         {"check", "data", "", available, check}};
  TARE_TRY(auto chosen, data::ChooseDisjoint(requests, seed));
  samples.calibration = std::move(chosen[0]);
  samples.check = std::move(chosen[1]);
  return samples;
}

Result<std::vector<quantize::Inputs>> Probes(const search::Samples& samples) {
  std::vector<quantize::Inputs> probes;
  for (size_t i = 0; i < std::min(kProbeRuns, samples.check.size()); ++i) {
    TARE_TRY(auto batch, samples.feed->Read(std::span(samples.check).subspan(i, 1)));
    probes.push_back(std::move(batch.inputs));
  }
  return probes;
}

}  // namespace

Result<QuantizeOutcome> QuantizeModel(const QuantizeRequest& request, Progress& progress) {
  const runtime::SessionOptions& options = request.search.session;
  TARE_TRY(const graph::Model source, graph::ReadOnnx(request.model_path));
  TARE_TRY(const auto dataset, data::OpenDataset(request.data_path));
  auto bound = data::Feed::Bind(*dataset, InputsOf(source.graph), request.bindings, request.label);
  if (!bound) {
    // A model of trees over text needs no data that fits to be left alone.
    const auto reason = DeclineWithoutData(source, options, request.time_limit_s);
    if (!reason || reason->empty()) return std::move(bound).error();
    QuantizeOutcome declined;
    declined.choice.reason = *reason;
    return declined;
  }
  const data::Feed feed = *std::move(bound);
  TARE_TRY(const search::Samples samples, Divide(feed, request.num_samples, request.seed));
  TARE_TRY(const auto probes, Probes(samples));
  TARE_TRY_VOID(runtime::InChild([&] { return quantize::RunOnce(source, probes, options); },
                                 request.time_limit_s));

  QuantizeOutcome outcome;
  outcome.feed_report = feed.report();
  outcome.num_calibration = static_cast<int64_t>(samples.calibration.size());
  outcome.num_check = static_cast<int64_t>(samples.check.size());
  std::error_code ignored;
  outcome.source_bytes =
      static_cast<int64_t>(std::filesystem::file_size(request.model_path, ignored));
  TARE_TRY(outcome.prepared, quantize::Prepare(source, probes, options));
  if (!outcome.prepared.decline_reason.empty()) {
    outcome.choice.reason = outcome.prepared.decline_reason;
    return outcome;
  }
  TARE_TRY(outcome.choice,
           search::ChooseFormats(source, outcome.prepared, samples, request.search, progress));
  TARE_TRY(outcome.choice.recipe.model_digest, Sha256File(request.model_path));
  TARE_TRY(outcome.choice.recipe.data_digest, dataset->Digest());
  return outcome;
}

Result<graph::Model> QuantizeByRecipe(const std::string& model_path, const std::string& recipe_path,
                                      const runtime::SessionOptions& options) {
  TARE_TRY(const std::string text, ReadFile(recipe_path, 64 << 20));
  TARE_TRY(const quantize::Recipe recipe, quantize::ParseRecipe(text, recipe_path));
  TARE_TRY(const std::string digest, Sha256File(model_path));
  if (!recipe.model_digest.empty() && recipe.model_digest != digest) {
    return FailedPrecondition(
        StrCat(recipe_path, " was made for the model with digest ",
               recipe.model_digest.substr(0, 12), ", but ", model_path, " has ",
               digest.substr(0, 12)),
        "use the model that the recipe names, or remove the line 'model:' from the recipe");
  }
  TARE_TRY(const graph::Model source, graph::ReadOnnx(model_path));
  TARE_TRY(const auto prepared, quantize::Prepare(source, {}, options, recipe.left_out));
  return quantize::ApplyRecipe(prepared.model, recipe);
}

}  // namespace tare::pipeline
