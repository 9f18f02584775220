#include "cli/help/command.h"

#include <algorithm>

#include "tare/core/text.h"

namespace tare::cli {

const char* StepName(Step step) {
  switch (step) {
    case Step::kTry:
      return "Try";
    case Step::kChoose:
      return "Choose";
    case Step::kMake:
      return "Make";
    case Step::kJudge:
      return "Judge";
    case Step::kShip:
      return "Ship";
    case Step::kWatch:
      return "Watch";
    case Step::kHelp:
      break;
  }
  return "Help";
}

CLI::App* AddCommandGroup(CLI::App& parent, const CommandSpec& spec) {
  CLI::App* app = parent.add_subcommand(
      spec.name, spec.details.empty() ? spec.summary : StrCat(spec.summary, "\n\n", spec.details));
  app->group(StepName(spec.step));
  app->footer(spec.example);
  app->require_subcommand(0, 1);
  return app;
}

CLI::App* AddCommand(CLI::App& parent, const CommandSpec& spec) {
  CLI::App* app = AddCommandGroup(parent, spec);
  if (spec.output == OutputKind::kTextOrJson) {
    app->add_flag("--json")->description("Print one JSON document on standard output");
  }
  // Under C++20, CLI11 2.1 would take a text as second argument for a variable to bind.
  app->add_flag("-v,--verbose")->description("Log to standard error; twice for more");
  return app;
}

CLI::Validator OneOf(std::vector<std::string> choices) {
  const std::string description = StrCat("{", Join(choices, ","), "}");
  const auto check = [choices = std::move(choices)](const std::string& value) -> std::string {
    if (std::find(choices.begin(), choices.end(), value) != choices.end()) return "";
    const std::string nearest = NearestName(value, choices);
    return StrCat("'", value, "' is not one of ", Join(choices, ", "),
                  nearest.empty() ? "" : StrCat(" (did you mean '", nearest, "'?)"));
  };
  return {check, description};
}

}  // namespace tare::cli
