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

namespace {

// All rewrites are nearly always right: they are compared with the source once, at the end. Where
// that fails, they are made again with a comparison behind each, and the wrong one is taken back.
enum class Comparison { kAtEnd, kEachStage };

class Preparation {
 public:
  Preparation(const graph::Model& source, std::span<const Inputs> probes, const std::vector<Outputs>& expected,
              const runtime::SessionOptions& options, Comparison comparison)
      : source_(source), probes_(probes), expected_(expected), options_(options), comparison_(comparison) {
    prepared_.model = source;
    graph::NameNodes(prepared_.model.graph);
  }

  Result<Prepared> Run() {
    RaiseOpset();
    const graph::Model raised = prepared_.model;
    if (auto simplified = Simplify(prepared_, options_); !simplified) {
      prepared_.notes.push_back(StrCat("constants were not folded: ", simplified.error().what));
    }
    Widen();
    const graph::Model unfolded = prepared_.model;
    const int64_t num_divisions = graph::MultiplyByReciprocals(prepared_.model.graph);
    if (num_divisions > 0) prepared_.rewrites.push_back({"Div by a constant made Mul", num_divisions});
    const auto folds = graph::FoldChannelConstants(prepared_.model.graph);
    prepared_.rewrites.insert(prepared_.rewrites.end(), folds.begin(), folds.end());
    if (!Holds("folding of channel constants")) {
      prepared_.model = unfolded;
      if (!Holds("simplification")) {
        prepared_.model = raised;
        prepared_.rewrites.clear();
      }
    }
    TARE_TRY(prepared_.types, runtime::InferTypes(prepared_.model, options_));
    return std::move(prepared_);
  }

  // True when the outputs are those of the source; else a note says which stage moved them.
  bool Compare(const std::string& stage) {
    if (probes_.empty()) return true;
    const auto actual = RunAll(prepared_.model, probes_, options_);
    const std::string difference = actual ? FirstDifference(prepared_.model, expected_, *actual, max_error_) : "";
    if (actual && difference.empty()) return true;
    prepared_.notes.push_back(StrCat(stage, " was taken back: ",
                                     actual ? StrCat("output '", difference, "' would change") : actual.error().what));
    return false;
  }

  bool CompareResult(const Prepared& result) {
    prepared_.model = result.model;
    return Compare("the canonical form");
  }

 private:
  bool Holds(const std::string& stage) { return comparison_ == Comparison::kAtEnd || Compare(stage); }

  void RaiseOpset() {
    const graph::Model named = prepared_.model;
    if (auto raised = graph::RaiseOpset(prepared_.model); !raised) {
      prepared_.notes.push_back(raised.error().what);
    } else if (!Holds(StrCat("raising the opset from ", source_.opset(), " to 12"))) {
      prepared_.model = named;
    }
    if (prepared_.model.opset() != source_.opset()) {
      prepared_.rewrites.push_back({StrCat("opset raised from ", source_.opset(), " to 12"), 1});
    }
  }

  void Widen() {
    const graph::Model narrow = prepared_.model;
    if (!graph::WidenFloat16(prepared_.model)) return;
    max_error_ = kMaxHalfError;
    if (Holds("float32 in place of float16")) {
      prepared_.rewrites.push_back({"model of float16 made float32 inside", 1});
    } else {
      prepared_.model = narrow;
      max_error_ = kMaxRelativeError;
    }
  }

  const graph::Model& source_;
  std::span<const Inputs> probes_;
  const std::vector<Outputs>& expected_;
  const runtime::SessionOptions& options_;
  Comparison comparison_;
  double max_error_ = kMaxRelativeError;
  Prepared prepared_;
};

Result<Prepared> Canonical(const graph::Model& source, std::span<const Inputs> probes, const std::vector<Outputs>& expected,
                           const runtime::SessionOptions& options) {
  Preparation bold(source, probes, expected, options, Comparison::kAtEnd);
  auto prepared = bold.Run();
  if (prepared && bold.CompareResult(*prepared)) return prepared;
  return Preparation(source, probes, expected, options, Comparison::kEachStage).Run();
}

}  // namespace

Result<Prepared> Prepare(const graph::Model& source, std::span<const Inputs> probes, const runtime::SessionOptions& options) {
  std::vector<Outputs> expected;
  if (!probes.empty()) {
    TARE_TRY(expected, RunAll(source, probes, options));
  }
  TARE_TRY(Prepared prepared, Canonical(source, probes, expected, options));
  prepared.abilities = DescribeAbilities(prepared.model, prepared.types);
  graph::Model lifted = source;
  graph::LiftConstants(lifted);
  prepared.decline_reason = ReasonQuantizedAlready(lifted);
  if (prepared.decline_reason.empty()) prepared.decline_reason = ReasonToDecline(prepared.model, prepared.abilities);
  return prepared;
}

}  // namespace tare::quantize
