#include "cli/app.h"

#include <algorithm>
#include <exception>
#include <new>

#include "cli/help/usage_error.h"
#include "cli/help/version.h"
#include "cli/terminal/logging.h"
#include "cli/terminal/signals.h"

namespace tare::cli {
namespace {

// The deepest command that the command line names, or nullptr.
const Command* FindCommand(const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    if (!command.app->parsed()) continue;
    const Command* child = FindCommand(command.children);
    return child != nullptr ? child : &command;
  }
  return nullptr;
}

// --json decides where even the message about a wrong command line goes.
bool AsksForJson(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

int FlagCount(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option_no_throw(name);
  return option == nullptr ? 0 : static_cast<int>(option->count());
}

Result<int> RunCommand(const Command& command, Terminal& terminal) {
  SetVerbosity(FlagCount(*command.app, "--verbose"));
  LogInfo(StrCat("tare ", VersionNumber(), ": ", command.app->get_name()));
  TARE_TRY(const int exit_code, command.run(terminal));
  TARE_TRY_VOID(terminal.Finish());
  if (terminal.json() && !terminal.printed_json()) {
    return Internal(StrCat("tare ", command.app->get_name(), " --json printed no document"));
  }
  return exit_code;
}

// Parses and runs; help and version come out of the parser as exceptions.
Result<int> ParseAndRun(Program& program, std::vector<std::string> arguments, Terminal& terminal) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  try {
    program.root->parse(std::move(arguments));
  } catch (const CLI::CallForVersion& version) {
    terminal.Print(StrCat(version.what(), "\n"));
    return kExitDone;
  } catch (const CLI::CallForHelp&) {
    terminal.Print(program.root->help());
    return kExitDone;
  } catch (const CLI::ParseError& error) {
    return UsageError(*program.root, error);
  }
  const Command* command = FindCommand(program.commands);
  if (command == nullptr || !command->children.empty()) {
    terminal.Print(program.root->help());
    return kExitDone;
  }
  return RunCommand(*command, terminal);
}

// Says the last words of a process that may have no memory left for more.
int OutOfMemory(const TerminalOptions& options) {
  options.err(
      "error: out of memory\nnext:  close other programs, or use fewer samples or threads\n");
  if (options.json) {
    options.out(
        "{\"error\": {\"code\": \"resource_exhausted\", \"exit_code\": 7, \"what\": \"out of "
        "memory\", \"next_step\": \"close other programs, or use fewer samples or threads\", "
        "\"context\": []}}\n");
  }
  return static_cast<int>(ErrorCode::kResourceExhausted);
}

int RunInTerminal(Program program, std::vector<std::string> arguments, const std::string& called,
                  Terminal& terminal) {
  Invocation invocation{called, {}};
  for (const Command& command : program.commands)
    invocation.commands.push_back(command.app->get_name());
  terminal.SetInvocation(std::move(invocation));
  const auto result = ParseAndRun(program, std::move(arguments), terminal);
  if (result) return *result;
  terminal.PrintError(result.error());
  return static_cast<int>(result.error().code);
}

}  // namespace

int RunProgram(std::vector<std::string> arguments, TerminalOptions options,
               const std::function<Program()>& make_program) {
  // `tare help registry get` is `tare registry get --help`.
  if (!arguments.empty() && arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  options.json = AsksForJson(arguments);
  Terminal terminal(options);
  try {
    return RunInTerminal(make_program(), std::move(arguments), options.called, terminal);
  } catch (const std::bad_alloc&) {
    return OutOfMemory(options);
  } catch (const std::exception& exception) {
    terminal.PrintError(Internal(StrCat("unexpected exception: ", exception.what())));
    return static_cast<int>(ErrorCode::kInternal);
  }
}

int Main(int argc, char** argv) {
  InstallSignalHandlers();
  TerminalOptions options = DetectTerminal();
  // A path is what the user must type again; a bare name was found on $PATH.
  if (argc > 0 && std::string_view(argv[0]).find('/') != std::string_view::npos)
    options.called = argv[0];
  return RunProgram(std::vector<std::string>(argv + std::min(argc, 1), argv + argc),
                    std::move(options));
}

}  // namespace tare::cli
