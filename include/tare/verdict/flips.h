// Samples whose answer changed between baseline and candidate, one by one: what a report counts, to
// be looked at. docs/formats/flips.md describes the file.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tare::verdict {

/// In the order in which they are looked at.
enum class FlipKind {
  kHarmful,    ///< the baseline is right, the candidate wrong
  kBothWrong,  ///< both are wrong, differently
  kChanged,    ///< answers that are neither right nor wrong: numbers
  kHelpful,    ///< the baseline is wrong, the candidate right
};
/// "harmful", "both_wrong", "changed", "helpful".
std::string_view FlipKindName(FlipKind kind);
FlipKind FlipKindOf(bool baseline_right, bool candidate_right);

/// A sample whose answer changed.
struct Flip {
  int64_t place = 0;              ///< among the samples that were judged, from 0
  std::optional<int64_t> sample;  ///< in the file of the data, from 0
  std::optional<int64_t> line;    ///< in the baseline's file of predictions, from 1
  std::string id;                 ///< of predictions
  FlipKind kind = FlipKind::kChanged;
  std::string label, baseline, candidate;  ///< what is right, and what was answered
  /// Probability that each model gives to its own answer; absent without scores.
  std::optional<double> baseline_confidence, candidate_confidence;
  /// How much changed; greater is looked at first. Absent where nothing measures it.
  ///
  ///   scores of classes   P(baseline's answer) - P(candidate's answer), both of the baseline
  ///   numbers             |candidate - baseline|
  ///   other tasks         |change of what the task counts|: token F1, reciprocal rank, tokens or
  ///                       labels that are right
  std::optional<double> margin;

  /// What the models saw, for the page alone: never written to the file.
  std::string image;                                        ///< a data: URI
  std::vector<std::pair<std::string, std::string>> fields;  ///< names and values
};

/// Whether `a` is looked at before `b`: by kind, then by falling margin (none last), then by place.
bool IsLookedAtFirst(const Flip& a, const Flip& b);

/// Keeps the flips that are looked at first.
///
/// Memory   at most twice `most` flips.
/// Threads  none.
class FlipList {
 public:
  explicit FlipList(size_t most = kMostFlips) : most_(most) {}
  static constexpr size_t kMostFlips = 10'000;
  /// Of numbers, which all differ by something.
  static constexpr size_t kMostChanges = 1'000;

  void Add(Flip flip);
  /// Flips that were added, kept or not.
  int64_t total() const { return total_; }
  /// Those that were kept, in order. The list is empty afterwards.
  std::vector<Flip> Take();

 private:
  void Cut();
  size_t most_;
  int64_t total_ = 0;
  std::vector<Flip> flips_;
};

/// flips.jsonl: one object a line.
std::string WriteFlipLines(std::span<const Flip> flips);

/// What flips.jsonl holds, read back.
/// Errors  none: lines that are no flips are left out. The file is a copy for people.
std::vector<Flip> ReadFlipLines(std::string_view text);

/// Flips on the page at most.
inline constexpr size_t kMostShownFlips = 200;

/// What the page draws of the flips.
struct ShownFlips {
  std::span<const Flip> flips;  ///< those that are shown, with what the models saw
  int64_t total = 0;            ///< that there are
  int64_t in_file = 0;          ///< that the file holds
  std::string file;             ///< its name
};
/// JSON: {total, in_file, file, flips: [a line of the file, with image and fields]}.
std::string WriteShownFlips(const ShownFlips& shown);

}  // namespace tare::verdict
