#include <algorithm>
#include <map>
#include <set>

#include "search/candidates_internal.h"
#include "search/observe_internal.h"
#include "tare/core/text.h"
#include "tare/graph/index.h"
#include "tare/quantize/apply.h"
#include "tare/quantize/plan.h"
#include "tare/runtime/analysis.h"

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

// The values of every scope: those of the widest plan serve the narrower ones, where a mover that
// is left out makes its output a value of its own.
std::vector<std::string> ValuesOfPlans(const quantize::Prepared& prepared) {
  std::set<std::string> values;
  for (const quantize::Scope scope : kScopes) {
    const auto nodes = quantize::PlanStatic(prepared.model, prepared.abilities, scope, {});
    for (auto& value : quantize::ValuesToCalibrate(prepared.model, prepared.abilities, nodes))
      values.insert(std::move(value));
  }
  return {values.begin(), values.end()};
}

std::vector<std::string> NodesThatTouch(const std::set<std::string>& values,
                                        const quantize::Prepared& prepared) {
  const auto within = [&](const std::string& value) { return values.contains(value); };
  std::vector<std::string> names;
  for (size_t i = 0; i < prepared.abilities.size(); ++i) {
    const graph::Node& node = prepared.model.graph.nodes[i];
    const bool touches = std::any_of(node.inputs.begin(), node.inputs.end(), within) ||
                         std::any_of(node.outputs.begin(), node.outputs.end(), within);
    if (touches && prepared.abilities[i].role != quantize::Role::kNone) names.push_back(node.name);
  }
  return names;
}

// The value itself where it was observed, else the one that movers made it from: what they give are
// values of what they read, and zeros, which every range holds.
template <class Map>
std::string ObservedSource(const graph::Graph& graph, const graph::GraphIndex& index,
                           const std::string& value, const Map& observed) {
  std::string at = value;
  while (!observed.contains(at)) {
    const int64_t producer = index.Producer(at);
    if (producer < 0) break;
    const graph::Node& node = graph.nodes[static_cast<size_t>(producer)];
    if (!quantize::IsMoverOp(node) || node.inputs.empty()) break;
    at = node.inputs[0];
  }
  return at;
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
    TARE_TRY_VOID(feed.CheckFinite(*batch, reader.part()));
    return batch;
  };
  calibrate::CalibrateOptions options;
  options.num_samples = static_cast<int64_t>(samples.size());
  // The inputs were checked; NaN inside a model that answers well is a placeholder, and only keeps
  // its own tensor out of the plan.
  options.non_finite = calibrate::CalibrateOptions::NonFinite::kCount;
  return calibrate::Calibrate(tapped, source, options, progress);
}

Result<Observed> ObservePlans(const quantize::Prepared& prepared, const Samples& samples,
                              const AutoOptions& options, Progress& progress) {
  Observed observed;
  const bool is_static = FormatsOf(options).contains(quantize::Format::kInt8Static);
  if (!is_static) return observed;
  // Graph inputs are no outputs of a node; the runtime takes them as outputs all the same.
  const std::vector<std::string> taps = ValuesOfPlans(prepared);
  if (taps.empty()) return observed;
  TARE_TRY(const auto tapped,
           runtime::MakeSession(runtime::WithOutputs(prepared.model, taps), options.session));
  TARE_TRY(observed.observations,
           ObserveValues(tapped, *samples.feed, samples.calibration, progress));
  const int64_t num_samples = std::max<int64_t>(1, observed.observations.num_samples);
  std::set<std::string> unusable;
  for (const auto& [name, statistics] : observed.observations.tensors) {
    const int64_t num_values = statistics.counts().num_values;
    observed.elements[name] = static_cast<double>(num_values) / static_cast<double>(num_samples);
    if (statistics.broken() || statistics.masked() || num_values == 0) unusable.insert(name);
  }
  observed.unranged = NodesThatTouch(unusable, prepared);
  return observed;
}

std::vector<std::string> NodesWithoutRange(const quantize::Prepared& prepared,
                                           const std::vector<quantize::NodeChoice>& nodes,
                                           const Observed& observed) {
  const graph::Graph& graph = prepared.model.graph;
  const graph::GraphIndex index(graph);
  std::set<std::string> missing;
  for (const std::string& value :
       quantize::ValuesToCalibrate(prepared.model, prepared.abilities, nodes)) {
    const std::string source = ObservedSource(graph, index, value, observed.elements);
    if (!observed.elements.contains(source)) missing.insert(value);
  }
  if (missing.empty()) return {};
  return NodesThatTouch(missing, prepared);
}

Result<void> FillRanges(quantize::Recipe& recipe, const quantize::Prepared& prepared,
                        const calibrate::Observations& observations,
                        calibrate::RangeMethod method) {
  std::map<std::string, const calibrate::TensorStatistics*> observed;
  for (const auto& tensor : observations.tensors) observed[tensor.name] = &tensor.statistics;
  const graph::GraphIndex index(prepared.model.graph);
  for (const std::string& value :
       quantize::ValuesToCalibrate(prepared.model, prepared.abilities, recipe.nodes)) {
    const auto found = observed.find(ObservedSource(prepared.model.graph, index, value, observed));
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
