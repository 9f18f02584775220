// The parts of report.md below its table. For render.cc and markdown_sections.cc only.

#pragma once

#include <string>
#include <string_view>

#include "tare/verdict/evidence.h"

namespace tare::verdict {

/// Text inside a Markdown table cell or line: no markup, no new columns or lines.
std::string MarkdownText(std::string_view text);

/// The test set under other conditions: a finding, and a row a distribution; corruptions at several
/// severities as a grid, with the rows folded under it. Empty without distributions.
std::string DistributionsMarkdown(const Evidence& evidence);

/// Declared slices, a row each; and what a search for others found, with how many it looked at.
/// Empty without either.
std::string SlicesMarkdown(const Evidence& evidence);

}  // namespace tare::verdict
