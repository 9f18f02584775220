#include "tare/verdict/render.h"

#include <algorithm>

#include "tare/core/text.h"
#include "tare/verdict/findings.h"
#include "verdict/markdown_internal.h"
#include "verdict/table_internal.h"

namespace tare::verdict {
namespace {

std::string VerdictWord(const Report& report) {
  return report.decision ? std::string(VerdictName(report.decision->verdict)) : "no verdict";
}

void AppendMarkdownRow(const TableRow& row, std::string& out) {
  for (const auto* cell :
       {&row.label, &row.baseline, &row.candidate, &row.difference, &row.margin, &row.verdict}) {
    out += StrCat("| ", MarkdownText(*cell), " ");
  }
  out += "|\n";
}

void AppendReasons(const Report& report, std::string& out) {
  if (!report.decision) return;
  std::string reasons;
  for (const auto& check : report.decision->checks) {
    if (check.verdict == Verdict::kPass) continue;
    reasons += StrCat("- **", VerdictName(check.verdict), "** ", MarkdownText(check.label), ": ",
                      MarkdownText(check.reason), "\n");
  }
  if (!reasons.empty()) out += StrCat("\n", reasons);
}

void AppendCosts(const Report& report, std::string& out) {
  const auto rows = CostRows(report.evidence);
  if (rows.empty()) return;
  const TableRow head = TableHead(report);
  out += StrCat("\n| cost | ", MarkdownText(head.baseline), " | ", MarkdownText(head.candidate),
                " | ratio |\n| --- | ---: | ---: | --- |\n");
  for (const auto& row : rows) {
    for (const auto* cell : {&row.label, &row.baseline, &row.candidate, &row.difference})
      out += StrCat("| ", MarkdownText(*cell), " ");
    out += "|\n";
  }
}

void AppendFoot(const Report& report, std::string& out) {
  std::vector<std::string> facts;
  if (!report.host.cpu.empty()) facts.push_back(MarkdownText(report.host.cpu));
  if (!report.host.runtime.empty()) facts.push_back(MarkdownText(report.host.runtime));
  if (!report.host.cpu.empty()) facts.push_back(StrCat(report.host.threads, " threads"));
  if (report.decision) {
    facts.push_back(StrCat("policy ", MarkdownText(report.decision->policy_digest.substr(0, 19))));
  }
  if (!report.tare_version.empty()) facts.push_back(StrCat("tare ", report.tare_version));
  if (!facts.empty()) out += StrCat("\n", Join(facts, ", "), "\n");
}

std::string XmlText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '\n':
        out += "&#10;";
        break;
      // XML 1.0 has no other control characters, not even as references.
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
    }
  }
  return out;
}

void AppendTestCase(const CheckResult& check, std::string& out) {
  out += StrCat("    <testcase classname=\"tare.gate\" name=\"", XmlText(check.label), " (",
                XmlText(check.metric), ", ", XmlText(check.scope), ")\"");
  if (check.verdict == Verdict::kPass) {
    out += "/>\n";
    return;
  }
  const std::string_view element = check.verdict == Verdict::kFail ? "failure" : "error";
  out += StrCat(">\n      <", element, " type=\"", VerdictName(check.verdict), "\" message=\"",
                XmlText(check.reason), "\"/>\n    </testcase>\n");
}

// Puts JSON where the placeholder stands, in a form that cannot end its element.
Result<std::string> FillPage(std::string_view page, std::string_view placeholder,
                             std::string_view json) {
  constexpr std::string_view kSeparator = "\u2028";  // and U+2029: line ends to some parsers
  const size_t at = page.find(placeholder);
  if (at == std::string_view::npos || page.find(placeholder, at + 1) != std::string_view::npos)
    return Internal(StrCat("the report page does not hold ", placeholder, " exactly once"));
  std::string out(page.substr(0, at));
  out.reserve(page.size() + json.size() + json.size() / 16);
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '<') {
      out += "\\u003c";
    } else if (json.substr(i, 2) == kSeparator.substr(0, 2) && i + 2 < json.size() &&
               (json[i + 2] == '\xA8' || json[i + 2] == '\xA9')) {
      out += json[i + 2] == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += c;
    }
  }
  out += page.substr(at + placeholder.size());
  return out;
}

}  // namespace

std::vector<Warning> WarningsOf(const Report& report) {
  std::vector<Warning> all = report.evidence.warnings;
  if (report.decision)
    all.insert(all.end(), report.decision->doubts.begin(), report.decision->doubts.end());
  return all;
}

std::string MarkdownText(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
      continue;
    }
    if (std::string_view("\\`*_{}[]<>#|!").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string WriteReportMarkdown(const Report& report) {
  std::string out = StrCat("## ", VerdictWord(report), ": ", MarkdownText(report.name), "\n\n");
  if (report.decision) out += StrCat(MarkdownText(report.decision->summary), "\n\n");
  AppendMarkdownRow(TableHead(report), out);
  out += "| --- | ---: | ---: | --- | ---: | --- |\n";
  for (const auto& row : TableRows(report, Minus::kTypeset)) AppendMarkdownRow(row, out);
  AppendReasons(report, out);
  AppendCosts(report, out);
  const auto findings = FindDisagreements(report.evidence);
  const auto warnings = WarningsOf(report);
  if (!findings.empty() || !warnings.empty()) out += "\n";
  for (const auto& [scope, what] : findings) out += StrCat("- Finding: ", MarkdownText(what), "\n");
  for (const auto& [what, next] : warnings) {
    out += StrCat("- Warning: ", MarkdownText(what), ". ", MarkdownText(next), "\n");
  }
  out += DistributionsMarkdown(report.evidence);
  out += SlicesMarkdown(report.evidence);
  AppendFoot(report, out);
  return out;
}

Result<std::string> WriteReportHtml(std::string_view page, std::string_view report_json,
                                    std::string_view shown_flips) {
  // Neither text is searched for the other's placeholder: foreign names may hold it.
  constexpr std::string_view kReport = "/*TARE_REPORT*/";
  const size_t middle = page.find(kReport) + kReport.size();
  if (middle > page.size()) return FillPage(page, kReport, report_json);
  TARE_TRY(const std::string first, FillPage(page.substr(0, middle), kReport, report_json));
  TARE_TRY(const std::string second, FillPage(page.substr(middle), "/*TARE_FLIPS*/", shown_flips));
  if (page.find(kReport, middle) != std::string_view::npos) return FillPage(page, kReport, "");
  return first + second;
}

std::string WriteJunit(const Report& report) {
  const auto checks = report.decision ? report.decision->checks : std::vector<CheckResult>{};
  const auto count = [&](Verdict verdict) {
    return std::ranges::count(checks, verdict, &CheckResult::verdict);
  };
  const std::string totals =
      StrCat("tests=\"", checks.size(), "\" failures=\"", count(Verdict::kFail), "\" errors=\"",
             count(Verdict::kInconclusive), "\"");
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += StrCat("<testsuites name=\"tare gate\" ", totals, ">\n  <testsuite name=\"",
                XmlText(report.name), "\" ", totals, ">\n");
  for (const auto& check : checks) AppendTestCase(check, out);
  out += "  </testsuite>\n</testsuites>\n";
  return out;
}

}  // namespace tare::verdict
