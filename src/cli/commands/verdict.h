// How a report stands on the terminal: the table, the verdict, the exit code.

#pragma once

#include "cli/terminal/terminal.h"
#include "tare/verdict/report.h"

namespace tare::cli {

/// Says what feeds the models.
void SayInputs(const verdict::Report& report, Terminal& terminal);

/// Says the table, the verdict sentence, what did not pass and why, and the warnings.
void SayReport(const verdict::Report& report, Terminal& terminal);

/// 0 for PASS and for a report without a decision, 20 for FAIL, 21 for INCONCLUSIVE.
int ExitCodeOf(const verdict::Report& report);

/// PASS in green, FAIL in red, INCONCLUSIVE in yellow.
std::string PaintVerdict(const Terminal& terminal, std::string_view verdict);

}  // namespace tare::cli
