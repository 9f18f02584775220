// The verdict as a small picture for a README or a pull request.

#include <algorithm>

#include "tare/core/text.h"
#include "tare/verdict/render.h"

namespace tare::verdict {
namespace {

// Widths in an 11 px sans-serif font: near enough for letters and figures, told to the renderer by
// textLength.
int WidthOf(std::string_view text) {
  const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return static_cast<int>(std::ranges::count_if(text, is_start)) * 7 + 12;
}

std::string RightText(const Report& report) {
  if (!report.decision) return "not judged";
  std::string text(VerdictName(report.decision->verdict));
  if (!report.evidence.cost.speedup.empty()) {
    text += StrCat(" · ", Fixed(report.evidence.cost.speedup.front().estimate.value, 1), "x");
  }
  return text;
}

std::string_view ColorOf(const Report& report) {
  if (!report.decision) return "#6b7280";
  if (report.decision->verdict == Verdict::kPass) return "#15703d";
  return report.decision->verdict == Verdict::kFail ? "#b3261e" : "#8a5a00";
}

}  // namespace

std::string WriteBadge(const Report& report) {
  const std::string left = "int8 gate";
  const std::string right = RightText(report);
  const int split = WidthOf(left);
  const int width = split + WidthOf(right);
  const auto text = [](const std::string& words, int from, int to) {
    return StrCat("<text x=\"", (from + to) / 2, "\" y=\"14\" textLength=\"", to - from - 12, "\">",
                  words, "</text>");
  };
  return StrCat("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", width,
                "\" height=\"20\" role=\"img\" aria-label=\"", left, ": ", right, "\">\n<title>",
                left, ": ", right, "</title>\n<rect width=\"", width,
                "\" height=\"20\" rx=\"3\" fill=\"#374151\"/>\n<path d=\"M", split, " 0h",
                width - split - 3, "a3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H", split, "z\" fill=\"",
                ColorOf(report),
                "\"/>\n<g fill=\"#fff\" text-anchor=\"middle\" font-family=\"Verdana,DejaVu "
                "Sans,sans-serif\" font-size=\"11\">\n",
                text(left, 0, split), "\n", text(right, split, width), "\n</g>\n</svg>\n");
}

}  // namespace tare::verdict
