#include "tare/quantize/prepare.h"

#include <algorithm>

#include "tare/graph/index.h"
#include "tare/runtime/compare.h"

namespace tare::quantize {
namespace {

// Folding rounds weights anew: 24 bits of each, accumulated over a network. A broken rewrite is
// orders of magnitude beyond.
constexpr double kMaxRelativeError = 1e-3;
// float16 keeps 11 bits a value; its own rounding is what float32 inside takes away.
constexpr double kMaxHalfError = 3e-2;

using Outputs = std::vector<Tensor>;

Result<std::vector<Outputs>> RunAll(const graph::Model& model, std::span<const Inputs> probes,
                                    const runtime::SessionOptions& options) {
  TARE_TRY(const auto session, runtime::MakeSession(model, options));
  std::vector<Outputs> all;
  for (const Inputs& inputs : probes) {
    TARE_TRY(auto outputs, session.Run(inputs));
    all.push_back(std::move(outputs));
  }
  return all;
}

// The name of the first output that differs, or "".
std::string FirstDifference(const graph::Model& model, const std::vector<Outputs>& expected, const std::vector<Outputs>& actual,
                            double max_error) {
  for (size_t run = 0; run < expected.size(); ++run) {
    for (size_t i = 0; i < expected[run].size(); ++i) {
      const auto sums = runtime::ComparePair(runtime::ViewOf(expected[run][i]), runtime::ViewOf(actual[run][i]));
      if (sums.RelativeError() > max_error) return model.graph.outputs[i].info.name;
    }
  }
  return "";
}

void Count(std::vector<graph::RewriteCount>& counts, std::string what, int64_t count) {
  if (count > 0) counts.push_back({std::move(what), count});
}

Result<void> Simplify(Prepared& prepared, const runtime::SessionOptions& options) {
  graph::Model& model = prepared.model;
  Count(prepared.rewrites, "Constant nodes lifted", graph::LiftConstants(model));
  Count(prepared.rewrites, "Identity and Dropout nodes removed", graph::RemoveIdentities(model.graph));
  TARE_TRY(const int64_t folded, runtime::FoldConstants(model, options));
  Count(prepared.rewrites, "nodes of constants folded", folded);
  return {};
}

}  // namespace

Result<void> RunOnce(const graph::Model& model, std::span<const Inputs> probes, const runtime::SessionOptions& options) {
  TARE_TRY_VOID(RunAll(model, probes, options));
  return {};
}

Result<Prepared> Prepare(const graph::Model& source, std::span<const Inputs> probes, const runtime::SessionOptions& options) {
  std::vector<Outputs> expected;
  if (!probes.empty()) {
    TARE_TRY(expected, RunAll(source, probes, options));
  }
  Prepared prepared;
  prepared.model = source;
  graph::NameNodes(prepared.model.graph);
  const graph::Model named = prepared.model;

  // Each stage is kept only when the outputs stay.
  double max_error = kMaxRelativeError;
  const auto holds = [&](const std::string& stage) {
    if (probes.empty()) return true;
    const auto actual = RunAll(prepared.model, probes, options);
    const std::string difference = actual ? FirstDifference(prepared.model, expected, *actual, max_error) : "";
    if (actual && difference.empty()) return true;
    prepared.notes.push_back(StrCat(stage, " was taken back: ",
                                    actual ? StrCat("output '", difference, "' would change") : actual.error().what));
    return false;
  };
  if (auto raised = graph::RaiseOpset(prepared.model); !raised) {
    prepared.notes.push_back(raised.error().what);
  } else if (!holds(StrCat("raising the opset from ", source.opset(), " to 12"))) {
    prepared.model = named;
  }
  if (prepared.model.opset() != source.opset()) prepared.rewrites.push_back({StrCat("opset raised from ", source.opset(), " to 12"), 1});
  const graph::Model raised_model = prepared.model;
  if (auto simplified = Simplify(prepared, options); !simplified) {
    prepared.notes.push_back(StrCat("constants were not folded: ", simplified.error().what));
  }
  const graph::Model narrow = prepared.model;
  if (graph::WidenFloat16(prepared.model)) {
    max_error = kMaxHalfError;
    if (holds("float32 in place of float16")) {
      prepared.rewrites.push_back({"model of float16 made float32 inside", 1});
    } else {
      prepared.model = narrow;
      max_error = kMaxRelativeError;
    }
  }
  const graph::Model unfolded = prepared.model;
  const auto folds = graph::FoldChannelConstants(prepared.model.graph);
  prepared.rewrites.insert(prepared.rewrites.end(), folds.begin(), folds.end());
  if (!holds("folding of channel constants")) {
    prepared.model = unfolded;
    if (!holds("simplification")) {
      prepared.model = raised_model;
      prepared.rewrites.clear();
    }
  }
  TARE_TRY(prepared.types, runtime::InferTypes(prepared.model, options));
  prepared.abilities = DescribeAbilities(prepared.model, prepared.types);
  graph::Model lifted = source;
  graph::LiftConstants(lifted);
  prepared.decline_reason = ReasonQuantizedAlready(lifted);
  if (prepared.decline_reason.empty()) prepared.decline_reason = ReasonToDecline(prepared.model, prepared.abilities);
  return prepared;
}

}  // namespace tare::quantize
