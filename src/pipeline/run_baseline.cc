// The step of `tare run` that looks at the float model alone.

#include <algorithm>

#include "pipeline/run_internal.h"
#include "tare/core/text.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/runtime/timing.h"

namespace tare::pipeline {
namespace {

// Answers what was heard last: the baseline alone needs no second run.
struct Echo {
  std::vector<Tensor> outputs;
};

evaluate::RunnableModel Recording(const runtime::Session& session, Echo& echo) {
  evaluate::RunnableModel model = evaluate::RunnableOf(session);
  const auto run = model.run;
  model.run = [run, &echo](std::span<const NamedTensor> inputs,
                           const evaluate::RunnableModel::Use& use) {
    return run(inputs, [&](std::span<const TensorView> views) -> Result<void> {
      echo.outputs.clear();
      for (const TensorView& view : views) {
        TARE_TRY(auto tensor, Tensor::FromBytes(view.dtype, {view.shape.begin(), view.shape.end()},
                                                {view.bytes.begin(), view.bytes.end()}));
        echo.outputs.push_back(std::move(tensor));
      }
      return use(views);
    });
  };
  return model;
}

evaluate::RunnableModel Replaying(const evaluate::RunnableModel& model, const Echo& echo) {
  return {model.outputs,
          [&echo](std::span<const NamedTensor>, const evaluate::RunnableModel::Use& use) {
            std::vector<TensorView> views;
            for (const Tensor& tensor : echo.outputs)
              views.push_back({tensor.dtype(), tensor.shape(), tensor.bytes()});
            return use(views);
          }};
}

// What the float model alone is worth, for the terminal.
std::string DescribeBaseline(const verdict::Evidence& evidence) {
  const auto& metrics = evidence.baseline.metrics;
  const verdict::Estimate* accuracy = verdict::FindMetric(metrics, "accuracy");
  if (accuracy != nullptr) {
    return StrCat("accuracy ", Fixed(100 * accuracy->value, 2), " %   ");
  }
  return metrics.empty()
             ? std::string()
             : StrCat(metrics.front().first, " ", Fixed(metrics.front().second.value, 3), "   ");
}

}  // namespace

Result<void> ProjectRun::MeasureBaseline() {
  StepKey key("baseline");
  key.Add("feed", feed_key_)
      .Add("test", test_digest_)
      .Add("samples", SamplesDigest(samples_.test))
      .Add("host", host_);
  key.Add("threads", project_.num_threads);
  for (const std::string& library : project_.custom_ops) key.Add("library", library);
  const std::string digest = key.Digest();
  if (auto found = cache_.Find("baseline", digest)) {
    baseline_ = std::move(*found);
    SayFound("baseline", baseline_["summary"]);
    return {};
  }
  TARE_TRY(baseline_, Step("baseline", digest, [&] { return RunBaseline(); }));
  return {};
}

Result<Json> ProjectRun::RunBaseline() {
  OneStep step(progress_,
               StrCat("baseline ", WithThousands(std::ssize(samples_.test)), " samples"));
  TARE_TRY_VOID(NeedRuntime());
  TARE_TRY(const auto session, runtime::Session::FromFile(project_.model_path, Session()));
  Json result;
  std::string summary;
  if (project_.task != "outputs") {
    Echo echo;
    const auto recording = Recording(session, echo);
    SplitBatches batches(project_, test_, samples_.test);
    evaluate::EvaluateOptions options = EvaluationOptions(project_, data_);
    options.classification.slices.clear();
    options.classification.kpis.clear();
    options.classification.bootstrap.replicates = 100;  // its intervals are not used
    options.outputs.bootstrap.replicates = 100;
    TARE_TRY(const auto evidence, evaluate::Evaluate(recording, Replaying(recording, echo), batches,
                                                     project_.task, options, step));
    summary = DescribeBaseline(evidence);
  }
  TARE_TRY(const auto batch, test_.feed->Read(std::span(samples_.test).first(1)));
  runtime::TimingOptions timing;
  const runtime::Session* sessions[] = {&session};
  TARE_TRY(const auto times, runtime::TimeInterleaved(sessions, batch.inputs, timing));
  const double latency_ms = runtime::Median(times[0]);
  result["latency_ms"] = latency_ms;
  result["summary"] = StrCat(summary, "latency ", Fixed(latency_ms, latency_ms < 10 ? 2 : 1),
                             " ms   ", HumanBytes(model_bytes_));
  step.Done(std::string(result["summary"]));
  return result;
}

}  // namespace tare::pipeline
