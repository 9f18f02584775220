#include "cli/commands/verdict.h"

#include <span>

#include "cli/help/command.h"
#include "core/text_table.h"
#include "core/text_width.h"
#include "tare/core/text.h"
#include "tare/verdict/findings.h"
#include "tare/verdict/render.h"

namespace tare::cli {
namespace {

// The verdict is the last word of a row.
std::string PaintRow(const Terminal& terminal, const std::string& row) {
  for (const char* verdict : {"PASS", "FAIL", "INCONCLUSIVE"}) {
    if (!row.ends_with(StrCat(" ", verdict))) continue;
    return row.substr(0, row.size() - std::string_view(verdict).size()) +
           PaintVerdict(terminal, verdict);
  }
  return row;
}

void SayDistributions(const verdict::Evidence& evidence, Terminal& terminal) {
  const auto rows = verdict::DistributionTable(evidence);
  if (rows.empty()) return;
  TextTable table({{rows[0][0]},
                   {rows[0][1], Align::kPoint},
                   {rows[0][2], Align::kPoint},
                   {rows[0][3]},
                   {rows[0][4], Align::kRight}});
  for (const auto& row : std::span(rows).subspan(1))
    table.AddRow({Printable(row[0]), row[1], row[2], row[3], row[4]});
  terminal.Say(table);
  terminal.Say("");
}

}  // namespace

std::string PaintVerdict(const Terminal& terminal, std::string_view verdict) {
  if (verdict == "PASS") return terminal.Paint(Colour::kGood, verdict);
  if (verdict == "FAIL") return terminal.Paint(Colour::kBad, verdict);
  return terminal.Paint(Colour::kWarning, verdict);
}

void SayInputs(const verdict::Report& report, Terminal& terminal) {
  if (!report.data) return;
  for (const std::string& line : report.data->inputs) terminal.Say("  data      ", Printable(line));
}

void SayReport(const verdict::Report& report, Terminal& terminal) {
  terminal.Say("");
  for (const std::string& row : verdict::TableLines(report))
    terminal.Say(PaintRow(terminal, Printable(row)));
  terminal.Say("");
  SayDistributions(report.evidence, terminal);
  for (const auto& [scope, what] : verdict::FindDisagreements(report.evidence)) {
    terminal.Say("  ", terminal.Paint(Colour::kWarning, "finding"), "  ", Printable(what));
  }
  for (const auto& [what, next] : verdict::WarningsOf(report)) {
    terminal.Say("  ", terminal.Paint(Colour::kWarning, "warning"), "  ", Printable(what), "; ",
                 Printable(next));
  }
  if (!report.decision) return;
  for (const auto& check : report.decision->checks) {
    if (check.verdict == verdict::Verdict::kPass) continue;
    terminal.Say("  ", Printable(check.label), ": ", Printable(check.reason));
  }
  terminal.Say("  ", PaintVerdict(terminal, verdict::VerdictName(report.decision->verdict)), "  ",
               Printable(report.decision->summary));
}

int ExitCodeOf(const verdict::Report& report) {
  if (!report.decision) return kExitDone;
  switch (report.decision->verdict) {
    case verdict::Verdict::kPass:
      return kExitDone;
    case verdict::Verdict::kFail:
      return kExitFail;
    case verdict::Verdict::kInconclusive:
      return kExitInconclusive;
  }
  return kExitInconclusive;
}

}  // namespace tare::cli
