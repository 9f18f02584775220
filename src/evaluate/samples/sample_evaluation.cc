#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "evaluate/samples/class_counts_internal.h"
#include "evaluate/samples/sample_evaluation_internal.h"
#include "tare/core/strcat.h"
#include "tare/stats/proportion.h"

namespace tare::evaluate {
namespace {

// The samples of one scope: each kind of row once, with how many samples have it.
struct RowSet {
  size_t num_columns = 0;
  size_t num_sides = 2;
  std::vector<double> rows;  // [kinds, num_sides * num_columns]: baseline, candidate
  std::vector<uint8_t> changed;
  std::vector<int64_t> sizes;
  int64_t n = 0;

  size_t width() const { return num_sides * num_columns; }
  const double* Row(size_t kind) const { return rows.data() + kind * width(); }
};

// Adds size * row to the sums of all sides.
void AddTo(const double* row, double size, std::span<double> sums) {
  for (size_t c = 0; c < sums.size(); ++c) sums[c] += size * row[c];
}

std::vector<double> SumsOf(const RowSet& set) {
  std::vector<double> sums(set.width());
  for (size_t kind = 0; kind < set.sizes.size(); ++kind) {
    AddTo(set.Row(kind), static_cast<double>(set.sizes[kind]), sums);
  }
  return sums;
}

double ValueOf(const SampleMetric& metric, std::span<const double> sums, double n) {
  switch (metric.kind) {
    case SampleMetric::Kind::kRatio:
      return sums[metric.denominator] == 0 ? NAN : sums[metric.column] / sums[metric.denominator];
    case SampleMetric::Kind::kOfSums:
      return metric.value(sums, n);
    default:
      return n > 0 ? sums[metric.column] / n : NAN;
  }
}

// Samples whose row changes the metric's own columns for the worse or the better cannot be told for
// every metric; samples that changed at all bound both.
int64_t CountChanged(const RowSet& set) {
  int64_t count = 0;
  for (size_t kind = 0; kind < set.sizes.size(); ++kind) {
    const double* row = set.Row(kind);
    // By bytes, as kinds are told apart: NaN did not change where it stayed NaN.
    if (std::memcmp(row, row + set.num_columns, set.num_columns * sizeof(double)) != 0)
      count += set.sizes[kind];
  }
  return count;
}

// Samples whose value of one column changed.
int64_t CountChanged(const RowSet& set, size_t column) {
  int64_t count = 0;
  for (size_t kind = 0; kind < set.sizes.size(); ++kind) {
    const double* row = set.Row(kind);
    if (row[column] != row[set.num_columns + column]) count += set.sizes[kind];
  }
  return count;
}

// How far one sample fell, and how far one rose, from the baseline to the candidate.
struct Changes {
  double fall = 0, rise = 0;
};

Changes LargestChanges(const RowSet& set, size_t column) {
  Changes largest;
  for (size_t kind = 0; kind < set.sizes.size(); ++kind) {
    const double* row = set.Row(kind);
    const double change = row[set.num_columns + column] - row[column];
    largest.fall = std::max(largest.fall, -change);
    largest.rise = std::max(largest.rise, change);
  }
  return largest;
}

// One sample more, like the worst that was seen, may have been missed: where changes are skewed
// (prices), the few that make the mean are often not in the sample, and BCa does not know of them.
void AllowForOneMore(const Changes& largest, int64_t n, verdict::Estimate& difference) {
  if (!std::isfinite(difference.value)) return;
  const auto widen = [&](std::optional<double>& low, std::optional<double>& high) {
    if (low) *low -= largest.fall / static_cast<double>(n);
    if (high) *high += largest.rise / static_cast<double>(n);
  };
  for (verdict::Bound& bound : difference.bounds) widen(bound.low, bound.high);
  widen(difference.low, difference.high);
}

// Moves the bounds of a difference by the samples that may have been missed.
void WidenForRare(int64_t seen, int64_t n, double span, double interval_confidence,
                  verdict::Estimate& difference) {
  if (seen >= kRareFlips || !std::isfinite(difference.value)) return;
  const auto widen = [&](std::optional<double>& low, std::optional<double>& high,
                         double confidence) {
    const double missed = stats::ClopperPearsonUpper(seen, n, confidence) -
                          static_cast<double>(seen) / static_cast<double>(n);
    if (low) low = std::min(*low, difference.value - span * missed);
    if (high) high = std::max(*high, difference.value + span * missed);
  };
  for (verdict::Bound& bound : difference.bounds) widen(bound.low, bound.high, bound.confidence);
  widen(difference.low, difference.high, (1 + interval_confidence) / 2);
}

class Summary {
 public:
  Summary(const SampleSchema& schema, const RowSet& set, const SampleOptions& options)
      : schema_(schema), set_(set), options_(options), sums_(SumsOf(set)) {}

  void Metrics(verdict::Metrics& baseline, verdict::Metrics& candidate,
               verdict::Metrics& difference) const {
    const auto drawn = Bootstrap();
    const size_t step = values_per_metric();
    size_t next = 0;
    for (const SampleMetric& metric : schema_.metrics) {
      if (metric.kind == SampleMetric::Kind::kShare) {
        AddShare(metric, baseline, candidate, difference);
        continue;
      }
      const size_t place = next++;
      const auto take = [&](size_t side) {
        return EstimateOf(metric, side, drawn.empty() ? nullptr : &drawn[step * place + side]);
      };
      verdict::Estimate first = take(0);
      if (!is_pair()) {
        if (!metric.optional || std::isfinite(first.value))
          baseline.emplace_back(metric.name, std::move(first));
        continue;
      }
      verdict::Estimate second = take(1);
      if (metric.optional && !std::isfinite(first.value) && !std::isfinite(second.value)) continue;
      baseline.emplace_back(metric.name, std::move(first));
      candidate.emplace_back(metric.name, std::move(second));
      verdict::Estimate estimate = take(2);
      if (metric.reach == SampleMetric::Reach::kRange && set_.n > 0) {
        const int64_t num_changed = CountChanged(set_, metric.column);
        WidenForRare(num_changed, set_.n, RangeOf(metric.column), options_.confidence, estimate);
        if (num_changed >= kRareFlips)
          AllowForOneMore(LargestChanges(set_, metric.column), set_.n, estimate);
      } else if (metric.reach == SampleMetric::Reach::kBounded && set_.n > 0) {
        WidenForRare(CountChanged(set_), set_.n, SpanOf(metric), options_.confidence, estimate);
      }
      difference.emplace_back(metric.name, std::move(estimate));
    }
  }

  verdict::FlipCounts Flips() const {
    verdict::FlipCounts counts{.n = set_.n};
    for (size_t kind = 0; kind < set_.sizes.size(); ++kind) {
      if (set_.changed[kind] != 0) counts.flips += set_.sizes[kind];
      if (schema_.correct < 0) continue;
      const auto [before, after] = Pair(kind, static_cast<size_t>(schema_.correct));
      if (before > after) counts.harmful += set_.sizes[kind];
      if (after > before) counts.helpful += set_.sizes[kind];
    }
    return counts;
  }

 private:
  bool is_pair() const { return set_.num_sides == 2; }
  size_t values_per_metric() const { return is_pair() ? 3 : 1; }

  std::pair<double, double> Pair(size_t kind, size_t column) const {
    return {set_.Row(kind)[column], set_.Row(kind)[set_.num_columns + column]};
  }

  std::span<const double> SideSums(std::span<const double> sums, size_t side) const {
    return sums.subspan(side * set_.num_columns, set_.num_columns);
  }

  // Of both sides and their difference, or of the baseline alone.
  void Values(std::span<const SampleMetric* const> metrics, std::span<const double> sums, double n,
              std::span<double> values) const {
    const size_t step = values_per_metric();
    for (size_t m = 0; m < metrics.size(); ++m) {
      for (size_t side = 0; side < set_.num_sides; ++side)
        values[step * m + side] = ValueOf(*metrics[m], SideSums(sums, side), n);
      if (is_pair()) values[step * m + 2] = values[step * m + 1] - values[step * m];
    }
  }

  // stats::Acceleration of the leave-one-out values, which are those of the sums without one row:
  // two passes over the rows, and no value kept.
  std::vector<double> Accelerations(std::span<const SampleMetric* const> metrics) const {
    const size_t width = values_per_metric() * metrics.size();
    std::vector<double> sums(sums_.size()), values(width), means(width), squares(width),
        cubes(width), out(width);
    const auto n = static_cast<double>(set_.n);
    const auto each_left_out = [&](const auto& use) {
      for (size_t kind = 0; kind < set_.sizes.size(); ++kind) {
        for (size_t c = 0; c < sums.size(); ++c) sums[c] = sums_[c] - set_.Row(kind)[c];
        Values(metrics, sums, n - 1, values);
        for (size_t v = 0; v < width; ++v) use(v, static_cast<double>(set_.sizes[kind]));
      }
    };
    each_left_out([&](size_t v, double weight) { means[v] += weight * values[v] / n; });
    each_left_out([&](size_t v, double weight) {
      const double u = means[v] - values[v];
      squares[v] += weight * u * u;
      cubes[v] += weight * u * u * u;
    });
    for (size_t v = 0; v < width; ++v) {
      const double acceleration = cubes[v] / (6 * std::pow(squares[v], 1.5));
      out[v] = std::isfinite(acceleration) ? acceleration : 0;
    }
    return out;
  }

  // Bootstrapped metrics in order, each baseline, candidate, difference; or the baseline alone.
  std::vector<stats::BootstrapDistribution> Bootstrap() const {
    std::vector<const SampleMetric*> metrics;
    for (const SampleMetric& metric : schema_.metrics) {
      if (metric.kind != SampleMetric::Kind::kShare) metrics.push_back(&metric);
    }
    if (metrics.empty() || set_.n == 0) return {};
    const auto statistic = [&](std::span<const int64_t> drawn, std::span<double> values) {
      thread_local std::vector<double> sums;
      sums.assign(set_.width(), 0.0);
      int64_t n = 0;
      for (size_t kind = 0; kind < drawn.size(); ++kind) {
        if (drawn[kind] == 0) continue;
        n += drawn[kind];
        AddTo(set_.Row(kind), static_cast<double>(drawn[kind]), sums);
      }
      Values(metrics, sums, static_cast<double>(n), values);
    };
    const auto work = static_cast<int64_t>(set_.sizes.size() * set_.num_columns);
    return stats::BootstrapCells(set_.sizes, Accelerations(metrics), statistic,
                                 stats::WithinBudget(options_.bootstrap, std::max(set_.n, work)));
  }

  // From the sums themselves, so that the value does not depend on the bootstrap.
  verdict::Estimate EstimateOf(const SampleMetric& metric, size_t side,
                               const stats::BootstrapDistribution* drawn) const {
    const auto value = [&](size_t of) {
      return ValueOf(metric, SideSums(sums_, of), static_cast<double>(set_.n));
    };
    verdict::Estimate estimate;
    if (drawn != nullptr)
      estimate = verdict::BootstrapEstimate(*drawn, set_.n, options_.confidence);
    estimate.value = side < 2 ? value(side) : value(1) - value(0);
    return estimate;
  }

  // How far one sample in n moves a bounded metric, times n.
  double SpanOf(const SampleMetric& metric) const {
    if (metric.kind != SampleMetric::Kind::kRatio) return 1;
    const double total =
        std::min(sums_[metric.denominator], sums_[set_.num_columns + metric.denominator]);
    return total > 0 ? std::max(1.0, static_cast<double>(set_.n) / total) : 1;
  }

  // Greatest less least value of a column, over both sides.
  double RangeOf(size_t column) const {
    double low = INFINITY, high = -INFINITY;
    for (size_t kind = 0; kind < set_.sizes.size(); ++kind) {
      const auto [before, after] = Pair(kind, column);
      low = std::min({low, before, after});
      high = std::max({high, before, after});
    }
    return high - low;
  }

  void AddShare(const SampleMetric& metric, verdict::Metrics& baseline, verdict::Metrics& candidate,
                verdict::Metrics& difference) const {
    stats::PairedCounts pairs{set_.n, 0, 0};
    int64_t right[2] = {0, 0};
    for (size_t kind = 0; kind < set_.sizes.size(); ++kind) {
      if (set_.Row(kind)[metric.column] != 0) right[0] += set_.sizes[kind];
      if (!is_pair()) continue;
      const auto [before, after] = Pair(kind, metric.column);
      if (after != 0) right[1] += set_.sizes[kind];
      if (before > after) pairs.harmful += set_.sizes[kind];
      if (after > before) pairs.helpful += set_.sizes[kind];
    }
    baseline.emplace_back(metric.name,
                          verdict::ShareEstimate(right[0], set_.n, options_.confidence));
    if (!is_pair()) return;
    candidate.emplace_back(metric.name,
                           verdict::ShareEstimate(right[1], set_.n, options_.confidence));
    difference.emplace_back(metric.name, verdict::PairedEstimate(pairs, options_.confidence));
  }

  const SampleSchema& schema_;
  const RowSet& set_;
  const SampleOptions& options_;
  std::vector<double> sums_;
};

}  // namespace

struct SampleEvaluation::State {
  SampleSchema schema;
  SampleOptions options;
  std::vector<uint32_t>
      places;  // open addressing: 1 + kind by the hash of row, change and slices; 0: free
  RowSet rows;
  std::vector<uint64_t> slices;  // of each kind

  uint64_t HashOf(std::span<const double> baseline, std::span<const double> candidate, bool changed,
                  uint64_t bits) const;
  uint64_t HashOf(size_t kind) const;
  bool IsKind(size_t kind, std::span<const double> baseline, std::span<const double> candidate,
              bool changed, uint64_t bits) const;
  void Grow();
  void FinishSlice(size_t s, TestEvidence& out) const;

  RowSet InSlice(size_t slice) const {
    RowSet part;
    part.num_columns = rows.num_columns;
    part.num_sides = rows.num_sides;
    for (size_t kind = 0; kind < rows.sizes.size(); ++kind) {
      if ((slices[kind] >> slice & 1U) == 0) continue;
      const double* row = rows.Row(kind);
      part.rows.insert(part.rows.end(), row, row + rows.width());
      part.changed.push_back(rows.changed[kind]);
      part.sizes.push_back(rows.sizes[kind]);
      part.n += rows.sizes[kind];
    }
    return part;
  }
};

SampleEvaluation::SampleEvaluation(std::unique_ptr<State> state) : state_(std::move(state)) {}
SampleEvaluation::SampleEvaluation(SampleEvaluation&&) noexcept = default;
SampleEvaluation& SampleEvaluation::operator=(SampleEvaluation&&) noexcept = default;
SampleEvaluation::~SampleEvaluation() = default;

verdict::Flip FlipOfRows(int64_t correct, int64_t margin, std::span<const double> baseline,
                         std::span<const double> candidate) {
  verdict::Flip flip;
  if (correct >= 0) {
    const auto column = static_cast<size_t>(correct);
    flip.kind = verdict::FlipKindOf(baseline[column] != 0, candidate[column] != 0);
  }
  if (margin >= 0) {
    const auto column = static_cast<size_t>(margin);
    flip.margin = std::abs(candidate[column] - baseline[column]);
  }
  return flip;
}

Result<SampleEvaluation> SampleEvaluation::Create(SampleSchema schema, SampleOptions options) {
  TARE_TRY_VOID(stats::CheckBootstrap(options.bootstrap, options.confidence));
  TARE_TRY_VOID(CheckSliceNames(options.slices));
  options.slice_texts.resize(options.slices.size());
  auto state = std::make_unique<State>();
  state->rows.num_columns = schema.columns.size();
  state->rows.num_sides = options.sides == Sides::kPair ? 2 : 1;
  state->schema = std::move(schema);
  state->options = std::move(options);
  return SampleEvaluation(std::move(state));
}

namespace {

// The finaliser of SplitMix64 (core/random.h): every bit of the value moves every bit of the hash.
uint64_t Mix(uint64_t hash, uint64_t value) {
  hash ^= value;
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBULL;
  return (hash ^ (hash >> 31)) + 0x9E3779B97F4A7C15ULL;
}

bool SameBits(std::span<const double> a, const double* b) {
  return a.empty() || std::memcmp(a.data(), b, a.size_bytes()) == 0;
}

}  // namespace

uint64_t SampleEvaluation::State::HashOf(std::span<const double> baseline,
                                         std::span<const double> candidate, bool changed,
                                         uint64_t bits) const {
  uint64_t hash = Mix(changed ? 1 : 0, bits);
  for (const double value : baseline) hash = Mix(hash, std::bit_cast<uint64_t>(value));
  for (const double value : candidate) hash = Mix(hash, std::bit_cast<uint64_t>(value));
  return hash;
}

uint64_t SampleEvaluation::State::HashOf(size_t kind) const {
  const std::span<const double> row(rows.Row(kind), rows.width());
  return HashOf(row.first(rows.num_columns), row.subspan(rows.num_columns), rows.changed[kind] != 0,
                slices[kind]);
}

bool SampleEvaluation::State::IsKind(size_t kind, std::span<const double> baseline,
                                     std::span<const double> candidate, bool changed,
                                     uint64_t bits) const {
  const double* row = rows.Row(kind);
  return slices[kind] == bits && (rows.changed[kind] != 0) == changed && SameBits(baseline, row) &&
         SameBits(candidate, row + rows.num_columns);
}

void SampleEvaluation::State::Grow() {
  places.assign(std::max<size_t>(64, 2 * places.size()), 0);
  for (size_t kind = 0; kind < rows.sizes.size(); ++kind) {
    size_t at = HashOf(kind) & (places.size() - 1);
    while (places[at] != 0) at = (at + 1) & (places.size() - 1);
    places[at] = static_cast<uint32_t>(kind + 1);
  }
}

void SampleEvaluation::Add(std::span<const double> baseline, std::span<const double> candidate,
                           bool changed, uint64_t slices) {
  State& state = *state_;
  const size_t width = state.rows.num_columns;
  TARE_CHECK(baseline.size() == width);
  TARE_CHECK(candidate.size() == (state.rows.num_sides - 1) * width);
  // Half empty: chains of taken places stay short.
  if (2 * (state.rows.sizes.size() + 1) > state.places.size()) state.Grow();
  ++state.rows.n;
  size_t at = state.HashOf(baseline, candidate, changed, slices) & (state.places.size() - 1);
  for (; state.places[at] != 0; at = (at + 1) & (state.places.size() - 1)) {
    const size_t kind = state.places[at] - 1;
    if (!state.IsKind(kind, baseline, candidate, changed, slices)) continue;
    ++state.rows.sizes[kind];
    return;
  }
  state.rows.rows.insert(state.rows.rows.end(), baseline.begin(), baseline.end());
  state.rows.rows.insert(state.rows.rows.end(), candidate.begin(), candidate.end());
  state.rows.changed.push_back(changed ? 1 : 0);
  state.rows.sizes.push_back(1);
  state.slices.push_back(slices);
  state.places[at] = static_cast<uint32_t>(state.rows.sizes.size());
}

int64_t SampleEvaluation::num_samples() const { return state_->rows.n; }

void SampleEvaluation::State::FinishSlice(size_t s, TestEvidence& out) const {
  const std::string& name = options.slices[s];
  const std::string& text = options.slice_texts[s];
  const RowSet part = InSlice(s);
  // Nobody asked for a slice of the task's own: that it is empty is no news.
  if (part.n == 0 && text == kTaskSlice) return;
  const Summary summary(schema, part, options);
  verdict::ScopeMetrics baseline{name, text, part.n, {}};
  verdict::ScopeMetrics candidate{name, text, part.n, {}};
  verdict::Metrics difference;
  summary.Metrics(baseline.metrics, candidate.metrics, difference);
  if (part.n == 0) {
    out.warnings.push_back(
        {StrCat("slice '", name, "' holds no sample"), StrCat("look at its condition: ", text)});
  }
  out.baseline_slices.push_back(std::move(baseline));
  if (!out.paired) return;
  out.candidate_slices.push_back(std::move(candidate));
  out.paired->slices.push_back({name, summary.Flips(), std::move(difference)});
}

TestEvidence SampleEvaluation::Finish() const {
  const State& state = *state_;
  TestEvidence out;
  out.n = num_samples();
  const Summary all(state.schema, state.rows, state.options);
  verdict::Metrics difference;
  all.Metrics(out.baseline, out.candidate, difference);
  if (state.options.sides == Sides::kPair) {
    out.paired = PairedOf(all.Flips());
    out.paired->difference = std::move(difference);
  }
  for (size_t s = 0; s < state.options.slices.size(); ++s) state.FinishSlice(s, out);
  return out;
}

}  // namespace tare::evaluate
