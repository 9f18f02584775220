// The manual page, generated from the command line as it is.

#pragma once

#include <string>

#include "cli/help/command_tree.h"

namespace tare::cli {

/// Returns tare(1) in roff with the man macros.
std::string ManPage(const CommandDoc& root, const std::string& version);

}  // namespace tare::cli
