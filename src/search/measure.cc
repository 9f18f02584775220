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
constexpr int kMinBatchRounds = 3;
constexpr int kMinScreeningRounds = 3;
constexpr size_t kScreeningRuns = 1;  // of the check samples
constexpr double kScreeningMs = 40;
constexpr int64_t kMinScreeningSamples = 2;
constexpr double kBatchMs = 160;
constexpr int64_t kMinBatchSamples = 4;
constexpr int kMinProfiledRuns = 3;
constexpr int kMaxProfiledRuns = 15;

std::vector<TensorView> ViewsOf(const std::vector<Tensor>& tensors) {
  std::vector<TensorView> views;
  for (const Tensor& tensor : tensors) views.push_back(ViewOf(tensor));
  return views;
}

runtime::OutputsComparison ComparisonOf(const Reference& reference) {
  return {reference.output_names, reference.layouts};
}

// The layouts by runs of one sample and of several, and the spreads of the float answers.
Result<void> Describe(const graph::Model& source, Reference& reference) {
  std::vector<runtime::RunShapes> runs;
  TARE_TRY(const auto single, reference.session->Run(reference.single.inputs));
  runs.push_back(runtime::ShapesOf(runtime::RowsOf(reference.single), single));
  for (size_t i = 0; i < reference.inputs.size(); ++i)
    runs.push_back(runtime::ShapesOf(runtime::RowsOf(reference.inputs[i]), reference.outputs[i]));
  reference.layouts = runtime::FindLayouts(runs, &source.graph);
  auto own = ComparisonOf(reference);
  for (size_t i = 0; i < reference.inputs.size(); ++i) {
    const auto views = ViewsOf(reference.outputs[i]);
    own.Add(views, views, reference.inputs[i].num_valid);
  }
  reference.own = own.Evidence();
  reference.self.emplace(std::move(own));
  return {};
}

// About kRounds rounds of a pair: enough for an interval of a few per cent.
double BudgetMs(const Reference& reference, const AutoOptions& options) {
  return std::clamp(2 * kRounds * reference.single_ms, std::min(10.0, options.timing_budget_ms),
                    options.timing_budget_ms);
}

// Of the first run of the check samples, which every candidate and every trial of a repair makes:
// few where a sample takes long.
int64_t NumScreeningSamples(double single_ms) {
  return std::clamp(static_cast<int64_t>(kScreeningMs / std::max(single_ms, 1e-3)),
                    kMinScreeningSamples, kCheckBatch);
}

// Of the other runs, and of those that are timed with several samples.
int64_t NumBatchSamples(double single_ms) {
  return std::clamp(static_cast<int64_t>(kBatchMs / std::max(single_ms, 1e-3)), kMinBatchSamples,
                    kCheckBatch);
}

runtime::TimingOptions Timing(double budget_ms, const AutoOptions& options) {
  const bool one_thread = options.session.num_threads == 1;
  return {.budget_ms = budget_ms, .clock = one_thread ? runtime::ThreadNs : runtime::MonotonicNs};
}

bool HasBatch(const Reference& reference) { return reference.batch().num_valid > 1; }

// Several samples take their share of the budget in fewer rounds; what runs has run before.
runtime::TimingOptions BatchTiming(double budget_ms, const AutoOptions& options) {
  auto timing = Timing(budget_ms, options);
  timing.min_rounds = kMinBatchRounds;
  timing.warm_up_rounds = 1;
  return timing;
}

Result<AloneTimes> TimeAlone(const Timed& timed, const Reference& reference,
                             const AutoOptions& options, const Instruments& instruments) {
  const double budget_ms = BudgetMs(reference, options);
  const auto timing = Timing(budget_ms, options);
  AloneTimes out;
  TARE_TRY(auto single, instruments.time(std::span(&timed, 1), reference.single.inputs, timing));
  out.single = std::move(single[0]);
  if (!HasBatch(reference)) return out;
  TARE_TRY(auto batch, instruments.time(std::span(&timed, 1), reference.batch().inputs,
                                        BatchTiming(budget_ms, options)));
  out.batch = std::move(batch[0]);
  return out;
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
  const auto seeded = std::make_shared<graph::Model>(source);
  graph::SeedRandomOps(seeded->graph);
  reference.model_bytes = graph::WrittenBytes(*seeded);
  TARE_TRY(auto session, runtime::MakeSession(*seeded, options.session));
  reference.session = std::make_unique<runtime::Session>(std::move(session));
  const data::Feed& feed = samples.check_feed != nullptr ? *samples.check_feed : *samples.feed;
  const std::span check(samples.check);
  TARE_TRY(reference.single, feed.Read(check.first(1)));
  const Timed alone[] = {{"", reference.session.get()}};
  TARE_TRY(const auto times,
           instruments.time(alone, reference.single.inputs,
                            {.budget_ms = 10, .min_rounds = 3, .max_rounds = 20}));
  reference.single_ms = stats::MedianOf(times[0]);
  // What a random operator draws depends on the runs before it, and candidates are compared from
  // their first run on.
  if (graph::HasRandomOps(seeded->graph)) {
    TARE_TRY(*reference.session, runtime::MakeSession(*seeded, options.session));
  }
  int64_t wanted = NumScreeningSamples(reference.single_ms);
  for (size_t at = 0; at < check.size();) {
    const auto batch = static_cast<size_t>(feed.BatchOf(wanted));
    const auto part = check.subspan(at, std::min(batch, check.size() - at));
    TARE_TRY(auto inputs, feed.Read(part));
    TARE_TRY(auto outputs, reference.session->Run(inputs.inputs));
    if (inputs.num_valid > reference.batch().num_valid)
      reference.batch_run = reference.inputs.size();
    reference.inputs.push_back(std::move(inputs));
    reference.outputs.push_back(std::move(outputs));
    at += part.size();
    wanted = NumBatchSamples(reference.single_ms);
  }
  reference.open = [seeded, session = options.session] {
    return runtime::MakeSession(*seeded, session);
  };
  for (const ValueInfo& output : reference.session->outputs())
    reference.output_names.push_back(output.name);
  TARE_TRY_VOID(Describe(source, reference));
  if (reference.model_bytes > options.side_by_side_bytes) {
    TARE_TRY(reference.alone,
             TimeAlone({"", reference.session.get()}, reference, options, instruments));
    reference.session.reset();
  }
  return reference;
}

Result<Closeness> CompareRuns(const runtime::Session& session, const Reference& reference,
                              size_t num_runs, double tolerance) {
  auto comparison = ComparisonOf(reference);
  if (reference.self) comparison.UseScores(*reference.self);
  for (size_t run = 0; run < std::min(num_runs, reference.inputs.size()); ++run) {
    const data::FeedBatch& batch = reference.inputs[run];
    TARE_TRY(const auto outputs, session.Run(batch.inputs));
    comparison.Add(ViewsOf(reference.outputs[run]), ViewsOf(outputs), batch.num_valid);
  }
  auto evidence = comparison.Evidence();
  runtime::UseSpreads(reference.own, evidence);
  Closeness closeness{runtime::JudgeWorst(evidence, tolerance), 1, 1};
  for (const runtime::OutputEvidence& output : evidence) {
    if (output.kind == runtime::OutputKind::kIntegers) continue;
    const double cosine = std::min(output.cosine, output.whole_cosine);
    closeness.cosine = std::min(closeness.cosine, cosine);
    closeness.least_cosine = std::min(closeness.least_cosine, output.least_cosine);
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
  budget_ms_ = BudgetMs(reference_, options);
}

Result<Made> Bench::Make(const std::vector<NodeChoice>& nodes) const {
  Made made;
  made.recipe.nodes = nodes;
  TARE_TRY_VOID(FillRanges(made.recipe, prepared_, observed_.observations, options_.method));
  TARE_TRY(made.model, quantize::ApplyRecipe(prepared_.model, made.recipe, weights_));
  return made;
}

Result<Built> Bench::Build(const std::vector<NodeChoice>& nodes) const {
  TARE_TRY(auto made, Make(nodes));
  Built built{std::move(made), nullptr};
  TARE_TRY(auto session, runtime::MakeSession(built.model, options_.session));
  built.session = std::make_unique<runtime::Session>(std::move(session));
  return built;
}

Result<Closeness> Bench::Try(const std::vector<NodeChoice>& nodes, size_t num_runs) const {
  TARE_TRY(const Built built, Build(nodes));
  return CompareRuns(*built.session, reference_, num_runs, options_.tolerance);
}

void Bench::Check(Candidate& candidate, const runtime::Session& session, size_t num_runs) const {
  if (const auto closeness = CompareRuns(session, reference_, num_runs, options_.tolerance)) {
    candidate.closeness = *closeness;
    // Its speed is not judged by the few rounds that it had.
    const bool holds = Holds(candidate.closeness);
    candidate.problem = holds ? std::string() : ProblemOf(candidate, options_);
  } else {
    candidate.problem = closeness.error().what;
  }
}

void Bench::Measure(Candidate& candidate, const Tick& tick) const {
  const auto built = Build(candidate.nodes);
  if (tick) tick();
  if (!built) {
    candidate.problem = built.error().what;
    return;
  }
  candidate.model_bytes = graph::WrittenBytes(built->model);
  const auto closeness =
      CompareRuns(*built->session, reference_, kScreeningRuns, options_.tolerance);
  if (tick) tick();
  if (!closeness) {
    candidate.problem = closeness.error().what;
    return;
  }
  candidate.runs = true;
  candidate.closeness = *closeness;
  Time(candidate, *built->session);
  if (tick) tick();
  candidate.problem = ProblemAtFirstSight(candidate, options_);
  const bool grew = options_.goal == Goal::kSize && candidate.model_bytes >= reference_.model_bytes;
  if (candidate.problem.empty() && grew)
    candidate.problem =
        StrCat("not smaller: the float model has ", HumanBytes(reference_.model_bytes));
}

void Bench::Time(Candidate& candidate, const runtime::Session& session) const {
  auto timing = Timing(budget_ms_, options_);
  timing.min_rounds = kMinScreeningRounds;
  timing.warm_up_rounds = 1;
  const Timed pair[] = {{"", reference_.session.get()}, {candidate.name, &session}};
  const bool is_large = reference_.session == nullptr;
  const auto times = instruments_.time(is_large ? std::span(pair).last(1) : std::span(pair),
                                       reference_.single.inputs, timing);
  if (!times) return;  // a candidate without a time is not taken
  candidate.speedup = is_large ? runtime::SpeedupOf(reference_.alone.single, (*times)[0])
                               : runtime::SpeedupOf((*times)[0], (*times)[1]);
}

Result<void> Bench::Confirm(std::vector<Candidate>& candidates,
                            std::span<const size_t> which) const {
  TARE_TRY_VOID(reference_.session == nullptr ? ConfirmAlone(candidates, which)
                                              : ConfirmTogether(candidates, which));
  for (const size_t i : which) {
    if (candidates[i].problem.empty() && MustBeFaster(options_))
      candidates[i].problem = ProblemWhenTimedAgain(candidates[i], options_);
  }
  return {};
}

Result<void> Bench::ConfirmAlone(std::vector<Candidate>& candidates,
                                 std::span<const size_t> which) const {
  // Where the speed decides, the machine of now is asked about both models.
  if (MustBeFaster(options_)) {
    TARE_TRY(const auto session, reference_.open());
    TARE_TRY(reference_.alone, TimeAlone({"", &session}, reference_, options_, instruments_));
  }
  for (const size_t i : which) {
    Candidate& candidate = candidates[i];
    TARE_TRY(const auto built, Build(candidate.nodes));
    Check(candidate, *built.session, num_runs());
    if (!candidate.problem.empty()) continue;
    TARE_TRY(const auto times,
             TimeAlone({candidate.name, built.session.get()}, reference_, options_, instruments_));
    candidate.speedup = runtime::SpeedupOf(reference_.alone.single, times.single);
    if (HasBatch(reference_))
      candidate.batch_speedup = runtime::SpeedupOf(reference_.alone.batch, times.batch);
  }
  return {};
}

Result<void> Bench::ConfirmTogether(std::vector<Candidate>& candidates,
                                    std::span<const size_t> which) const {
  std::vector<Built> built;
  std::vector<Candidate*> held;
  for (const size_t i : which) {
    TARE_TRY(auto one, Build(candidates[i].nodes));
    Check(candidates[i], *one.session, num_runs());
    if (!candidates[i].problem.empty()) continue;
    built.push_back(std::move(one));
    held.push_back(&candidates[i]);
  }
  std::vector<Timed> timed = {{"", reference_.session.get()}};
  for (size_t k = 0; k < held.size(); ++k) timed.push_back({held[k]->name, built[k].session.get()});
  const double budget_ms = budget_ms_ * static_cast<double>(timed.size());
  const auto time = [&](const std::vector<NamedTensor>& inputs, runtime::Ratio Candidate::*ratio,
                        const runtime::TimingOptions& timing) -> Result<void> {
    TARE_TRY(const auto times, instruments_.time(timed, inputs, timing));
    for (size_t k = 0; k < held.size(); ++k)
      held[k]->*ratio = runtime::SpeedupOf(times[0], times[k + 1]);
    return {};
  };
  if (held.empty()) return {};
  TARE_TRY_VOID(time(reference_.single.inputs, &Candidate::speedup, Timing(budget_ms, options_)));
  if (!HasBatch(reference_)) return {};
  return time(reference_.batch().inputs, &Candidate::batch_speedup,
              BatchTiming(budget_ms, options_));
}

Result<runtime::KernelTimes> Bench::Profile(const graph::Model& model) const {
  const int num_runs =
      std::clamp(static_cast<int>(options_.timing_budget_ms / std::max(0.01, reference_.single_ms)),
                 kMinProfiledRuns, kMaxProfiledRuns);
  return instruments_.profile(model, reference_.single.inputs, options_.session, num_runs);
}

}  // namespace tare::search
