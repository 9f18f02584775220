// Loads candidates, runs them on the check samples, compares them with float and times them.

#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "search/observe_internal.h"
#include "tare/core/result.h"
#include "tare/data/feed.h"
#include "tare/graph/model.h"
#include "tare/quantize/prepare.h"
#include "tare/quantize/recipe.h"
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

/// The float model, what it answers on the check samples, and how long it takes.
struct Reference {
  std::unique_ptr<runtime::Session> session;
  std::vector<data::FeedBatch> inputs;       ///< of each run
  std::vector<std::vector<Tensor>> outputs;  ///< of each run
  data::FeedBatch single;                    ///< the first check sample alone
  double single_ms = 0;                      ///< median time of `single`
  int64_t model_bytes = 0;                   ///< where size is the goal; 0: unknown
};

/// Errors  those of loading and running the float model.
Result<Reference> RunReference(const graph::Model& source, const Samples& samples,
                               const AutoOptions& options, const Instruments& instruments);

/// Compares every float output of `session` with the reference over its first `num_runs` runs:
/// sample by sample where the first axis is the batch, else the whole tensor.
/// Errors  what Run() gives.
Result<Closeness> CompareRuns(const runtime::Session& session, const Reference& reference,
                              size_t num_runs);

/// A plan with what it takes to run it.
struct Built {
  quantize::Recipe recipe;
  graph::Model model;
  std::unique_ptr<runtime::Session> session;
};

/// Everything that candidates of one model are measured with. What it is made from must outlive it.
///
/// Threads  none.
class Bench {
 public:
  Bench(const quantize::Prepared& prepared, const Observed& observed, Reference reference,
        const AutoOptions& options, const Instruments& instruments);

  size_t num_runs() const { return reference_.inputs.size(); }

  /// Errors  those of FillRanges, ApplyRecipe and of loading the model.
  Result<Built> Build(const std::vector<quantize::NodeChoice>& nodes) const;

  /// How close a plan keeps the outputs over the first `num_runs` runs.
  /// Errors  those of Build() and CompareRuns().
  Result<Closeness> Try(const std::vector<quantize::NodeChoice>& nodes, size_t num_runs) const;

  /// Loads, checks and times one candidate; a failure is its problem, not the search's.
  void Measure(Candidate& candidate) const;

  /// Times candidates against float and each other in one interleaved run; who is no longer fast
  /// gets a problem.
  /// Errors  those of Build() and of running.
  Result<void> TimeAgain(std::vector<Candidate>& candidates, std::span<const size_t> which) const;

  /// Kernel times of one sample, in the canonical float model or under a plan.
  Result<runtime::KernelTimes> Profile(const graph::Model& model) const;

 private:
  runtime::TimingOptions Timing(double budget_ms) const;
  bool HasBatch() const;
  void Time(Candidate& candidate, const runtime::Session& session) const;

  const quantize::Prepared& prepared_;
  const Observed& observed_;
  const Reference reference_;
  const AutoOptions& options_;
  const Instruments& instruments_;
  double budget_ms_ = 0;  // for timing one candidate
};

}  // namespace tare::search
