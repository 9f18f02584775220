#include <algorithm>

#include "evaluate/models/model_task_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

using Make = Result<std::unique_ptr<ModelTask>> (*)(const std::vector<ValueInfo>&,
                                                    const EvaluateOptions&);

struct TaskEntry {
  std::string_view name;
  Make make;
};
constexpr TaskEntry kTasks[] = {{"classification", MakeClassificationTask},
                                {"regression", MakeRegressionTask},
                                {"multi_label", MakeMultiLabelTask},
                                {"token_classification", MakeTokenTask},
                                {"embedding", MakeEmbeddingTask}};
constexpr std::string_view kNames[] = {kTasks[0].name, kTasks[1].name, kTasks[2].name,
                                       kTasks[3].name, kTasks[4].name};

std::string Describe(const std::vector<ValueInfo>& outputs) {
  std::vector<std::string> texts;
  for (const ValueInfo& output : outputs)
    texts.push_back(
        StrCat(output.name, " ", DTypeName(output.dtype), " ", ShapeText(output.shape)));
  return Join(texts, ", ");
}

}  // namespace

std::span<const std::string_view> ModelTasks() { return kNames; }

Result<std::unique_ptr<ModelTask>> MakeModelTask(std::string_view task,
                                                 const std::vector<ValueInfo>& outputs,
                                                 const EvaluateOptions& options) {
  const auto* found = std::ranges::find(kTasks, task, &TaskEntry::name);
  if (found != std::end(kTasks)) return found->make(outputs, options);
  const std::vector<std::string> names(std::begin(kNames), std::end(kNames));
  return Unsupported(StrCat("models are not run for the task '", task, "'"),
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
