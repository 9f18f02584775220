// The program between its arguments and its exit code.

#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/commands/commands.h"
#include "cli/terminal/terminal.h"

namespace tare::cli {

/// Runs the command that `arguments` (without the program's name) ask for; prints its error.
/// Returns the exit code of the design, section 4. `make_program` is for tests.
int RunProgram(std::vector<std::string> arguments, TerminalOptions options,
               const std::function<Program()>& make_program = MakeProgram);

/// The same for a process: file descriptors, signals, and what escapes as an exception.
int Main(int argc, char** argv);

}  // namespace tare::cli
