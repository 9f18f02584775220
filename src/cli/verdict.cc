#include "cli/verdict.h"

#include "cli/command.h"
#include "cli/text_width.h"
#include "tare/evaluate/render.h"

namespace tare::cli {
namespace {

// The verdict is the last word of a row.
std::string PaintRow(const Terminal& terminal, const std::string& row) {
  for (const char* verdict : {"PASS", "FAIL", "INCONCLUSIVE"}) {
    if (!row.ends_with(StrCat(" ", verdict))) continue;
    return row.substr(0, row.size() - std::string_view(verdict).size()) + PaintVerdict(terminal, verdict);
  }
  return row;
}

}  // namespace

std::string PaintVerdict(const Terminal& terminal, std::string_view verdict) {
  if (verdict == "PASS") return terminal.Paint(Colour::kGood, verdict);
  if (verdict == "FAIL") return terminal.Paint(Colour::kBad, verdict);
  return terminal.Paint(Colour::kWarning, verdict);
}

void SayReport(const evaluate::Report& report, Terminal& terminal) {
  terminal.Say("");
  for (const std::string& row : evaluate::TableLines(report)) terminal.Say(PaintRow(terminal, Printable(row)));
  terminal.Say("");
  for (const auto& [what, next] : report.evidence.warnings) {
    terminal.Say("  ", terminal.Paint(Colour::kWarning, "warning"), "  ", Printable(what), "; ", Printable(next));
  }
  if (!report.decision) return;
  for (const auto& check : report.decision->checks) {
    if (check.verdict == evaluate::Verdict::kPass) continue;
    terminal.Say("  ", Printable(check.label), ": ", Printable(check.reason));
  }
  terminal.Say("  ", PaintVerdict(terminal, evaluate::VerdictName(report.decision->verdict)), "  ", Printable(report.decision->summary));
}

int ExitCodeOf(const evaluate::Report& report) {
  if (!report.decision) return kExitDone;
  switch (report.decision->verdict) {
    case evaluate::Verdict::kPass:
      return kExitDone;
    case evaluate::Verdict::kFail:
      return kExitFail;
    case evaluate::Verdict::kInconclusive:
      return kExitInconclusive;
  }
  return kExitInconclusive;
}

}  // namespace tare::cli
