// tare evaluate: two models, or two files of predictions, compared sample by sample.

#include <memory>

#include "cli/commands/commands.h"
#include "cli/commands/model_options.h"
#include "cli/commands/verdict.h"
#include "cli/help/version.h"
#include "core/text_width.h"
#include "tare/core/file.h"
#include "tare/evaluate/predictions/task_predictions.h"
#include "tare/pipeline/evaluate_models.h"
#include "tare/pipeline/report_files.h"

namespace tare::cli {
namespace {

struct KpiArgs {
  std::vector<std::string> expressions, commands;
  double time_limit_s = 60;
};

struct JudgeArgs {
  evaluate::EntailmentOptions options;
  int64_t entailment = -1;  // -1: not given
  bool cased = false;
};

struct EvaluateArgs {
  std::string baseline_path;
  std::string candidate_path;
  std::string predictions_path;
  std::string against_path;
  std::string truth_path;
  std::string task;
  std::string output;
  std::vector<std::string> classes;
  std::vector<std::string> corrupt;
  std::string policy_path;
  std::string out_path;
  std::vector<std::string> slices;
  KpiArgs kpis;
  JudgeArgs judge;
  int64_t num_samples = 0;
  size_t num_shown_flips = verdict::kMostShownFlips;
  std::string unseen_by;
  uint64_t seed = 1;
  DataArgs data;
  RuntimeArgs runtime;
  evaluate::CostOptions costs;
};

Result<std::optional<verdict::Policy>> PolicyOf(const EvaluateArgs& args) {
  if (args.policy_path.empty()) return std::optional<verdict::Policy>();
  TARE_TRY(const std::string text, ReadFile(args.policy_path, 1 << 20));
  TARE_TRY(auto policy, verdict::ParsePolicy(text, args.policy_path));
  return std::optional(std::move(policy));
}

// NAME=REST, as often as given.
template <class Spec>
Result<std::vector<Spec>> NamedOf(const std::vector<std::string>& texts, std::string_view form,
                                  std::string_view example) {
  std::vector<Spec> out;
  for (const std::string& text : texts) {
    const size_t sign = text.find('=');
    if (sign == 0 || sign == std::string::npos || sign + 1 == text.size() ||
        text[sign + 1] == '=') {
      return InvalidArgument(StrCat(form.substr(0, form.find(' ')), " '", text, "' is not ",
                                    form.substr(form.find(' ') + 1)),
                             StrCat("write ", example));
    }
    out.push_back({text.substr(0, sign), text.substr(sign + 1)});
  }
  return out;
}

Result<std::vector<evaluate::SliceSpec>> SlicesOf(const EvaluateArgs& args) {
  return NamedOf<evaluate::SliceSpec>(args.slices, "--slice NAME=CONDITION",
                                      "--slice 'long=length > 100'");
}

Result<std::vector<evaluate::KpiCommand>> KpiCommandsOf(const EvaluateArgs& args) {
  return NamedOf<evaluate::KpiCommand>(args.kpis.commands, "--kpi-command NAME=COMMAND",
                                       "--kpi-command 'profit=python3 profit.py'");
}

Result<std::vector<evaluate::KpiSpec>> KpisOf(const EvaluateArgs& args) {
  return NamedOf<evaluate::KpiSpec>(args.kpis.expressions, "--kpi NAME=EXPRESSION",
                                    "--kpi 'revenue=if(correct == 1, price, -2)'");
}

Result<std::optional<evaluate::EntailmentOptions>> JudgeOf(const EvaluateArgs& args) {
  evaluate::EntailmentOptions options = args.judge.options;
  const bool has_model = !options.model_path.empty();
  const bool has_vocab = !options.vocab_path.empty();
  if (!has_model && !has_vocab) return std::optional<evaluate::EntailmentOptions>();
  if (!has_model || !has_vocab) {
    return InvalidArgument(
        has_model ? "--judge without --judge-vocab" : "--judge-vocab without --judge",
        "give both: --judge nli.onnx --judge-vocab vocab.txt");
  }
  if (args.judge.entailment >= 0) options.entailment = args.judge.entailment;
  if (args.judge.cased) options.letters = scores::LetterCase::kKept;
  options.session = SessionOptionsOf(args.runtime);
  options.time_limit_s = args.runtime.time_limit_s;
  return std::optional(std::move(options));
}

// The tasks of models and of predictions.
std::vector<std::string> Tasks() {
  std::vector<std::string> tasks = {"classification", "embedding", "outputs", "object_detection"};
  for (const verdict::Task task : evaluate::PredictionTasks()) tasks.emplace_back(TaskName(task));
  return tasks;
}

Result<pipeline::EvaluatedReport> ComparePredictions(const EvaluateArgs& args, Terminal& terminal) {
  if (args.against_path.empty() || !args.baseline_path.empty()) {
    return InvalidArgument(args.against_path.empty() ? "--predictions without --against"
                                                     : "models and predictions are both given",
                           "tare evaluate --predictions float.jsonl --against int8.jsonl --task "
                           "classification -o report.json");
  }
  if (!args.corrupt.empty())
    return InvalidArgument("--corrupt with predictions",
                           "images are corrupted only where models run: leave it out");
  if (args.task == TaskName(verdict::Task::kOutputs)) {
    return Unsupported("predictions are not compared as outputs",
                       "give models and --data, or another --task");
  }
  pipeline::PredictionsRequest request;
  request.baseline_path = args.predictions_path;
  request.candidate_path = args.against_path;
  request.truth_path = args.truth_path;
  if (!args.task.empty()) {
    TARE_TRY(request.task, verdict::ParseTask(args.task));
  }
  request.tare_version = VersionNumber();
  TARE_TRY(request.slices, SlicesOf(args));
  TARE_TRY(request.kpis, KpisOf(args));
  TARE_TRY(request.kpi_commands, KpiCommandsOf(args));
  request.command_time_limit_s = args.kpis.time_limit_s;
  TARE_TRY(request.judge, JudgeOf(args));
  TARE_TRY(request.policy, PolicyOf(args));
  request.num_shown_flips = args.num_shown_flips;
  return pipeline::EvaluatePredictionFiles(request, terminal.progress());
}

Result<pipeline::EvaluatedReport> CompareModels(const EvaluateArgs& args, Terminal& terminal) {
  if (args.candidate_path.empty() || args.data.data_path.empty()) {
    return InvalidArgument(
        args.candidate_path.empty() ? "two models are needed" : "--data is missing",
        "tare evaluate model.onnx model.int8.onnx --data test.npz --label labels -o report.json");
  }
  if (!args.truth_path.empty()) {
    return InvalidArgument("--truth with models",
                           "it belongs to --predictions and --against; models take --data");
  }
  if (!args.kpis.commands.empty()) {
    return Unsupported(
        "--kpi-command with models",
        "write what both models answered as JSON Lines and give --predictions and --against");
  }
  if (!args.judge.options.model_path.empty()) {
    return Unsupported(
        "--judge with models",
        "write what both models answered as JSON Lines and give --predictions and --against");
  }
  pipeline::EvaluateRequest request;
  request.baseline_path = args.baseline_path;
  request.candidate_path = args.candidate_path;
  request.data_path = args.data.data_path;
  request.label = args.data.label;
  if (!args.task.empty()) {
    TARE_TRY(request.task, verdict::ParseTask(args.task));
  }
  request.output = args.output;
  request.classes = args.classes;
  TARE_TRY(request.bindings, BindingsOf(args.data));
  TARE_TRY(request.slices, SlicesOf(args));
  TARE_TRY(request.kpis, KpisOf(args));
  for (const std::string& text : args.corrupt) {
    TARE_TRY(const auto specs, data::ParseCorruptions(text));
    request.corruptions.insert(request.corruptions.end(), specs.begin(), specs.end());
  }
  request.num_samples = args.num_samples;
  request.unseen_by = args.unseen_by;
  request.seed = args.seed;
  request.session = SessionOptionsOf(args.runtime);
  request.time_limit_s = args.runtime.time_limit_s;
  request.costs = args.costs;
  TARE_TRY(request.policy, PolicyOf(args));
  request.tare_version = VersionNumber();
  request.num_shown_flips = args.num_shown_flips;
  return pipeline::EvaluateModels(request, terminal.progress());
}

Result<void> RunEvaluate(const EvaluateArgs& args, Terminal& terminal) {
  const auto& judge = args.judge.options;
  const auto read =
      FilesRead({args.baseline_path, args.candidate_path, judge.model_path},
                {args.data.data_path, args.predictions_path, args.against_path, args.truth_path,
                 args.policy_path, args.unseen_by, judge.vocab_path});
  TARE_TRY_VOID(pipeline::CheckReportFiles(args.out_path, read));
  TARE_TRY(const auto evaluated, args.predictions_path.empty()
                                     ? CompareModels(args, terminal)
                                     : ComparePredictions(args, terminal));
  const verdict::Report& report = evaluated.report;
  const std::string json = verdict::WriteReportJson(report);
  TARE_TRY_VOID(pipeline::WriteReportFiles(report, json, args.out_path, evaluated.flips));
  SayInputs(report, terminal);
  SayReport(report, terminal);
  const auto paths = pipeline::ReportPathsOf(args.out_path);
  terminal.Say("  report ", Printable(paths.html));
  terminal.Say("  next: tare gate ", Printable(paths.json),
               report.decision ? "" : " --policy policy.yaml");
  if (terminal.json()) terminal.PrintJson(json);
  return {};
}

// What is compared: models on data, or predictions.
void AddComparedOptions(CLI::App& app, EvaluateArgs& args) {
  app.add_option("float", args.baseline_path, "Float ONNX model: the baseline")
      ->type_name(kFileType);
  app.add_option("quantized", args.candidate_path, "Quantized ONNX model: the candidate")
      ->type_name(kFileType);
  AddDataOptions(app, args.data);
  app.add_option("--predictions", args.predictions_path,
                 "Predictions of the baseline, in place of models")
      ->type_name(kFileType);
  app.add_option("--against", args.against_path, "Predictions of the candidate")
      ->type_name(kFileType);
  app.add_option("--truth", args.truth_path,
                 "What is right, where predictions are COCO's results or SQuAD's own: the "
                 "annotations or the data set (JSON)")
      ->type_name(kFileType);
}

// What the models do, and how their answers are divided.
void AddTaskOptions(CLI::App& app, EvaluateArgs& args) {
  app.add_option("--task", args.task,
                 "What the models do: classification (default with labels), outputs (default "
                 "without), or a task of predictions")
      ->check(OneOf(Tasks()));
  app.add_option("--output", args.output,
                 "The models' output that answers (default: the first that fits the task)")
      ->type_name("NAME");
  app.add_option("--classes", args.classes,
                 "Classes of text labels or tags of tokens, in the model's order: O,B-PER,I-PER")
      ->delimiter(',')
      ->type_name("NAMES");
  app.add_option("--slice", args.slices,
                 "A part of the samples to judge by itself: NAME=CONDITION, as 'long=length > "
                 "100'; may be given again")
      ->type_name("NAME=CONDITION")
      ->expected(1)
      ->take_all();
}

void AddKpiOptions(CLI::App& app, KpiArgs& args) {
  app.add_option("--kpi", args.expressions,
                 "A measure of your own, higher is better: NAME=EXPRESSION, as "
                 "'revenue=if(correct == 1, price, -2)'; may be given again")
      ->type_name("NAME=EXPRESSION")
      ->expected(1)
      ->take_all();
  app.add_option("--kpi-command", args.commands,
                 "A measure by a command, which reads a model's JSON Lines and prints one number: "
                 "NAME=COMMAND; may be given again")
      ->type_name("NAME=COMMAND")
      ->expected(1)
      ->take_all();
  app.add_option("--kpi-time-limit", args.time_limit_s,
                 "Seconds for each run of a KPI command, of which there are 42")
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
}

void AddJudgeOptions(CLI::App& app, JudgeArgs& args) {
  app.add_option("--judge", args.options.model_path,
                 "ONNX entailment model that says whether contexts support answers "
                 "(question_answering, generation)")
      ->type_name(kFileType);
  app.add_option("--judge-vocab", args.options.vocab_path, "Its WordPiece vocabulary: vocab.txt")
      ->type_name(kFileType);
  app.add_flag("--judge-cased", args.cased, "The judge tells capital letters and accents");
  app.add_option("--judge-output", args.options.output,
                 "The judge's output (default: logits, else the first)")
      ->type_name("NAME");
  app.add_option("--judge-entailment", args.entailment,
                 "Class of entailment in that output, from 0; needed where it has several")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("INDEX");
}

// Which samples are seen, and what becomes of the evidence.
void AddReportOptions(CLI::App& app, EvaluateArgs& args) {
  app.add_option(
         "--corrupt", args.corrupt,
         "See the samples under a corruption too, NAME[:SEVERITY], such as gaussian_noise:3; "
         "\"all\" for the fifteen of images, \"all_table\" for those of tables")
      ->type_name("NAME")
      ->allow_extra_args(false);
  app.add_option("--policy", args.policy_path,
                 "Judge by this policy (YAML) and put the verdict into the report")
      ->type_name(kFileType);
  app.add_option("--samples", args.num_samples, "Samples to compare (default all)")
      ->check(CLI::Range(1, 1'000'000'000));
  app.add_option("--show-samples", args.num_shown_flips,
                 "Samples whose answer changed that the page shows, with what the models saw (0: "
                 "no data of the test in it)")
      ->check(CLI::Range(size_t{0}, verdict::kMostShownFlips))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--unseen", args.unseen_by,
                 "Leave out the samples that this recipe was calibrated with")
      ->type_name(kFileType);
  app.add_option("--seed", args.seed, "Chooses the samples")->capture_default_str();
  app.add_option("-o,--out", args.out_path, "Report to write (JSON)")
      ->required()
      ->type_name(kFileType);
}

void AddCostOptions(CLI::App& app, evaluate::CostOptions& costs) {
  constexpr int kMostSizes = static_cast<int>(evaluate::kMaxMeasuredSizes);
  app.add_option("--batches", costs.batches,
                 "Batch sizes to time (default 1,8); up to 1.5 seconds each")
      ->type_name("N,...")
      ->delimiter(',')
      ->expected(1, kMostSizes)
      ->allow_extra_args(false)
      ->check(CLI::Range(int64_t{1}, evaluate::kMaxMeasuredBatch));
  app.add_option("--thread-counts", costs.thread_counts,
                 "Numbers of threads to time beside --threads, each with every batch size")
      ->type_name("N,...")
      ->delimiter(',')
      ->expected(1, kMostSizes)
      ->allow_extra_args(false)
      ->check(CLI::Range(int64_t{1}, evaluate::kMaxMeasuredThreads));
  app.add_option("--estimate-energy", costs.estimate_energy_watts,
                 "Where energy cannot be measured, estimate it from processor time: the watts of "
                 "the processor with all cores busy. "
                 "A policy on energy does not accept it")
      ->type_name("WATTS")
      ->check(CLI::Range(0.1, evaluate::kMaxWatts));
}

}  // namespace

Command MakeEvaluateCommand(CLI::App& root) {
  auto args = std::make_shared<EvaluateArgs>();
  CLI::App* app = AddCommand(
      root,
      {.name = "evaluate",
       .step = Step::kJudge,
       .summary = "Compare a quantized model with its float one, sample by sample",
       .example = "tare evaluate model.onnx model.int8.onnx --data test.npz --label labels -o "
                  "report.json\n"
                  "tare evaluate --predictions float.jsonl --against int8.jsonl -o report.json",
       .details = "Writes report.json, and report.html, report.md and flips.jsonl (the samples "
                  "whose answer changed) beside it. Both models see "
                  "the same samples; times are taken in "
                  "turns. Predictions made elsewhere are JSON Lines, joined by id; "
                  "docs/formats/predictions.md has the fields of each task."});
  AddComparedOptions(*app, *args);
  AddTaskOptions(*app, *args);
  AddKpiOptions(*app, args->kpis);
  AddJudgeOptions(*app, args->judge);
  AddReportOptions(*app, *args);
  AddRuntimeOptions(*app, args->runtime);
  AddCostOptions(*app, args->costs);
  return {app, [args](Terminal& terminal) { return RunEvaluate(*args, terminal); }};
}

}  // namespace tare::cli
