#include "cli/help/help.h"

#include <algorithm>

#include "cli/help/command.h"
#include "core/text_width.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

constexpr int64_t kColumns = 100;
constexpr int64_t kMaxLines = 24;
constexpr int64_t kStepColumns = 9;

struct StepCommands {
  std::string step;
  std::vector<const CommandDoc*> commands;
};

// The commands by step, steps in the order of the enumeration.
std::vector<StepCommands> ByStep(const CommandDoc& group) {
  std::vector<StepCommands> steps;
  for (int i = 0; i <= static_cast<int>(Step::kHelp); ++i) {
    StepCommands step{StepName(static_cast<Step>(i)), {}};
    for (const CommandDoc& child : group.children) {
      if (child.step == step.step) step.commands.push_back(&child);
    }
    if (!step.commands.empty()) steps.push_back(std::move(step));
  }
  return steps;
}

std::string OneLineEach(const std::vector<StepCommands>& steps) {
  std::string out;
  for (const StepCommands& step : steps) {
    std::string head = steps.size() > 1 ? step.step : "";
    for (const CommandDoc* command : step.commands) {
      const int64_t width = steps.size() > 1 ? kStepColumns : 2;
      out +=
          StrCat(PadRight(head, width), PadRight(command->name, 12), " ", command->summary, "\n");
      head.clear();
    }
  }
  return out;
}

std::string NamesOnly(const std::vector<StepCommands>& steps) {
  std::string out;
  for (const StepCommands& step : steps) {
    std::vector<std::string> names;
    for (const CommandDoc* command : step.commands) names.push_back(command->name);
    out += StrCat(PadRight(step.step, kStepColumns), Join(names, "  "), "\n");
  }
  return out;
}

std::string OptionHead(const ArgumentDoc& argument) {
  if (argument.positional()) return argument.label;
  const std::string head = Join(argument.names, ", ");
  return argument.label.empty() ? head : StrCat(head, " ", argument.label);
}

std::string Paragraph(const std::string& text, int64_t indent) {
  std::string out;
  for (const std::string& line : Wrap(text, kColumns - indent)) {
    out += StrCat(PadRight("", indent), line, "\n");
  }
  return out;
}

}  // namespace

std::string GroupHelp(const CommandDoc& command) {
  const auto steps = ByStep(command);
  std::string head =
      StrCat(command.path, ": ", command.summary, "\n\nusage: ", UsageLine(command), "\n\n");
  std::string tail = command.example.empty() ? "" : StrCat("\n", command.example, "\n");
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const std::string each = OneLineEach(steps);
  const bool fits = lines(head) + lines(each) + lines(tail) <= kMaxLines;
  return StrCat(head, fits ? each : NamesOnly(steps), tail);
}

std::string CommandHelp(const CommandDoc& command) {
  std::string out =
      StrCat(command.path, ": ", command.summary, "\n\nusage: ", UsageLine(command), "\n");
  if (!command.details.empty()) out += StrCat("\n", Paragraph(command.details, 0));
  int64_t width = 0;
  for (const ArgumentDoc& argument : command.arguments) {
    width = std::max(width, DisplayWidth(OptionHead(argument)));
  }
  width = std::min<int64_t>(width, 30) + 4;
  out += "\n";
  for (const ArgumentDoc& argument : command.arguments) {
    std::string head = StrCat("  ", OptionHead(argument));
    if (DisplayWidth(head) + 2 > width) out += std::exchange(head, "") + "\n";
    for (const std::string& line : Wrap(FullDescription(argument), kColumns - width)) {
      out += StrCat(PadRight(std::exchange(head, ""), width), line, "\n");
    }
  }
  if (!command.example.empty()) out += StrCat("\nexample:\n", Paragraph(command.example, 2));
  return out;
}

std::string FormatHelp(const CLI::App* app, const std::string& path, CLI::AppFormatMode) {
  const CommandDoc command = Describe(*app, path);
  return command.children.empty() ? CommandHelp(command) : GroupHelp(command);
}

}  // namespace tare::cli
