// Commands in what tare prints, as the user can run them.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tare::cli {

/// How the program was called, and what follows it on a command line.
struct Invocation {
  std::string program = "tare";  ///< build/release/tare, or tare where $PATH finds it
  std::vector<std::string> commands;
};

/// Returns `text` with "tare COMMAND" as `invocation` has it: "tare gate r.json" becomes
/// "build/release/tare gate r.json". Other words stay: "what tare reads".
std::string AsInvoked(std::string_view text, const Invocation& invocation);

}  // namespace tare::cli
