// The files of a report: report.json, and report.html and report.md beside it.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "tare/core/result.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {

/// web/dist/report.html as it was when this library was built.
std::string_view ReportPage();

/// Paths of the three, from that of one: .json, .html and .md are exchanged for each other. Another
/// name is that of the JSON, and the others are named behind it: out.txt, out.txt.html, out.txt.md.
struct ReportPaths {
  std::string json, html, markdown;
};
ReportPaths ReportPathsOf(const std::string& named);

/// CheckOutput() of all three.
Result<void> CheckReportFiles(const std::string& named, std::span<const std::string> read);

/// Writes the three files, the JSON last: where it stands, the others are complete. `json` is the
/// text of `report`, which may have keys that Report does not hold.
/// Errors  as WriteFileAtomic.
Result<void> WriteReportFiles(const verdict::Report& report, std::string_view json,
                              const std::string& named);

/// "2026-03-14T09:26:53Z" for now.
std::string UtcNow();

/// The facts of this machine as a report has them.
verdict::HostFacts HostFactsOf(int num_threads);

}  // namespace tare::pipeline
