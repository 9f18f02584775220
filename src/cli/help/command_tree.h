// The command line as plain data: what help, completion and the manual page are made from.

#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tare::cli {

/// What an argument takes, for completion.
enum class ValueKind { kNone, kText, kChoice, kFile, kFolder };

/// An option or a positional argument.
struct ArgumentDoc {
  std::vector<std::string> names;  ///< "-o", "--out"; empty for a positional
  std::string label;               ///< of its value: "FILE", "N"; "" for a flag
  std::string description;
  std::string default_text;
  std::vector<std::string> choices;
  ValueKind kind = ValueKind::kText;
  bool required = false;
  bool repeats = false;  ///< may be given several times

  bool positional() const { return names.empty(); }
  /// --help, --json and --verbose, which mean the same everywhere.
  bool common() const;
};

/// A command with its arguments, or a group with its commands.
struct CommandDoc {
  std::string path;  ///< "tare registry get"
  std::string name;  ///< "get"
  std::string step;
  std::string summary;
  std::string details;
  std::string example;
  std::vector<ArgumentDoc> arguments;
  std::vector<CommandDoc> children;
};

/// Returns the description of `app` and all below it. `path` is what the user types to reach it.
CommandDoc Describe(const CLI::App& app, const std::string& path);

/// Returns the description with the choices that it does not name itself, the default, and whether
/// the argument repeats.
std::string FullDescription(const ArgumentDoc& argument);

/// Returns "tare registry get NAME[@N] --out FOLDER [OPTIONS]".
std::string UsageLine(const CommandDoc& command);

/// Calls visit(command) for `root` and every command below it, parents first.
template <class Visit>
void ForEachCommand(const CommandDoc& root, const Visit& visit) {
  visit(root);
  for (const CommandDoc& child : root.children) ForEachCommand(child, visit);
}

}  // namespace tare::cli
