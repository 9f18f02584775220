// Where the samples lie in a model's outputs, and which outputs are lists of rows.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tare/core/result.h"
#include "tare/graph/model.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::runtime {

struct OutputLayout {
  static constexpr int64_t kNone = -1;
  /// The axis that follows the batch of the inputs; kNone: a run is one sample.
  int64_t batch_axis = kNone;
  /// Outputs with the same number hold the rows of one list; kNone: no list.
  int64_t list = kNone;
  /// The list is cut at a number of rows (TopK): which row comes last is chance.
  bool is_cut = false;

  friend bool operator==(const OutputLayout&, const OutputLayout&) = default;
};

/// What one run took and gave.
struct RunShapes {
  int64_t rows = 0;  ///< of the inputs' batch
  std::vector<Shape> outputs;
};

/// Finds for each output the axis whose extent is the number of rows in every run.
///
/// Edge     runs of one size only: an axis of that extent when there is exactly one and it is
///          above 1, since several or an extent of 1 may be anything. Of several axes that follow,
///          the first ([N, N] of pairs). An output whose rank changes, or which no axis of
///          follows: kNone.
std::vector<int64_t> FindBatchAxes(std::span<const RunShapes> runs);

/// Returns for each output of the graph, as `list`, the selector whose rows it holds: the position of the last
/// TopK, NonMaxSuppression, NonZero, Compress or Unique that it depends on with no other between;
/// kNone where there is none. Bodies are not looked into.
std::vector<OutputLayout> FindLists(const graph::Graph& graph);

/// Rows that the inputs have in common on their first axis; `num_valid` where they have none.
int64_t RowsOf(const Batch& batch);

/// The shapes of a run's outputs.
RunShapes ShapesOf(int64_t rows, std::span<const Tensor> outputs);

/// Layouts by what runs of different sizes gave, and by the graph where there is one.
std::vector<OutputLayout> FindLayouts(std::span<const RunShapes> runs, const graph::Graph* graph);

}  // namespace tare::runtime
