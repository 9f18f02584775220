// The rows of the evaluation table, as text; the terminal and Markdown lay them out.

#pragma once

#include <string>
#include <vector>

#include "tare/verdict/format.h"
#include "tare/verdict/report.h"

namespace tare::verdict {

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

/// One scope as both sides and their comparison have it.
struct MatchedScope {
  const ScopeMetrics* baseline;
  const ScopeMetrics* candidate;
  const PairedScope* paired;
  size_t place;  ///< in the list of the comparison
};

/// Returns the scopes that all three lists have, by name, in the order of the comparison. A report
/// may come from elsewhere: its lists need not be of one length or in one order.
///
/// Edge     a name twice: its first entry of either side. The lists must outlive what is returned.
std::vector<MatchedScope> MatchScopes(const std::vector<ScopeMetrics>& baseline,
                                      const std::vector<ScopeMetrics>& candidate,
                                      const std::vector<PairedScope>& paired);

}  // namespace tare::verdict
