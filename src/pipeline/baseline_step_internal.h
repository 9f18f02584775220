// The step of `tare run` that looks at the float model alone.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/run_sources_internal.h"
#include "pipeline/step_internal.h"
#include "pipeline/test_plan_internal.h"
#include "tare/verdict/evidence.h"

namespace tare::pipeline {

struct BaselineIn {
  const TestPlan* plan = nullptr;
  const RunIdentity* identity = nullptr;
  RunSources* sources = nullptr;
  std::vector<int64_t> samples;      ///< of the test
  std::vector<std::string> classes;  ///< as ClassNames()
  int num_threads = 1;
  std::vector<std::string> custom_ops;
  std::string answers_path;  ///< where the model's answers are kept; empty: nowhere
};

struct BaselineOut {
  verdict::Evidence evidence;  ///< of the baseline alone; without metrics for the task outputs
  double latency_ms = 0;       ///< median of one sample a run
  int64_t model_bytes = 0;
};

/// Errors  as OpenedModel::Try() and evaluate::Evaluate().
extern const Step<BaselineIn, BaselineOut> kBaselineStep;

}  // namespace tare::pipeline
