// Classification: what the samples that were added say.

#include <algorithm>
#include <iterator>
#include <numeric>

#include "evaluate/samples/answers_internal.h"
#include "evaluate/samples/classification_state_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

// A report of 1,000 classes would be two million counts, nearly all of them 0.
constexpr size_t kMaxConfusionClasses = 200;
constexpr size_t kMaxListedClasses = 1000;  // of which those are listed too that never occur

// Numbers the classes of cells by their places in `listed`, which holds them all, rising.
void NumberByPlace(std::span<const int32_t> listed, Cells& cells) {
  for (Sample& kind : cells.kinds) {
    for (int32_t* index : {&kind.label, &kind.baseline, &kind.candidate}) {
      if (*index < 0) continue;
      const auto place = std::ranges::lower_bound(listed, *index) - listed.begin();
      *index = static_cast<int32_t>(place);
    }
  }
}

}  // namespace

SummaryOptions ClassificationEvaluation::State::MakeSummaryOptions() const {
  SummaryOptions out;
  out.num_classes = ClassCount();
  out.has_scores = kind.has_value();
  out.confidence = test.confidence;
  out.bootstrap = stats::WithinBudget(test.bootstrap, num_samples());
  out.sides = sides;
  return out;
}

std::vector<SampleRecord> ClassificationEvaluation::State::RecordsOf(size_t slice) const {
  std::vector<SampleRecord> out;
  for (size_t i = 0; i < records.size(); ++i) {
    if ((slice_bits[i] >> slice & 1) != 0) out.push_back(records[i]);
  }
  return out;
}

std::vector<int32_t> ClassificationEvaluation::State::ListedClasses(const Cells& cells) const {
  std::vector<int32_t> listed;
  if (ClassCount() <= kMaxListedClasses) {
    listed.resize(ClassCount());
    std::iota(listed.begin(), listed.end(), 0);
    return listed;
  }
  for (const Sample& cell : cells.kinds) {
    for (const int32_t index : {cell.label, cell.baseline, cell.candidate})
      if (index >= 0) listed.push_back(index);
  }
  std::ranges::sort(listed);
  listed.erase(std::unique(listed.begin(), listed.end()), listed.end());
  return listed;
}

// Either all samples are folded or none.
Cells ClassificationEvaluation::State::CellsOf(std::span<const SampleRecord> from,
                                               std::optional<size_t> slice) const {
  std::vector<Sample> samples;
  samples.reserve(from.size());
  for (const SampleRecord& record : from) samples.push_back(record.answers);
  Cells cells = CountCells(std::move(samples));
  // The map goes by answers first.
  for (const auto& [same, size] : folded) {
    if (slice && (same.slices >> *slice & 1) == 0) continue;
    if (cells.kinds.empty() || cells.kinds.back() != same.answers) {
      cells.kinds.push_back(same.answers);
      cells.sizes.push_back(0);
    }
    cells.sizes.back() += size;
  }
  return cells;
}

void ClassificationEvaluation::State::FinishSlices(const SummaryOptions& summary,
                                                   TestEvidence& out) const {
  for (size_t s = 0; s < slices.size(); ++s) {
    const auto part = RecordsOf(s);
    Cells cells = CellsOf(part, s);
    SummaryOptions of_slice = summary;
    const auto listed = ListedClasses(cells);
    of_slice.num_classes = listed.size();
    NumberByPlace(listed, cells);
    MetricSet metrics = SummariseAnswers(part, cells, of_slice);
    const auto& [name, where] = slices[s].spec;
    const int64_t n = std::accumulate(cells.sizes.begin(), cells.sizes.end(), int64_t{0});
    out.baseline_slices.push_back({name, where, n, std::move(metrics.baseline)});
    if (is_pair()) {
      out.candidate_slices.push_back({name, where, n, std::move(metrics.candidate)});
      out.paired->slices.push_back({name, CountFlips(cells), std::move(metrics.difference)});
    }
    if (n == 0) {
      out.warnings.push_back(
          {StrCat("slice '", name, "' holds no sample"), StrCat("look at its condition: ", where)});
    }
  }
}

void ClassificationEvaluation::State::AddConfusion(const Cells& cells, TestEvidence& out) const {
  const size_t size = ClassCount();
  if (size > kMaxConfusionClasses) return;
  out.baseline_confusion.assign(size, std::vector<int64_t>(size));
  if (is_pair()) out.candidate_confusion = out.baseline_confusion;
  for (size_t i = 0; i < cells.kinds.size(); ++i) {
    const auto& [label, baseline, candidate] = cells.kinds[i];
    const auto row = static_cast<size_t>(label);
    if (baseline >= 0) out.baseline_confusion[row][static_cast<size_t>(baseline)] += cells.sizes[i];
    if (is_pair() && candidate >= 0) {
      out.candidate_confusion[row][static_cast<size_t>(candidate)] += cells.sizes[i];
    }
  }
}

void ClassificationEvaluation::State::AddWarnings(TestEvidence& out) const {
  const auto warn = [&](std::string_view side, int64_t count) {
    if (count == 0) return;
    out.warnings.push_back(
        {StrCat("the ", side, " gave no usable answer (NaN or infinity) on ", count, " of ", out.n,
                " samples; they count as wrong"),
         "look for overflow: compare the outputs of both models on these samples"});
  };
  warn("baseline", baseline_unanswered);
  warn("candidate", candidate_unanswered);
  const auto warn_capped = [&](std::string_view side, int64_t count) {
    if (count == 0) return;
    out.warnings.push_back(
        {StrCat("log_loss of the ", side, " is capped on ", count, " of ", out.n,
                " samples: their label has a probability of 0 or nearly, which counts as ",
                Fixed(most_loss, 2), " nats"),
         "without the cap it is infinite, or larger: compare accuracy and flips beside it, or give "
         "logits, which have no cap"});
  };
  warn_capped("baseline", baseline_capped);
  warn_capped("candidate", candidate_capped);
  if (are_single_probabilities) {
    out.warnings.push_back(
        {"the scores lie within 0 and 1 and do not add up to 1: they are taken for logits, and "
         "log_loss and ece say little",
         "if each is the probability of its class by itself, judge by accuracy and F1, or give "
         "scores that add up to 1"});
  }
}

void ClassificationEvaluation::State::AddMetrics(const Cells& all, const SummaryOptions& whole,
                                                 TestEvidence& out) const {
  // Work and report grow with the classes that occur, not with the greatest index.
  Cells cells = all;
  SummaryOptions summary = whole;
  const auto listed = ListedClasses(cells);
  summary.num_classes = listed.size();
  NumberByPlace(listed, cells);
  MetricSet metrics = SummariseAnswers(records, cells, summary);
  if (kind && out.n > 0) {
    ScoreSummary scores = SummariseScores(records, summary);
    const auto append = [](verdict::Metrics& to, verdict::Metrics& from) {
      std::move(from.begin(), from.end(), std::back_inserter(to));
    };
    append(metrics.baseline, scores.metrics.baseline);
    append(metrics.candidate, scores.metrics.candidate);
    append(metrics.difference, scores.metrics.difference);
    if (is_pair()) out.paired->kl_nats = std::move(scores.kl_nats);
  }
  ClassSummary classes = SummariseClasses(cells, summary);
  const auto rename = [&](auto& rows) {
    for (auto& row : rows) row.index = listed[static_cast<size_t>(row.index)];
  };
  rename(classes.baseline);
  rename(classes.candidate);
  rename(classes.paired);
  out.baseline = std::move(metrics.baseline);
  out.candidate = std::move(metrics.candidate);
  out.baseline_classes = std::move(classes.baseline);
  out.candidate_classes = std::move(classes.candidate);
  if (!is_pair()) return;
  out.paired->difference = std::move(metrics.difference);
  out.paired->per_class = std::move(classes.paired);
}

TestEvidence ClassificationEvaluation::Finish() const {
  const State& state = *state_;
  const SummaryOptions options = state.MakeSummaryOptions();
  TestEvidence out;
  out.n = num_samples();
  out.scores = "predictions";
  if (state.kind) {
    out.scores = *state.kind == stats::ScoreKind::kLogits ? "logits" : "probabilities";
  }
  const Cells cells = state.CellsOf(state.records, std::nullopt);
  if (state.is_pair()) out.paired = PairedOf(CountFlips(cells));
  state.AddMetrics(cells, options, out);
  state.AddConfusion(cells, out);
  state.FinishSlices(options, out);
  if (state.kpis) state.kpis->AddTo(out);
  state.AddWarnings(out);
  if (state.is_pair()) state.FindSlices(out);
  return out;
}

}  // namespace tare::evaluate
