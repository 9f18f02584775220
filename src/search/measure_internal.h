// Loads candidates, runs them on the check samples, compares them with float and times them.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "search/observe_internal.h"
#include "tare/core/result.h"
#include "tare/data/feed.h"
#include "tare/graph/model.h"
#include "tare/quantize/apply.h"
#include "tare/quantize/prepare.h"
#include "tare/quantize/recipe.h"
#include "tare/runtime/compare.h"
#include "tare/runtime/profile.h"
#include "tare/runtime/session.h"
#include "tare/runtime/timing.h"
#include "tare/search/auto_format.h"

namespace tare::search {

/// A session that is timed, under the name of its candidate; the float model has none.
struct Timed {
  std::string_view candidate;
  const runtime::Session* session = nullptr;
};

/// Where times come from. The choice depends on nothing else of the machine's speed: tests put
/// their own numbers in.
struct Instruments {
  std::function<Result<runtime::RoundTimes>(std::span<const Timed>, std::span<const NamedTensor>,
                                            const runtime::TimingOptions&)>
      time;
  std::function<Result<runtime::KernelTimes>(const graph::Model&, std::span<const NamedTensor>,
                                             const runtime::SessionOptions&, int num_runs)>
      profile;
};

/// runtime::TimeInterleaved and runtime::ProfileKernels.
Instruments RealInstruments();

/// Times of one session alone, in ms: of one sample, and of several where the model takes them.
struct AloneTimes {
  std::vector<double> single, batch;
};

/// The float model, what it answers on the check samples, and how long it takes.
///
/// The session of a large model is not kept: beside the one that it is compared with it would hold
/// the weights a second time. Such a model is timed alone, and so are its candidates.
struct Reference {
  std::unique_ptr<runtime::Session> session;  ///< null of a large model
  std::function<Result<runtime::Session>()> open;
  std::vector<std::string> output_names;
  std::vector<data::FeedBatch> inputs;         ///< of each run; the first may be a small one
  std::vector<std::vector<Tensor>> outputs;    ///< of each run
  data::FeedBatch single;                      ///< the first check sample alone
  double single_ms = 0;                        ///< median time of `single`
  int64_t model_bytes = 0;                     ///< of its file
  AloneTimes alone;                            ///< of a large model
  size_t batch_run = 0;                        ///< the first of the runs with the most samples
  std::vector<runtime::OutputLayout> layouts;  ///< of each output
  /// Of the float outputs with themselves, for the scores of their lists; absent until it is made.
  std::optional<runtime::OutputsComparison> self;
  std::vector<runtime::OutputEvidence> own;  ///< the evidence of `self`: spreads

  /// What is timed for several samples a run.
  const data::FeedBatch& batch() const { return inputs.empty() ? single : inputs[batch_run]; }
};

/// Errors  those of loading and running the float model.
Result<Reference> RunReference(const graph::Model& source, const Samples& samples,
                               const AutoOptions& options, const Instruments& instruments);

/// Compares the outputs of `session` with the reference over its first `num_runs` runs, and judges
/// them by the spreads of all runs.
/// Errors  what Run() gives.
Result<Closeness> CompareRuns(const runtime::Session& session, const Reference& reference,
                              size_t num_runs, double tolerance);

/// A plan and the model that it makes.
struct Made {
  quantize::Recipe recipe;
  graph::Model model;
};

/// The same, ready to run.
struct Built : Made {
  std::unique_ptr<runtime::Session> session;
};

/// Called when a part of a long step is done.
using Tick = std::function<void()>;
inline constexpr int64_t kMeasureTicks = 3;

/// Everything that candidates of one model are measured with. What it is made from must outlive it.
///
/// Threads  none.
class Bench {
 public:
  Bench(const quantize::Prepared& prepared, const Observed& observed, Reference reference,
        const AutoOptions& options, const Instruments& instruments);

  size_t num_runs() const { return reference_.inputs.size(); }

  /// Errors  those of FillRanges and ApplyRecipe.
  Result<Made> Make(const std::vector<quantize::NodeChoice>& nodes) const;

  /// Errors  those of Make() and of loading the model.
  Result<Built> Build(const std::vector<quantize::NodeChoice>& nodes) const;

  /// How close a plan keeps the outputs over the first `num_runs` runs.
  /// Errors  those of Build() and CompareRuns().
  Result<Closeness> Try(const std::vector<quantize::NodeChoice>& nodes, size_t num_runs) const;

  /// Loads one candidate, checks it on the first run of the check samples and times it briefly, one
  /// sample a run: enough to see who is clearly wrong or clearly slower. A failure is its problem,
  /// not the search's. Calls `tick` after each of the kMeasureTicks parts.
  void Measure(Candidate& candidate, const Tick& tick = {}) const;

  /// Checks candidates on all runs and times those that hold against float and each other, with one
  /// sample a run and with several, in turns (large models one after the other). Who does not hold,
  /// or is not surely faster where that is asked for, gets a problem.
  /// Errors  those of Build() and of running.
  Result<void> Confirm(std::vector<Candidate>& candidates, std::span<const size_t> which) const;

  /// Kernel times of one sample, in the canonical float model or under a plan.
  Result<runtime::KernelTimes> Profile(const graph::Model& model) const;

 private:
  void Check(Candidate& candidate, const runtime::Session& session, size_t num_runs) const;
  void Time(Candidate& candidate, const runtime::Session& session) const;
  Result<void> ConfirmAlone(std::vector<Candidate>& candidates,
                            std::span<const size_t> which) const;
  Result<void> ConfirmTogether(std::vector<Candidate>& candidates,
                               std::span<const size_t> which) const;

  const quantize::Prepared& prepared_;
  const Observed& observed_;
  mutable Reference reference_;  // the times of a large model are taken again
  const AutoOptions& options_;
  const Instruments& instruments_;
  double budget_ms_ = 0;                   // for timing one candidate
  mutable quantize::WeightCache weights_;  // only saves time
};

}  // namespace tare::search
