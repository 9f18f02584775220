// How a test set is judged, whatever the task.

#pragma once

#include <vector>

#include "tare/evaluate/samples/kpi.h"
#include "tare/evaluate/samples/slices.h"
#include "tare/stats/bootstrap.h"
#include "tare/verdict/flips.h"

namespace tare::evaluate {

/// The models that a test set is put to.
enum class Sides {
  kBaseline,  ///< one model alone: nothing is compared, and nothing of a candidate is given or held
  kPair,
};

struct TestOptions {
  /// Of the two-sided intervals, in (0.5, 1).
  double confidence = 0.95;
  stats::BootstrapOptions bootstrap;
  /// At most 64, with those that the task makes itself.
  std::vector<SliceSpec> slices;
  /// Of what the task measures of a sample, and of numeric columns.
  std::vector<KpiSpec> kpis;
  /// Takes the samples whose answers differ, of tasks whose answers can be written down; null: they
  /// are counted alone. Must outlive the evaluation.
  verdict::FlipList* flips = nullptr;
};

}  // namespace tare::evaluate
