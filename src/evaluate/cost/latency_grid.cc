#include <algorithm>
#include <optional>

#include "evaluate/cost/latency_grid_internal.h"
#include "evaluate/cost/latency_internal.h"
#include "tare/core/random.h"
#include "tare/core/text.h"
#include "tare/runtime/energy.h"
#include "tare/stats/quantile.h"

namespace tare::evaluate {
namespace {

// The session's own first, then the others, each once.
std::vector<int> ThreadCountsOf(const CostOptions& costs, int own) {
  std::vector<int> counts = {own};
  for (const int64_t count : costs.thread_counts) {
    if (std::ranges::find(counts, count) == counts.end()) counts.push_back(static_cast<int>(count));
  }
  return counts;
}

double MsSince(int64_t start) { return static_cast<double>(runtime::MonotonicNs() - start) * 1e-6; }

// Milliseconds to open each model, and until its first answer.
struct Starts {
  std::vector<double> load[2], cold[2];
};

struct SessionPair {
  std::optional<runtime::Session> sides[2];

  runtime::TimedRun RunOf(int side, std::span<const NamedTensor> inputs) const {
    return [&session = *sides[side], inputs] {
      return session.RunViews(inputs, [](std::span<const TensorView>) { return Result<void>(); });
    };
  }
};

// Opens both, `first` before the other, and runs each once.
Result<SessionPair> OpenPair(const ComparedModels& models, std::span<const NamedTensor> inputs,
                             int first, Starts& starts) {
  SessionPair pair;
  for (const int side : {first, 1 - first}) {
    const int64_t start = runtime::MonotonicNs();
    TARE_TRY(auto session,
             runtime::Session::FromFile(side == 0 ? models.baseline_path : models.candidate_path,
                                        models.options));
    pair.sides[side] = std::move(session);
    starts.load[side].push_back(MsSince(start));
    TARE_TRY_VOID(pair.RunOf(side, inputs)());
    starts.cold[side].push_back(MsSince(start));
  }
  return pair;
}

// Processor time that was had, and what was waited for it.
struct Attention {
  double ran_s = 0;
  double waited_s = 0;

  void Add(const Attention& before, const Attention& after) {
    ran_s += after.ran_s - before.ran_s;
    waited_s += after.waited_s - before.waited_s;
  }
  double WaitedShare() const {
    const double wanted = ran_s + waited_s;
    return wanted > 0 ? waited_s / wanted : 0;
  }
};

Attention AttentionSoFar() {
  return {runtime::ProcessorSeconds(), static_cast<double>(runtime::WaitedNs()) * 1e-9};
}

// All pairs of sessions at one batch size.
struct Cell {
  data::FeedBatch inputs;
  std::vector<PairedTimes> times;
  Attention attention;
};

// Times each batch size at the number of threads of `models`.
Result<Starts> TimeRow(const ComparedModels& models, const Progress& progress,
                       std::vector<Cell>& cells) {
  Starts starts;
  Random random(1);
  // Processor time of the calling thread does not see the neighbours, nor the threads that help it.
  const runtime::Clock clock =
      models.options.num_threads == 1 ? runtime::ThreadNs : runtime::MonotonicNs;
  for (int i = 0; i < kSessionPairs; ++i) {
    TARE_TRY(const SessionPair pair, OpenPair(models, cells.front().inputs.inputs,
                                              static_cast<int>(random.Below(2)), starts));
    for (Cell& cell : cells) {
      if (progress.cancelled()) return Cancelled();
      const Attention before = AttentionSoFar();
      TARE_TRY(auto times, TimePair(pair.RunOf(0, cell.inputs.inputs),
                                    pair.RunOf(1, cell.inputs.inputs), clock, random.Next()));
      cell.attention.Add(before, AttentionSoFar());
      cell.times.push_back(std::move(times));
    }
  }
  return starts;
}

void AddStarts(const Starts& starts, verdict::Evidence& evidence) {
  verdict::Side* const sides[] = {&evidence.baseline, &evidence.candidate};
  for (const int side : {0, 1}) {
    sides[side]->load_ms = stats::MedianOf(starts.load[side]);
    sides[side]->cold_start_ms = stats::MedianOf(starts.cold[side]);
  }
}

void WarnOfBusyMachine(verdict::Evidence& evidence) {
  double most = 0;
  for (const auto& speedup : evidence.cost.speedup)
    most = std::max(most, speedup.waited.value_or(0));
  if (most <= verdict::kMostWaiting) return;
  evidence.warnings.push_back(
      {StrCat("the machine was busy: timed runs of several threads waited for a processor ",
              Fixed(100 * most, 0), " % of their time; no check on their times is decided"),
       "measure again on a quiet machine: tare run --again evaluate, or tare evaluate once more"});
}

}  // namespace

std::vector<int64_t> BatchesOf(const CostOptions& costs, const TimedSamples& samples) {
  constexpr int64_t kSeveral = 8;
  if (samples.feed.natural_batch() > 0) return {samples.feed.natural_batch()};
  if (!costs.batches.empty()) return costs.batches;
  if (std::ssize(samples.chosen) < kSeveral) return {1};
  return {1, kSeveral};
}

Result<void> AddLatencies(const ComparedModels& models, const CostOptions& costs,
                          const TimedSamples& samples, const Progress& progress,
                          verdict::Evidence& evidence) {
  const int own = models.options.num_threads;
  for (const int num_threads : ThreadCountsOf(costs, own)) {
    std::vector<Cell> cells;
    for (const int64_t batch : BatchesOf(costs, samples)) {
      TARE_TRY(auto inputs, samples.Read(batch));
      cells.push_back({std::move(inputs), {}, {}});
    }
    ComparedModels others = models;
    others.options.num_threads = num_threads;
    auto starts = TimeRow(others, progress, cells);
    if (!starts) return std::move(starts).error().While(StrCat("timing, threads ", num_threads));
    if (num_threads == own) AddStarts(*starts, evidence);
    const auto batches = BatchesOf(costs, samples);
    for (size_t i = 0; i < cells.size(); ++i) {
      LatencyOptions options;
      options.batch = batches[i];
      options.num_threads = num_threads;
      const auto waited =
          num_threads == 1 ? std::nullopt : std::optional(cells[i].attention.WaitedShare());
      AddLatency(SummariseTimes(cells[i].times, options), waited, evidence);
    }
  }
  WarnOfBusyMachine(evidence);
  return {};
}

}  // namespace tare::evaluate
