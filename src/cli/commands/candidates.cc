#include "cli/commands/candidates.h"

#include "core/text_width.h"
#include "tare/core/text.h"

namespace tare::cli {

void SayCandidates(std::span<const search::Candidate> candidates, Terminal& terminal) {
  constexpr int64_t kProblemColumns = 60;
  TextTable table({{"candidate"},
                   {"speedup", Align::kPoint},
                   {"at batch", Align::kPoint},
                   {"cosine", Align::kPoint},
                   {"size", Align::kRight},
                   {""}});
  for (const search::Candidate& candidate : candidates) {
    const bool ran = candidate.speedup.value > 0;
    table.AddRow(
        {candidate.name, ran ? Fixed(candidate.speedup.value, 2) + "x" : "-",
         candidate.batch_speedup.value > 0 ? Fixed(candidate.batch_speedup.value, 2) + "x" : "-",
         ran ? Fixed(candidate.closeness.cosine, 4) : "-",
         candidate.model_bytes > 0 ? HumanBytes(candidate.model_bytes) : "-",
         candidate.chosen ? "chosen" : Truncate(Printable(candidate.problem), kProblemColumns)});
  }
  if (!table.empty()) terminal.Say(table);
}

}  // namespace tare::cli
