// What the steps of one run share: what identifies it, and its model and data, opened when first
// needed.

#pragma once

#include <optional>
#include <string>

#include "pipeline/project_sets_internal.h"
#include "tare/pipeline/run.h"

namespace tare::pipeline {

/// Everything that keys are made of and that is known before a step begins.
struct RunIdentity {
  std::string host;          ///< processor, instruction sets, runtime
  std::string model_digest;  ///< SHA-256; with external data that of the tensors too
  int64_t model_bytes = 0;
  SplitDigests splits;
  std::string feed_key;  ///< model, program, and how arrays become inputs and labels
};
/// Errors  those of reading the files.
Result<RunIdentity> IdentifyRun(const Project& project, const RunOptions& options,
                                FileDigests& files);

/// A run that repeats nothing loads nothing.
/// Threads  none.
class RunSources {
 public:
  RunSources(const Project& project, double time_limit_s)
      : project_(project), time_limit_s_(time_limit_s) {}

  Result<OpenedModel*> Model();
  Result<const ProjectSets*> Sets();

 private:
  const Project& project_;
  double time_limit_s_;
  std::optional<OpenedModel> model_;
  std::optional<ProjectSets> sets_;
};

}  // namespace tare::pipeline
