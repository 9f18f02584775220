// From a table of measured candidates to a choice and its reason. Nothing is measured here.

#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tare/search/auto_format.h"

namespace tare::search {

/// Broken candidates that are repaired, at most.
inline constexpr size_t kMaxRepairs = 2;

/// A format that stands alone was asked for by name: it is taken when its outputs hold, faster or
/// not.
bool IsForced(const AutoOptions& options);

/// The outputs count as intact.
bool Holds(const Closeness& closeness);

/// The same with some to spare: a repair is tuned on the check samples until it just holds there,
/// and without a margin half of all repairs would fail on other samples.
bool HoldsWithMargin(const Closeness& closeness);

/// Faster with one sample a run, and not slower with several.
bool IsFast(const Candidate& candidate, const AutoOptions& options);

/// What candidates are ranked by for speed: the geometric mean of the two speedups, or the only
/// one.
double Score(const Candidate& candidate);

/// Why a candidate that was measured cannot be taken; empty when it can.
std::string ProblemOf(const Candidate& candidate, const AutoOptions& options);

/// Why a look at a few samples and rounds is enough to drop a candidate: it moves the outputs by
/// twice what is tolerated, or the whole interval of its speedup lies below what is asked for.
/// Empty when it has to be looked at more closely.
std::string ProblemAtFirstSight(const Candidate& candidate, const AutoOptions& options);

/// Positions of the candidates without a problem, the best first: by speed, or by size where that
/// is the goal. Equals stay in order.
std::vector<size_t> Sound(std::span<const Candidate> candidates, const AutoOptions& options);

/// Positions of at most two candidates that were dropped for their outputs and would be worth more
/// than the best sound one, the fastest first.
std::vector<size_t> WorthRepair(std::span<const Candidate> candidates, const AutoOptions& options);

/// Positions of the few best sound candidates, among which Decide() chooses: none that is clearly
/// slower than the best of them.
std::vector<size_t> Finalists(std::span<const Candidate> candidates, const AutoOptions& options);

/// Only what is surely faster may be taken, and the finalists are timed once more for it: the goal
/// is speed and nothing is forced.
bool MustBeFaster(const AutoOptions& options);

/// Why a finalist that was timed again cannot be taken; empty when it can.
std::string ProblemWhenTimedAgain(const Candidate& candidate, const AutoOptions& options);

struct Decision {
  std::optional<size_t> chosen;  ///< position; nothing when the model stays float
  std::string reason;            ///< in words: why this one, or why none
};

/// Returns the best of the finalists that have no problem. For speed, those within a few per cent
/// of it are equals, of which the one with the most static arithmetic is taken, then the one with
/// the fewest other static nodes, then with the most dynamic ones, then the smallest.
/// Edge    no candidates, or none sound: nothing, and the reason names the fastest.
Decision Decide(std::span<const Candidate> candidates, std::span<const size_t> finalists,
                const AutoOptions& options);

}  // namespace tare::search
