// tare run: a project from data check to registered version, repeating only what changed.

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands/candidates.h"
#include "cli/commands/commands.h"
#include "cli/commands/registry_root.h"
#include "cli/commands/verdict.h"
#include "cli/help/version.h"
#include "cli/terminal/json.h"
#include "core/text_width.h"
#include "tare/pipeline/run.h"
#include "tare/verdict/policy_doubts.h"

namespace tare::cli {
namespace {

struct RunArgs {
  std::string project_path = "tare.yaml";
  std::string out_folder;
  std::string registry;
  double time_limit_s = 120;
  std::vector<std::string> again;
};

// Size and time of the executable: a rebuilt program repeats its steps.
std::string ProgramStamp() {
  struct stat status {};
  if (::stat("/proc/self/exe", &status) != 0) return "";
  return StrCat(int64_t{status.st_size}, "@", int64_t{status.st_mtim.tv_sec}, ".",
                int64_t{status.st_mtim.tv_nsec});
}

// --registry, else $TARE_REGISTRY, else what the project says.
std::string WantedRegistry(const RunArgs& args) {
  if (!args.registry.empty()) return args.registry;
  const char* variable = std::getenv("TARE_REGISTRY");
  return variable != nullptr ? variable : "";
}

std::string DeclinedJson(const pipeline::RunOutcome& outcome) {
  nlohmann::ordered_json document = {{"verdict", nullptr},
                                     {"reason", outcome.decline_reason},
                                     {"candidates", nlohmann::ordered_json::array()}};
  for (const search::Candidate& candidate : outcome.candidates) {
    document["candidates"].push_back({{"name", candidate.name},
                                      {"speedup", candidate.speedup.value},
                                      {"cosine", candidate.closeness.cosine},
                                      {"outputs", candidate.closeness.judged.Text()},
                                      {"model_bytes", candidate.model_bytes},
                                      {"problem", candidate.problem}});
  }
  return Dump(document);
}

std::string Shortest(const std::string& path) {
  std::error_code error;
  const std::string relative = std::filesystem::relative(path, error).string();
  return !error && !relative.empty() && relative.size() < path.size() ? relative : path;
}

void SayNext(const pipeline::Project& project, const pipeline::RunOutcome& outcome,
             Terminal& terminal) {
  const std::string report = Printable(Shortest(outcome.report_html_path));
  if (outcome.registered.empty()) {
    terminal.Say("  not registered   report ", report);
    terminal.Say("  next: open the report; then change the policy or the data in ",
                 Printable(project.file), " and run again");
    return;
  }
  std::error_code ignored;
  const bool elsewhere =
      !std::filesystem::equivalent(outcome.registry_root, RegistryRoot(""), ignored);
  terminal.Say("  registered ", outcome.registered, "   report ", report);
  terminal.Say("  next: tare registry show ", outcome.registered,
               elsewhere ? " --registry " + Printable(Shortest(outcome.registry_root)) : "");
}

Result<int> RunRun(const RunArgs& args, Terminal& terminal) {
  TARE_TRY(pipeline::Project project, pipeline::ReadProject(args.project_path));
  pipeline::RunOptions options;
  options.out_folder = args.out_folder;
  options.tare_version = VersionNumber();
  options.program_stamp = ProgramStamp();
  options.time_limit_s = args.time_limit_s;
  options.again = {args.again.begin(), args.again.end()};
  if (const std::string registry = WantedRegistry(args); !registry.empty())
    project.registry_root = registry;
  // Before anything is measured: a policy that is changed afterwards is no longer a promise.
  for (const auto& [what, next] : verdict::QuestionPolicy(project.policy)) {
    terminal.Note(terminal.Paint(Colour::kWarning, "warning"), "  ", Printable(what), "; ",
                  Printable(next));
  }
  TARE_TRY(const auto outcome, pipeline::RunProject(project, options, terminal.progress()));
  if (!outcome.decline_reason.empty()) {
    SayCandidates(outcome.candidates, terminal);
    if (terminal.json()) terminal.PrintJson(DeclinedJson(outcome));
    return Unsupported(StrCat(project.model_path, ": ", outcome.decline_reason,
                              "; nothing was written or registered"),
                       outcome.candidates.empty()
                           ? "use the float model as it is"
                           : "use the float model as it is, raise search: tolerance, or ask for a "
                             "smaller model with search: {objective: size}");
  }
  SayInputs(outcome.report, terminal);
  SayReport(outcome.report, terminal);
  SayNext(project, outcome, terminal);
  if (terminal.json())
    terminal.PrintJson(std::string_view(outcome.report_json)
                           .substr(0, outcome.report_json.find_last_not_of('\n') + 1));
  return ExitCodeOf(outcome.report);
}

}  // namespace

Command MakeRunCommand(CLI::App& root) {
  auto args = std::make_shared<RunArgs>();
  CLI::App* app = AddCommand(
      root, {.name = "run",
             .step = Step::kTry,
             .summary = "Do everything that tare.yaml asks for, from data check to verdict",
             .example = "tare run\ntare run examples/fashion/tare.yaml --out /tmp/fashion",
             .details = "Checks the data, measures the float model, chooses and makes the int8 "
                        "one, compares both on the "
                        "test data, judges by the policy, and registers what passes. A step whose "
                        "inputs have not changed "
                        "is not repeated. Ends with 0 for PASS, 20 for FAIL, 21 for INCONCLUSIVE, "
                        "5 when nothing is to be "
                        "gained."});
  app->add_option("project", args->project_path, "The project, or its folder")
      ->type_name(kFileType)
      ->capture_default_str();
  app->add_option("-o,--out", args->out_folder,
                  "Folder for model, recipe and report (default tare-out beside the project)")
      ->type_name(kFolderType);
  app->add_option("--registry", args->registry,
                  "Folder of the registry (default $TARE_REGISTRY, else what the project says)")
      ->type_name(kFolderType);
  app->add_option(
         "--again", args->again,
         "Do these steps again though nothing has changed: evaluate measures the times anew")
      ->delimiter(',')
      ->type_name("STEPS")
      ->check(OneOf({std::begin(pipeline::kSteps), std::end(pipeline::kSteps)}));
  app->add_option("--time-limit", args->time_limit_s, "Seconds for the model's first load and run")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  return {app, [args](Terminal& terminal) { return RunRun(*args, terminal); }};
}

}  // namespace tare::cli
