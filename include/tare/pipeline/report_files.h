// The files of a report: report.json, and report.html, report.md and flips.jsonl beside it.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/verdict/flips.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {

/// web/dist/report.html as it was when this library was built.
std::string_view ReportPage();

/// Paths of the three, from that of one: .json, .html and .md are exchanged for each other. Another
/// name is that of the JSON, and the others are named behind it: out.txt, out.txt.html, out.txt.md.
///
/// Flips stand in flips.jsonl beside report.json, in NAME.flips.jsonl beside NAME.json.
struct ReportPaths {
  std::string json, html, markdown, flips;
};
ReportPaths ReportPathsOf(const std::string& named);

/// Samples whose answer changed, as a report shows them.
struct ReportFlips {
  std::vector<verdict::Flip> flips;  ///< in the order in which they are looked at
  int64_t total = 0;                 ///< that there are; more than `flips` where not all were kept
  /// The first of them stand in the page, with what the models saw; none: the page shows none.
  size_t num_shown = verdict::kMostShownFlips;
};

/// CheckOutput() of all four.
Result<void> CheckReportFiles(const std::string& named, std::span<const std::string> read);

/// Writes the files, the JSON last: where it stands, the others are complete. `json` is the text of
/// `report`, which may have keys that Report does not hold. Without flips there is no file of them,
/// and one of an earlier report is removed.
/// Errors  as WriteFileAtomic.
Result<void> WriteReportFiles(const verdict::Report& report, std::string_view json,
                              const std::string& named, const ReportFlips& flips = {});

/// "2026-03-14T09:26:53Z" for now.
std::string UtcNow();

/// The facts of this machine as a report has them.
verdict::HostFacts HostFactsOf(int num_threads);

}  // namespace tare::pipeline
