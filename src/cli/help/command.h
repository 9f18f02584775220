// How a subcommand is declared. One file a subcommand; commands.cc lists them all.
//
//   struct ShrinkArgs { std::string model_path; int64_t num_samples = 512; };
//
//   Result<void> RunShrink(const ShrinkArgs& args, Terminal& terminal);
//
//   Command MakeShrinkCommand(CLI::App& root) {
//     auto args = std::make_shared<ShrinkArgs>();
//     CLI::App* app = AddCommand(root, {.name = "shrink",
//                                       .step = Step::kMake,
//                                       .summary = "Make a model smaller",
//                                       .example = "tare shrink model.onnx --samples 300"});
//     app->add_option("model", args->model_path, "Float32 ONNX model")
//         ->required()->type_name(kFileType);
//     app->add_option("--samples", args->num_samples, "Samples to read")
//         ->check(CLI::Range(1, 1'000'000))->capture_default_str();
//     return {app, [args](Terminal& terminal) { return RunShrink(*args, terminal); }};
//   }
//
// Help, completion and the manual page follow from that. The parser checks form (a number, one of
// a list); whether a file exists is for the module that opens it, whose error has the right exit
// code and next step. So: no CLI::ExistingFile.

#pragma once

#include <CLI/CLI.hpp>
#include <concepts>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "cli/terminal/terminal.h"
#include "tare/core/result.h"

namespace tare::cli {

/// Steps of the practice, in the order of `tare --help`.
enum class Step { kTry, kChoose, kMake, kJudge, kShip, kWatch, kHelp };

/// Type names of options that take a path: completion then offers files or folders.
inline constexpr const char* kFileType = "FILE";
inline constexpr const char* kFolderType = "FOLDER";

/// Exit codes of a command that did its work; errors carry their own (tare/core/result.h).
inline constexpr int kExitDone = 0;
inline constexpr int kExitFail = 20;
inline constexpr int kExitInconclusive = 21;

/// kTextOrJson: the command has --json, and with it prints one document by
/// Terminal::PrintJson(). kText: its output is a text of another kind.
enum class OutputKind { kTextOrJson, kText };

struct CommandSpec {
  std::string name;
  Step step = Step::kTry;
  std::string summary;  ///< one line, "Estimate activation ranges from sample data"
  std::string example;  ///< one complete command line, or several lines
  std::string details;  ///< a paragraph for its help and the manual page; may be empty
  OutputKind output = OutputKind::kTextOrJson;
};

/// Adds a subcommand to `parent`, with the options that every command has: --json, --verbose,
/// --help.
CLI::App* AddCommand(CLI::App& parent, const CommandSpec& spec);

/// Adds a subcommand that only holds others, as `tare registry` holds `ls`.
CLI::App* AddCommandGroup(CLI::App& parent, const CommandSpec& spec);

/// Accepts one of `choices`; the message names the nearest.
CLI::Validator OneOf(std::vector<std::string> choices);

/// What a command does: a function of the terminal that returns Result<void>, or Result<int>
/// where the exit code is part of the answer.
class Action {
 public:
  Action() = default;

  template <std::invocable<Terminal&> F>
  Action(F run)  // NOLINT: implicit, so that a lambda can stand in for it
      : run_([run = std::move(run)](Terminal& terminal) -> Result<int> {
          if constexpr (std::same_as<std::invoke_result_t<F, Terminal&>, Result<void>>) {
            TARE_TRY_VOID(run(terminal));
            return kExitDone;
          } else {
            return run(terminal);
          }
        }) {}

  Result<int> operator()(Terminal& terminal) const { return run_(terminal); }

 private:
  std::function<Result<int>(Terminal&)> run_;
};

/// A subcommand: where it stands in the parser, and what it does. A group has children instead.
struct Command {
  CLI::App* app = nullptr;
  Action run = {};
  std::vector<Command> children = {};
};

/// The name of a step in help: "Try", "Make", ...
const char* StepName(Step step);

}  // namespace tare::cli
