#include "tare/quantize/prepare.h"

#include <algorithm>
#include <map>
#include <set>

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
                                    runtime::SessionOptions options) {
  options.prepack = false;  // for one or two runs
  TARE_TRY(const auto session, runtime::MakeSession(model, options));
  std::vector<Outputs> all;
  for (const Inputs& inputs : probes) {
    TARE_TRY(auto outputs, session.Run(inputs));
    all.push_back(std::move(outputs));
  }
  return all;
}

// What the first output that differs does, or "". Each run is compared as one sample; rows that a
// TopK puts in order may change places where their scores are equal but for rounding.
std::string FirstDifference(const graph::Model& source, const std::vector<Outputs>& expected,
                            const std::vector<Outputs>& actual, double max_error) {
  std::vector<std::string> names;
  for (const graph::Value& output : source.graph.outputs) names.push_back(output.info.name);
  const auto views = [](const Outputs& outputs) {
    std::vector<TensorView> out;
    for (const Tensor& output : outputs) out.push_back(ViewOf(output));
    return out;
  };
  for (size_t run = 0; run < expected.size(); ++run) {
    runtime::OutputsComparison comparison(names, runtime::FindLists(source.graph));
    comparison.Add(views(expected[run]), views(actual[run]), 1);
    for (const runtime::OutputEvidence& output : comparison.Evidence()) {
      if (!output.fault.empty()) return output.fault;
      const bool moves = output.kind == runtime::OutputKind::kIntegers
                             ? output.agreement < 1
                             : output.relative_error > max_error;
      if (moves) return StrCat("output '", output.output, "' would change");
    }
  }
  return "";
}

// All rewrites are nearly always right: they are compared with the source once, at the end. Where
// that fails, they are made again with a comparison behind each, and the wrong one is taken back.
enum class Comparison { kAtEnd, kEachStage };

class Preparation {
 public:
  Preparation(const graph::Model& source, std::span<const Inputs> probes,
              const std::vector<Outputs>& expected, const runtime::SessionOptions& options,
              Comparison comparison)
      : source_(source),
        probes_(probes),
        expected_(expected),
        options_(options),
        comparison_(comparison) {
    prepared_.model = source;
    const int64_t num_listed = graph::UnlistConstants(prepared_.model);
    if (source.ir_version >= 4)
      Count("initializers that the file lists among its inputs are constants", num_listed);
    graph::NameNodes(prepared_.model.graph);
  }

  Result<Prepared> Run(std::span<const std::string> left_out) {
    prepared_.left_out.assign(left_out.begin(), left_out.end());
    Stage("opset", [&] { return RaiseOpset(); });
    Stage("constants", [&] { return FoldConstants(); });
    Stage("float32", [&] { return Widen(); });
    Stage("arithmetic", [&] { return RewriteArithmetic(); });
    Stage("forms", [&] { return RewriteForms(); });
    TARE_TRY(prepared_.types, runtime::InferTypes(prepared_.model, options_));
    return std::move(prepared_);
  }

  // True when the outputs are those of the source; else a note says which stage moved them.
  bool Compare(const std::string& stage) {
    if (probes_.empty()) return true;
    const auto actual = RunAll(prepared_.model, probes_, options_);
    const std::string difference =
        actual ? FirstDifference(source_, expected_, *actual, max_error_) : "";
    if (actual && difference.empty()) return true;
    prepared_.notes.push_back(StrCat(
        "the rewrite '", stage, "' was taken back: ", actual ? difference : actual.error().what));
    return false;
  }

  bool CompareResult(const Prepared& result) {
    prepared_.model = result.model;
    return Compare("all");
  }

 private:
  // Runs one stage unless it is left out; a stage that fails or moves an output is taken back.
  template <class Rewrite>
  void Stage(const std::string& name, const Rewrite& rewrite) {
    auto& left_out = prepared_.left_out;
    if (std::find(left_out.begin(), left_out.end(), name) != left_out.end()) return;
    const graph::Model before = prepared_.model;
    const size_t num_rewrites = prepared_.rewrites.size();
    const double max_error = max_error_;
    const Result<void> done = rewrite();
    if (!done)
      prepared_.notes.push_back(
          StrCat("the rewrite '", name, "' was not made: ", done.error().what));
    if (done && (comparison_ == Comparison::kAtEnd || Compare(name))) return;
    prepared_.model = before;
    prepared_.rewrites.resize(num_rewrites);
    max_error_ = max_error;
    left_out.push_back(name);
  }

  Result<void> RaiseOpset() {
    if (source_.opset() < 10)
      Count("operators that ONNX dropped written in others",
            graph::DecomposeDropped(prepared_.model.graph));
    TARE_TRY_VOID(graph::RaiseOpset(prepared_.model));
    if (prepared_.model.opset() != source_.opset())
      Count(StrCat("opset raised from ", source_.opset(), " to 12"), 1);
    return {};
  }

  Result<void> FoldConstants() {
    Count("Constant nodes lifted", graph::LiftConstants(prepared_.model));
    Count("Identity and Dropout nodes removed", graph::RemoveIdentities(prepared_.model.graph));
    TARE_TRY(const int64_t folded, runtime::FoldConstants(prepared_.model, options_));
    Count("nodes of constants folded", folded);
    return {};
  }

  Result<void> Widen() {
    if (!graph::WidenFloat16(prepared_.model)) return {};
    max_error_ = kMaxHalfError;
    Count("model of float16 made float32 inside", 1);
    return {};
  }

  Result<void> RewriteArithmetic() {
    graph::Graph& graph = prepared_.model.graph;
    Count("strided slices with a Pad made Conv", graph::ConvolveStridedSelections(graph));
    for (const graph::RewriteCount& fold : graph::FoldChannelConstants(graph))
      Count(fold.what, fold.count);
    return {};
  }

  Result<void> RewriteForms() {
    graph::Graph& graph = prepared_.model.graph;
    if (!graph::HasMatMulAdd(graph) && !graph::HasShortAxes(graph)) return {};
    TARE_TRY(const auto types, runtime::InferTypes(prepared_.model, options_));
    std::set<std::string> matrices;
    std::map<std::string, Shape> shapes;
    for (const auto& [name, info] : types) {
      shapes[name] = info.shape;
      if (info.dtype == DType::kFloat32 && info.shape.size() == 2) matrices.insert(name);
    }
    Count("MatMul with the Add behind it made Gemm", graph::MakeGemms(graph, matrices));
    Count("Pad and Resize of some axes written for all", graph::SpellOutAxes(graph, shapes));
    return {};
  }

  void Count(std::string what, int64_t count) {
    if (count > 0) prepared_.rewrites.push_back({std::move(what), count});
  }

  const graph::Model& source_;
  std::span<const Inputs> probes_;
  const std::vector<Outputs>& expected_;
  const runtime::SessionOptions& options_;
  Comparison comparison_;
  double max_error_ = kMaxRelativeError;
  Prepared prepared_;
};

Result<Prepared> Canonical(const graph::Model& source, std::span<const Inputs> probes,
                           const runtime::SessionOptions& options,
                           std::span<const std::string> left_out) {
  std::vector<Outputs> expected;
  if (!probes.empty()) {
    TARE_TRY(expected, RunAll(source, probes, options));
  }
  Preparation bold(source, probes, expected, options, Comparison::kAtEnd);
  auto prepared = bold.Run(left_out);
  if (prepared && bold.CompareResult(*prepared)) return prepared;
  return Preparation(source, probes, expected, options, Comparison::kEachStage).Run(left_out);
}

}  // namespace

Result<Prepared> Prepare(const graph::Model& model, std::span<const Inputs> probes,
                         const runtime::SessionOptions& options,
                         std::span<const std::string> left_out) {
  graph::Model source = model;
  const int64_t num_seeds = graph::SeedRandomOps(source.graph);
  TARE_TRY(Prepared prepared, Canonical(source, probes, options, left_out));
  if (num_seeds > 0) {
    prepared.notes.push_back(StrCat(num_seeds,
                                    " operators draw random numbers: both models draw the "
                                    "same ones while they are compared, and new ones afterwards"));
  }
  prepared.abilities = DescribeAbilities(prepared.model, prepared.types);
  prepared.body_abilities = DescribeBodies(prepared.model);
  graph::Model lifted = source;
  graph::LiftConstants(lifted);
  prepared.decline_reason = ReasonQuantizedAlready(lifted);
  if (prepared.decline_reason.empty())
    prepared.decline_reason = ReasonToDecline(prepared.model, AllAbilities(prepared));
  return prepared;
}

std::vector<Ability> AllAbilities(const Prepared& prepared) {
  std::vector<Ability> all = prepared.abilities;
  all.insert(all.end(), prepared.body_abilities.begin(), prepared.body_abilities.end());
  return all;
}

}  // namespace tare::quantize
