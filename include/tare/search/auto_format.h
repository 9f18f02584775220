// Do no harm: measure what a model gains from each format on this host, and take the best that
// keeps its outputs, or none.

#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tare/calibrate/calibrate.h"
#include "tare/calibrate/range.h"
#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/feed.h"
#include "tare/graph/model.h"
#include "tare/quantize/fusion.h"
#include "tare/quantize/prepare.h"
#include "tare/quantize/recipe.h"
#include "tare/runtime/compare.h"
#include "tare/runtime/timing.h"

namespace tare::search {

/// Samples by number: those that give ranges and those that outputs are checked on. They do not
/// overlap.
struct Samples {
  const data::Feed* feed = nullptr;
  std::vector<int64_t> calibration;
  std::vector<int64_t> check;
  /// Of the check samples, where they come from another feed; null: the same.
  const data::Feed* check_feed = nullptr;
};

enum class Goal { kSpeed, kSize };

/// The formats that may be tried, and no other; float32 always may. Empty means auto.
///
/// int8_dynamic stores large tables of Gather as int8_weights, since a table is not multiplied.
using Formats = std::set<quantize::Format>;

/// Returns what auto tries: int8_static and int8_dynamic; for size int8_weights too, whose
/// arithmetic is float and which is therefore not faster.
Formats AutoFormats(Goal goal);

struct AutoOptions {
  runtime::SessionOptions session;
  /// One format is taken when its outputs hold, as asked for by name; of several the best is, and
  /// only when something is gained.
  Formats formats;
  Goal goal = Goal::kSpeed;
  calibrate::RangeMethod method = calibrate::RangeMethod::kMse;
  /// How far each output may move, in (0, 1]; 1 - cosine to float for wide ones: runtime::Judge().
  double tolerance = 0.01;
  /// Least speedup worth a new file; the interval's lower end must reach it.
  double min_speedup = 1.05;
  /// Sessions of a model whose file is larger than this are opened one after the other and timed
  /// alone: two of them side by side would hold its weights twice.
  int64_t side_by_side_bytes = int64_t{512} << 20;
  /// Measured time for each candidate, in ms.
  double timing_budget_ms = 150;
};

/// How close the outputs of a candidate are to float.
struct Closeness {
  runtime::Judgement judged;  ///< of the worst output
  double cosine =
      0;  ///< of the output with the least: the lesser of the mean over samples and the whole
  double least_cosine = 0;  ///< of the worst sample of any output
};

/// One row of the measured table. What was dropped at first sight, for a few samples and rounds, has
/// the closeness of those and no time of several samples.
struct Candidate {
  std::string name;  ///< "static, chain"
  std::vector<quantize::NodeChoice> nodes;
  Closeness closeness;
  runtime::Ratio speedup;        ///< one sample a run
  runtime::Ratio batch_speedup;  ///< several samples a run; zeros without
  int64_t model_bytes = 0;
  bool runs = false;    ///< it loads and runs; else `problem` says why not, or it was not measured
  std::string problem;  ///< why it cannot be taken; empty when it can
  bool chosen = false;
};

struct Choice {
  /// The quantized model and its recipe; absent when nothing is to be gained.
  std::optional<graph::Model> model;
  quantize::Recipe recipe;
  quantize::FusionReport fusion;
  std::vector<Candidate> candidates;  ///< everything that was measured, in order
  calibrate::Observations observations;
  std::string reason;  ///< in words: why this one, or why none
};

/// Chooses formats for `prepared`, whose source is `source`.
///
/// Errors  those of the runtime on the float model; kFailedPrecondition for NaN in the data;
///         kCancelled.
Result<Choice> ChooseFormats(const graph::Model& source, const quantize::Prepared& prepared,
                             const Samples& samples, const AutoOptions& options,
                             Progress& progress);

}  // namespace tare::search
