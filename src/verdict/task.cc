#include "tare/verdict/task.h"

#include <algorithm>
#include <string>
#include <vector>

#include "tare/core/text.h"

namespace tare::verdict {
namespace {

struct TaskEntry {
  Task task;
  std::string_view name;
  std::string_view headline;
};

constexpr TaskEntry kTasks[] = {
    {Task::kOutputs, "outputs", ""},
    {Task::kClassification, "classification", "accuracy"},
    {Task::kMultiLabel, "multi_label", "f1_micro"},
    {Task::kRegression, "regression", "r2"},
    {Task::kTokenClassification, "token_classification", "token_accuracy"},
    {Task::kEmbedding, "embedding", "mrr"},
    {Task::kQuestionAnswering, "question_answering", "exact_match"},
    {Task::kGeneration, "generation", "token_f1"},
    {Task::kRetrieval, "retrieval", "mrr"},
    {Task::kObjectDetection, "object_detection", "map"},
};

// The table holds every task.
const TaskEntry& EntryOf(Task task) { return *std::ranges::find(kTasks, task, &TaskEntry::task); }

}  // namespace

std::string_view TaskName(Task task) { return EntryOf(task).name; }

Result<Task> ParseTask(std::string_view name) {
  const auto* found = std::ranges::find(kTasks, name, &TaskEntry::name);
  if (found != std::end(kTasks)) return found->task;
  std::vector<std::string> names;
  for (const TaskEntry& entry : kTasks) names.emplace_back(entry.name);
  const std::string nearest = NearestName(name, names);
  return InvalidArgument(StrCat("unknown task '", name, "'"),
                         StrCat(nearest.empty() ? "" : StrCat("did you mean '", nearest, "'? "),
                                "the tasks are ", Join(names, ", ")));
}

std::string_view HeadlineMetric(std::optional<Task> task) {
  return task ? EntryOf(*task).headline : std::string_view();
}

}  // namespace tare::verdict
