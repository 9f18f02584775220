#include <algorithm>

#include "evaluate/models/model_task_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

using TaskMaker = Result<std::unique_ptr<ModelTask>> (*)(const std::vector<ValueInfo>&,
                                                         const EvaluateOptions&, Sides);

using verdict::Task;

struct TaskEntry {
  Task task;
  TaskMaker make;
};
constexpr TaskEntry kTasks[] = {{Task::kClassification, MakeClassificationTask},
                                {Task::kRegression, MakeRegressionTask},
                                {Task::kMultiLabel, MakeMultiLabelTask},
                                {Task::kTokenClassification, MakeTokenTask},
                                {Task::kEmbedding, MakeEmbeddingTask}};
constexpr Task kModelTasks[] = {kTasks[0].task, kTasks[1].task, kTasks[2].task, kTasks[3].task,
                                kTasks[4].task};

std::string Describe(const std::vector<ValueInfo>& outputs) {
  std::vector<std::string> texts;
  for (const ValueInfo& output : outputs)
    texts.push_back(
        StrCat(output.name, " ", DTypeName(output.dtype), " ", ShapeText(output.shape)));
  return Join(texts, ", ");
}

}  // namespace

std::span<const Task> ModelTasks() { return kModelTasks; }

Result<std::unique_ptr<ModelTask>> MakeModelTask(const std::vector<ValueInfo>& outputs,
                                                 const EvaluateOptions& options, Sides sides) {
  const auto* found = std::ranges::find(kTasks, options.task, &TaskEntry::task);
  if (found != std::end(kTasks)) return found->make(outputs, options, sides);
  std::vector<std::string> names;
  for (const Task known : kModelTasks) names.emplace_back(TaskName(known));
  return Unsupported(StrCat("models are not run for the task '", TaskName(options.task), "'"),
                     StrCat("choose one of ", Join(names, ", "),
                            " or outputs; or give what the models answered as --predictions"));
}

Result<size_t> FindOutput(const std::vector<ValueInfo>& outputs, const std::string& name,
                          std::initializer_list<OutputFits> fits, std::string_view what) {
  if (!name.empty()) {
    const auto found = std::ranges::find(outputs, name, &ValueInfo::name);
    if (found != outputs.end()) return static_cast<size_t>(found - outputs.begin());
    return NotFound(StrCat("the model has no output '", name, "': it has ", Describe(outputs)),
                    "name one of these");
  }
  for (const OutputFits fit : fits) {
    const auto found = std::ranges::find_if(outputs, fit);
    if (found != outputs.end()) return static_cast<size_t>(found - outputs.begin());
  }
  return InvalidArgument(StrCat("no output holds ", what, ": ", Describe(outputs)),
                         "evaluate it as --task outputs");
}

int64_t ColumnsOf(std::span<const int64_t> shape) {
  if (shape.size() < 2) return 0;
  const auto rest = shape.subspan(2);
  return std::ranges::all_of(rest, [](int64_t extent) { return extent == 1; }) ? shape[1] : 0;
}

int64_t FloatRows::row_size() const {
  int64_t size = 1;
  for (const int64_t extent : shape) size *= extent;
  return size;
}

Result<FloatRows> ReadFloatRows(const TensorView& view, int64_t rows, const std::string& name) {
  if (view.shape.empty() || view.shape.front() < rows) {
    return InvalidArgument(
        StrCat("output '", name, "' of shape ", ShapeText(view.shape), " for ", rows, " samples"),
        "give data with samples on the first axis, or use --task outputs");
  }
  TARE_TRY(const auto tensor, CopyOf(view));
  TARE_TRY(const auto floats, tensor.ToFloat32());
  FloatRows out;
  out.shape.assign(view.shape.begin() + 1, view.shape.end());
  const auto all = floats.data<float>();
  out.values.assign(all.begin(), all.begin() + static_cast<ptrdiff_t>(rows * out.row_size()));
  return out;
}

}  // namespace tare::evaluate
