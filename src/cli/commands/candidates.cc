#include "cli/commands/candidates.h"

#include "core/text_width.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

// The measure that came closest to its bound: "cosine 0.9988", "R2 0.6100".
std::string OutputsText(const runtime::Judgement& judged) {
  if (judged.measure == runtime::Measure::kFault) return "changed";
  return StrCat(runtime::MeasureName(judged.measure), " ", Fixed(judged.value, 4));
}

}  // namespace

void SayCandidates(std::span<const search::Candidate> candidates, Terminal& terminal) {
  constexpr int64_t kProblemColumns = 60;
  TextTable table({{"candidate"},
                   {"speedup", Align::kPoint},
                   {"at batch", Align::kPoint},
                   {"outputs"},
                   {"size", Align::kRight},
                   {""}});
  for (const search::Candidate& candidate : candidates) {
    const bool ran = candidate.speedup.value > 0;
    table.AddRow(
        {candidate.name, ran ? Fixed(candidate.speedup.value, 2) + "x" : "-",
         candidate.batch_speedup.value > 0 ? Fixed(candidate.batch_speedup.value, 2) + "x" : "-",
         ran ? OutputsText(candidate.closeness.judged) : "-",
         candidate.model_bytes > 0 ? HumanBytes(candidate.model_bytes) : "-",
         candidate.chosen ? "chosen" : Truncate(Printable(candidate.problem), kProblemColumns)});
  }
  if (!table.empty()) terminal.Say(table);
}

}  // namespace tare::cli
