#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "search/decision_internal.h"
#include "tare/core/text.h"

namespace tare::search {
namespace {

using quantize::Format;
using quantize::NodeChoice;

constexpr double kRepairMargin = 0.75;
// A few samples tell a tolerance only roughly.
constexpr double kClearlyWrong = 2;
// So do a few rounds the speed: less than this of the best is clearly less.
constexpr double kClearlySlower = 0.85;
// A broken candidate is worth repairing when it is this much faster than the best sound one.
constexpr double kWorthRepair = 1.1;
constexpr size_t kFinalists = 3;
// Speeds closer than this are equal.
constexpr double kTie = 0.97;

// The lower end is rounded down: 1.048 is not "surely 1.05x".
std::string SpeedText(const Candidate& candidate) {
  const double low = std::floor(100 * candidate.speedup.low + 1e-6) / 100;
  return StrCat(Fixed(candidate.speedup.value, 2), "x [", Fixed(low, 2), ", ",
                Fixed(candidate.speedup.high, 2), "]");
}

// Of a candidate that is not IsFast().
std::string SlowText(const Candidate& candidate, std::string_view when,
                     const AutoOptions& options) {
  if (candidate.speedup.low >= options.min_speedup)
    return StrCat("slower at batch", when, ": ", Fixed(candidate.batch_speedup.value, 2), "x");
  const std::string what = candidate.speedup.value < 1
                               ? "not faster"
                               : StrCat("not surely ", Fixed(options.min_speedup, 2), "x");
  return StrCat(what, when, ": ", SpeedText(candidate));
}

// The order of equals, the greatest first: static convolutions, products and sums; then few other
// static nodes, as a last Sigmoid in 8 bits rounds small probabilities to 0 and gains nothing; then
// dynamic nodes; then the smaller file.
std::array<int64_t, 4> Preference(const Candidate& candidate) {
  static const std::set<std::string> kArithmetic = {"Conv", "ConvTranspose", "Gemm", "MatMul",
                                                    "Add"};
  int64_t num_arithmetic = 0;
  int64_t num_others = 0;
  int64_t num_dynamic = 0;
  for (const NodeChoice& node : candidate.nodes) {
    if (node.format == Format::kInt8Dynamic) ++num_dynamic;
    if (node.format == Format::kInt8Static)
      ++(kArithmetic.contains(node.op_type) ? num_arithmetic : num_others);
  }
  return {num_arithmetic, -num_others, num_dynamic, -candidate.model_bytes};
}

// Measured ties must not decide by noise.
size_t PreferredAmongEquals(size_t best, std::span<const Candidate> candidates,
                            std::span<const size_t> finalists) {
  size_t preferred = best;
  for (const size_t i : finalists) {
    const bool equal =
        candidates[i].problem.empty() && Score(candidates[i]) >= kTie * Score(candidates[best]);
    if (equal && Preference(candidates[i]) > Preference(candidates[preferred])) preferred = i;
  }
  return preferred;
}

std::string WhyNone(std::span<const Candidate> candidates, const AutoOptions& options) {
  if (candidates.empty()) {
    std::vector<std::string> formats;
    for (const Format format : options.formats) formats.emplace_back(FormatName(format));
    return StrCat("no node of this model can be ",
                  formats.empty() ? "quantized" : Join(formats, " or "));
  }
  const Candidate& fastest =
      *std::max_element(candidates.begin(), candidates.end(),
                        [](const auto& a, const auto& b) { return Score(a) < Score(b); });
  // What has no time did not run: none did.
  if (Score(fastest) == 0)
    return StrCat("no plan runs: ", candidates[0].name, ": ", candidates[0].problem);
  const bool holds = Holds(fastest.closeness);
  std::string text = StrCat("nothing to gain here: the fastest, ", fastest.name, ", is ",
                            SpeedText(fastest), ", and ", holds ? "its outputs hold: " : "",
                            holds ? fastest.closeness.judged.Text() : ProblemOf(fastest, options));
  if (!MustBeFaster(options)) return text;
  if (fastest.batch_speedup.value != 0 && fastest.batch_speedup.value < 1)
    text += StrCat("; at batch it is ", Fixed(fastest.batch_speedup.value, 2), "x");
  return StrCat(text, "; a new file must be surely ", Fixed(options.min_speedup, 2), "x");
}

}  // namespace

bool IsForced(const AutoOptions& options) { return options.formats.size() == 1; }

bool Holds(const Closeness& closeness) { return closeness.judged.holds(); }

bool HoldsWithMargin(const Closeness& closeness) {
  return closeness.judged.strain <= kRepairMargin;
}

bool IsFast(const Candidate& candidate, const AutoOptions& options) {
  const bool batch_holds =
      candidate.batch_speedup.value == 0 || candidate.batch_speedup.value >= 1.0;
  return candidate.speedup.low >= options.min_speedup && batch_holds;
}

double Score(const Candidate& candidate) {
  const double batch = candidate.batch_speedup.value;
  return batch == 0 ? candidate.speedup.value : std::sqrt(candidate.speedup.value * batch);
}

std::string ProblemOf(const Candidate& candidate, const AutoOptions& options) {
  if (!Holds(candidate.closeness)) {
    const runtime::Judgement& judged = candidate.closeness.judged;
    return judged.fault.empty() ? StrCat("the outputs move: ", judged.Text()) : judged.fault;
  }
  if (MustBeFaster(options) && !IsFast(candidate, options)) return SlowText(candidate, "", options);
  return "";
}

std::string ProblemAtFirstSight(const Candidate& candidate, const AutoOptions& options) {
  const bool wrong = candidate.closeness.judged.strain > kClearlyWrong;
  const bool slow = MustBeFaster(options) && candidate.speedup.high < options.min_speedup;
  return wrong || slow ? ProblemOf(candidate, options) : "";
}

std::vector<size_t> Sound(std::span<const Candidate> candidates, const AutoOptions& options) {
  std::vector<size_t> sound;
  for (size_t i = 0; i < candidates.size(); ++i) {
    if (candidates[i].problem.empty()) sound.push_back(i);
  }
  std::stable_sort(sound.begin(), sound.end(), [&](size_t a, size_t b) {
    const Candidate& x = candidates[a];
    const Candidate& y = candidates[b];
    return options.goal == Goal::kSize ? x.model_bytes < y.model_bytes : Score(x) > Score(y);
  });
  return sound;
}

std::vector<size_t> WorthRepair(std::span<const Candidate> candidates, const AutoOptions& options) {
  const auto sound = Sound(candidates, options);
  const double bar =
      sound.empty() ? options.min_speedup : kWorthRepair * Score(candidates[sound[0]]);
  std::vector<size_t> broken;
  for (size_t i = 0; i < candidates.size(); ++i) {
    // Without a time it never ran: there is nothing to repair.
    const bool moved = candidates[i].speedup.value > 0 && !candidates[i].problem.empty() &&
                       !Holds(candidates[i].closeness);
    if (moved && Score(candidates[i]) > bar) broken.push_back(i);
  }
  std::sort(broken.begin(), broken.end(),
            [&](size_t a, size_t b) { return Score(candidates[a]) > Score(candidates[b]); });
  if (broken.size() > kMaxRepairs) broken.resize(kMaxRepairs);
  return broken;
}

std::vector<size_t> Finalists(std::span<const Candidate> candidates, const AutoOptions& options) {
  std::vector<size_t> finalists = Sound(candidates, options);
  if (finalists.size() > kFinalists) finalists.resize(kFinalists);
  if (options.goal == Goal::kSpeed && !finalists.empty()) {
    const double least = kClearlySlower * candidates[finalists[0]].speedup.low;
    std::erase_if(finalists, [&](size_t i) { return candidates[i].speedup.high < least; });
  }
  return finalists;
}

bool MustBeFaster(const AutoOptions& options) {
  return options.goal == Goal::kSpeed && !IsForced(options);
}

std::string ProblemWhenTimedAgain(const Candidate& candidate, const AutoOptions& options) {
  return IsFast(candidate, options) ? std::string()
                                    : SlowText(candidate, " when timed again", options);
}

Decision Decide(std::span<const Candidate> candidates, std::span<const size_t> finalists,
                const AutoOptions& options) {
  for (const size_t best : Sound(candidates, options)) {
    if (std::find(finalists.begin(), finalists.end(), best) == finalists.end()) continue;
    const size_t chosen =
        options.goal == Goal::kSpeed ? PreferredAmongEquals(best, candidates, finalists) : best;
    const Candidate& candidate = candidates[chosen];
    return {chosen, StrCat(candidate.name, ": ", Fixed(candidate.speedup.value, 2), "x as fast, ",
                           candidate.closeness.judged.Text())};
  }
  return {std::nullopt, WhyNone(candidates, options)};
}

}  // namespace tare::search
