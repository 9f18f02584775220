#include "tare/pipeline/activation_coverage.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "pipeline/project_sets_internal.h"
#include "tare/data/splits.h"
#include "tare/quantize/apply.h"
#include "tare/quantize/plan.h"
#include "tare/quantize/prepare.h"
#include "tare/runtime/analysis.h"
#include "tare/search/observe.h"

namespace tare::pipeline {
namespace {

constexpr int64_t kBatch = 8;

std::vector<std::string> StaticValues(const quantize::Prepared& prepared) {
  const auto nodes =
      quantize::PlanStatic(prepared.model, prepared.abilities, quantize::Scope::kAll, {});
  auto values = quantize::ValuesToCalibrate(prepared.model, prepared.abilities, nodes);
  const std::set<std::string> unique(values.begin(), values.end());
  return {unique.begin(), unique.end()};
}

void Count(std::span<const float> values, TensorCoverage& tensor) {
  for (const float value : values) {
    const bool is_inside = value >= tensor.calibration.min && value <= tensor.calibration.max;
    tensor.num_outside += is_inside ? 0 : 1;
    if (!std::isfinite(value)) continue;
    const bool is_first = tensor.test.min > tensor.test.max;
    tensor.test.min = is_first ? value : std::min(tensor.test.min, value);
    tensor.test.max = is_first ? value : std::max(tensor.test.max, value);
  }
  tensor.num_values += static_cast<int64_t>(values.size());
}

// The values of a view without those of rows that only fill a fixed batch.
std::span<const float> ValidValues(const TensorView& view, const data::FeedBatch& batch) {
  const auto values = view.data<float>();
  const Shape& input = batch.inputs[0].value.shape();
  const bool is_padded = !input.empty() && !view.shape.empty() && view.shape[0] == input[0] &&
                         batch.num_valid < input[0];
  return is_padded ? values.first(values.size() / static_cast<size_t>(input[0]) *
                                  static_cast<size_t>(batch.num_valid))
                   : values;
}

Result<void> CountTest(const runtime::Session& tapped, const data::Feed& feed,
                       std::span<const int64_t> samples, Progress& progress,
                       std::vector<TensorCoverage>& tensors) {
  data::FeedReader reader(feed, samples, kBatch);
  progress.Begin(StrCat("cover ", samples.size(), " samples"), std::ssize(samples));
  int64_t done = 0;
  while (true) {
    if (progress.cancelled()) return Cancelled();
    TARE_TRY(const auto batch, reader.Next());
    if (!batch) break;
    TARE_TRY_VOID(
        tapped.RunViews(batch->inputs, [&](std::span<const TensorView> views) -> Result<void> {
          for (size_t i = 0; i < views.size(); ++i) {
            if (views[i].dtype == DType::kFloat32) Count(ValidValues(views[i], *batch), tensors[i]);
          }
          return {};
        }));
    progress.Update(done += batch->num_valid);
  }
  progress.End("");
  return {};
}

}  // namespace

Result<std::vector<TensorCoverage>> ActivationCoverage(const Project& project,
                                                       const CoverageOptions& options,
                                                       Progress& progress) {
  ModelRequest request = ModelOf(project, options.time_limit_s);
  request.session = options.session;
  TARE_TRY(auto model, OpenedModel::Open(std::move(request)));
  TARE_TRY(const ProjectSets sets, OpenSets(project, model));
  FileDigests files;
  TARE_TRY(const SplitDigests digests, DigestSplits(project, files));
  TARE_TRY(const SplitSamples samples, ChooseSplits(project, digests, sets.Sizes()));
  TARE_TRY(const auto probes, sets.calibration.Probes(samples.calibration, 1));
  TARE_TRY(const auto prepared, model.Prepare(probes, progress));
  const auto values = StaticValues(prepared);
  if (values.empty())
    return Unsupported(StrCat(project.model_path, " has no values that take static ranges"),
                       "leave --coverage out");
  TARE_TRY(const auto tapped,
           runtime::MakeSession(runtime::WithOutputs(prepared.model, values), options.session));
  TARE_TRY(const auto observed,
           search::ObserveValues(tapped, *sets.calibration.feed, samples.calibration, progress));
  std::vector<TensorCoverage> tensors;
  for (const auto& tensor : observed.tensors) {
    tensors.push_back(
        {tensor.name, {tensor.statistics.min(), tensor.statistics.max()}, {1, -1}, 0, 0});
  }
  std::vector<int64_t> test;
  for (const int64_t place :
       data::ChooseSamples(std::ssize(samples.test), options.num_test_samples, project.seed)) {
    test.push_back(samples.test[static_cast<size_t>(place)]);
  }
  TARE_TRY_VOID(CountTest(tapped, *sets.test.feed, test, progress, tensors));
  std::ranges::sort(tensors, [](const TensorCoverage& a, const TensorCoverage& b) {
    return a.outside_share() != b.outside_share() ? a.outside_share() > b.outside_share()
                                                  : a.tensor < b.tensor;
  });
  return tensors;
}

}  // namespace tare::pipeline
