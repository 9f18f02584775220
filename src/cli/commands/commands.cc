#include "cli/commands/commands.h"

#include "cli/help/help.h"
#include "cli/help/version.h"

namespace tare::cli {

std::unique_ptr<CLI::App> MakeRoot() {
  auto root =
      std::make_unique<CLI::App>("quantize ONNX models, and prove that they are not worse", "tare");
  root->formatter_fn(FormatHelp);
  root->set_help_flag("-h,--help", "Print this help");
  root->set_version_flag("-V,--version", VersionText(), "Print the version");
  root->footer("tare COMMAND --help   options and an example of one command");
  root->require_subcommand(0, 1);
  return root;
}

Program MakeProgram() {
  auto root = MakeRoot();
  // Within a step, the order of this list is the order of `tare --help`.
  std::vector<Command> commands;
  commands.push_back(MakeInitCommand(*root));
  commands.push_back(MakeInspectCommand(*root));
  commands.push_back(MakeDataCommand(*root));
  commands.push_back(MakeRunCommand(*root));
  commands.push_back(MakeCalibrateCommand(*root));
  commands.push_back(MakeQuantizeCommand(*root));
  commands.push_back(MakeEvaluateCommand(*root));
  commands.push_back(MakeGateCommand(*root));
  commands.push_back(MakeRegistryCommand(*root));
  commands.push_back(MakeCompletionCommand(*root));
  commands.push_back(MakeManCommand(*root));
  return {std::move(root), std::move(commands)};
}

}  // namespace tare::cli
