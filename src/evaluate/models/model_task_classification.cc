#include "evaluate/models/model_task_internal.h"
#include "tare/core/strcat.h"

namespace tare::evaluate {
namespace {

bool IsInteger(DType dtype) { return dtype == DType::kInt64 || dtype == DType::kInt32; }

bool HoldsScores(const ValueInfo& output) {
  const bool rows_of_one = output.shape.size() == 1;  // [N]: one score a sample
  return IsFloat(output.dtype) && (ColumnsOf(output.shape) != 0 || rows_of_one);
}

bool HoldsPredictions(const ValueInfo& output) {
  return IsInteger(output.dtype) && output.shape.size() <= 2;
}

class ClassificationTask final : public ModelTask {
 public:
  ClassificationTask(ClassificationEvaluation evaluation, size_t place, const ValueInfo& output)
      : evaluation_(std::move(evaluation)),
        place_(place),
        name_(output.name),
        hard_(IsInteger(output.dtype)) {}

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> baseline,
                   std::span<const TensorView> candidate) override {
    if (std::ssize(batch.labels) != batch.num_valid) {
      return InvalidArgument(
          StrCat("a batch of ", batch.num_valid, " samples has ", batch.labels.size(), " labels"),
          "name the array of labels with --label, or use --task outputs");
    }
    TARE_TRY(const Answers first, Read(baseline[place_], batch.num_valid));
    Answers second;
    if (!candidate.empty()) {
      TARE_TRY(second, Read(candidate[place_], batch.num_valid));
    }
    std::vector<Column> columns;
    for (const NamedColumn& column : batch.columns) columns.push_back({column.name, column.values});
    ClassificationBatch in;
    in.labels = batch.labels;
    in.num_classes = first.num_classes;
    in.baseline = {first.scores, first.predictions};
    in.candidate = {second.scores, second.predictions};
    in.columns = columns;
    return evaluation_.Add(in);
  }

  Result<TestEvidence> Finish(const Progress&) override { return evaluation_.Finish(); }

 private:
  struct Answers {
    std::vector<double> scores;
    std::vector<int64_t> predictions;
    int64_t num_classes = 0;
  };

  Result<Answers> Read(const TensorView& view, int64_t rows) const {
    TARE_TRY(auto read, ReadFloatRows(view, rows, name_));
    Answers answers;
    if (!hard_) {
      answers.num_classes = view.shape.size() == 1 ? 1 : ColumnsOf(view.shape);
      answers.scores.assign(read.values.begin(), read.values.end());
      if (answers.num_classes >= 1) return answers;
    } else if (read.row_size() == 1) {
      // Class indices are far below 2^24, up to which float32 is exact.
      for (const float value : read.values)
        answers.predictions.push_back(static_cast<int64_t>(value));
      return answers;
    }
    return InvalidArgument(StrCat("no output holds one row of class scores a sample: ", name_, " ",
                                  DTypeName(view.dtype), " ", ShapeText(view.shape)),
                           "evaluate it as --task outputs");
  }

  ClassificationEvaluation evaluation_;
  size_t place_;
  std::string name_;
  bool hard_;  // predicted labels, not scores
};

}  // namespace

Result<std::unique_ptr<ModelTask>> MakeClassificationTask(const std::vector<ValueInfo>& outputs,
                                                          const EvaluateOptions& options,
                                                          Sides sides) {
  TARE_TRY(const size_t place,
           FindOutput(outputs, options.score_output, {HoldsScores, HoldsPredictions},
                      "one row of class scores a sample"));
  TARE_TRY(auto evaluation,
           ClassificationEvaluation::Create(options.test, options.classification, sides));
  return std::unique_ptr<ModelTask>(
      std::make_unique<ClassificationTask>(std::move(evaluation), place, outputs[place]));
}

}  // namespace tare::evaluate
