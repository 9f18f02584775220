// tare init: writes a first tare.yaml.

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands/commands.h"
#include "cli/commands/model_options.h"
#include "cli/terminal/json.h"
#include "core/text_width.h"
#include "tare/core/file.h"
#include "tare/pipeline/draft_project.h"
#include "tare/pipeline/project.h"

namespace tare::cli {
namespace {

struct InitArgs {
  pipeline::DraftRequest request;
  bool overwrite = false;
};

Result<void> RunInit(const InitArgs& args, Terminal& terminal) {
  const std::string& path = args.request.out_path;
  std::error_code ignored;
  if (!args.overwrite && std::filesystem::exists(path, ignored)) {
    return FailedPrecondition(StrCat(path, " exists already"),
                              "add --force to replace it, or write another file with -o");
  }
  TARE_TRY_VOID(CheckOutput(path, FilesRead({args.request.model_path},
                                            {args.request.data_path, args.request.test_path})));
  TARE_TRY(const auto draft, pipeline::DraftProject(args.request));
  TARE_TRY_VOID(pipeline::ParseProject(draft.text, path).While("reading the draft back"));
  TARE_TRY_VOID(WriteFileAtomic(path, draft.text));
  if (terminal.json()) {
    nlohmann::ordered_json guesses = nlohmann::ordered_json::array();
    for (const auto& [about, what] : draft.guesses)
      guesses.push_back({{"about", about}, {"what", what}});
    terminal.PrintJson(Dump({{"written", path},
                             {"complete", draft.is_complete},
                             {"missing", draft.missing},
                             {"guesses", guesses}}));
  }
  for (const auto& [about, what] : draft.guesses)
    terminal.Say("  ", PadRight(about, 10), Printable(what));
  terminal.Say("wrote ", Printable(path));
  if (!draft.is_complete) terminal.Say("to do: ", Printable(draft.missing));
  terminal.Say("next: ", draft.is_complete ? "look it over, then" : "complete it, then",
               " tare run", path == "tare.yaml" ? "" : " " + Printable(path));
  return {};
}

}  // namespace

Command MakeInitCommand(CLI::App& root) {
  auto args = std::make_shared<InitArgs>();
  CLI::App* app = AddCommand(
      root, {.name = "init",
             .step = Step::kTry,
             .summary = "Write a commented tare.yaml for a model and its data",
             .example = "tare init model.onnx --data train.npz --test test.npz",
             .details = "Finds the labels, matches arrays to inputs, and tries the "
                        "usual ways of scaling images to see "
                        "under which the model is right. Prints what it took, and why."});
  app->add_option("model", args->request.model_path, "Float ONNX model")
      ->required()
      ->type_name(kFileType);
  app->add_option("--data", args->request.data_path, "Samples, with labels if there are any")
      ->type_name(kFileType);
  app->add_option("--test", args->request.test_path,
                  "Test set in a file of its own; --data then gives calibration and search")
      ->type_name(kFileType);
  app->add_option("-o,--out", args->request.out_path, "File to write")
      ->type_name(kFileType)
      ->capture_default_str();
  app->add_flag("--force", args->overwrite, "Replace the file");
  return {app, [args](Terminal& terminal) { return RunInit(*args, terminal); }};
}

}  // namespace tare::cli
