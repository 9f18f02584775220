// tare man: prints the manual page.

#include "cli/commands/commands.h"
#include "cli/help/man_page.h"
#include "cli/help/version.h"

namespace tare::cli {

Command MakeManCommand(CLI::App& root) {
  CLI::App* app = AddCommand(root, {.name = "man",
                                    .step = Step::kHelp,
                                    .summary = "Print the manual page, in roff",
                                    .example = "tare man | man -l -",
                                    .output = OutputKind::kText});
  return {app, [&root](Terminal& terminal) -> Result<void> {
            terminal.Print(ManPage(Describe(root, root.get_name()), VersionNumber()));
            return {};
          }};
}

}  // namespace tare::cli
