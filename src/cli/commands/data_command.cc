// tare data: duplicates, leaks, labels and columns of data, before it is trusted; texts corrupted.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/commands/commands.h"
#include "cli/commands/model_options.h"
#include "cli/terminal/json.h"
#include "core/text_width.h"
#include "tare/core/file.h"
#include "tare/core/text.h"
#include "tare/data/corrupt/corrupt_lines.h"
#include "tare/pipeline/activation_coverage.h"
#include "tare/pipeline/check_data.h"

namespace tare::cli {
namespace {

using nlohmann::ordered_json;

constexpr int kExitLeak = 4;  // as the error with which tare run stops
constexpr size_t kExamplesShown = 3;
constexpr size_t kTensorsShown = 5;

struct CheckArgs {
  std::string project_path = "tare.yaml";
  std::string data_path, calibration_path, search_path, test_path;
  ImageArgs images;
  std::string label;
  std::string arrays;
  std::string method;
  double near = 0;
  int64_t recommend = 0;
  uint64_t seed = 1;
  int num_threads = 1;
  bool coverage = false;
  std::string out_path;
};

std::vector<pipeline::DataFile> FilesOf(const CheckArgs& args) {
  std::vector<pipeline::DataFile> files;
  const std::pair<const char*, const std::string*> named[] = {
      {"calibration", &args.calibration_path},
      {"search", &args.search_path},
      {"data", &args.data_path},
      {"test", &args.test_path}};
  for (const auto& [name, path] : named) {
    if (!path->empty()) files.push_back({name, *path});
  }
  return files;
}

Result<pipeline::CheckOptions> OptionsOf(const CheckArgs& args) {
  pipeline::CheckOptions options;
  options.label = args.label;
  TARE_TRY(options.images.options, ImageOptionsOf(args.images, ""));
  options.arrays = Split(args.arrays, ',');
  if (args.method == "text") options.method = data::NearMethod::kText;
  if (args.method == "image") options.method = data::NearMethod::kImage;
  if (args.method == "table") options.method = data::NearMethod::kTable;
  if (args.near > 0) options.near = args.near;
  options.recommend = args.recommend;
  options.seed = args.seed;
  options.num_threads = args.num_threads;
  return options;
}

ordered_json ToJson(const std::vector<data::SimilarPair>& pairs) {
  ordered_json rows = ordered_json::array();
  for (const data::SimilarPair& pair : pairs) {
    rows.push_back({{"set", pair.split},
                    {"sample", pair.sample},
                    {"earlier_set", pair.earlier_split},
                    {"earlier_sample", pair.earlier_sample},
                    {"exact", pair.is_exact},
                    {"similarity", pair.similarity}});
  }
  return rows;
}

ordered_json ToJson(const data::DataCheck& check) {
  ordered_json json = {
      {"leak", check.has_leak()},         {"method", data::NearMethodName(check.content.method)},
      {"compared", check.content.arrays}, {"left_out", check.content.left_out},
      {"sets", ordered_json::array()},    {"findings", ordered_json::array()},
      {"recommended", check.recommended}};
  for (const data::SplitSummary& split : check.splits) {
    json["sets"].push_back({{"name", split.name},
                            {"source", split.source},
                            {"n", split.num_samples},
                            {"classes", split.classes}});
  }
  for (const data::Finding& finding : check.findings) {
    json["findings"].push_back({{"severity", data::SeverityName(finding.severity)},
                                {"kind", finding.kind},
                                {"what", finding.what},
                                {"n", finding.n},
                                {"examples", ToJson(finding.examples)},
                                {"samples", finding.samples},
                                {"next", finding.next_step}});
  }
  return json;
}

std::string ExamplesText(const data::Finding& finding) {
  std::vector<std::string> parts;
  for (const data::SimilarPair& pair : finding.examples) {
    if (parts.size() == kExamplesShown) break;
    parts.push_back(StrCat(pair.split, " ", pair.sample, pair.is_exact ? " = " : " ~ ",
                           pair.earlier_split, " ", pair.earlier_sample,
                           pair.is_exact ? "" : StrCat(" (", Fixed(pair.similarity, 3), ")")));
  }
  for (const int64_t sample : finding.samples) {
    if (parts.size() == kExamplesShown) break;
    parts.push_back(StrCat("sample ", sample));
  }
  return Join(parts, ", ");
}

std::string ClassesText(const data::SplitSummary& split) {
  if (split.classes.empty()) return "";
  int64_t least = split.num_samples;
  int64_t most = 0;
  for (const auto& [name, count] : split.classes) {
    least = std::min(least, count);
    most = std::max(most, count);
  }
  return StrCat(WithThousands(std::ssize(split.classes)),
                split.classes.size() == 1 ? " class" : " classes", ", ", WithThousands(least),
                " to ", WithThousands(most), " samples each");
}

void SayWrapped(Terminal& terminal, std::string_view title, const std::string& text,
                Colour colour = Colour::kFaint) {
  constexpr int64_t kTitleColumns = 15;
  std::string head = PadRight(StrCat("  ", title), kTitleColumns);
  for (const std::string& line : Wrap(Printable(text), terminal.columns() - kTitleColumns)) {
    const bool is_first = !head.starts_with("   ");
    terminal.Say(is_first ? terminal.Paint(colour, head) : head, line);
    head = std::string(static_cast<size_t>(kTitleColumns), ' ');
  }
}

void SayFinding(const data::Finding& finding, Terminal& terminal) {
  const Colour colour = finding.severity == data::Severity::kLeak      ? Colour::kBad
                        : finding.severity == data::Severity::kWarning ? Colour::kWarning
                                                                       : Colour::kFaint;
  SayWrapped(terminal, data::SeverityName(finding.severity), finding.what, colour);
  if (const std::string examples = ExamplesText(finding); !examples.empty())
    SayWrapped(terminal, "  such as", examples);
  SayWrapped(terminal, "  next", finding.next_step);
}

void SayCheck(const data::DataCheck& check, Terminal& terminal) {
  TextTable sets({{"set"}, {"samples", Align::kRight}, {"classes"}, {"source"}});
  for (const data::SplitSummary& split : check.splits) {
    sets.AddRow({split.name, WithThousands(split.num_samples), ClassesText(split),
                 Printable(split.source)});
  }
  terminal.Say(sets);
  SayWrapped(terminal, "compared", check.content.description);
  for (const std::string& reason : check.content.left_out) SayWrapped(terminal, "left out", reason);
  terminal.Say("");
  for (const data::Finding& finding : check.findings) SayFinding(finding, terminal);
  if (check.findings.empty())
    terminal.Say("  ", terminal.Paint(Colour::kGood, "nothing found"),
                 ": no duplicates, no conflicting labels");
}

void SayRecommended(const data::DataCheck& check, const CheckArgs& args, Terminal& terminal) {
  if (args.recommend == 0) return;
  std::vector<std::string> numbers;
  for (const int64_t sample : check.recommended) numbers.push_back(StrCat(sample));
  SayWrapped(terminal, "recommended",
             StrCat(WithThousands(std::ssize(numbers)), " samples of ", check.splits[0].name,
                    " that cover it, none twice: ", Join(numbers, " ")));
}

ordered_json ToJson(const std::vector<pipeline::TensorCoverage>& tensors) {
  ordered_json rows = ordered_json::array();
  for (const auto& tensor : tensors) {
    rows.push_back({{"tensor", tensor.tensor},
                    {"outside_share", tensor.outside_share()},
                    {"n", tensor.num_values},
                    {"calibration", {tensor.calibration.min, tensor.calibration.max}},
                    {"test", {tensor.test.min, tensor.test.max}}});
  }
  return rows;
}

void SayCoverage(const std::vector<pipeline::TensorCoverage>& tensors, Terminal& terminal) {
  TextTable table({{"tensor"}, {"outside calibration", Align::kPoint}, {"calibration"}, {"test"}});
  const auto range = [](const ValueRange& values) {
    return StrCat("[", Fixed(values.min, 3), ", ", Fixed(values.max, 3), "]");
  };
  for (size_t i = 0; i < std::min(kTensorsShown, tensors.size()); ++i) {
    const auto& tensor = tensors[i];
    table.AddRow({Printable(tensor.tensor), StrCat(Fixed(100 * tensor.outside_share(), 3), " %"),
                  range(tensor.calibration), range(tensor.test)});
  }
  terminal.Say("");
  terminal.Say(table);
}

Result<int> RunCheck(const CheckArgs& args, Terminal& terminal) {
  const auto files = FilesOf(args);
  if (!args.out_path.empty()) {
    const std::string read[] = {args.project_path, args.data_path, args.calibration_path,
                                args.search_path, args.test_path};
    TARE_TRY_VOID(CheckOutput(args.out_path, read));
  }
  TARE_TRY(const auto options, OptionsOf(args));
  data::DataCheck check;
  std::optional<std::vector<pipeline::TensorCoverage>> coverage;
  if (args.coverage && !files.empty()) {
    return InvalidArgument("--coverage runs the model of a project, and files are given",
                           "leave the files out, or --coverage");
  }
  if (files.empty()) {
    TARE_TRY(const auto project, pipeline::ReadProject(args.project_path));
    TARE_TRY(check, pipeline::CheckProject(project, options, terminal.progress()));
    if (args.coverage) {
      pipeline::CoverageOptions run;
      run.session.num_threads = args.num_threads;
      run.session.custom_op_libraries = project.custom_ops;
      TARE_TRY(coverage, pipeline::ActivationCoverage(project, run, terminal.progress()));
    }
  } else {
    TARE_TRY(check, pipeline::CheckFiles(files, options, terminal.progress()));
  }
  ordered_json document = ToJson(check);
  if (coverage) document["coverage"] = ToJson(*coverage);
  const std::string json = Dump(document);
  if (!args.out_path.empty()) {
    TARE_TRY_VOID(WriteFileAtomic(args.out_path, json + "\n"));
  }
  if (terminal.json()) {
    terminal.PrintJson(json);
  } else {
    SayCheck(check, terminal);
    SayRecommended(check, args, terminal);
    if (coverage) SayCoverage(*coverage, terminal);
    if (!args.out_path.empty()) terminal.Say("  wrote ", Printable(args.out_path));
  }
  return check.has_leak() ? kExitLeak : kExitDone;
}

Command MakeCheckCommand(CLI::App& group) {
  auto args = std::make_shared<CheckArgs>();
  CLI::App* app = AddCommand(
      group,
      {.name = "check",
       .step = Step::kTry,
       .summary = "Look for duplicates, leaks, label conflicts and empty columns",
       .example = "tare data check\n"
                  "tare data check --calibration train.npz --test test.npz --label labels\n"
                  "tare data check --data texts.jsonl --near 0.7 --recommend 300 -o check.json",
       .details = "Compares texts by their shingles, images by their pixels, and tables number by "
                  "number, inside each set and between sets. "
                  "Without files it checks the sets of the project. Ends with 4 when calibration "
                  "or search shares samples with the test."});
  app->add_option("project", args->project_path, "The project, or its folder")
      ->type_name(kFileType)
      ->capture_default_str();
  app->add_option("--data", args->data_path, "One set of samples, a file or a folder of images")
      ->type_name(kFileType);
  app->add_option("--calibration", args->calibration_path, "Samples for calibration")
      ->type_name(kFileType);
  app->add_option("--search", args->search_path, "Samples for search")->type_name(kFileType);
  app->add_option("--test", args->test_path, "Samples for the test")->type_name(kFileType);
  AddImageSizeOptions(*app, args->images);
  app->add_option("--label", args->label,
                  "Array of class labels (default label, labels, y, target or class)")
      ->type_name("NAME");
  app->add_option("--arrays", args->arrays, "Compare only these arrays")->type_name("NAME,...");
  app->add_option("--method", args->method, "How to compare (default by type and shape)")
      ->check(OneOf({"text", "image", "table"}));
  app->add_option("--near", args->near,
                  "Least similarity: Jaccard index of texts (default 0.8), correlation of images "
                  "(default 0.99)")
      ->check(CLI::Range(0.3, 1.0));
  app->add_option("--recommend", args->recommend,
                  "Choose so many samples for calibration, of the first set")
      ->check(CLI::Range(1, 10'000));
  app->add_flag("--coverage", args->coverage,
                "Run the project's model: how much of the test lies outside calibration's ranges");
  app->add_option("--seed", args->seed, "Chooses the samples that are looked at")
      ->capture_default_str();
  app->add_option("--threads", args->num_threads, "Threads")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app->add_option("-o,--out", args->out_path, "Report to write (JSON)")->type_name(kFileType);
  return {app, [args](Terminal& terminal) { return RunCheck(*args, terminal); }};
}

struct CorruptArgs {
  std::string path, out_path, field;
  std::string corruption;
  uint64_t seed = 1;
};

// "typos:3", "typos" (severity 3).
Result<data::CorruptTextOptions> CorruptionOf(const CorruptArgs& args) {
  data::CorruptTextOptions options;
  const auto colon = args.corruption.find(':');
  TARE_TRY(options.corruption, data::FindTextCorruption(args.corruption.substr(0, colon)));
  if (colon != std::string::npos) {
    const std::string severity = args.corruption.substr(colon + 1);
    if (severity.size() != 1 || severity[0] < '1' || severity[0] > '5') {
      return InvalidArgument(StrCat("severity '", severity, "' of ", args.corruption),
                             "give 1 to 5, as --with typos:3");
    }
    options.severity = severity[0] - '0';
  }
  options.seed = args.seed;
  return options;
}

Result<int> RunCorrupt(const CorruptArgs& args, Terminal& terminal) {
  TARE_TRY(const auto options, CorruptionOf(args));
  TARE_TRY(const auto done, data::CorruptLines(args.path, args.out_path, {options, args.field}));
  if (terminal.json()) {
    terminal.PrintJson(Dump({{"n", done.n}, {"changed", done.changed}, {"out", args.out_path}}));
    return kExitDone;
  }
  terminal.Say("  wrote ", Printable(args.out_path), ": ", WithThousands(done.n),
               done.n == 1 ? " text, " : " texts, ", WithThousands(done.changed),
               " of them changed");
  return kExitDone;
}

Command MakeCorruptCommand(CLI::App& group) {
  auto args = std::make_shared<CorruptArgs>();
  CLI::App* app = AddCommand(
      group,
      {.name = "corrupt",
       .step = Step::kTry,
       .summary = "Put typing errors into texts, change their case or cut them off",
       .example =
           "tare data corrupt test.jsonl --field question --with typos:3 -o test-typos.jsonl\n"
           "tare data corrupt texts.txt --with casing -o texts-casing.txt",
       .details = "For texts before the tokenizer, which no model is fed. Tokenize the file it "
                  "writes as the clean one and give the result as a distribution: "
                  "distributions: [{name: typos, path: test-typos.npz}]. Images, tables and token "
                  "ids are corrupted by tare run and tare evaluate themselves."});
  app->add_option("file", args->path, "Texts: JSON Lines with --field, else a text a line")
      ->required()
      ->type_name(kFileType);
  app->add_option("--with", args->corruption,
                  "typos, casing or truncation, with a severity of 1 to 5 (default 3)")
      ->required()
      ->type_name("NAME:SEVERITY");
  app->add_option("--field", args->field, "The text of each JSON object")->type_name("NAME");
  app->add_option("--seed", args->seed, "Chooses what is changed")->capture_default_str();
  app->add_option("-o,--out", args->out_path, "File to write")->required()->type_name(kFileType);
  return {app, [args](Terminal& terminal) { return RunCorrupt(*args, terminal); }};
}

}  // namespace

Command MakeDataCommand(CLI::App& root) {
  CLI::App* app = AddCommandGroup(
      root, {.name = "data",
             .step = Step::kTry,
             .summary = "Check data before trusting it",
             .example = "example: tare data check --data train.npz --label labels"});
  Command command{app};
  command.children.push_back(MakeCheckCommand(*app));
  command.children.push_back(MakeCorruptCommand(*app));
  return command;
}

}  // namespace tare::cli
