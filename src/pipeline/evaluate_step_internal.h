// The step of `tare run` that compares float and int8 on the test split.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/evaluate_pair_internal.h"
#include "pipeline/run_sources_internal.h"
#include "pipeline/step_internal.h"
#include "tare/verdict/evidence.h"

namespace tare::pipeline {

struct EvaluateIn {
  const TestPlan* plan = nullptr;
  const RunIdentity* identity = nullptr;
  RunSources* sources = nullptr;
  std::vector<int64_t> samples;                   ///< of the test
  std::vector<std::string> classes;               ///< as ClassNames()
  std::vector<std::string> distribution_digests;  ///< of the files of each; empty for a corruption
  int num_threads = 1;
  std::vector<std::string> custom_ops;
  evaluate::CostOptions costs;
  std::string model_path;  ///< of the candidate
  std::string model_sha256;
  std::string format;  ///< what the report calls it: "int8_static"
  /// Where the baseline's answers to these samples are kept, under which key; it is run when they
  /// are not there.
  std::string answers_path, answers_key;
};

using EvaluateOut = PairOut;

/// Errors  as EvaluatePair().
extern const Step<EvaluateIn, EvaluateOut> kEvaluateStep;

}  // namespace tare::pipeline
