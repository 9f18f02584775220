// tare quantize: one model and one data file in, a smaller and faster model out, or a true reason.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands/candidates.h"
#include "cli/commands/commands.h"
#include "cli/commands/model_options.h"
#include "cli/help/version.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/graph/onnx.h"
#include "tare/pipeline/calibrate_model.h"
#include "tare/pipeline/quantize_model.h"

namespace tare::cli {
namespace {

struct QuantizeArgs {
  std::string model_path;
  std::string out_path;
  std::string format = "auto";
  std::string method = "mse";
  std::string goal = "speed";
  std::string recipe_path;
  std::string ranges_path;
  int64_t num_samples = 300;
  double tolerance = 0.01;
  uint64_t seed = 1;
  bool trust_data = false;
  quantize::NodeSelection nodes;
  DataArgs data;
  RuntimeArgs runtime;
};

std::string RecipePathOf(const QuantizeArgs& args) {
  return std::filesystem::path(args.out_path).replace_extension(".recipe.yaml").string();
}

Result<pipeline::QuantizeRequest> RequestOf(const QuantizeArgs& args) {
  pipeline::QuantizeRequest request;
  request.model_path = args.model_path;
  request.data_path = args.data.data_path;
  request.label = args.data.label;
  TARE_TRY(request.bindings, BindingsOf(args.data));
  request.num_samples = args.num_samples;
  request.seed = args.seed;
  request.trust_data = args.trust_data;
  request.time_limit_s = args.runtime.time_limit_s;
  request.search.session = SessionOptionsOf(args.runtime);
  request.search.tolerance = args.tolerance;
  if (args.format != "auto") {
    TARE_TRY(const auto format, quantize::ParseFormat(args.format));
    request.search.formats = {format};
  }
  request.search.goal = args.goal == "size" ? search::Goal::kSize : search::Goal::kSpeed;
  TARE_TRY(request.search.method, calibrate::ParseRangeMethod(args.method));
  request.nodes = args.nodes;
  return request;
}

// ": --exclude 'fc*' --only 'conv*'"
std::string SelectionText(const quantize::NodeSelection& nodes) {
  std::string text = ":";
  for (const std::string& pattern : nodes.exclude) text += StrCat(" --exclude '", pattern, "'");
  for (const std::string& pattern : nodes.only) text += StrCat(" --only '", pattern, "'");
  return text;
}

// Infinite strains and bounds have no form in JSON: a fault says what it is in words.
nlohmann::json JsonOf(const runtime::Judgement& judged) {
  return {{"measure", runtime::MeasureName(judged.measure)},
          {"value", judged.value},
          {"bound", judged.bound},
          {"output", judged.output},
          {"column", judged.column < 0 ? nlohmann::json(nullptr) : nlohmann::json(judged.column)},
          {"n", judged.n},
          {"holds", judged.holds()},
          {"text", judged.Text()}};
}

nlohmann::json JsonOf(const pipeline::QuantizeOutcome& outcome, const std::string& out_path) {
  nlohmann::json document;
  document["written"] = outcome.choice.model ? nlohmann::json(out_path) : nlohmann::json(nullptr);
  document["reason"] = outcome.choice.reason;
  document["inputs"] = outcome.feed_report;
  document["fusion"] = {{"expected", outcome.choice.fusion.expected},
                        {"fused", outcome.choice.fusion.fused}};
  document["fusion"]["islands"] = nlohmann::json::array();
  for (const auto& island : outcome.choice.fusion.islands) {
    document["fusion"]["islands"].push_back({{"node", island.node},
                                             {"op", island.op_type},
                                             {"rule", island.rule},
                                             {"reason", island.reason}});
  }
  document["candidates"] = nlohmann::json::array();
  for (const search::Candidate& candidate : outcome.choice.candidates) {
    document["candidates"].push_back(
        {{"name", candidate.name},
         {"speedup",
          {{"value", candidate.speedup.value},
           {"low", candidate.speedup.low},
           {"high", candidate.speedup.high}}},
         {"batch_speedup", candidate.batch_speedup.value},
         {"cosine",
          {{"mean", candidate.closeness.cosine}, {"least", candidate.closeness.least_cosine}}},
         {"judged", JsonOf(candidate.closeness.judged)},
         {"model_bytes", candidate.model_bytes},
         {"chosen", candidate.chosen},
         {"problem", candidate.problem}});
  }
  return document;
}

Result<void> WriteOutcome(const QuantizeArgs& args, pipeline::QuantizeOutcome& outcome,
                          Terminal& terminal) {
  search::Choice& choice = outcome.choice;
  choice.recipe.tare_version = VersionNumber();
  TARE_TRY_VOID(graph::WriteOnnx(*choice.model, args.out_path));
  const std::string recipe_path = RecipePathOf(args);
  TARE_TRY_VOID(WriteFileAtomic(recipe_path, quantize::RecipeText(choice.recipe)));
  TARE_TRY(const int64_t bytes, graph::ModelBytes(args.out_path));
  terminal.Say("  fused     ", choice.fusion.fused, " of ", choice.fusion.expected,
               " nodes run in integers");
  for (const auto& island : choice.fusion.islands)
    terminal.Say("  float     ", island.node, " (", island.op_type, "): ", island.reason);
  terminal.Say(
      "  wrote     ", args.out_path, ": ", HumanBytes(bytes), ", ",
      Fixed(100.0 * static_cast<double>(bytes) / static_cast<double>(outcome.source_bytes), 0),
      " % of the float model; recipe ", recipe_path);
  terminal.Say("  next: tare evaluate ", args.model_path, " ", args.out_path, " --data ",
               args.data.data_path, FlagsOf(args.data), " --unseen ", recipe_path,
               " -o report.json");
  return {};
}

// Static int8 with ranges found before: nothing is measured.
Result<int> QuantizeWithRanges(const QuantizeArgs& args, Terminal& terminal) {
  if (args.format != "auto" && args.format != "int8_static") {
    return InvalidArgument(StrCat("--ranges makes an int8_static model, not ", args.format),
                           "leave --format out");
  }
  TARE_TRY(const auto method, calibrate::ParseRangeMethod(args.method));
  TARE_TRY(auto made,
           pipeline::QuantizeByRanges(args.model_path, args.ranges_path,
                                      {method, args.nodes, SessionOptionsOf(args.runtime)}));
  made.recipe.tare_version = VersionNumber();
  TARE_TRY_VOID(graph::WriteOnnx(made.model, args.out_path));
  const std::string recipe_path = RecipePathOf(args);
  TARE_TRY_VOID(WriteFileAtomic(recipe_path, quantize::RecipeText(made.recipe)));
  terminal.Say("  fused     ", made.fusion.fused, " of ", made.fusion.expected,
               " nodes run in integers");
  for (const auto& island : made.fusion.islands)
    terminal.Say("  float     ", island.node, " (", island.op_type, "): ", island.reason);
  terminal.Say("  wrote     ", args.out_path, " with the ranges of ", args.ranges_path, "; recipe ",
               recipe_path);
  terminal.Say("  next: tare evaluate ", args.model_path, " ", args.out_path,
               " --data test.npz -o report.json   (nothing was measured yet)");
  if (terminal.json()) {
    terminal.PrintJson(nlohmann::json{
        {"written", args.out_path},
        {"fusion", {{"expected", made.fusion.expected}, {"fused", made.fusion.fused}}}}
                           .dump());
  }
  return kExitDone;
}

// Said before minutes of measuring, not after. The new model is no larger than the float one.
Result<void> CheckOutputs(const QuantizeArgs& args) {
  const auto read =
      FilesRead({args.model_path}, {args.data.data_path, args.recipe_path, args.ranges_path});
  const auto bytes = graph::ModelBytes(args.model_path);
  TARE_TRY_VOID(CheckOutput(args.out_path, read, bytes ? *bytes : 0));
  return args.recipe_path.empty() ? CheckOutput(RecipePathOf(args), read) : Result<void>();
}

Result<int> RunQuantize(const QuantizeArgs& args, Terminal& terminal) {
  TARE_TRY_VOID(CheckOutputs(args));
  if (!args.recipe_path.empty()) {
    if (!args.nodes.empty()) {
      return InvalidArgument(
          "--exclude and --only choose anew, but --recipe says all",
          StrCat("edit the formats in ", args.recipe_path, ", or give --data instead of --recipe"));
    }
    TARE_TRY(const auto model, pipeline::QuantizeByRecipe(args.model_path, args.recipe_path,
                                                          SessionOptionsOf(args.runtime)));
    TARE_TRY_VOID(graph::WriteOnnx(model, args.out_path));
    terminal.Say("wrote ", args.out_path, " as ", args.recipe_path, " says");
    if (terminal.json()) terminal.PrintJson(nlohmann::json{{"written", args.out_path}}.dump());
    return kExitDone;
  }
  if (!args.ranges_path.empty()) return QuantizeWithRanges(args, terminal);
  if (args.data.data_path.empty()) {
    return InvalidArgument("--data is missing: ranges and outputs are measured on samples",
                           "give some: --data samples.npz");
  }
  TARE_TRY(const auto request, RequestOf(args));
  TARE_TRY(auto outcome, pipeline::QuantizeModel(request, terminal.progress()));
  for (const std::string& line : outcome.feed_report) terminal.Say("  data      ", line);
  for (const auto& rewrite : outcome.prepared.rewrites)
    terminal.Say("  graph     ", rewrite.count, " ", rewrite.what);
  for (const std::string& note : outcome.prepared.notes) terminal.Say("  note      ", note);
  if (outcome.num_kept > 0) {
    terminal.Say("  kept      ", outcome.num_kept, outcome.num_kept == 1 ? " node" : " nodes",
                 " in float", SelectionText(args.nodes));
  }
  SayCandidates(outcome.choice.candidates, terminal);
  if (!outcome.choice.model) {
    if (terminal.json()) terminal.PrintJson(JsonOf(outcome, args.out_path).dump(2));
    return Unsupported(
        StrCat(args.model_path, ": ", outcome.choice.reason, "; nothing was written"),
        outcome.choice.reason.starts_with(quantize::kQuantizedAlready)
            ? "use it as it is, or give the float model that it was made from"
        : outcome.choice.candidates.empty() ? "use the float model as it is"
                                            : "use the float model as it is, widen --tolerance, or "
                                              "take a smaller model with --for size");
  }
  for (const search::Candidate& candidate : outcome.choice.candidates) {
    if (candidate.chosen && candidate.speedup.value < 1) {
      terminal.Note(terminal.Paint(Colour::kWarning,
                                   StrCat("warning: this file is SLOWER than float on this host: ",
                                          Fixed(candidate.speedup.value, 2), "x")));
    }
  }
  terminal.Say("  choose    ", outcome.choice.reason);
  TARE_TRY_VOID(WriteOutcome(args, outcome, terminal));
  if (terminal.json()) terminal.PrintJson(JsonOf(outcome, args.out_path).dump(2));
  return kExitDone;
}

}  // namespace

Command MakeQuantizeCommand(CLI::App& root) {
  auto args = std::make_shared<QuantizeArgs>();
  CLI::App* app =
      AddCommand(root, {.name = "quantize",
                        .step = Step::kMake,
                        .summary = "Make a model smaller and faster, or say why not",
                        .example = "tare quantize model.onnx --data samples.npz -o model.int8.onnx",
                        .details = "Measures float, static and dynamic int8 on this host and "
                                   "writes the fastest whose outputs "
                                   "hold. Where nothing is both faster and right it writes nothing "
                                   "and ends with exit code 5."});
  app->add_option("model", args->model_path, "Float ONNX model")->required()->type_name(kFileType);
  AddDataOptions(*app, args->data);
  app->add_option("-o,--out", args->out_path, "Quantized model to write; its recipe goes beside it")
      ->required()
      ->type_name(kFileType);
  app->add_option("--format", args->format, "auto, int8_static, int8_dynamic or int8_weights")
      ->check(OneOf({"auto", "int8_static", "int8_dynamic", "int8_weights"}))
      ->capture_default_str();
  app->add_option("--method", args->method,
                  "How ranges are chosen: mse, minmax, percentile or entropy")
      ->check(OneOf({"mse", "minmax", "percentile", "entropy"}))
      ->capture_default_str();
  app->add_option("--for", args->goal, "speed, or size: accept a smaller model that is not faster")
      ->check(OneOf({"speed", "size"}))
      ->capture_default_str();
  app->add_option("--samples", args->num_samples, "Samples to calibrate with")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app->add_option("--tolerance", args->tolerance,
                  "How far outputs may move: 1 - mean cosine of wide ones; docs/guide/closeness.md")
      ->check(CLI::Range(1e-9, 1.0))
      ->capture_default_str();
  app->add_option("--seed", args->seed, "Chooses the samples")->capture_default_str();
  app->add_option("--exclude", args->nodes.exclude,
                  "Keep nodes in float: a name, or a pattern such as '/head/*'; may be given again")
      ->type_name("NODE")
      ->expected(1)
      ->take_all();
  app->add_option("--only", args->nodes.only, "Keep all other nodes in float; may be given again")
      ->type_name("NODE")
      ->expected(1)
      ->take_all();
  app->add_flag("--trust-data", args->trust_data, "Calibrate with data that look wrong");
  app->add_option("--recipe", args->recipe_path, "Apply this recipe: no data, no measuring")
      ->type_name(kFileType);
  app->add_option("--ranges", args->ranges_path, "Ranges of tare calibrate: no data, no measuring")
      ->type_name(kFileType);
  AddRuntimeOptions(*app, args->runtime);
  return {app, [args](Terminal& terminal) { return RunQuantize(*args, terminal); }};
}

}  // namespace tare::cli
