// Metrics that follow from predictions alone.

#include <algorithm>
#include <cmath>

#include "evaluate/samples/classification_internal.h"
#include "tare/stats/proportion.h"

namespace tare::evaluate {
namespace {

// A class holds two distributions of all replicates, 160 KB at 10,000; 1,000 classes 160 MB.
constexpr int64_t kMaxBootstrappedClasses = 100;
constexpr ScoreField kFields[] = {ScoreField::kPrecision, ScoreField::kRecall, ScoreField::kF1};
constexpr std::string_view kFieldNames[] = {"precision", "recall", "f1"};
constexpr size_t kNumFields = 3;

// Scratch of one thread: statistics are called concurrently and often.
struct TwoCounts {
  ClassCounts baseline;
  ClassCounts candidate;
};
TwoCounts& Scratch(size_t num_classes) {
  thread_local TwoCounts counts{ClassCounts(0), ClassCounts(0)};
  if (counts.baseline.size() != num_classes) {
    counts = {ClassCounts(num_classes), ClassCounts(num_classes)};
  }
  return counts;
}

stats::PairedCounts Pairs(const verdict::FlipCounts& counts) {
  return {counts.n, counts.harmful, counts.helpful};
}

void AddShares(std::string name, const verdict::FlipCounts& counts, int64_t baseline_right,
               const SummaryOptions& options, MetricSet& out) {
  const double confidence = options.confidence;
  out.baseline.emplace_back(name, verdict::ShareEstimate(baseline_right, counts.n, confidence));
  if (options.sides == Sides::kBaseline) return;
  const int64_t candidate_right = baseline_right - counts.harmful + counts.helpful;
  out.candidate.emplace_back(name, verdict::ShareEstimate(candidate_right, counts.n, confidence));
  out.difference.emplace_back(std::move(name), verdict::PairedEstimate(Pairs(counts), confidence));
}

void AddTopK(std::span<const SampleRecord> records, const SummaryOptions& options, MetricSet& out) {
  verdict::FlipCounts counts{.n = static_cast<int64_t>(records.size())};
  int64_t baseline_right = 0;
  for (const auto& record : records) {
    baseline_right += record.baseline_in_top_k ? 1 : 0;
    counts.harmful += record.baseline_in_top_k && !record.candidate_in_top_k ? 1 : 0;
    counts.helpful += record.candidate_in_top_k && !record.baseline_in_top_k ? 1 : 0;
  }
  AddShares("top5_accuracy", counts, baseline_right, options, out);
}

int64_t BaselineRight(const Cells& cells) {
  int64_t right = 0;
  for (size_t i = 0; i < cells.kinds.size(); ++i) {
    if (cells.kinds[i].baseline == cells.kinds[i].label) right += cells.sizes[i];
  }
  return right;
}

TwoCounts Totals(const Cells& cells, size_t num_classes) {
  TwoCounts out{ClassCounts(num_classes), ClassCounts(num_classes)};
  Tally(cells, cells.sizes, out.baseline, out.candidate);
  return out;
}

// The macro averages of the baseline alone, in the order of kFields.
std::vector<stats::BootstrapDistribution> BootstrapMacros(const Cells& cells,
                                                          const SummaryOptions& options) {
  const auto statistic = [&](std::span<const int64_t> drawn, std::span<double> values) {
    ClassCounts& counts = Scratch(options.num_classes).baseline;
    Tally(cells, drawn, counts);
    const ClassScores scores = MacroScores(counts);
    for (size_t f = 0; f < kNumFields; ++f) values[f] = Field(scores, kFields[f]);
  };
  return stats::BootstrapCells(cells.sizes, kNumFields, statistic, options.bootstrap);
}

// Those of both sides and their differences: of the baseline as by BootstrapMacros(), whose draws
// it takes.
std::vector<stats::BootstrapDistribution> BootstrapPairedMacros(const Cells& cells,
                                                                const SummaryOptions& options) {
  const auto statistic = [&](std::span<const int64_t> drawn, std::span<double> values) {
    auto& [baseline, candidate] = Scratch(options.num_classes);
    Tally(cells, drawn, baseline, candidate);
    const ClassScores first = MacroScores(baseline);
    const ClassScores second = MacroScores(candidate);
    for (size_t f = 0; f < kNumFields; ++f) {
      values[f] = Field(first, kFields[f]);
      values[kNumFields + f] = Field(second, kFields[f]);
      values[2 * kNumFields + f] = values[kNumFields + f] - values[f];
    }
  };
  return stats::BootstrapCells(cells.sizes, 3 * kNumFields, statistic, options.bootstrap);
}

void AddMacros(const Cells& cells, const verdict::FlipCounts& flips, const SummaryOptions& options,
               MetricSet& out) {
  const bool alone = options.sides == Sides::kBaseline;
  const auto found =
      alone ? BootstrapMacros(cells, options) : BootstrapPairedMacros(cells, options);
  const TwoCounts totals = Totals(cells, options.num_classes);
  for (size_t f = 0; f < kNumFields; ++f) {
    const std::string name = StrCat(kFieldNames[f], "_macro");
    const auto estimate = [&](size_t side) {
      return verdict::BootstrapEstimate(found[side * kNumFields + f], flips.n, options.confidence);
    };
    out.baseline.emplace_back(name, estimate(0));
    if (alone) continue;
    out.candidate.emplace_back(name, estimate(1));
    verdict::Estimate difference = estimate(2);
    WidenForRareFlips(flips, totals.candidate, {kFields[f], kMacro}, options.confidence,
                      difference);
    out.difference.emplace_back(name, std::move(difference));
  }
}

// F1 = 2 J / (1 + J) rises with J = right / (members + predicted - right), a share.
double F1OfJaccard(double share) { return 2 * share / (1 + share); }

verdict::Estimate F1Estimate(const ClassCounts& counts, size_t index, double confidence) {
  const int64_t right = counts.right[index];
  const int64_t either = counts.members[index] + counts.predicted[index] - right;
  verdict::Estimate out = verdict::ShareEstimate(right, either, confidence);
  out.share.reset();
  out.value = F1OfJaccard(out.value);
  if (either == 0) return out;
  out.low = F1OfJaccard(*out.low);
  out.high = F1OfJaccard(*out.high);
  for (const double level : verdict::kBoundConfidences) {
    out.bounds.push_back({level, F1OfJaccard(stats::ClopperPearsonLower(right, either, level)),
                          F1OfJaccard(stats::ClopperPearsonUpper(right, either, level))});
  }
  return out;
}

verdict::ClassMetrics MetricsOfClass(const ClassCounts& counts, size_t index, double confidence) {
  const int64_t right = counts.right[index];
  return {static_cast<int64_t>(index), counts.members[index],
          verdict::ShareEstimate(right, counts.members[index], confidence),
          verdict::ShareEstimate(right, counts.predicted[index], confidence),
          F1Estimate(counts, index, confidence)};
}

// Flips of the samples of each class.
std::vector<verdict::FlipCounts> FlipsByLabel(const Cells& cells, size_t num_classes) {
  std::vector<verdict::FlipCounts> out(num_classes);
  for (size_t i = 0; i < cells.kinds.size(); ++i) {
    AddKind(cells.kinds[i], cells.sizes[i], out[static_cast<size_t>(cells.kinds[i].label)]);
  }
  return out;
}

// Harmful and helpful flips that touch a class: its own samples, and others called by its name.
verdict::FlipCounts FlipsTouching(const Cells& cells, int64_t index) {
  verdict::FlipCounts out;
  for (size_t i = 0; i < cells.kinds.size(); ++i) {
    const auto& [label, baseline, candidate] = cells.kinds[i];
    out.n += cells.sizes[i];
    if (baseline == candidate) continue;
    if (baseline == label && (label == index || candidate == index)) out.harmful += cells.sizes[i];
    if (candidate == label && (label == index || baseline == index)) out.helpful += cells.sizes[i];
  }
  return out;
}

// Differences of precision and F1 of the first classes, in this order, class by class.
std::vector<stats::BootstrapDistribution> BootstrapClassDifferences(const Cells& cells,
                                                                    int64_t num_bootstrapped,
                                                                    const SummaryOptions& options) {
  const auto statistic = [&](std::span<const int64_t> drawn, std::span<double> values) {
    auto& [baseline, candidate] = Scratch(options.num_classes);
    Tally(cells, drawn, baseline, candidate);
    for (size_t c = 0; c < values.size() / 2; ++c) {
      const ClassScores first = ScoresOf(baseline, c);
      const ClassScores second = ScoresOf(candidate, c);
      values[2 * c] = second.precision - first.precision;
      values[2 * c + 1] = second.f1 - first.f1;
    }
  };
  return stats::BootstrapCells(cells.sizes, static_cast<int>(2 * num_bootstrapped), statistic,
                               options.bootstrap);
}

// Flips that n samples may have missed, at `confidence`, where they showed `seen`.
int64_t MissedFlips(int64_t seen, int64_t n, double confidence) {
  const double upper = stats::ClopperPearsonUpper(seen, n, confidence);
  return static_cast<int64_t>(std::ceil(upper * static_cast<double>(n))) - seen;
}

}  // namespace

MetricSet SummariseAnswers(std::span<const SampleRecord> records, const Cells& cells,
                           const SummaryOptions& options) {
  MetricSet out;
  const verdict::FlipCounts flips = CountFlips(cells);
  AddShares("accuracy", flips, BaselineRight(cells), options, out);
  if (options.has_scores && options.num_classes > static_cast<size_t>(5)) {
    AddTopK(records, options, out);
  }
  if (flips.n > 0) AddMacros(cells, flips, options, out);
  for (const auto name : {"precision_micro", "recall_micro", "f1_micro"}) {
    AddShares(name, flips, BaselineRight(cells), options, out);
  }
  return out;
}

ClassSummary SummariseClasses(const Cells& cells, const SummaryOptions& options) {
  ClassSummary out;
  if (cells.kinds.empty()) return out;
  const TwoCounts totals = Totals(cells, options.num_classes);
  for (size_t c = 0; c < options.num_classes; ++c)
    out.baseline.push_back(MetricsOfClass(totals.baseline, c, options.confidence));
  if (options.sides == Sides::kBaseline) return out;
  const auto flips = FlipsByLabel(cells, options.num_classes);
  const auto num_bootstrapped =
      std::min<int64_t>(kMaxBootstrappedClasses, static_cast<int64_t>(options.num_classes));
  const auto drawn = BootstrapClassDifferences(cells, num_bootstrapped, options);
  for (size_t c = 0; c < options.num_classes; ++c) {
    const auto index = static_cast<int64_t>(c);
    out.candidate.push_back(MetricsOfClass(totals.candidate, c, options.confidence));
    verdict::PairedClass paired{index, flips[c], {}};
    paired.difference.emplace_back("recall",
                                   verdict::PairedEstimate(Pairs(flips[c]), options.confidence));
    const verdict::FlipCounts touching = FlipsTouching(cells, index);
    for (size_t f = 0; f < 2 && index < num_bootstrapped; ++f) {
      const ScoreField field = f == 0 ? ScoreField::kPrecision : ScoreField::kF1;
      verdict::Estimate estimate =
          verdict::BootstrapEstimate(drawn[2 * c + f], touching.n, options.confidence);
      WidenForRareFlips(touching, totals.candidate, {field, index}, options.confidence, estimate);
      if (flips[c].n == 0) estimate.value = NAN;  // no sample of the class: undefined
      paired.difference.emplace_back(f == 0 ? "precision" : "f1", std::move(estimate));
    }
    out.paired.push_back(std::move(paired));
  }
  return out;
}

void WidenForRareFlips(const verdict::FlipCounts& relevant, const ClassCounts& candidate,
                       ClassScore score, double interval_confidence,
                       verdict::Estimate& difference) {
  const auto widen = [&](std::optional<double>& bound, double confidence, FlipKind kind) {
    const bool harmful = kind == FlipKind::kHarmful;
    const int64_t seen = harmful ? relevant.harmful : relevant.helpful;
    if (!bound || seen >= kRareFlips) return;
    const int64_t missed = MissedFlips(seen, relevant.n, confidence);
    const double moved = difference.value + ShiftAfterFlips(candidate, missed, kind, score);
    bound = harmful ? std::min(*bound, moved) : std::max(*bound, moved);
  };
  for (verdict::Bound& bound : difference.bounds) {
    widen(bound.low, bound.confidence, FlipKind::kHarmful);
    widen(bound.high, bound.confidence, FlipKind::kHelpful);
  }
  widen(difference.low, (1 + interval_confidence) / 2, FlipKind::kHarmful);
  widen(difference.high, (1 + interval_confidence) / 2, FlipKind::kHelpful);
}

}  // namespace tare::evaluate
