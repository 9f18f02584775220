// Completion scripts, generated from the command line as it is.

#pragma once

#include <string>

#include "cli/help/command_tree.h"

namespace tare::cli {

/// Each script completes commands, options, the choices of an option, and files or folders where
/// an argument takes a path. It is complete in itself: completing does not start tare.
std::string BashCompletion(const CommandDoc& root);
std::string ZshCompletion(const CommandDoc& root);
std::string FishCompletion(const CommandDoc& root);

}  // namespace tare::cli
