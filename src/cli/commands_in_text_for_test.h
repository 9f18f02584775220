// Commands of tare in messages and pages, and whether the command line would take them.

#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands/commands.h"
#include "tare/core/strcat.h"

namespace tare::cli {

/// The words of a command as a shell splits them, up to a comment, a redirection or a pipe; quotes
/// group.
inline std::vector<std::string> ShellWords(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0) {
      if (c == quote) {
        quote = 0;
      } else {
        words.back() += c;
      }
      continue;
    }
    if (c == '#' && !in_word) break;
    if (c == '>' || c == '|' || c == '&') {
      if (in_word) words.pop_back();  // the number in 2>
      break;
    }
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (c == '\'' || c == '"') {
      quote = c;
    } else {
      words.back() += c;
    }
  }
  return words;
}

/// Each "tare COMMAND ..." of a message, up to where the sentence goes on: "; ", ", ", " (", ": ",
/// " or ", a quote or the end of the line.
inline std::vector<std::string> CommandsIn(std::string_view text) {
  static const Program program = MakeProgram();
  std::vector<std::string> found;
  for (size_t at = text.find("tare "); at != std::string_view::npos;
       at = text.find("tare ", at + 1)) {
    // A path in front of it is how it was called.
    const size_t begin = text.find_last_of(" \n(`'\"", at) + 1;
    if (begin != at && text[at - 1] != '/') continue;
    std::string_view rest = text.substr(at);
    for (const std::string_view end :
         {"\n", "; ", ", ", " (", "   ", ": ", " or ", " and ", "`", "' ", ")"}) {
      rest = rest.substr(0, rest.find(end));
    }
    const auto words = ShellWords(rest);
    const bool is_command =
        words.size() > 1 && std::ranges::any_of(program.commands, [&](const Command& command) {
          return command.app->get_name() == words[1];
        });
    if (is_command) found.emplace_back(rest);
  }
  return found;
}

/// Why the command line does not take a command, or "". One without arguments only names what to
/// use; capitals, and "X", stand for values.
inline std::string WhyNotTaken(const std::string& command) {
  auto words = ShellWords(command);
  words.erase(words.begin());
  const Program program = MakeProgram();
  const CLI::App* app = program.root.get();
  size_t depth = 0;
  while (depth < words.size()) {
    const auto named = app->get_subcommands(
        [&](const CLI::App* child) { return child->get_name() == words[depth]; });
    if (named.empty()) break;
    app = named[0];
    ++depth;
  }
  const auto is_argument = [](const std::string& word) {
    return word.find_first_of("-./@0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") < word.size() - 1 ||
           word.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos;
  };
  // A usage line names what may be left out.
  if (depth == words.size() || command.find('[') != std::string::npos) return "";
  if (!app->get_subcommands(nullptr).empty() && words[depth][0] != '-')
    return StrCat("'", words[depth], "' is no command of ", app->get_name());
  // Words of a sentence: "tare run registers what passes".
  if (std::none_of(words.begin() + static_cast<std::ptrdiff_t>(depth), words.end(), is_argument))
    return "";
  const bool has_placeholder = std::ranges::any_of(words, [](const std::string& word) {
    return word.find('X') != std::string::npos ||
           std::ranges::all_of(word, [](unsigned char c) { return std::isupper(c) != 0; });
  });
  std::ranges::reverse(words);
  try {
    program.root->parse(std::move(words));
  } catch (const CLI::ConversionError& error) {
    return has_placeholder ? "" : error.what();
  } catch (const CLI::ValidationError& error) {
    return has_placeholder ? "" : error.what();
  } catch (const CLI::Success&) {
    return "";
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

}  // namespace tare::cli
