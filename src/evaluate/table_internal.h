// The rows of the evaluation table, as text; the terminal and Markdown lay them out.

#pragma once

#include <string>
#include <vector>

#include "evaluate/format_internal.h"
#include "tare/evaluate/report.h"

namespace tare::evaluate {

/// One line: what it is about, both values, what was found, what was demanded, the verdict.
struct TableRow {
  std::string label, baseline, candidate, difference, margin, verdict;
};

/// One row a check in the order of the policy, and one for each fact that no check is about.
std::vector<TableRow> TableRows(const Report& report, Minus minus);

/// The column heads.
TableRow TableHead(const Report& report);

/// What both models cost, one quantity a row; of each row label, both sides and, as difference, the
/// ratio. Without what was not measured; where energy was not, a row says so.
std::vector<TableRow> CostRows(const Evidence& evidence);

}  // namespace tare::evaluate
