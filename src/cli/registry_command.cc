#include "cli/commands.h"

namespace tare::cli {

Command MakeRegistryCommand(CLI::App& root) {
  CLI::App* app = AddCommandGroup(root, {.name = "registry",
                                         .step = Step::kShip,
                                         .summary = "Versions on the record: list, show, get"});
  return {app, {}, {}};
}
Command MakeCompletionCommand(CLI::App& root) {
  return {AddCommand(root, {.name = "completion",
                            .step = Step::kHelp,
                            .summary = "Print a completion script",
                            .output = OutputKind::kText}),
          [](Terminal&) -> Result<void> { return {}; }};
}
Command MakeManCommand(CLI::App& root) {
  return {AddCommand(root, {.name = "man",
                            .step = Step::kHelp,
                            .summary = "Print the manual page",
                            .output = OutputKind::kText}),
          [](Terminal&) -> Result<void> { return {}; }};
}
}  // namespace tare::cli
