#include <algorithm>

#include "search/decision_internal.h"
#include "search/measure_internal.h"
#include "tare/core/text.h"
#include "tare/graph/canonical.h"
#include "tare/graph/onnx.h"
#include "tare/quantize/apply.h"
#include "tare/runtime/analysis.h"
#include "tare/runtime/compare.h"
#include "tare/stats/quantile.h"

namespace tare::search {
namespace {

using quantize::NodeChoice;

constexpr int64_t kCheckBatch = 8;
constexpr double kRounds = 40;
constexpr int kMinProfiledRuns = 3;
constexpr int kMaxProfiledRuns = 15;

// Sums of one output over all runs, and over its samples one by one.
struct OutputSums {
  runtime::PairSums whole;
  double cosines = 0;
  double least = 1;
  int64_t count = 0;

  void Add(const runtime::PairSums& sample) {
    whole += sample;
    cosines += sample.Cosine();
    least = std::min(least, sample.Cosine());
    ++count;
  }
  // A sample whose outputs are all small weighs as much as any other in the mean; the whole sees
  // what moves from sample to sample.
  double Cosine() const { return std::min(cosines / static_cast<double>(count), whole.Cosine()); }
};

void CompareOutput(const Tensor& a, const Tensor& b, int64_t num_valid, OutputSums& sums) {
  if (a.dtype() == DType::kUndefined || a.num_elements() == 0) return;
  const bool by_row = a.rank() >= 1 && a.shape()[0] > 1 && a.shape()[0] >= num_valid &&
                      b.shape() == a.shape() && num_valid > 1;
  if (!by_row) {
    sums.Add(runtime::ComparePair(runtime::ViewOf(a), runtime::ViewOf(b)));
    return;
  }
  for (int64_t row = 0; row < num_valid; ++row) {
    const Tensor x = a.Rows(row, row + 1);
    const Tensor y = b.Rows(row, row + 1);
    sums.Add(runtime::ComparePair(runtime::ViewOf(x), runtime::ViewOf(y)));
  }
}

// 0 where one file cannot hold the model.
int64_t BytesOf(const graph::Model& model) {
  const auto bytes = graph::SerializeOnnx(model);
  return bytes ? static_cast<int64_t>(bytes->size()) : 0;
}

}  // namespace

Instruments RealInstruments() {
  return {[](std::span<const Timed> timed, std::span<const NamedTensor> inputs,
             const runtime::TimingOptions& options) {
            std::vector<const runtime::Session*> sessions;
            for (const Timed& one : timed) sessions.push_back(one.session);
            return runtime::TimeInterleaved(sessions, inputs, options);
          },
          runtime::ProfileKernels};
}

Result<Reference> RunReference(const graph::Model& source, const Samples& samples,
                               const AutoOptions& options, const Instruments& instruments) {
  Reference reference;
  // The candidates' random operators have the same seeds (quantize::Prepare).
  graph::Model seeded = source;
  graph::SeedRandomOps(seeded.graph);
  if (options.goal == Goal::kSize) reference.model_bytes = BytesOf(seeded);
  TARE_TRY(auto session, runtime::MakeSession(seeded, options.session));
  reference.session = std::make_unique<runtime::Session>(std::move(session));
  const data::Feed& feed = samples.check_feed != nullptr ? *samples.check_feed : *samples.feed;
  const std::span check(samples.check);
  const auto batch = static_cast<size_t>(feed.BatchOf(kCheckBatch));
  for (size_t at = 0; at < check.size(); at += batch) {
    TARE_TRY(auto inputs, feed.Read(check.subspan(at, std::min(batch, check.size() - at))));
    TARE_TRY(auto outputs, reference.session->Run(inputs.inputs));
    reference.inputs.push_back(std::move(inputs));
    reference.outputs.push_back(std::move(outputs));
  }
  TARE_TRY(reference.single, feed.Read(check.first(1)));
  const Timed alone[] = {{"", reference.session.get()}};
  TARE_TRY(const auto times,
           instruments.time(alone, reference.single.inputs,
                            {.budget_ms = 10, .min_rounds = 3, .max_rounds = 20}));
  reference.single_ms = stats::MedianOf(times[0]);
  return reference;
}

Result<Closeness> CompareRuns(const runtime::Session& session, const Reference& reference,
                              size_t num_runs) {
  const size_t num_outputs = reference.outputs.empty() ? 0 : reference.outputs[0].size();
  std::vector<OutputSums> sums(num_outputs);
  for (size_t run = 0; run < std::min(num_runs, reference.inputs.size()); ++run) {
    const data::FeedBatch& batch = reference.inputs[run];
    TARE_TRY(const auto outputs, session.Run(batch.inputs));
    for (size_t o = 0; o < num_outputs; ++o)
      CompareOutput(reference.outputs[run][o], outputs[o], batch.num_valid, sums[o]);
  }
  Closeness closeness{1, 1, ""};
  for (size_t o = 0; o < num_outputs; ++o) {
    if (sums[o].count == 0) continue;
    closeness.least_cosine = std::min(closeness.least_cosine, sums[o].least);
    if (closeness.worst_output.empty() || sums[o].Cosine() < closeness.cosine) {
      closeness.cosine = sums[o].Cosine();
      closeness.worst_output = reference.session->outputs()[o].name;
    }
  }
  return closeness;
}

Bench::Bench(const quantize::Prepared& prepared, const Observed& observed, Reference reference,
             const AutoOptions& options, const Instruments& instruments)
    : prepared_(prepared),
      observed_(observed),
      reference_(std::move(reference)),
      options_(options),
      instruments_(instruments) {
  // About kRounds rounds of a pair: enough for an interval of a few per cent.
  budget_ms_ = std::clamp(2 * kRounds * reference_.single_ms,
                          std::min(10.0, options.timing_budget_ms), options.timing_budget_ms);
}

Result<Built> Bench::Build(const std::vector<NodeChoice>& nodes) const {
  Built built;
  built.recipe.nodes = nodes;
  TARE_TRY_VOID(FillRanges(built.recipe, prepared_, observed_.observations, options_.method));
  TARE_TRY(built.model, quantize::ApplyRecipe(prepared_.model, built.recipe));
  TARE_TRY(auto session, runtime::MakeSession(built.model, options_.session));
  built.session = std::make_unique<runtime::Session>(std::move(session));
  return built;
}

Result<Closeness> Bench::Try(const std::vector<NodeChoice>& nodes, size_t num_runs) const {
  TARE_TRY(const Built built, Build(nodes));
  return CompareRuns(*built.session, reference_, num_runs);
}

void Bench::Measure(Candidate& candidate) const {
  const auto built = Build(candidate.nodes);
  if (!built) {
    candidate.problem = built.error().what;
    return;
  }
  candidate.model_bytes = BytesOf(built->model);
  const auto closeness = CompareRuns(*built->session, reference_, num_runs());
  if (!closeness) {
    candidate.problem = closeness.error().what;
    return;
  }
  candidate.runs = true;
  candidate.closeness = *closeness;
  Time(candidate, *built->session);
  candidate.problem = ProblemOf(candidate, options_);
  const bool grew = options_.goal == Goal::kSize && reference_.model_bytes > 0 &&
                    candidate.model_bytes >= reference_.model_bytes;
  if (candidate.problem.empty() && grew)
    candidate.problem =
        StrCat("not smaller: the float model has ", HumanBytes(reference_.model_bytes));
}

runtime::TimingOptions Bench::Timing(double budget_ms) const {
  const bool one_thread = options_.session.num_threads == 1;
  return {.budget_ms = budget_ms, .clock = one_thread ? runtime::ThreadNs : runtime::MonotonicNs};
}

bool Bench::HasBatch() const {
  return !reference_.inputs.empty() && reference_.inputs[0].num_valid > 1;
}

void Bench::Time(Candidate& candidate, const runtime::Session& session) const {
  const Timed pair[] = {{"", reference_.session.get()}, {candidate.name, &session}};
  if (const auto times = instruments_.time(pair, reference_.single.inputs, Timing(budget_ms_)))
    candidate.speedup = runtime::SpeedupOf((*times)[0], (*times)[1]);
  if (!HasBatch()) return;
  if (const auto times = instruments_.time(pair, reference_.inputs[0].inputs, Timing(budget_ms_)))
    candidate.batch_speedup = runtime::SpeedupOf((*times)[0], (*times)[1]);
}

Result<void> Bench::TimeAgain(std::vector<Candidate>& candidates,
                              std::span<const size_t> which) const {
  std::vector<Built> built;
  std::vector<Timed> timed = {{"", reference_.session.get()}};
  for (const size_t i : which) {
    TARE_TRY(auto one, Build(candidates[i].nodes));
    built.push_back(std::move(one));
    timed.push_back({candidates[i].name, built.back().session.get()});
  }
  const double budget_ms = budget_ms_ * static_cast<double>(timed.size());
  const auto retime = [&](const std::vector<NamedTensor>& inputs,
                          runtime::Ratio Candidate::*ratio) -> Result<void> {
    TARE_TRY(const auto times, instruments_.time(timed, inputs, Timing(budget_ms)));
    for (size_t k = 0; k < which.size(); ++k)
      candidates[which[k]].*ratio = runtime::SpeedupOf(times[0], times[k + 1]);
    return {};
  };
  TARE_TRY_VOID(retime(reference_.single.inputs, &Candidate::speedup));
  if (HasBatch()) {
    TARE_TRY_VOID(retime(reference_.inputs[0].inputs, &Candidate::batch_speedup));
  }
  for (const size_t i : which)
    candidates[i].problem = ProblemWhenTimedAgain(candidates[i], options_);
  return {};
}

Result<runtime::KernelTimes> Bench::Profile(const graph::Model& model) const {
  const int num_runs =
      std::clamp(static_cast<int>(options_.timing_budget_ms / std::max(0.01, reference_.single_ms)),
                 kMinProfiledRuns, kMaxProfiledRuns);
  return instruments_.profile(model, reference_.single.inputs, options_.session, num_runs);
}

}  // namespace tare::search
