// What each task makes of the outputs of two models that run.

#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tare/evaluate/models/evaluate.h"
#include "tare/evaluate/samples/test_evidence.h"

namespace tare::evaluate {

/// Collects the answers of one model or of both, batch by batch.
class ModelTask {
 public:
  virtual ~ModelTask() = default;
  /// Adds the samples of a batch that are no padding. `candidate` is empty where the baseline is
  /// judged alone.
  /// Errors  kInvalidArgument: outputs or labels do not fit the task; names output and shapes.
  virtual Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> baseline,
                           std::span<const TensorView> candidate) = 0;
  /// Computes everything; called once, after at least one batch.
  /// Errors  kCancelled; what only the whole set can tell.
  virtual Result<TestEvidence> Finish(const Progress& progress) = 0;
};

/// Errors  kUnsupported: models are not run for options.task; kInvalidArgument, kNotFound: no
///         output fits it.
Result<std::unique_ptr<ModelTask>> MakeModelTask(const std::vector<ValueInfo>& outputs,
                                                 const EvaluateOptions& options, Sides sides);

// The tasks, one file each: model_task_NAME.cc.
Result<std::unique_ptr<ModelTask>> MakeClassificationTask(const std::vector<ValueInfo>& outputs,
                                                          const EvaluateOptions& options,
                                                          Sides sides);
Result<std::unique_ptr<ModelTask>> MakeRegressionTask(const std::vector<ValueInfo>& outputs,
                                                      const EvaluateOptions& options, Sides sides);
Result<std::unique_ptr<ModelTask>> MakeMultiLabelTask(const std::vector<ValueInfo>& outputs,
                                                      const EvaluateOptions& options, Sides sides);
Result<std::unique_ptr<ModelTask>> MakeTokenTask(const std::vector<ValueInfo>& outputs,
                                                 const EvaluateOptions& options, Sides sides);
Result<std::unique_ptr<ModelTask>> MakeEmbeddingTask(const std::vector<ValueInfo>& outputs,
                                                     const EvaluateOptions& options, Sides sides);

/// Returns the place of the output that the options name, else of the first that the first of
/// `fits` takes which takes any.
/// Errors  kNotFound: no output of that name; kInvalidArgument: none fits (`what` says what it
///         should be).
using OutputFits = bool (*)(const ValueInfo&);
Result<size_t> FindOutput(const std::vector<ValueInfo>& outputs, const std::string& name,
                          std::initializer_list<OutputFits> fits, std::string_view what);

/// The columns of [N, C] and of [N, C, 1, 1]; 0 of any other shape.
int64_t ColumnsOf(std::span<const int64_t> shape);

/// The first `rows` rows of an output, as float32.
struct FloatRows {
  std::vector<float> values;
  std::vector<int64_t> shape;  ///< of one row
  int64_t row_size() const;
  std::span<const float> Row(int64_t row) const {
    return std::span(values).subspan(static_cast<size_t>(row * row_size()),
                                     static_cast<size_t>(row_size()));
  }
};
/// Errors  kInvalidArgument: the output has fewer rows.
Result<FloatRows> ReadFloatRows(const TensorView& view, int64_t rows, const std::string& name);

}  // namespace tare::evaluate
