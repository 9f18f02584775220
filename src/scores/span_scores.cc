#include "tare/scores/span_scores.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "scores/multilabel_scores_internal.h"

namespace tare::scores {
namespace {

struct Tag {
  char mark = 'O';
  std::string_view type = "_";
};

Result<Tag> ReadTag(std::string_view text, size_t token) {
  if (text == "O") return Tag{};
  const std::string_view mark = text.substr(0, 1);
  const bool known = !mark.empty() && std::string_view("BIES").find(mark) != std::string_view::npos;
  if (!known || (text.size() > 1 && text[1] != '-')) {
    return InvalidArgument(StrCat("tag '", text, "' of token ", token, " is not BIO or BIOES"),
                           "tags are O, or B, I, E, S with a type: B-PER, I-PER");
  }
  return Tag{mark.front(), text.size() > 2 ? text.substr(2) : "_"};
}

// Whether an entity that is open after `before` ends there.
bool Ends(const Tag& before, const Tag& tag) {
  if (before.mark == 'O') return false;
  const bool closed = before.mark == 'E' || before.mark == 'S';
  const bool cut = tag.mark == 'B' || tag.mark == 'S' || tag.mark == 'O';
  return closed || cut || before.type != tag.type;
}

FScore MeanOf(const FScore& sum, size_t count) {
  const auto n = static_cast<double>(count);  // 0 / 0 is NaN
  return {sum.precision / n, sum.recall / n, sum.f1 / n};
}

}  // namespace

Result<std::vector<Entity>> ReadEntities(std::span<const std::string> tags) {
  std::vector<Entity> entities;
  Tag before;
  size_t first = 0;
  const auto close = [&](size_t end) {
    entities.push_back(
        {std::string(before.type), static_cast<int64_t>(first), static_cast<int64_t>(end) - 1});
  };
  for (size_t i = 0; i < tags.size(); ++i) {
    TARE_TRY(const Tag tag, ReadTag(tags[i], i));
    const bool ends = Ends(before, tag);
    if (ends) close(i);
    // What does not go on with the entity before begins one.
    if (tag.mark != 'O' && (ends || before.mark == 'O')) first = i;
    before = tag;
  }
  if (before.mark != 'O') close(tags.size());
  return entities;
}

SpanCounts& SpanCounts::operator+=(const SpanCounts& other) {
  right += other.right;
  predicted += other.predicted;
  members += other.members;
  return *this;
}

SpanOutcome& SpanOutcome::operator+=(const SpanOutcome& other) {
  all += other.all;
  for (const auto& [type, counts] : other.by_type) by_type[type] += counts;
  num_tokens += other.num_tokens;
  num_right_tokens += other.num_right_tokens;
  return *this;
}

Result<SpanOutcome> ScoreSpans(std::span<const std::string> truths,
                               std::span<const std::string> found) {
  if (truths.size() != found.size()) {
    return InvalidArgument(
        StrCat(found.size(), " predicted tags for ", truths.size(), " true ones"),
        "give one tag for each token; tags of word pieces are to be joined to words first");
  }
  TARE_TRY(auto actual, ReadEntities(truths));
  TARE_TRY(const auto predicted, ReadEntities(found));
  std::ranges::sort(actual);
  SpanOutcome out;
  for (const Entity& entity : actual) ++out.by_type[entity.type].members;
  for (const Entity& entity : predicted) {
    SpanCounts& counts = out.by_type[entity.type];
    ++counts.predicted;
    if (std::ranges::binary_search(actual, entity)) ++counts.right;
  }
  for (const auto& [type, counts] : out.by_type) out.all += counts;
  out.num_tokens = static_cast<int64_t>(truths.size());
  for (size_t i = 0; i < truths.size(); ++i) out.num_right_tokens += truths[i] == found[i] ? 1 : 0;
  return out;
}

FScore ScoreCounts(const SpanCounts& counts) {
  return ScoreLabel({.true_positive = counts.right,
                     .false_positive = counts.predicted - counts.right,
                     .false_negative = counts.members - counts.right});
}

FScore MacroScore(const std::map<std::string, SpanCounts>& by_type) {
  FScore sum;
  for (const auto& [type, counts] : by_type) {
    const FScore score = ScoreCounts(counts);
    sum.precision += score.precision;
    sum.recall += score.recall;
    sum.f1 += score.f1;
  }
  return MeanOf(sum, by_type.size());
}

double TokenAccuracy(const SpanOutcome& outcome) {
  if (outcome.num_tokens == 0) return NAN;
  return static_cast<double>(outcome.num_right_tokens) / static_cast<double>(outcome.num_tokens);
}

}  // namespace tare::scores
