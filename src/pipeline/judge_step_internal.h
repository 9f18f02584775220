// The step of `tare run` that judges the evidence and writes the report.

#pragma once

#include <cstdint>
#include <string>

#include "pipeline/choose_step_internal.h"
#include "pipeline/data_step_internal.h"
#include "pipeline/evaluate_step_internal.h"
#include "pipeline/run_sources_internal.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {

struct JudgeIn {
  const Project* project = nullptr;
  const RunIdentity* identity = nullptr;
  const DataOut* data = nullptr;
  const ChooseOut* choice = nullptr;
  const EvaluateOut* evaluation = nullptr;
  std::string policy_declared;  ///< when the policy was put on record
  int64_t look = 1;             ///< at the test data, from 1
  std::string tare_version;
  std::string created;  ///< now
};

/// The whole report, judged: a pure function but for the facts of this machine.
verdict::Report JudgeRun(const JudgeIn& in);

/// Digest of everything that the report says, but when it was made. `evaluation_key`: of the
/// evidence.
std::string ReportKey(const JudgeIn& in, const std::string& evaluation_key);

}  // namespace tare::pipeline
