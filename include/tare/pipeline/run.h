// The whole work of `tare run`: data check, baseline, calibration and choice, evaluation, gate,
// report, registration. Each step is kept under the digest of what it read, so that a second run
// repeats only what changed.

#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/pipeline/project.h"
#include "tare/search/auto_format.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {

/// The steps whose results are kept, in order.
inline constexpr std::string_view kSteps[] = {"data", "baseline", "choose", "evaluate"};

struct RunOptions {
  /// Empty: `tare-out` in the project's folder.
  std::string out_folder;
  /// Where to register when the project does not say; empty: `tare-registry` in its folder.
  std::string registry_root;
  std::string tare_version;
  /// What stands for this build of the program: steps of another build are repeated.
  std::string program_stamp;
  /// Seconds for the model's first load and run, in a child process.
  double time_limit_s = 120;
  /// Of kSteps: done again though nothing that they read has changed.
  std::set<std::string, std::less<>> again;
};

struct RunOutcome {
  std::string out_folder;
  /// The report with its decision; its task is absent when there was nothing to evaluate.
  verdict::Report report;
  std::string report_json;
  std::string report_html_path;
  /// Of the samples whose answer changed; empty where none was written.
  std::string flips_path;
  /// Why no model was made; empty when one was.
  std::string decline_reason;
  /// What was measured before the choice; `nodes` is not kept.
  std::vector<search::Candidate> candidates;
  /// "fashion@3" when the verdict is PASS, else empty.
  std::string registered;
  std::string registry_root;
  /// Nothing had changed since the last run: every step was found.
  bool repeated_nothing = false;
};

/// Runs a project.
///
/// Files    <out>/model.onnx, recipe.yaml, report.json, report.html, report.md, flips.jsonl; the steps in
///          <out>/.tare. A file is complete or absent. A report never stands beside another model
///          than its own: it is removed before the model changes.
/// Errors   those of reading model and data; kFailedPrecondition: the splits overlap, NaN in the
///          data; kInvalidArgument: a label out of range; kUnavailable: another run works in the
///          folder; kResourceExhausted: the disk is full; kCancelled.
/// Threads  fully, in different folders: the model is first tried in a child process, by
///          tare/core/child.h.
Result<RunOutcome> RunProject(const Project& project, const RunOptions& options,
                              Progress& progress);

}  // namespace tare::pipeline
