// The table of what was measured before a format was chosen.

#pragma once

#include <span>
#include <string_view>

#include "cli/terminal/terminal.h"
#include "tare/search/auto_format.h"

namespace tare::cli {

/// What a word in the name of a candidate means, in one line: compute, chain, gates, all, fast nodes,
/// large weights. "" of another.
std::string_view MeaningOf(std::string_view word);

/// Says the measured candidates as a table, and the words in it; nothing when there are none.
void SayCandidates(std::span<const search::Candidate> candidates, Terminal& terminal);

}  // namespace tare::cli
