#include "cli/verdict.h"

#include "cli/command.h"
#include "cli/table.h"
#include "cli/text_width.h"
#include "tare/core/text.h"
#include "tare/evaluate/findings.h"
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

// "64.55 %", or "-" for what is undefined.
std::string AccuracyOf(const evaluate::ScopeMetrics& scope) {
  const auto* accuracy = evaluate::FindMetric(scope.metrics, "accuracy");
  return accuracy == nullptr ? "-" : StrCat(Fixed(100 * accuracy->value, 2), " %");
}

std::string DifferenceOf(const evaluate::PairedScope& scope) {
  const auto* difference = evaluate::FindMetric(scope.difference, "accuracy");
  if (difference == nullptr) return "";
  const auto signed_points = [](double share) { return StrCat(share > 0 ? "+" : "", Fixed(100 * share, 2)); };
  std::string text = signed_points(difference->value);
  if (difference->low && difference->high) text += StrCat(" [", signed_points(*difference->low), ", ", signed_points(*difference->high), "]");
  return text;
}

// Accuracy on the test set seen under other conditions, a row each.
void SayDistributions(const evaluate::Evidence& evidence, Terminal& terminal) {
  const auto& baseline = evidence.baseline.distributions;
  const auto& candidate = evidence.candidate.distributions;
  if (baseline.empty() || candidate.size() != baseline.size() || !evidence.paired || evidence.paired->distributions.size() != baseline.size()) return;
  Table table({{"accuracy under"}, {"", Align::kPoint}, {"", Align::kPoint}, {""}, {"", Align::kRight}});
  for (size_t i = 0; i < baseline.size(); ++i) {
    const auto& paired = evidence.paired->distributions[i];
    table.AddRow({Printable(baseline[i].name), AccuracyOf(baseline[i]), AccuracyOf(candidate[i]), DifferenceOf(paired),
                  StrCat(WithThousands(paired.counts.flips), " of ", WithThousands(paired.counts.n), paired.counts.flips == 1 ? " flip" : " flips")});
  }
  terminal.Say(table);
  terminal.Say("");
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
  SayDistributions(report.evidence, terminal);
  for (const auto& [scope, what] : evaluate::FindDisagreements(report.evidence)) {
    terminal.Say("  ", terminal.Paint(Colour::kWarning, "finding"), "  ", Printable(what));
  }
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
