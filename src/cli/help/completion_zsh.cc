#include "cli/help/completion.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

constexpr const char* kZshHead = R"sh(#compdef tare
# zsh completion for tare: install it as _tare in a folder of $fpath
_tare() {
  local at=tare depth=1 i
  local -a commands
  for ((i = 2; i < CURRENT; i++)); do
    case "$at ${words[i]}" in
)sh";

constexpr const char* kZshTail = R"sh(  esac
}
if [[ ${funcstack[1]} == _tare ]]; then _tare "$@"; else compdef _tare tare; fi
)sh";

// For a text within single quotes.
std::string ZshQuoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out;
}

// For a description in _arguments, where ':', '[' and ']' have a meaning.
std::string Description(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return ZshQuoted(out);
}

std::string ValueAction(const ArgumentDoc& argument) {
  switch (argument.kind) {
    case ValueKind::kFile:
      return "_files";
    case ValueKind::kFolder:
      return "_files -/";
    case ValueKind::kChoice:
      return StrCat("(", Join(argument.choices, " "), ")");
    case ValueKind::kNone:
    case ValueKind::kText:
      break;
  }
  return " ";
}

// The specification of one argument, as _arguments takes it.
std::string Specification(const ArgumentDoc& argument, const std::string& name, int position) {
  const std::string value =
      argument.kind == ValueKind::kNone
          ? ""
          : StrCat(":", Description(argument.label), ":", ValueAction(argument));
  if (argument.positional()) {
    return StrCat("'", argument.repeats ? "*" : std::to_string(position), value, "'");
  }
  return StrCat("'", argument.repeats ? "*" : "", name, "[", Description(argument.description), "]",
                value, "'");
}

std::string ArgumentsCase(const CommandDoc& command) {
  std::string out = StrCat("    '", command.path, "')\n      _arguments");
  int position = 0;
  for (const ArgumentDoc& argument : command.arguments) {
    if (argument.positional()) {
      out += StrCat(" \\\n        ", Specification(argument, "", ++position));
    }
    for (const std::string& name : argument.names) {
      out += StrCat(" \\\n        ", Specification(argument, name, 0));
    }
  }
  return out + " ;;\n";
}

std::string CommandsCase(const CommandDoc& command) {
  std::string out = StrCat("    '", command.path, "')\n      commands=(");
  for (const CommandDoc& child : command.children) {
    out += StrCat("\n        '", child.name, ":", ZshQuoted(child.summary), "'");
  }
  return out + ")\n      _describe command commands ;;\n";
}

}  // namespace

std::string ZshCompletion(const CommandDoc& root) {
  std::string paths;
  std::string cases;
  ForEachCommand(root, [&](const CommandDoc& command) {
    if (command.path != root.path)
      paths += StrCat(paths.empty() ? "" : "|", "'", command.path, "'");
    cases += command.children.empty() ? ArgumentsCase(command) : CommandsCase(command);
  });
  return StrCat(kZshHead, "      ", paths,
                ") at=\"$at ${words[i]}\"; depth=$i ;;\n    esac\n  done\n",
                "  words=(\"${(@)words[depth,-1]}\")\n  ((CURRENT -= depth - 1))\n",
                "  case \"$at\" in\n", cases, kZshTail);
}

}  // namespace tare::cli
