#include "tare/pipeline/quantize_model.h"

#include <algorithm>

#include "pipeline/choose_model_internal.h"
#include "pipeline/sample_division_internal.h"
#include "tare/core/file.h"
#include "tare/core/hash.h"
#include "tare/core/text.h"
#include "tare/data/labels.h"
#include "tare/data/splits.h"
#include "tare/graph/canonical.h"
#include "tare/graph/onnx.h"
#include "tare/quantize/apply.h"

namespace tare::pipeline {
namespace {

// As many check as for `tare run`, of a small file at most a third; the rest calibrates.
Result<quantize::DataUse> UseOf(const data::Feed& feed, int64_t wanted, uint64_t seed) {
  const int64_t available = feed.num_samples();
  quantize::DataUse use;
  use.seed = static_cast<int64_t>(seed);
  TARE_TRY(use.check, NumCheckSamples(feed, std::max<int64_t>(available / 3, 1)));
  use.calibration = std::min(wanted, available - use.check);
  return use;
}

Result<search::Samples> SamplesOf(const data::Feed& feed, const quantize::DataUse& use) {
  search::Samples samples{&feed, {}, {}};
  if (feed.num_samples() < 2) {  // the same one, where such data are trusted
    samples.calibration = samples.check = {0};
    return samples;
  }
  TARE_TRY(auto division, DivideSamples(feed.num_samples(), use));
  samples.calibration = std::move(division.calibration);
  samples.check = std::move(division.check);
  return samples;
}

// Why nothing of the model can be quantized whatever the data, or "".
std::string ReasonWithoutData(OpenedModel& model, const Progress& progress) {
  const auto prepared = model.Prepare({}, progress);
  return prepared ? prepared->decline_reason : "";
}

}  // namespace

Result<QuantizeOutcome> QuantizeModel(const QuantizeRequest& request, Progress& progress) {
  TARE_TRY(auto model, OpenedModel::Open({request.model_path, request.bindings, request.label,
                                          request.search.session, request.time_limit_s}));
  QuantizeOutcome outcome;
  const SplitSource source = FileSource(request.data_path);
  TARE_TRY(const auto dataset, model.Dataset(source));
  TARE_TRY_VOID(data::CheckLabelsExist(*dataset, request.label));
  auto data = model.Bind(source);
  if (!data) {
    // A model of trees over text needs no data that fits to be left alone.
    outcome.choice.reason = ReasonWithoutData(model, progress);
    if (outcome.choice.reason.empty()) return std::move(data).error();
    return outcome;
  }
  TARE_TRY(const auto use, UseOf(*data->feed, request.num_samples, request.seed));
  TARE_TRY(const search::Samples samples, SamplesOf(*data->feed, use));
  outcome.feed_report = data->feed->report();
  outcome.num_calibration = std::ssize(samples.calibration);
  outcome.num_check = std::ssize(samples.check);
  TARE_TRY(outcome.source_bytes, graph::ModelBytes(request.model_path));
  const CalibrationData check{&model, data->dataset.get(), data->feed.get(), samples.calibration,
                              request.label};
  TARE_TRY(auto chosen,
           ChooseModel(model, samples,
                       {request.search, request.nodes, request.trust_data ? nullptr : &check},
                       progress));
  outcome.num_kept = chosen.num_kept;
  outcome.prepared = std::move(chosen.prepared);
  outcome.choice = std::move(chosen.choice);
  if (!outcome.choice.model) return outcome;
  TARE_TRY(outcome.choice.recipe.model_digest, Sha256File(request.model_path));
  TARE_TRY(outcome.choice.recipe.data_digest, data->dataset->Digest());
  outcome.choice.recipe.samples = use;
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
  TARE_TRY(auto model, OpenedModel::Open({.path = model_path, .session = options}));
  TARE_TRY(const auto prepared, model.Prepare({}, NoProgress(), recipe.left_out));
  TARE_TRY(graph::Model made, quantize::ApplyRecipe(prepared.model, recipe));
  graph::UnseedRandomOps(made.graph);
  return made;
}

}  // namespace tare::pipeline
