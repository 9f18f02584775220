// The step of `tare run` that makes the model.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/run_sources_internal.h"
#include "pipeline/step_internal.h"
#include "tare/search/auto_format.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {

struct ChooseIn {
  const Project* project = nullptr;
  const RunIdentity* identity = nullptr;
  const SplitSamples* samples = nullptr;
  RunSources* sources = nullptr;
  double float_latency_ms = 0;  ///< of the baseline, for the report; 0: not known
  std::string tare_version;
  std::string out_folder;  ///< where model.onnx, recipe.yaml and calibration.json go
};

struct ChooseOut {
  std::string decline_reason;                 ///< why no model was made; empty when one was
  std::string summary;                        ///< one line: what was measured, what was taken
  std::string format;                         ///< "int8_static"
  std::vector<search::Candidate> candidates;  ///< without their nodes
  int64_t num_checked = 0;                    ///< samples on which outputs were checked
  std::string model_sha256, recipe_sha256, calibration_sha256;
  verdict::Report sections;  ///< candidates, fusion, nodes and tensors alone
};

/// Errors  as ChooseModel(); those of writing the files.
extern const Step<ChooseIn, ChooseOut> kChooseStep;

/// Removes the reports of a folder: none stands beside another model than its own.
void RemoveReports(const std::string& out_folder);

}  // namespace tare::pipeline
