#include <algorithm>

#include "evaluate/model_task_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

using Make = Result<std::unique_ptr<ModelTask>> (*)(const std::vector<ValueInfo>&, const EvaluateOptions&);

struct TaskEntry {
  std::string_view name;
  Make make;
};
constexpr TaskEntry kTasks[] = {{"classification", MakeClassificationTask},
                                {"regression", MakeRegressionTask},
                                {"multi_label", MakeMultiLabelTask},
                                {"token_classification", MakeTokenTask},
                                {"embedding", MakeEmbeddingTask}};
constexpr std::string_view kNames[] = {kTasks[0].name, kTasks[1].name, kTasks[2].name, kTasks[3].name, kTasks[4].name};

std::string Describe(const std::vector<ValueInfo>& outputs) {
  std::vector<std::string> texts;
  for (const ValueInfo& output : outputs) texts.push_back(StrCat(output.name, " ", DTypeName(output.dtype), " ", ShapeText(output.shape)));
  return Join(texts, ", ");
}

}  // namespace

std::span<const std::string_view> ModelTasks() { return kNames; }

Result<std::unique_ptr<ModelTask>> MakeModelTask(std::string_view task, const std::vector<ValueInfo>& outputs, const EvaluateOptions& options) {
  const auto* found = std::ranges::find(kTasks, task, &TaskEntry::name);
  if (found != std::end(kTasks)) return found->make(outputs, options);
  const std::vector<std::string> names(std::begin(kNames), std::end(kNames));
  return Unsupported(StrCat("models are not run for the task '", task, "'"),
                     StrCat("choose one of ", Join(names, ", "), " or outputs; or give what the models answered as --predictions"));
}

Result<size_t> FindOutput(const std::vector<ValueInfo>& outputs, const std::string& name, bool (*fits)(const ValueInfo&), std::string_view what) {
  if (!name.empty()) {
    const auto found = std::ranges::find(outputs, name, &ValueInfo::name);
    if (found != outputs.end()) return static_cast<size_t>(found - outputs.begin());
    return NotFound(StrCat("the model has no output '", name, "': it has ", Describe(outputs)), "name one of these");
  }
  const auto found = std::ranges::find_if(outputs, fits);
  if (found != outputs.end()) return static_cast<size_t>(found - outputs.begin());
  return InvalidArgument(StrCat("no output holds ", what, ": ", Describe(outputs)), "evaluate it as --task outputs");
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
    return InvalidArgument(StrCat("output '", name, "' of shape ", ShapeText(view.shape), " for ", rows, " samples"),
                           "give data with samples on the first axis, or use --task outputs");
  }
  TARE_TRY(const auto tensor, Tensor::FromBytes(view.dtype, {view.shape.begin(), view.shape.end()}, {view.bytes.begin(), view.bytes.end()}));
  TARE_TRY(const auto floats, tensor.ToFloat32());
  FloatRows out;
  out.shape.assign(view.shape.begin() + 1, view.shape.end());
  const auto all = floats.data<float>();
  out.values.assign(all.begin(), all.begin() + static_cast<ptrdiff_t>(rows * out.row_size()));
  return out;
}

Result<SliceColumnsReader> SliceColumnsReader::Create(const std::vector<SliceSpec>& specs) {
  constexpr size_t kMaxSlices = 64;
  if (specs.size() > kMaxSlices) return InvalidArgument(StrCat(specs.size(), " slices"), "give at most 64 slices");
  SliceColumnsReader reader;
  for (const SliceSpec& spec : specs) {
    TARE_TRY(auto where, SliceExpression::Parse(spec.where).While(StrCat("reading slice '", spec.name, "'")));
    reader.slices_.push_back({spec, std::move(where)});
  }
  return reader;
}

Result<std::vector<uint64_t>> SliceColumnsReader::Bits(const EvaluationBatch& batch, std::span<const double> label) const {
  const auto rows = static_cast<size_t>(batch.num_valid);
  std::vector<uint64_t> bits(rows);
  for (size_t s = 0; s < slices_.size(); ++s) {
    std::vector<std::span<const double>> columns;
    for (const std::string& name : slices_[s].where.names()) {
      const auto found = std::ranges::find(batch.columns, name, &NamedColumn::name);
      if (found != batch.columns.end()) {
        columns.emplace_back(found->values);
      } else if (name == "label" && label.size() == rows) {
        columns.push_back(label);
      } else {
        return InvalidArgument(StrCat("slice '", slices_[s].spec.name, "' compares '", name, "', which this task does not know"),
                               "compare numeric columns of the data with one value a sample");
      }
    }
    std::vector<double> values(columns.size());
    for (size_t i = 0; i < rows; ++i) {
      for (size_t c = 0; c < columns.size(); ++c) values[c] = columns[c][i];
      if (slices_[s].where.Matches(values)) bits[i] |= uint64_t{1} << s;
    }
  }
  return bits;
}

SampleOptions SampleOptionsOf(const EvaluateOptions& options) {
  const ClassificationOptions& common = options.classification;
  SampleOptions out{common.confidence, common.bootstrap, {}, {}};
  for (const SliceSpec& slice : common.slices) {
    out.slices.push_back(slice.name);
    out.slice_texts.push_back(slice.where);
  }
  return out;
}

}  // namespace tare::evaluate
