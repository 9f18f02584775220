// Help texts, in the form of the rest of the program.

#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "cli/help/command_tree.h"

namespace tare::cli {

/// The formatter of every command: CLI::App::formatter_fn().
std::string FormatHelp(const CLI::App* app, const std::string& path, CLI::AppFormatMode mode);

/// Help of a group, its commands under the steps of the practice. At most 24 lines: when one line
/// a command does not fit, a step is one line with the names of its commands.
std::string GroupHelp(const CommandDoc& command);

/// Help of one command: usage, arguments, options, example.
std::string CommandHelp(const CommandDoc& command);

}  // namespace tare::cli
