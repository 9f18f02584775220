// The list of subcommands: declare a Make...Command() here, add it to the list in commands.cc.

#pragma once

#include <memory>
#include <vector>

#include "cli/help/command.h"

namespace tare::cli {

Command MakeInitCommand(CLI::App& root);
Command MakeInspectCommand(CLI::App& root);
Command MakeRunCommand(CLI::App& root);
Command MakeCalibrateCommand(CLI::App& root);
Command MakeQuantizeCommand(CLI::App& root);
Command MakeEvaluateCommand(CLI::App& root);
Command MakeGateCommand(CLI::App& root);
Command MakeDataCommand(CLI::App& root);
Command MakeRegistryCommand(CLI::App& root);
Command MakeCompletionCommand(CLI::App& root);
Command MakeManCommand(CLI::App& root);

/// The whole program: the parser and the commands that hang on it.
struct Program {
  std::unique_ptr<CLI::App> root;
  std::vector<Command> commands;
};
Program MakeProgram();

/// The parser without commands, with the help, the version and the rules of them all.
std::unique_ptr<CLI::App> MakeRoot();

}  // namespace tare::cli
