// The report and the decision for people and for other programs: text, Markdown, HTML, JUnit,
// SARIF.

#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/verdict/report.h"

namespace tare::verdict {

/// The lines of the terminal table, without colours: a header, one line a check and one for each
/// fact that no check is about (accuracy, F1 macro, flips, latency, size), aligned by display
/// width.
///
///                     float32   int8_static   difference (95 %)      margin   verdict
///   accuracy          92.41 %   92.33 %       -0.08 [-0.21, +0.05]   -0.50    PASS
std::vector<std::string> TableLines(const Report& report);

/// The test set under other conditions, for the terminal: a head, and a row a distribution with its
/// name, the headline metric of both models, their difference, and the flips. Empty without
/// distributions.
using DistributionCells = std::array<std::string, 5>;
std::vector<DistributionCells> DistributionTable(const Evidence& evidence);

/// What a reader must know whatever the verdict: of the evidence, then of the policy.
std::vector<Warning> WarningsOf(const Report& report);

/// report.md, for a pull request: verdict sentence, table, reasons of what did not pass, warnings;
/// the test set under other conditions, slices, and slices that a search found.
std::string WriteReportMarkdown(const Report& report);

/// The bundle `page` with the report inside, and what WriteShownFlips() gives; "" for none.
/// Errors  kInternal: the page does not hold each placeholder exactly once.
Result<std::string> WriteReportHtml(std::string_view page, std::string_view report_json,
                                    std::string_view shown_flips = "");

/// The decision as JUnit XML: a test case a check; FAIL is a failure, INCONCLUSIVE an error.
std::string WriteJunit(const Report& report);

/// The verdict and the speedup as an SVG badge, for a README or a pull request.
std::string WriteBadge(const Report& report);

/// The decision as SARIF 2.1.0: a result a check, kind pass, fail or open (INCONCLUSIVE).
/// `artifact` is the path of the report, as the location of the results.
std::string WriteSarif(const Report& report, const std::string& artifact);

}  // namespace tare::verdict
