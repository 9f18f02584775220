#include "tare/evaluate/models/evaluate.h"

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

// What looks at the outputs of each batch.
struct Observers {
  std::vector<ValueInfo> infos;
  std::unique_ptr<ModelTask> task;           // none for outputs
  std::optional<OutputsEvaluation> outputs;  // none for other distributions

  Result<void> Add(const EvaluationBatch& batch, std::span<const TensorView> first,
                   std::span<const TensorView> second) {
    if (outputs) TARE_TRY_VOID(outputs->Add(first, second, batch.num_valid));
    if (task) TARE_TRY_VOID(task->Add(batch, first, second));
    return {};
  }
};

Result<void> RunAll(const RunnableModel& baseline, const RunnableModel& candidate,
                    BatchSource& source, Observers& observers, Progress& progress) {
  int64_t done = 0;
  while (true) {
    if (progress.cancelled()) return Cancelled();
    TARE_TRY(const auto batch, source.Next());
    if (!batch) break;
    const auto where = StrCat("evaluating samples ", done, " to ", done + batch->num_valid);
    TARE_TRY(const auto first, RunOwned(baseline, *batch).While(where));
    TARE_TRY(const auto second, RunOwned(candidate, *batch).While(where));
    if (first.size() != observers.infos.size() || second.size() != first.size()) {
      return Internal(StrCat("a model gave ", first.size(), " and ", second.size(), " outputs of ",
                             observers.infos.size()));
    }
    TARE_TRY_VOID(observers.Add(*batch, ViewsOf(first), ViewsOf(second)).While(where));
    done += batch->num_valid;
    progress.Update(done);
  }
  if (done > 0) return {};
  return InvalidArgument("the test data holds no sample", "give a test set with samples");
}

}  // namespace

RunnableModel RunnableOf(const runtime::Session& session) {
  return {{session.outputs().begin(), session.outputs().end()},
          [&session](std::span<const NamedTensor> inputs, const RunnableModel::Use& use) {
            return session.RunViews(inputs, use);
          }};
}

Result<verdict::Evidence> Evaluate(const RunnableModel& baseline, const RunnableModel& candidate,
                                   BatchSource& source, verdict::Task task,
                                   const EvaluateOptions& options, Progress& progress) {
  TARE_TRY_VOID(CheckAlike(baseline, candidate));
  Observers observers{baseline.outputs, nullptr, std::nullopt};
  if (task != verdict::Task::kOutputs) {
    TARE_TRY(observers.task, MakeModelTask(task, baseline.outputs, options));
  }
  TARE_TRY(observers.outputs, OutputsEvaluation::Create(baseline.outputs, options.outputs));
  progress.Begin("evaluate", source.num_samples());
  TARE_TRY_VOID(RunAll(baseline, candidate, source, observers, progress));
  verdict::Evidence out;
  out.task = task;
  const bool alone = observers.task == nullptr;
  const auto& bootstrap = alone ? options.outputs.bootstrap : options.classification.bootstrap;
  out.confidence = alone ? options.outputs.confidence : options.classification.confidence;
  out.seed = bootstrap.seed;
  if (task == verdict::Task::kClassification) out.classes = options.classification.classes;
  if (observers.task) {
    TARE_TRY(auto evidence, observers.task->Finish(progress));
    SetTestEvidence(std::move(evidence), out);
  }
  SetOutputsEvidence(observers.outputs->Finish(), observers.outputs->num_samples(), out);
  out.replicates = stats::WithinBudget(bootstrap, out.n).replicates;
  progress.End("");
  return out;
}

Result<void> EvaluateDistribution(const RunnableModel& baseline, const RunnableModel& candidate,
                                  BatchSource& source, verdict::Task task, const std::string& name,
                                  const std::string& description, const EvaluateOptions& options,
                                  Progress& progress, verdict::Evidence& evidence) {
  TARE_TRY_VOID(CheckAlike(baseline, candidate));
  Observers observers{baseline.outputs, nullptr, std::nullopt};
  TARE_TRY(observers.task, MakeModelTask(task, baseline.outputs, options));
  progress.Begin(StrCat("evaluate ", name), source.num_samples());
  TARE_TRY_VOID(RunAll(baseline, candidate, source, observers, progress));
  TARE_TRY(const auto found, observers.task->Finish(progress));
  AddDistribution(name, description, found, evidence);
  progress.End("");
  return {};
}

}  // namespace tare::evaluate
