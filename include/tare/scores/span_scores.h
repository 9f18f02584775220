// Scores of token classification: entities read from tags, counted by sentence.

#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/scores/text_scores.h"

namespace tare::scores {

/// Tokens first to last, both included, that name one thing.
struct Entity {
  std::string type;
  int64_t first = 0;
  int64_t last = 0;
  friend auto operator<=>(const Entity&, const Entity&) = default;
};

/// Returns the entities of one sentence's tags, in order: "O", or B, I, E, S with "-TYPE" or
/// without (type "_").
///
/// Reads BIO (IOB2), IOB1 and BIOES alike, and broken sequences as conlleval does: I or E without a
/// beginning, or of another type than the tag before, begins an entity.
///
/// Edge     no tags give no entities.
/// Errors   kInvalidArgument: any other tag; names the token.
/// Source   seqeval 1.2.2, get_entities, default mode. Differs: that warns of other tags and
/// guesses.
Result<std::vector<Entity>> ReadEntities(std::span<const std::string> tags);

/// An entity is right when its type, first and last token are those of a true one.
struct SpanCounts {
  int64_t right = 0;
  int64_t predicted = 0;
  int64_t members = 0;  ///< true entities
  SpanCounts& operator+=(const SpanCounts& other);
  friend bool operator==(const SpanCounts&, const SpanCounts&) = default;
};

/// Counts of one sentence, or of a sum of sentences.
struct SpanOutcome {
  SpanCounts all;
  std::map<std::string, SpanCounts> by_type;
  int64_t num_tokens = 0;
  int64_t num_right_tokens = 0;  ///< tags that are equal as text
  SpanOutcome& operator+=(const SpanOutcome& other);
};

/// Scores one sentence.
/// Errors   kInvalidArgument: as ReadEntities, or as many tags on one side as not on the other.
Result<SpanOutcome> ScoreSpans(std::span<const std::string> truths,
                               std::span<const std::string> found);

/// Micro scores, of `all` or of one type.
///
///   right / predicted        right / members        2 right / (predicted + members)
///
/// Edge     no entity on either side: NaN. Else 0 / 0 is 0. Differs: seqeval gives 0 for both.
FScore ScoreCounts(const SpanCounts& counts);

/// Means of ScoreCounts over the types. Edge: no types give NaN.
FScore MacroScore(const std::map<std::string, SpanCounts>& by_type);

/// num_right_tokens / num_tokens. Edge: no tokens give NaN.
double TokenAccuracy(const SpanOutcome& outcome);

}  // namespace tare::scores
