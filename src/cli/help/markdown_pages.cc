#include "cli/help/markdown_pages.h"

#include "cli/help/command.h"
#include "cli/help/exit_codes.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

constexpr const char* kPageHead =
    "<!-- Written by `make docs` from the command line itself: change src/cli/commands. -->\n\n";

constexpr const char* kIndexTail = R"(
With `--json`, standard output holds one JSON document and nothing else; after a failure it is an object with the key
`error`. Messages and progress go to standard error.
)";

// Text of a paragraph or a cell: what Markdown would read as markup is escaped.
std::string MarkdownEscaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_<>[]|").find(c) != std::string_view::npos) out.push_back('\\');
    out.push_back(c == '\n' ? ' ' : c);
  }
  return out;
}

std::string Code(const std::string& text) { return StrCat("`", text, "`"); }

std::string Block(const std::string& text) { return StrCat("\n```sh\n", text, "\n```\n"); }

std::string Head(const ArgumentDoc& argument) {
  if (argument.positional()) return Code(argument.label);
  const std::string names = Join(argument.names, ", ");
  return Code(argument.label.empty() ? names : StrCat(names, " ", argument.label));
}

std::string Arguments(const CommandDoc& command) {
  std::string out = "\n| argument | meaning |\n| --- | --- |\n";
  for (const ArgumentDoc& argument : command.arguments) {
    out += StrCat("| ", Head(argument), " | ", MarkdownEscaped(FullDescription(argument)),
                  argument.required ? "; required |\n" : " |\n");
  }
  return out;
}

std::string PageSection(const CommandDoc& command) {
  std::string out = StrCat(MarkdownEscaped(command.summary), ".\n", Block(UsageLine(command)));
  if (!command.details.empty()) out += StrCat("\n", MarkdownEscaped(command.details), "\n");
  out += Arguments(command);
  if (!command.example.empty()) out += StrCat("\nExample:\n", Block(command.example));
  return out;
}

std::string Page(const CommandDoc& command) {
  std::string out = StrCat(kPageHead, "# ", command.path, "\n\n");
  if (command.children.empty()) {
    out += PageSection(command);
  } else {
    out += StrCat(MarkdownEscaped(command.summary), ".\n");
    for (const CommandDoc& child : command.children) {
      out += StrCat("\n## ", child.path, "\n\n", PageSection(child));
    }
  }
  return out + "\nExit codes: [README.md](README.md#exit-codes).\n";
}

std::string Index(const CommandDoc& root) {
  std::string out =
      StrCat(kPageHead, "# The command line\n\n| step | command | |\n| --- | --- | --- |\n");
  for (int i = 0; i <= static_cast<int>(Step::kHelp); ++i) {
    const std::string step = StepName(static_cast<Step>(i));
    for (const CommandDoc& child : root.children) {
      if (child.step != step) continue;
      out += StrCat("| ", step, " | [", child.path, "](", child.name, ".md) | ",
                    MarkdownEscaped(child.summary), " |\n");
    }
  }
  out += "\n## Exit codes\n\n| code | meaning |\n| --- | --- |\n";
  for (const ExitCodeDoc& exit : kExitCodes) {
    out += StrCat("| ", exit.code, " | ", exit.meaning, " |\n");
  }
  return out + kIndexTail;
}

}  // namespace

std::map<std::string, std::string> MarkdownPages(const CommandDoc& root) {
  std::map<std::string, std::string> pages = {{"README.md", Index(root)}};
  for (const CommandDoc& child : root.children) pages[child.name + ".md"] = Page(child);
  return pages;
}

}  // namespace tare::cli
