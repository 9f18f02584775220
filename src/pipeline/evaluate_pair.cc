#include <algorithm>

#include "pipeline/evaluate_pair_internal.h"
#include "tare/core/strcat.h"
#include "tare/data/preview.h"
#include "tare/data/splits.h"
#include "tare/graph/canonical.h"
#include "tare/graph/onnx.h"
#include "tare/runtime/analysis.h"

namespace tare::pipeline {
namespace {

// The test set under other conditions.
struct Conditions {
  OpenSource source;
  std::vector<int64_t> samples;
  std::string description;
};

Result<Conditions> Open(const DistributionSource& distribution, const PairIn& in) {
  Conditions conditions;
  const TestPlan& plan = *in.plan;
  const int64_t wanted = distribution.source.num_samples;
  const auto choose = [&](int64_t available) {
    return data::ChooseSamples(available, wanted > 0 ? wanted : available, plan.seed);
  };
  if (!distribution.corruption) {
    TARE_TRY(conditions.source, in.baseline->Bind(distribution.source));
    TARE_TRY_VOID(CheckSameColumns(*in.test, conditions.source));
    conditions.samples = choose(conditions.source.dataset->num_samples());
    conditions.description = SourceName(distribution.source);
    return conditions;
  }
  TARE_TRY(conditions.source,
           in.baseline->BindCorrupted(plan.test, *distribution.corruption, plan.seed));
  for (const int64_t i : choose(std::ssize(in.samples)))
    conditions.samples.push_back(in.samples[static_cast<size_t>(i)]);
  conditions.description = data::Describe(*distribution.corruption);
  return conditions;
}

// Recorded answers are to the clean samples alone: here both models run.
Result<void> AddDistributions(const PairIn& in, const evaluate::RunnableModel& baseline,
                              const evaluate::RunnableModel& candidate, Progress& progress,
                              verdict::Evidence& evidence) {
  auto options = EvaluationOptions(*in.plan, in.classes);
  for (const DistributionSource& distribution : in.plan->distributions) {
    if (in.plan->task == verdict::Task::kOutputs) {
      evidence.warnings.push_back(
          {StrCat("the distribution '", distribution.name, "' was not evaluated: it needs labels"),
           "name their array: data: label"});
      continue;
    }
    TARE_TRY(const Conditions conditions,
             Open(distribution, in).While(StrCat("opening the distribution ", distribution.name)));
    SplitBatches batches(*in.plan, conditions.source, conditions.samples);
    options.step = StrCat("evaluate ", distribution.name);
    TARE_TRY(const auto found,
             evaluate::EvaluateDistribution(baseline, candidate, batches, options, progress));
    AddDistribution(distribution.name, conditions.description, found, evidence);
  }
  return {};
}

// By runs of one sample and of two, where the model takes any number.
Result<std::vector<runtime::OutputLayout>> LayoutsOf(const runtime::Session& session,
                                                     const PairIn& in) {
  std::vector<runtime::RunShapes> runs;
  const data::Feed& feed = *in.test->feed;
  const size_t most = feed.natural_batch() == 0 ? 2 : 1;
  for (size_t count = 1; count <= std::min(most, in.samples.size()); ++count) {
    TARE_TRY(const auto batch, feed.Read(std::span(in.samples).first(count)));
    TARE_TRY(const auto outputs, session.Run(batch.inputs));
    runs.push_back(runtime::ShapesOf(runtime::RowsOf(batch), outputs));
  }
  return runtime::FindLayouts(runs, &in.baseline->source().graph);
}

// As it is in its file; random operators draw what those of the other model draw.
Result<runtime::Session> OpenToCompare(const std::string& path, bool draws,
                                       const runtime::SessionOptions& options) {
  if (!draws) return runtime::Session::FromFile(path, options);
  TARE_TRY(auto model, graph::ReadOnnx(path));
  graph::SeedRandomOps(model.graph);
  return runtime::MakeSession(model, options);
}

// What the samples say. Its sessions end with it: those of AddCosts() are others.
Result<PairOut> EvaluateAnswers(const PairIn& in, Progress& progress) {
  const runtime::SessionOptions& session = in.baseline->request().session;
  const std::string& path = in.baseline->request().path;
  const bool draws = graph::HasRandomOps(in.baseline->source().graph);
  auto options = EvaluationOptions(*in.plan, in.classes);
  TARE_TRY(auto baseline, OpenToCompare(path, draws, session));
  TARE_TRY(options.outputs.layouts, LayoutsOf(baseline, in));
  if (draws) {  // what a random operator draws depends on the runs before
    TARE_TRY(baseline, OpenToCompare(path, draws, session));
  }
  TARE_TRY(const auto candidate, OpenToCompare(in.candidate_path, draws, session));
  const auto first = evaluate::RunnableOf(baseline);
  const auto second = evaluate::RunnableOf(candidate);
  verdict::FlipList flips(FlipsToKeep(in.plan->task));
  options.test.flips = &flips;
  SplitBatches batches(*in.plan, *in.test, in.samples);
  auto known = in.answers && !draws ? in.answers(first.outputs) : std::nullopt;
  PairOut out;
  verdict::Evidence& evidence = out.evidence;
  TARE_TRY(evidence, evaluate::Evaluate(known.value_or(first), second, batches, options, progress));
  for (const std::string& note : in.baseline->notes())
    evidence.warnings.push_back({note, "its latency is that of one sample a run"});
  TARE_TRY_VOID(AddDistributions(in, first, second, progress, evidence));
  out.num_flips = flips.total();
  out.flips = flips.Take();
  for (verdict::Flip& flip : out.flips) flip.sample = in.samples[static_cast<size_t>(flip.place)];
  return out;
}

}  // namespace

size_t FlipsToKeep(verdict::Task task) {
  return task == verdict::Task::kRegression ? verdict::FlipList::kMostChanges
                                            : verdict::FlipList::kMostFlips;
}

Result<void> DescribeFlips(const OpenSource& source, size_t num_described,
                           std::span<verdict::Flip> flips) {
  for (verdict::Flip& flip : flips.first(std::min(num_described, flips.size()))) {
    if (!flip.sample) continue;
    TARE_TRY(auto preview, data::Preview(*source.dataset, source.feed->arrays(), *flip.sample));
    if (!preview.png.empty()) flip.image = data::PngUri(preview.png);
    flip.fields = std::move(preview.values);
  }
  return {};
}

Result<PairOut> EvaluatePair(const PairIn& in, Progress& progress) {
  TARE_TRY_VOID(evaluate::CheckBatches(*in.test->feed, in.costs));
  TARE_TRY(auto out, EvaluateAnswers(in, progress));
  const evaluate::ComparedModels models{in.baseline->request().path, in.candidate_path,
                                        in.baseline->request().session};
  TARE_TRY_VOID(
      evaluate::AddCosts(models, in.costs, {*in.test->feed, in.samples}, progress, out.evidence));
  return out;
}

}  // namespace tare::pipeline
