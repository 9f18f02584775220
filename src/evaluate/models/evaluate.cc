#include "tare/evaluate/models/evaluate.h"

#include <functional>

#include "evaluate/models/model_task_internal.h"
#include "tare/core/strcat.h"

namespace tare::evaluate {
namespace {

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

std::vector<TensorView> ViewsOf(const std::vector<Tensor>& tensors) {
  std::vector<TensorView> out;
  for (const Tensor& tensor : tensors) out.push_back(ViewOf(tensor));
  return out;
}

Result<void> CheckNumber(const RunnableModel& model, size_t given) {
  if (given == model.outputs.size()) return {};
  return Internal(StrCat("a model gave ", given, " outputs of ", model.outputs.size()));
}

// What looks at the outputs of each batch.
struct Observers {
  std::unique_ptr<ModelTask> task;           // none for outputs
  std::optional<OutputsEvaluation> outputs;  // none for other distributions and for one model

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> first,
                   std::span<const TensorView> second) {
    if (outputs) TARE_TRY_VOID(outputs->Add(first, second, batch.num_valid));
    if (task) TARE_TRY_VOID(task->Add(batch, first, second));
    return {};
  }
};

using UseBatch = std::function<Result<void>(const EvaluationBatch&)>;

Result<void> ForEachBatch(BatchSource& source, Progress& progress, const UseBatch& use) {
  int64_t done = 0;
  while (true) {
    if (progress.cancelled()) return Cancelled();
    TARE_TRY(const auto batch, source.Next());
    if (!batch) break;
    TARE_TRY_VOID(
        use(*batch).While(StrCat("evaluating samples ", done, " to ", done + batch->num_valid)));
    done += batch->num_valid;
    progress.Update(done);
  }
  if (done > 0) return {};
  return InvalidArgument("the test data holds no sample", "give a test set with samples");
}

Result<void> RunPair(const RunnableModel& baseline, const RunnableModel& candidate,
                     BatchSource& source, Observers& observers, Progress& progress) {
  return ForEachBatch(source, progress, [&](const EvaluationBatch& batch) -> Result<void> {
    // Owned outputs: the views of one session end before the other has run.
    TARE_TRY(const auto first, runtime::RunOwned(baseline.run, batch.inputs));
    TARE_TRY(const auto second, runtime::RunOwned(candidate.run, batch.inputs));
    TARE_TRY_VOID(CheckNumber(baseline, first.size()));
    TARE_TRY_VOID(CheckNumber(candidate, second.size()));
    return observers.Add(batch, ViewsOf(first), ViewsOf(second));
  });
}

// What both ways of evaluating say of how.
void SetMethod(double confidence, const stats::BootstrapOptions& bootstrap,
               const EvaluateOptions& options, verdict::Evidence& out) {
  out.task = options.task;
  out.confidence = confidence;
  out.seed = bootstrap.seed;
  out.replicates = stats::WithinBudget(bootstrap, out.n).replicates;
  if (options.task == verdict::Task::kClassification) out.classes = options.classification.classes;
}

}  // namespace

Result<verdict::Evidence> Evaluate(const RunnableModel& baseline, const RunnableModel& candidate,
                                   BatchSource& source, const EvaluateOptions& options,
                                   Progress& progress) {
  TARE_TRY_VOID(CheckAlike(baseline, candidate));
  Observers observers;
  if (options.task != verdict::Task::kOutputs) {
    TARE_TRY(observers.task, MakeModelTask(baseline.outputs, options, Sides::kPair));
  }
  TARE_TRY(observers.outputs, OutputsEvaluation::Create(baseline.outputs, options.outputs));
  progress.Begin(options.step, source.num_samples());
  TARE_TRY_VOID(RunPair(baseline, candidate, source, observers, progress));
  verdict::Evidence out;
  if (observers.task) {
    TARE_TRY(auto evidence, observers.task->Finish(progress));
    SetTestEvidence(std::move(evidence), out);
  }
  SetOutputsEvidence(observers.outputs->Finish(), observers.outputs->num_samples(), out);
  if (observers.task) {
    SetMethod(options.test.confidence, options.test.bootstrap, options, out);
  } else {
    SetMethod(options.outputs.confidence, options.outputs.bootstrap, options, out);
  }
  progress.End("");
  return out;
}

Result<verdict::Evidence> EvaluateModel(const RunnableModel& model, BatchSource& source,
                                        const EvaluateOptions& options, Progress& progress) {
  TARE_TRY(const auto judged, MakeModelTask(model.outputs, options, Sides::kBaseline));
  progress.Begin(options.step, source.num_samples());
  const auto judge = [&](const EvaluationBatch& batch) {
    return model.run(batch.inputs, [&](std::span<const TensorView> views) -> Result<void> {
      TARE_TRY_VOID(CheckNumber(model, views.size()));
      return judged->Add(batch, views, {});
    });
  };
  TARE_TRY_VOID(ForEachBatch(source, progress, judge));
  verdict::Evidence out;
  TARE_TRY(auto evidence, judged->Finish(progress));
  SetTestEvidence(std::move(evidence), out);
  SetMethod(options.test.confidence, options.test.bootstrap, options, out);
  progress.End("");
  return out;
}

Result<TestEvidence> EvaluateDistribution(const RunnableModel& baseline,
                                          const RunnableModel& candidate, BatchSource& source,
                                          const EvaluateOptions& options, Progress& progress) {
  TARE_TRY_VOID(CheckAlike(baseline, candidate));
  Observers observers;
  TARE_TRY(observers.task, MakeModelTask(baseline.outputs, options, Sides::kPair));
  progress.Begin(options.step, source.num_samples());
  TARE_TRY_VOID(RunPair(baseline, candidate, source, observers, progress));
  TARE_TRY(auto found, observers.task->Finish(progress));
  progress.End("");
  return found;
}

}  // namespace tare::evaluate
