// tare completion: prints the script that completes tare's command line in a shell.

#include <memory>

#include "cli/commands/commands.h"
#include "cli/help/completion.h"

namespace tare::cli {
namespace {

Result<void> RunCompletion(const std::string& shell, const CLI::App& root, Terminal& terminal) {
  const CommandDoc doc = Describe(root, root.get_name());
  terminal.Print(shell == "bash"  ? BashCompletion(doc)
                 : shell == "zsh" ? ZshCompletion(doc)
                                  : FishCompletion(doc));
  return {};
}

}  // namespace

Command MakeCompletionCommand(CLI::App& root) {
  auto shell = std::make_shared<std::string>();
  CLI::App* app = AddCommand(
      root, {.name = "completion",
             .step = Step::kHelp,
             .summary = "Print a completion script for bash, zsh or fish",
             .example = "tare completion bash > ~/.local/share/bash-completion/completions/tare\n"
                        "tare completion fish > ~/.config/fish/completions/tare.fish\n"
                        "tare completion zsh > ~/.zfunc/_tare    # ~/.zfunc being in $fpath",
             .output = OutputKind::kText});
  app->add_option("shell", *shell, "Shell")->required()->check(OneOf({"bash", "zsh", "fish"}));
  return {app,
          [shell, &root](Terminal& terminal) { return RunCompletion(*shell, root, terminal); }};
}

}  // namespace tare::cli
