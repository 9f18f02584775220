// The pages of docs/cli, generated from the command line as it is.

#pragma once

#include <map>
#include <string>

#include "cli/help/command_tree.h"

namespace tare::cli {

/// Returns file name to text: "README.md", which lists the commands by step, and "NAME.md" for each
/// command below `root`; the commands of a group stand on the page of the group.
std::map<std::string, std::string> MarkdownPages(const CommandDoc& root);

}  // namespace tare::cli
