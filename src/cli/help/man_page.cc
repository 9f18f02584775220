#include "cli/help/man_page.h"

#include "cli/help/command.h"
#include "cli/help/exit_codes.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

constexpr const char* kDescription = R"(.SH DESCRIPTION
.B tare
takes a float ONNX model to a smaller, faster one, proves that it is not worse where it counts, and
keeps the evidence. A verdict carries its statistic, its interval and the margin that was declared
before; too little data is INCONCLUSIVE, never PASS.
.PP
.B tare run
does the whole work that a project's
.I tare.yaml
describes, and resumes where it was stopped. The one-shot commands need no
.IR tare.yaml .
)";

constexpr const char* kManTail = R"(.TE
.PP
With
.BR \-\-json ,
standard output holds one JSON document and nothing else; after a failure it is an object with the
key
.IR error .
.SH ENVIRONMENT
.TP
.B TARE_REGISTRY
Folder of the registry. Default:
.I tare-registry
beside
.IR tare.yaml .
.TP
.B NO_COLOR
When it is not empty, nothing is coloured.
.SH FILES
.TP
.I tare.yaml
The project: model, data, policy.
.TP
.I tare-out/
What a run writes: model.onnx, recipe.yaml, calibration.json, report.json, report.html, report.md.
.TP
.I tare-registry/
The registered versions: registry.db and artifacts by SHA-256.
)";

// Text of a paragraph: no character of it is roff's.
std::string RoffText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool at_start = out.empty() || out.back() == '\n';
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

std::string Bold(const std::string& text) { return StrCat("\\fB", RoffText(text), "\\fR"); }
std::string Italic(const std::string& text) { return StrCat("\\fI", RoffText(text), "\\fR"); }

std::string ArgumentEntry(const ArgumentDoc& argument) {
  std::vector<std::string> names;
  for (const std::string& name : argument.names) names.push_back(Bold(name));
  std::string head = Join(names, ", ");
  if (!argument.label.empty()) head += StrCat(head.empty() ? "" : " ", Italic(argument.label));
  const std::string text = FullDescription(argument);
  return StrCat(".TP\n", head, "\n", RoffText(text), text.ends_with('.') ? "\n" : ".\n");
}

std::string ManSection(const CommandDoc& command) {
  const size_t program = command.path.find(' ');
  std::string out = StrCat(".SS \"", RoffText(command.path.substr(program + 1)), "\"\n");
  out += StrCat(RoffText(command.summary), ".\n");
  if (!command.details.empty()) out += StrCat(".PP\n", RoffText(command.details), "\n");
  out += StrCat(".PP\n.nf\n", Bold(UsageLine(command)), "\n.fi\n");
  for (const ArgumentDoc& argument : command.arguments) {
    if (!argument.common()) out += ArgumentEntry(argument);
  }
  if (!command.example.empty()) {
    out += StrCat(".PP\nExample:\n.PP\n.RS\n.nf\n", RoffText(command.example), "\n.fi\n.RE\n");
  }
  return out;
}

std::string ExitStatus() {
  std::string out = ".SH \"EXIT STATUS\"\n.TS\nr l.\n";
  for (const ExitCodeDoc& exit : kExitCodes) out += StrCat(exit.code, "\t", exit.meaning, "\n");
  return out;
}

std::string CommonOptions() {
  return ".SH OPTIONS\nEvery command has these.\n"
         ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nPrint its help, with an example.\n"
         ".TP\n\\fB\\-v\\fR, \\fB\\-\\-verbose\\fR\nLog to standard error; twice for more.\n"
         ".TP\n\\fB\\-\\-json\\fR\nPrint one JSON document on standard output (commands whose "
         "output is not a text of another kind).\n"
         ".TP\n\\fB\\-V\\fR, \\fB\\-\\-version\\fR\nOf \\fBtare\\fR alone: print the version.\n";
}

}  // namespace

std::string ManPage(const CommandDoc& root, const std::string& version) {
  std::string out = StrCat("'\\\" t\n.TH TARE 1 \"\" \"tare ", version, "\" \"User Commands\"\n");
  out += StrCat(".SH NAME\ntare \\- ", RoffText(root.summary), "\n");
  out += ".SH SYNOPSIS\n.B tare\n.I COMMAND\n.RI [ OPTIONS ]\n";
  out += StrCat(kDescription, CommonOptions());
  for (int i = 0; i <= static_cast<int>(Step::kHelp); ++i) {
    const std::string step = StepName(static_cast<Step>(i));
    std::string section;
    ForEachCommand(root, [&](const CommandDoc& command) {
      if (command.children.empty() && command.step == step) section += ManSection(command);
    });
    if (!section.empty()) out += StrCat(".SH \"COMMANDS: ", step, "\"\n", section);
  }
  return StrCat(out, ExitStatus(), kManTail);
}

}  // namespace tare::cli
