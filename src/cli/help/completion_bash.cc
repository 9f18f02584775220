
#include "cli/help/completion.h"
#include "tare/core/strcat.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

constexpr const char* kBashHead =
    R"sh(# bash completion for tare: source this file, or install it as
# ~/.local/share/bash-completion/completions/tare
_tare_files() {
  local IFS=$'\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen "$1" -- "$cur"))
}

_tare() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} at=tare i
  local commands='' options='' positional=''
  COMPREPLY=()
  # "--option=value" arrives as three words.
  if [[ $cur == '=' ]]; then cur=''
  elif [[ $prev == '=' ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at ${COMP_WORDS[i]}" in
)sh";

constexpr const char* kBashTail = R"sh(  esac
  if [[ $cur == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$cur"))
  elif [[ -n $commands ]]; then
    COMPREPLY=($(compgen -W "$commands" -- "$cur"))
  elif [[ $positional == -* ]]; then
    _tare_files "$positional"
  elif [[ -n $positional ]]; then
    COMPREPLY=($(compgen -W "$positional" -- "$cur"))
  fi
}
complete -F _tare tare
)sh";

// What completes a value: words, or the flag of compgen for files or folders.
std::string ValueWords(const ArgumentDoc& argument) {
  switch (argument.kind) {
    case ValueKind::kFile:
      return "-f";
    case ValueKind::kFolder:
      return "-d";
    case ValueKind::kChoice:
      return Join(argument.choices, " ");
    case ValueKind::kNone:
    case ValueKind::kText:
      break;
  }
  return "";
}

// case lines: "tare quantize --method") what to do when that option is the word before.
std::string OptionValueCases(const CommandDoc& command) {
  std::string out;
  for (const ArgumentDoc& argument : command.arguments) {
    if (argument.positional() || argument.kind == ValueKind::kNone) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : argument.names) {
      patterns.push_back(StrCat("'", command.path, " ", name, "'"));
    }
    const std::string words = ValueWords(argument);
    const std::string action = words.empty() ? ""
                               : argument.kind == ValueKind::kChoice
                                   ? StrCat("COMPREPLY=($(compgen -W '", words, "' -- \"$cur\")); ")
                                   : StrCat("_tare_files ", words, "; ");
    out += StrCat("    ", Join(patterns, "|"), ") ", action, "return ;;\n");
  }
  return out;
}

// One case line with the words that may stand at this command.
std::string WordsCase(const CommandDoc& command) {
  std::vector<std::string> children;
  std::vector<std::string> options;
  std::string positional;
  for (const CommandDoc& child : command.children) children.push_back(child.name);
  for (const ArgumentDoc& argument : command.arguments) {
    options.insert(options.end(), argument.names.begin(), argument.names.end());
    if (argument.positional() && positional.empty()) positional = ValueWords(argument);
  }
  return StrCat("    '", command.path, "') commands='", Join(children, " "), "' options='",
                Join(options, " "), "' positional='", positional, "' ;;\n");
}

}  // namespace

std::string BashCompletion(const CommandDoc& root) {
  std::string paths;
  std::string values;
  std::string words;
  ForEachCommand(root, [&](const CommandDoc& command) {
    if (command.path != root.path)
      paths += StrCat(paths.empty() ? "" : "|", "'", command.path, "'");
    values += OptionValueCases(command);
    words += WordsCase(command);
  });
  return StrCat(kBashHead, "      ", paths, ") at=\"$at ${COMP_WORDS[i]}\" ;;\n    esac\n  done\n",
                "  case \"$at $prev\" in\n", values, "  esac\n  case \"$at\" in\n", words,
                kBashTail);
}

}  // namespace tare::cli
