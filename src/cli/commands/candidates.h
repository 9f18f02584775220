// The table of what was measured before a format was chosen.

#pragma once

#include <span>

#include "cli/terminal/terminal.h"
#include "tare/search/auto_format.h"

namespace tare::cli {

/// Says the measured candidates as a table; nothing when there are none.
void SayCandidates(std::span<const search::Candidate> candidates, Terminal& terminal);

}  // namespace tare::cli
