#include "cli/help/completion.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

constexpr const char* kFishHead =
    R"sh(# fish completion for tare: install it as ~/.config/fish/completions/tare.fish
function __tare_at
    set -l at tare
    for word in (commandline -opc)[2..-1]
        switch "$at $word"
            case )sh";

constexpr const char* kAfterPaths = R"sh(
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c tare -f
)sh";

std::string FishQuoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + "'";
}

std::string ValueFlags(const ArgumentDoc& argument) {
  switch (argument.kind) {
    case ValueKind::kFile:
      return " -r -F";
    case ValueKind::kFolder:
      return " -x -a '(__fish_complete_directories)'";
    case ValueKind::kChoice:
      return StrCat(" -x -a ", FishQuoted(Join(argument.choices, " ")));
    case ValueKind::kText:
      return " -x";
    case ValueKind::kNone:
      break;
  }
  return "";
}

std::string ArgumentLine(const std::string& at, const ArgumentDoc& argument) {
  if (argument.positional()) {
    if (argument.kind == ValueKind::kText) return "";
    std::string flags = ValueFlags(argument);
    if (argument.kind != ValueKind::kFile) flags.erase(0, std::string(" -x").size());
    return StrCat(at, argument.kind == ValueKind::kFile ? " -F" : flags, "\n");
  }
  std::string names;
  for (const std::string& name : argument.names) {
    names +=
        name.starts_with("--") ? StrCat(" -l ", name.substr(2)) : StrCat(" -s ", name.substr(1));
  }
  return StrCat(at, names, ValueFlags(argument), " -d ", FishQuoted(argument.description), "\n");
}

}  // namespace

std::string FishCompletion(const CommandDoc& root) {
  std::string paths;
  std::string lines;
  ForEachCommand(root, [&](const CommandDoc& command) {
    if (command.path != root.path)
      paths += StrCat(paths.empty() ? "" : " ", FishQuoted(command.path));
    const std::string at = StrCat("complete -c tare -n \"__tare_at '", command.path, "'\"");
    for (const CommandDoc& child : command.children) {
      lines += StrCat(at, " -a ", child.name, " -d ", FishQuoted(child.summary), "\n");
    }
    for (const ArgumentDoc& argument : command.arguments) lines += ArgumentLine(at, argument);
  });
  return StrCat(kFishHead, paths, kAfterPaths, lines);
}

}  // namespace tare::cli
