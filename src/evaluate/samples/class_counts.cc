#include <algorithm>

#include "evaluate/samples/class_counts_internal.h"

namespace tare::evaluate {
namespace {

double Ratio(int64_t top, int64_t bottom) {
  return bottom > 0 ? static_cast<double>(top) / static_cast<double>(bottom) : 0;
}

// The class that a flip adds a right answer to or takes it from, and the class that the wrong
// answer names.
struct Move {
  size_t right = 0;
  size_t wrong = 0;
};

void Apply(const Move& move, FlipKind kind, ClassCounts& counts) {
  const int64_t step = kind == FlipKind::kHelpful ? 1 : -1;
  counts.right[move.right] += step;
  counts.predicted[move.right] += step;
  counts.predicted[move.wrong] -= step;
}

bool IsPossible(const Move& move, FlipKind kind, const ClassCounts& counts) {
  if (move.right == move.wrong) return false;
  if (kind == FlipKind::kHarmful) return counts.right[move.right] > 0;
  return counts.right[move.right] < counts.members[move.right] &&
         counts.predicted[move.wrong] > counts.right[move.wrong];
}

// Classes worth trying as the wrong answer: all of a few, else those where one matters most.
std::vector<size_t> WrongAnswers(const ClassCounts& counts, FlipKind kind) {
  constexpr size_t kTryAll = 20;
  std::vector<size_t> classes(counts.size());
  for (size_t i = 0; i < classes.size(); ++i) classes[i] = i;
  if (classes.size() <= kTryAll) return classes;
  if (kind == FlipKind::kHelpful) {
    std::erase_if(classes, [&](size_t i) { return counts.predicted[i] <= counts.right[i]; });
  }
  const auto weight = [&](size_t i) { return counts.members[i] + counts.predicted[i]; };
  const size_t keep = std::min<size_t>(3, classes.size());
  std::ranges::partial_sort(classes, classes.begin() + static_cast<ptrdiff_t>(keep), {}, weight);
  classes.resize(keep);
  return classes;
}

std::vector<Move> Moves(const ClassCounts& counts, FlipKind kind, int64_t index) {
  std::vector<Move> out;
  const auto add = [&](Move move) {
    if (IsPossible(move, kind, counts)) out.push_back(move);
  };
  for (const size_t wrong : WrongAnswers(counts, kind)) {
    for (size_t right = 0; right < counts.size(); ++right) add({right, wrong});
  }
  if (index == kMacro) return out;
  const auto own = static_cast<size_t>(index);
  for (size_t other = 0; other < counts.size(); ++other) {
    add({own, other});
    add({other, own});
  }
  return out;
}

// What a move does to the metric, from the two classes that it touches.
double Effect(const Move& move, FlipKind kind, ClassScore score, ClassCounts& counts) {
  const auto of_class = [&](size_t index) { return Field(ScoresOf(counts, index), score.field); };
  const auto value = [&] {
    if (score.index != kMacro) return of_class(static_cast<size_t>(score.index));
    return of_class(move.right) + of_class(move.wrong);
  };
  const double before = value();
  Apply(move, kind, counts);
  const double after = value();
  Apply(move, kind == FlipKind::kHarmful ? FlipKind::kHelpful : FlipKind::kHarmful, counts);
  return after - before;
}

}  // namespace

Cells CountCells(std::vector<Sample> samples) {
  std::sort(samples.begin(), samples.end());
  Cells out;
  for (const Sample& sample : samples) {
    if (out.kinds.empty() || out.kinds.back() != sample) {
      out.kinds.push_back(sample);
      out.sizes.push_back(0);
    }
    ++out.sizes.back();
  }
  return out;
}

void ClassCounts::Clear() {
  std::ranges::fill(members, 0);
  std::ranges::fill(predicted, 0);
  std::ranges::fill(right, 0);
}

void Tally(const Cells& cells, std::span<const int64_t> drawn, ClassCounts& baseline) {
  baseline.Clear();
  for (size_t i = 0; i < cells.kinds.size(); ++i) {
    const Sample& kind = cells.kinds[i];
    const auto label = static_cast<size_t>(kind.label);
    baseline.members[label] += drawn[i];
    if (kind.baseline >= 0) baseline.predicted[static_cast<size_t>(kind.baseline)] += drawn[i];
    if (kind.baseline == kind.label) baseline.right[label] += drawn[i];
  }
}

void Tally(const Cells& cells, std::span<const int64_t> drawn, ClassCounts& baseline,
           ClassCounts& candidate) {
  Tally(cells, drawn, baseline);
  candidate.Clear();
  for (size_t i = 0; i < cells.kinds.size(); ++i) {
    const Sample& kind = cells.kinds[i];
    const auto label = static_cast<size_t>(kind.label);
    if (kind.candidate >= 0) candidate.predicted[static_cast<size_t>(kind.candidate)] += drawn[i];
    if (kind.candidate == kind.label) candidate.right[label] += drawn[i];
  }
  std::ranges::copy(baseline.members, candidate.members.begin());
}

ClassScores ScoresOf(const ClassCounts& counts, size_t index) {
  const int64_t right = counts.right[index];
  return {Ratio(right, counts.predicted[index]), Ratio(right, counts.members[index]),
          Ratio(2 * right, counts.members[index] + counts.predicted[index])};
}

ClassScores MacroScores(const ClassCounts& counts) {
  ClassScores sum;
  int64_t present = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts.members[i] == 0 && counts.predicted[i] == 0) continue;
    const ClassScores scores = ScoresOf(counts, i);
    sum.precision += scores.precision;
    sum.recall += scores.recall;
    sum.f1 += scores.f1;
    ++present;
  }
  if (present == 0) return {};
  const auto size = static_cast<double>(present);
  return {sum.precision / size, sum.recall / size, sum.f1 / size};
}

void AddKind(const Sample& kind, int64_t size, verdict::FlipCounts& counts) {
  counts.n += size;
  if (kind.baseline == kind.candidate) return;
  counts.flips += size;
  if (kind.baseline == kind.label) counts.harmful += size;
  if (kind.candidate == kind.label) counts.helpful += size;
}

verdict::FlipCounts CountFlips(const Cells& cells) {
  verdict::FlipCounts out;
  for (size_t i = 0; i < cells.kinds.size(); ++i) AddKind(cells.kinds[i], cells.sizes[i], out);
  return out;
}

double Field(const ClassScores& scores, ScoreField field) {
  if (field == ScoreField::kPrecision) return scores.precision;
  return field == ScoreField::kRecall ? scores.recall : scores.f1;
}

double MetricOf(const ClassCounts& counts, ClassScore score) {
  const auto index = static_cast<size_t>(score.index);
  return Field(score.index == kMacro ? MacroScores(counts) : ScoresOf(counts, index), score.field);
}

double ShiftAfterFlips(ClassCounts counts, int64_t num_flips, FlipKind kind, ClassScore score) {
  const double sign = kind == FlipKind::kHarmful ? -1 : 1;
  const double before = MetricOf(counts, score);
  for (int64_t i = 0; i < num_flips; ++i) {
    Move best;
    double best_effect = 0;
    for (const Move& move : Moves(counts, kind, score.index)) {
      const double effect = sign * Effect(move, kind, score, counts);
      if (effect > best_effect) {
        best_effect = effect;
        best = move;
      }
    }
    if (best_effect <= 0) break;  // nothing left to flip
    Apply(best, kind, counts);
  }
  return MetricOf(counts, score) - before;
}

}  // namespace tare::evaluate
