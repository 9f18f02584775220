#include "tare/evaluate/evaluate.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "evaluate/number_tasks_internal.h"

namespace tare::evaluate {
namespace {

// The answers of a classifier among its outputs.
struct ScoreOutput {
  size_t index = 0;
  bool hard = false;  // predicted labels, not scores
};

// [N, C] and [N, C, 1, 1] alike: the number of columns; 0 when it has none.
int64_t ColumnsOf(std::span<const int64_t> shape) {
  if (shape.size() < 2) return 0;
  for (size_t i = 2; i < shape.size(); ++i) {
    if (shape[i] != 1) return 0;
  }
  return shape[1];
}

bool IsInteger(DType dtype) { return dtype == DType::kInt64 || dtype == DType::kInt32; }

bool FitsScores(const ValueInfo& output) {
  const bool rows_of_one = output.shape.size() == 1;  // [N]: one score a sample
  return IsFloat(output.dtype) && (ColumnsOf(output.shape) != 0 || rows_of_one);
}

Error NoScoreOutput(const std::vector<ValueInfo>& outputs) {
  std::string text;
  for (const auto& output : outputs) {
    text += StrCat(text.empty() ? "" : ", ", output.name, " ", DTypeName(output.dtype), " ",
                   ShapeText(output.shape));
  }
  return InvalidArgument(StrCat("no output holds one row of class scores a sample: ", text),
                         "evaluate it as --task outputs");
}

Result<ScoreOutput> FindScoreOutput(const std::vector<ValueInfo>& outputs,
                                    const std::string& name) {
  const auto as_answer = [&](size_t i) { return ScoreOutput{i, IsInteger(outputs[i].dtype)}; };
  if (!name.empty()) {
    const auto found = std::ranges::find(outputs, name, &ValueInfo::name);
    if (found == outputs.end()) {
      return NotFound(StrCat("the model has no output '", name, "'"),
                      "name one of its outputs: tare inspect MODEL lists them");
    }
    return as_answer(static_cast<size_t>(found - outputs.begin()));
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (FitsScores(outputs[i])) return as_answer(i);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (IsInteger(outputs[i].dtype) && outputs[i].shape.size() <= 2) return as_answer(i);
  }
  return NoScoreOutput(outputs);
}

Result<void> CheckAlike(const RunnableModel& baseline, const RunnableModel& candidate) {
  if (baseline.outputs.size() != candidate.outputs.size()) {
    return InvalidArgument(StrCat("the baseline has ", baseline.outputs.size(),
                                  " outputs, the candidate ", candidate.outputs.size()),
                           "compare two models with the same outputs");
  }
  for (size_t i = 0; i < baseline.outputs.size(); ++i) {
    if (baseline.outputs[i].name == candidate.outputs[i].name) continue;
    return InvalidArgument(
        StrCat("output ", i, " is '", baseline.outputs[i].name, "' in the baseline and '",
               candidate.outputs[i].name, "' in the candidate"),
        "compare two models with the same outputs");
  }
  return {};
}

// The first `rows` rows of an answer, as float scores or int64 predictions.
struct RowsRead {
  std::vector<float> scores;
  std::vector<int64_t> predictions;
  int64_t num_classes = 0;
};

Result<RowsRead> ReadRows(const TensorView& view, const ScoreOutput& output, int64_t rows,
                          const std::string& name) {
  const bool has_rows = !view.shape.empty() && view.shape.front() >= rows;
  if (!has_rows) {
    return InvalidArgument(
        StrCat("output '", name, "' of shape ", ShapeText(view.shape), " for ", rows, " samples"),
        "give data with samples on the first axis, or use --task outputs");
  }
  TARE_TRY(auto tensor, Tensor::FromBytes(view.dtype, {view.shape.begin(), view.shape.end()},
                                          {view.bytes.begin(), view.bytes.end()}));
  const auto size = static_cast<size_t>(rows);
  RowsRead out;
  if (output.hard) {
    const auto per_row = tensor.num_elements() / std::max<int64_t>(1, view.shape.front());
    if (per_row != 1) return NoScoreOutput({{name, view.dtype, tensor.shape()}});
    for (size_t i = 0; i < size; ++i) {
      out.predictions.push_back(view.dtype == DType::kInt64 ? tensor.data<int64_t>()[i]
                                                            : tensor.data<int32_t>()[i]);
    }
    return out;
  }
  out.num_classes = view.shape.size() == 1 ? 1 : ColumnsOf(view.shape);
  if (out.num_classes < 1) return NoScoreOutput({{name, view.dtype, tensor.shape()}});
  TARE_TRY(const auto floats, tensor.ToFloat32());
  const auto all = floats.data<float>();
  out.scores.assign(all.begin(), all.begin() + static_cast<ptrdiff_t>(
                                                   size * static_cast<size_t>(out.num_classes)));
  return out;
}

// Owned outputs: the views of one session end before the other has run.
Result<std::vector<Tensor>> RunOwned(const RunnableModel& model, const EvaluationBatch& batch) {
  std::vector<Tensor> out;
  TARE_TRY_VOID(model.run(batch.inputs, [&](std::span<const TensorView> views) -> Result<void> {
    for (const auto& view : views) {
      TARE_TRY(auto tensor, Tensor::FromBytes(view.dtype, {view.shape.begin(), view.shape.end()},
                                              {view.bytes.begin(), view.bytes.end()}));
      out.push_back(std::move(tensor));
    }
    return {};
  }));
  return out;
}

std::vector<TensorView> ViewsOf(const std::vector<Tensor>& tensors) {
  std::vector<TensorView> out;
  for (const auto& tensor : tensors) {
    out.push_back({tensor.dtype(), tensor.shape(), tensor.bytes()});
  }
  return out;
}

// What one test set feeds.
struct Collector {
  std::optional<ClassificationEvaluation> classification;
  std::optional<SampleEvaluation> numbers;  // regression and multi-label, which `num_classes` (not 0) tells apart
  std::string number_task;  // regression, multi_label, or empty
  int64_t num_classes = 0;
  double threshold = 0.5;
  double origin = 0;  // of regression: the first label
  SampleOptions sample_options;
  std::optional<OutputsEvaluation> outputs;
  ScoreOutput score;
  std::vector<ValueInfo> infos;

  Result<void> AddAnswers(const EvaluationBatch& batch, std::span<const TensorView> first,
                          std::span<const TensorView> second) {
    if (static_cast<int64_t>(batch.labels.size()) != batch.num_valid) {
      return InvalidArgument(
          StrCat("a batch of ", batch.num_valid, " samples has ", batch.labels.size(), " labels"),
          "name the array of labels with --label, or use --task outputs");
    }
    const std::string& name = infos[score.index].name;
    TARE_TRY(const auto a, ReadRows(first[score.index], score, batch.num_valid, name));
    TARE_TRY(const auto b, ReadRows(second[score.index], score, batch.num_valid, name));
    std::vector<Column> columns;
    for (const auto& column : batch.columns) columns.push_back({column.name, column.values});
    ClassificationBatch in;
    in.labels = batch.labels;
    in.num_classes = a.num_classes;
    in.baseline = {a.scores, a.predictions};
    in.candidate = {b.scores, b.predictions};
    in.columns = columns;
    return classification->Add(in);
  }

  // The first batch tells whether scores are probabilities, and how many classes there are.
  Result<void> StartNumbers(std::string_view task, const RowsRead& rows) {
    num_classes = task == "multi_label" ? rows.num_classes : 0;
    const auto is_share = [](float value) { return value >= 0 && value <= 1; };
    threshold = std::ranges::all_of(rows.scores, is_share) ? 0.5 : 0.0;
    TARE_TRY(numbers, SampleEvaluation::Create(num_classes > 0 ? LabelSetSchema(num_classes) : RegressionSchema(), sample_options));
    return {};
  }

  std::set<int64_t> LabelSet(std::span<const float> scores) const {
    std::set<int64_t> labels;
    for (size_t c = 0; c < scores.size(); ++c) {
      if (scores[c] >= threshold) labels.insert(static_cast<int64_t>(c));
    }
    return labels;
  }

  Result<void> AddNumbers(std::string_view task, const EvaluationBatch& batch, std::span<const TensorView> first,
                          std::span<const TensorView> second) {
    const std::string& name = infos[score.index].name;
    TARE_TRY(const auto a, ReadRows(first[score.index], score, batch.num_valid, name));
    TARE_TRY(const auto b, ReadRows(second[score.index], score, batch.num_valid, name));
    const auto width = static_cast<size_t>(a.num_classes);
    if (a.scores.empty() || batch.targets.size() != a.scores.size()) {
      return InvalidArgument(StrCat("labels of ", batch.targets.size(), " numbers for ", batch.num_valid, " samples of ", width, " in output '", name, "'"),
                             task == "regression" ? "give one number a sample as the label, and a model with one number as its output"
                                                  : "give labels [samples, classes] of 0 and 1");
    }
    if (!numbers) {
      origin = batch.targets[0];
      TARE_TRY_VOID(StartNumbers(task, a));
    }
    std::vector<double> rows[2];
    const size_t columns = (num_classes > 0 ? LabelSetSchema(num_classes) : RegressionSchema()).columns.size();
    for (auto& row : rows) row.resize(columns);
    for (size_t i = 0; i < static_cast<size_t>(batch.num_valid); ++i) {
      const auto before = std::span(a.scores).subspan(i * width, width);
      const auto after = std::span(b.scores).subspan(i * width, width);
      if (num_classes == 0) {
        if (!std::isfinite(before[0]) || !std::isfinite(after[0])) {
          return InvalidArgument(StrCat("output '", name, "' is not finite"), "look for overflow: tare evaluate --task outputs counts such values");
        }
        MeasureRegression(batch.targets[i], before[0], origin, rows[0]);
        MeasureRegression(batch.targets[i], after[0], origin, rows[1]);
        numbers->Add(rows[0], rows[1], before[0] != after[0]);
        continue;
      }
      std::set<int64_t> gold;
      for (size_t c = 0; c < width; ++c) {
        if (batch.targets[i * width + c] != 0) gold.insert(static_cast<int64_t>(c));
      }
      const auto found = LabelSet(before);
      const auto found_after = LabelSet(after);
      MeasureLabelSets(gold, found, num_classes, rows[0]);
      MeasureLabelSets(gold, found_after, num_classes, rows[1]);
      numbers->Add(rows[0], rows[1], found != found_after);
    }
    return {};
  }

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> first,
                   std::span<const TensorView> second) {
    if (!number_task.empty()) TARE_TRY_VOID(AddNumbers(number_task, batch, first, second));
    if (outputs) TARE_TRY_VOID(outputs->Add(first, second, batch.num_valid));
    if (classification) TARE_TRY_VOID(AddAnswers(batch, first, second));
    return {};
  }
};

Result<void> RunAll(const RunnableModel& baseline, const RunnableModel& candidate,
                    BatchSource& source, Collector& collector, Progress& progress) {
  int64_t done = 0;
  while (true) {
    if (progress.cancelled()) return Cancelled();
    TARE_TRY(const auto batch, source.Next());
    if (!batch) break;
    const auto where = StrCat("evaluating samples ", done, " to ", done + batch->num_valid);
    TARE_TRY(const auto first, RunOwned(baseline, *batch).While(where));
    TARE_TRY(const auto second, RunOwned(candidate, *batch).While(where));
    if (first.size() != collector.infos.size() || second.size() != first.size()) {
      return Internal(StrCat("a model gave ", first.size(), " and ", second.size(), " outputs of ",
                             collector.infos.size()));
    }
    TARE_TRY_VOID(collector.Add(*batch, ViewsOf(first), ViewsOf(second)).While(where));
    done += batch->num_valid;
    progress.Update(done);
  }
  if (done > 0) return {};
  return InvalidArgument("the test data holds no sample", "give a test set with samples");
}

Result<Collector> MakeCollector(const RunnableModel& baseline, const RunnableModel& candidate,
                                bool with_labels, bool with_outputs,
                                const EvaluateOptions& options) {
  TARE_TRY_VOID(CheckAlike(baseline, candidate));
  Collector out;
  out.infos = baseline.outputs;
  if (with_outputs) {
    TARE_TRY(out.outputs, OutputsEvaluation::Create(baseline.outputs, options.outputs));
  }
  if (with_labels) {
    TARE_TRY(out.score, FindScoreOutput(baseline.outputs, options.score_output));
    TARE_TRY(out.classification, ClassificationEvaluation::Create(options.classification));
  }
  return out;
}

}  // namespace

RunnableModel RunnableOf(const runtime::Session& session) {
  return {{session.outputs().begin(), session.outputs().end()},
          [&session](std::span<const NamedTensor> inputs, const RunnableModel::Use& use) {
            return session.RunViews(inputs, use);
          }};
}

Result<Evidence> Evaluate(const RunnableModel& baseline, const RunnableModel& candidate,
                          BatchSource& source, const std::string& task,
                          const EvaluateOptions& options, Progress& progress) {
  const bool of_numbers = task == "regression" || task == "multi_label";
  if (task != "classification" && task != "outputs" && !of_numbers) {
    return Unsupported(StrCat("models are not run for the task '", task, "'"),
                       "choose classification, regression, multi_label or outputs; or give what the models answered as --predictions");
  }
  const bool with_labels = task == "classification";
  TARE_TRY(auto collector, MakeCollector(baseline, candidate, with_labels, true, options));
  if (of_numbers) {
    collector.number_task = task;
    collector.sample_options = {options.classification.confidence, options.classification.bootstrap, {}, {}};
    TARE_TRY(collector.score, FindScoreOutput(baseline.outputs, options.score_output));
  }
  progress.Begin("evaluate", source.num_samples());
  TARE_TRY_VOID(RunAll(baseline, candidate, source, collector, progress));
  Evidence out;
  out.task = task;
  const auto& bootstrap =
      with_labels ? options.classification.bootstrap : options.outputs.bootstrap;
  out.confidence = with_labels ? options.classification.confidence : options.outputs.confidence;
  out.seed = bootstrap.seed;
  if (collector.classification) {
    out.classes = options.classification.classes;
    SetTestEvidence(collector.classification->Finish(), out);
  }
  if (collector.numbers) SetTestEvidence(collector.numbers->Finish(), out);
  SetOutputsEvidence(collector.outputs->Finish(), collector.outputs->num_samples(), out);
  out.replicates = stats::WithinBudget(bootstrap, out.n).replicates;
  progress.End("");
  return out;
}

Result<void> EvaluateDistribution(const RunnableModel& baseline, const RunnableModel& candidate,
                                  BatchSource& source, const std::string& name,
                                  const std::string& description, const EvaluateOptions& options,
                                  Progress& progress, Evidence& evidence) {
  TARE_TRY(auto collector, MakeCollector(baseline, candidate, true, false, options));
  progress.Begin(StrCat("evaluate ", name), source.num_samples());
  TARE_TRY_VOID(RunAll(baseline, candidate, source, collector, progress));
  AddDistribution(name, description, collector.classification->Finish(), evidence);
  progress.End("");
  return {};
}

}  // namespace tare::evaluate
