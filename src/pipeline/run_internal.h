// One run of a project: what its steps share.

#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/cost/peak_memory_internal.h"
#include "pipeline/project_data_internal.h"
#include "pipeline/step_cache_internal.h"
#include "tare/evaluate/cost/comparison.h"
#include "tare/evaluate/models/evaluate.h"
#include "tare/graph/model.h"
#include "tare/pipeline/run.h"
#include "tare/runtime/session.h"

namespace tare::pipeline {

/// Passes the steps of a library on as parts of one step: one bar after the other under one name,
/// one line at the end.
class OneStep final : public Progress {
 public:
  /// `title`: the name of the step and what it works on, "evaluate 10,000 pairs".
  OneStep(Progress& outer, std::string title) : outer_(outer), title_(std::move(title)) {
    outer_.Begin(title_, 0);
  }
  void Begin(std::string_view, int64_t total) override { outer_.Begin(title_, total); }
  void Update(int64_t done) override { outer_.Update(done); }
  void End(std::string_view) override {}
  bool cancelled() const override { return outer_.cancelled(); }
  void Done(std::string_view summary) { outer_.End(summary); }
  /// What the next part works on.
  void Retitle(std::string title) { title_ = std::move(title); }

 private:
  Progress& outer_;
  std::string title_;
};

/// The files and results of one run, filled step by step.
class ProjectRun {
 public:
  ProjectRun(const Project& project, const RunOptions& options, evaluate::PeakMemory peak,
             StepCache cache, Progress& progress);
  Result<RunOutcome> Run();

 private:
  /// A step: found under its key, or done and stored.
  Result<Json> Step(std::string_view name, const std::string& key,
                    const std::function<Result<Json>()>& work);
  void SayFound(std::string_view title, const std::string& summary);

  // run.cc
  Result<void> Identify();
  Result<void> CheckData();
  Result<Json> InspectData();
  Result<void> LookForLeaks();
  Result<void> ChooseSamples();
  std::string RegistryRoot() const;
  Result<void> CountLook();
  Result<void> Judge();
  Result<void> Register();
  Result<void> Decline();

  // run_baseline.cc
  Result<void> MeasureBaseline();
  Result<Json> RunBaseline();

  // run_choose.cc
  Result<void> Choose();
  Result<Json> RunChoice();
  Result<Json> WriteChoice(const quantize::Prepared& prepared, search::Choice& choice,
                           OneStep& step);
  bool ChoiceStands(const Json& result) const;

  // run_evaluate.cc
  Result<void> EvaluateTest();
  Result<Json> RunEvaluation();

  // Made when a step needs them: a run that repeats nothing loads nothing.
  Result<void> NeedModel();
  Result<void> NeedData();
  Result<void> NeedRuntime();  // in a child process first

  std::string OutPath(std::string_view name) const {
    return StrCat(outcome_.out_folder, "/", name);
  }
  runtime::SessionOptions Session() const;
  void RemoveReports() const;
  verdict::DataSummary DataFacts() const;

  const Project& project_;
  const RunOptions& options_;
  evaluate::PeakMemory peak_;
  StepCache cache_;
  Progress& progress_;
  RunOutcome outcome_;
  bool worked_ = false;  // some step was not found

  // Identify()
  std::string host_;
  std::string model_digest_;
  int64_t model_bytes_ = 0;
  FileDigests files_;
  std::string calibration_digest_, search_digest_, test_digest_;
  std::string feed_key_;  // how arrays become inputs and labels
  std::string policy_declared_;

  // results of the steps
  Json data_, baseline_, choice_, evaluation_;
  SplitSamples samples_;
  std::string evaluation_key_;
  int64_t look_ = 0;  // at the test data, from 1

  // NeedModel(), NeedData(), NeedRuntime()
  std::optional<graph::Model> source_;
  std::unique_ptr<SourceOpener> opener_;
  OpenSource calibration_, search_, test_;
  bool runtime_ready_ = false;
};

/// How the test set is evaluated. `data`: what the data step found.
evaluate::EvaluateOptions EvaluationOptions(const Project& project, const Json& data);

/// The candidates without their nodes.
Json CandidatesJson(const std::vector<search::Candidate>& candidates);
std::vector<search::Candidate> CandidatesFrom(const Json& json);

}  // namespace tare::pipeline
