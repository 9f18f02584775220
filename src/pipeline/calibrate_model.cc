#include "tare/pipeline/calibrate_model.h"

#include <algorithm>
#include <set>

#include "pipeline/calibration_check_internal.h"
#include "pipeline/opened_model_internal.h"
#include "tare/core/hash.h"
#include "tare/core/parallel.h"
#include "tare/data/labels.h"
#include "tare/data/splits.h"
#include "tare/graph/canonical.h"
#include "tare/quantize/apply.h"
#include "tare/quantize/plan.h"
#include "tare/quantize/prepare.h"
#include "tare/runtime/analysis.h"
#include "tare/search/observe.h"

namespace tare::pipeline {
namespace {

using quantize::Scope;

Error NothingStatic(const std::string& path, const std::string& reason) {
  return Unsupported(StrCat(path, ": ", reason.empty() ? "no node takes static ranges" : reason),
                     "see what the model is made of: tare inspect MODEL");
}

// What any static plan of the model may need.
std::vector<std::string> ValuesOf(const quantize::Prepared& prepared) {
  std::set<std::string> values;
  for (const Scope scope : {Scope::kCompute, Scope::kChain, Scope::kGates, Scope::kAll}) {
    const auto nodes = quantize::PlanStatic(prepared.model, prepared.abilities, scope, {});
    for (auto& value : quantize::ValuesToCalibrate(prepared.model, prepared.abilities, nodes))
      values.insert(std::move(value));
  }
  return {values.begin(), values.end()};
}

// Nodes that need a value without a range (NaN or masks in it) stay float.
std::vector<std::string> WithoutRange(const quantize::Prepared& prepared,
                                      const calibrate::CalibrationTable& table) {
  const auto unusable = [&](const std::string& value) {
    const calibrate::CalibratedTensor* tensor = table.Find(value);
    return tensor != nullptr && (!tensor->ranges || tensor->masked());
  };
  std::vector<std::string> nodes;
  for (const graph::Node& node : prepared.model.graph.nodes) {
    if (std::ranges::any_of(node.inputs, unusable) || std::ranges::any_of(node.outputs, unusable))
      nodes.push_back(node.name);
  }
  return nodes;
}

}  // namespace

Result<calibrate::CalibrationTable> CalibrateModel(const CalibrateRequest& request,
                                                   Progress& progress) {
  TARE_TRY(auto model, OpenedModel::Open({request.model_path, request.bindings, request.label,
                                          request.session, request.time_limit_s}));
  TARE_TRY(const OpenSource data, model.Bind(FileSource(request.data_path)));
  TARE_TRY_VOID(data::CheckLabelsExist(*data.dataset, request.label));
  const auto samples =
      data::ChooseSamples(data.feed->num_samples(), request.num_samples, request.seed);
  TARE_TRY(const auto probes, data.Probes(samples, 1));
  TARE_TRY(const auto prepared, model.Prepare(probes, progress));
  const auto values = ValuesOf(prepared);
  if (!prepared.decline_reason.empty() || values.empty())
    return NothingStatic(request.model_path, prepared.decline_reason);
  if (!request.trust_data) {
    TARE_TRY(const auto evidence,
             CheckCalibration({&model, data.dataset.get(), data.feed.get(), samples, request.label},
                              progress));
    TARE_TRY_VOID(JudgeAnswers(evidence));
  }
  TARE_TRY(const auto tapped,
           runtime::MakeSession(runtime::WithOutputs(prepared.model, values), request.session));
  TARE_TRY(const auto observations, search::ObserveValues(tapped, *data.feed, samples, progress));
  calibrate::CalibrationOrigin origin;
  origin.tare_version = request.tare_version;
  TARE_TRY(origin.graph_digest, Sha256File(request.model_path));
  TARE_TRY(origin.data_digest, data.dataset->Digest());
  return calibrate::MakeTable(observations, std::move(origin), {}, NumProcessors());
}

Result<StaticModel> QuantizeByRanges(const std::string& model_path, const std::string& ranges_path,
                                     const RangesOptions& options) {
  TARE_TRY(const auto table, calibrate::ReadCalibration(ranges_path));
  TARE_TRY(const std::string digest, Sha256File(model_path));
  if (!table.origin.graph_digest.empty() && table.origin.graph_digest != digest) {
    return FailedPrecondition(StrCat(ranges_path, " is of the model with digest ",
                                     table.origin.graph_digest.substr(0, 12), ", but ", model_path,
                                     " has ", digest.substr(0, 12)),
                              StrCat("calibrate this one: tare calibrate ", model_path,
                                     " --data samples.npz -o ", ranges_path));
  }
  TARE_TRY(auto model, OpenedModel::Open({.path = model_path, .session = options.session}));
  TARE_TRY(auto prepared, model.Prepare({}, NoProgress()));
  TARE_TRY(const auto kept, quantize::KeepInFloat(options.nodes, model.source(), prepared));
  if (!prepared.decline_reason.empty()) return NothingStatic(model_path, prepared.decline_reason);
  StaticModel result;
  quantize::Recipe& recipe = result.recipe;
  recipe.model_digest = digest;
  recipe.data_digest = table.origin.data_digest;
  recipe.nodes = quantize::PlanStatic(prepared.model, prepared.abilities, Scope::kChain,
                                      WithoutRange(prepared, table));
  if (recipe.nodes.empty()) return NothingStatic(model_path, "");
  for (const std::string& value :
       quantize::ValuesToCalibrate(prepared.model, prepared.abilities, recipe.nodes)) {
    TARE_TRY(const ValueRange range, table.RangeOf(value, options.method));
    recipe.tensors.push_back(
        {value, range, std::string(calibrate::RangeMethodName(options.method))});
  }
  for (const graph::Node& node : prepared.model.graph.nodes) {
    const ValueRange* fixed = quantize::FixedRange(node);
    if (fixed != nullptr) recipe.tensors.push_back({node.outputs[0], *fixed, "definition"});
  }
  std::ranges::sort(recipe.tensors, {}, &quantize::TensorChoice::tensor);
  TARE_TRY(result.model, quantize::ApplyRecipe(prepared.model, recipe));
  graph::UnseedRandomOps(result.model.graph);
  TARE_TRY(result.fusion, quantize::CountFused(result.model, recipe, options.session));
  recipe.nodes = quantize::InGraphOrder(prepared, recipe.nodes, kept);
  return result;
}

}  // namespace tare::pipeline
