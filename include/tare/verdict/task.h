// What the models do: the tasks that are judged, and how people write them.

#pragma once

#include <optional>
#include <string_view>

#include "tare/core/result.h"

namespace tare::verdict {

enum class Task {
  kOutputs,  ///< no answer is judged: the closeness of the outputs alone
  kClassification,
  kMultiLabel,
  kRegression,
  kTokenClassification,
  kEmbedding,
  kQuestionAnswering,
  kGeneration,
  kRetrieval,
  kObjectDetection,
};

/// The name in tare.yaml, report.json and --task: "multi_label".
std::string_view TaskName(Task task);

/// Errors  kInvalidArgument: no task is named so; names the nearest and all.
Result<Task> ParseTask(std::string_view name);

/// The metric that stands for a task where one must, higher being better: accuracy of
/// classification. Empty for outputs and for no task.
std::string_view HeadlineMetric(std::optional<Task> task);

}  // namespace tare::verdict
