#include "cli/commands/candidates.h"

#include <algorithm>
#include <utility>

#include "core/text_width.h"
#include "tare/core/text.h"

namespace tare::cli {
namespace {

// The measure that came closest to its bound: "cosine 0.9988", "R2 0.6100".
std::string OutputsText(const runtime::Judgement& judged) {
  if (judged.measure == runtime::Measure::kFault) return "changed";
  return StrCat(runtime::MeasureName(judged.measure), " ", Fixed(judged.value, 4));
}

constexpr std::pair<std::string_view, std::string_view> kWords[] = {
    {"compute", "Conv, Gemm and MatMul with constant weights, and nothing between them"},
    {"chain", "also what joins them at no loss: Add, Concat, pools, Reshape and the like"},
    {"gates", "also Mul, Div and Sigmoid: SiLU, hard swish and squeeze-excitation"},
    {"all", "every operator with an integer kernel: also Softmax, Where, MatMul of activations"},
    {"fast nodes", "a plan without the nodes that were faster in float on this host"},
    {"large weights", "only products whose weights are large enough to pay for ranges at each run"},
};

// What the words in the names of the candidates mean, one line each.
void SayWords(std::span<const search::Candidate> candidates, Terminal& terminal) {
  for (const auto& [word, meaning] : kWords) {
    const std::string part = StrCat(", ", word);
    const bool stands = std::ranges::any_of(candidates, [&](const search::Candidate& candidate) {
      const size_t at = candidate.name.find(part);
      if (at == std::string::npos) return false;
      const size_t end = at + part.size();
      return end == candidate.name.size() || candidate.name[end] == ',';
    });
    if (stands)
      terminal.Say("  ", terminal.Paint(Colour::kFaint, StrCat(PadRight(word, 14), meaning)));
  }
}

}  // namespace

std::string_view MeaningOf(std::string_view word) {
  const auto* found =
      std::ranges::find(kWords, word, &std::pair<std::string_view, std::string_view>::first);
  return found == std::end(kWords) ? "" : found->second;
}

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
  if (table.empty()) return;
  terminal.Say(table);
  SayWords(candidates, terminal);
}

}  // namespace tare::cli
