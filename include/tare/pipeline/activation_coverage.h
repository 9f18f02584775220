// How much of what the model sees in the test its calibration has seen.

#pragma once

#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/pipeline/project.h"
#include "tare/runtime/session.h"
#include "tare/tensor/quant_params.h"

namespace tare::pipeline {

/// One value of the graph in both sets.
struct TensorCoverage {
  std::string tensor;
  ValueRange calibration;   ///< least and greatest value over the calibration samples
  ValueRange test;          ///< over the test samples that were run; finite values
  int64_t num_values = 0;   ///< of the test
  int64_t num_outside = 0;  ///< of those, outside the calibration's range, or NaN

  double outside_share() const {
    return num_values == 0 ? 0 : static_cast<double>(num_outside) / static_cast<double>(num_values);
  }
};

struct CoverageOptions {
  int64_t num_test_samples = 1000;  ///< at most, chosen by the project's seed
  runtime::SessionOptions session;
  double time_limit_s = 120;
};

/// Runs the float model on the project's calibration samples and on test samples, and counts the
/// test's values outside of what calibration met, for every value that a static plan could need;
/// the worst first, equal ones by name.
///
///   share = |{v in test : v < min(calibration) or v > max(calibration)}| / |test|
///
/// Errors   as CalibrateModel(); kUnsupported: the model has no values to quantize.
/// Threads  fully: the model is first tried in a child process, by tare/core/child.h.
Result<std::vector<TensorCoverage>> ActivationCoverage(const Project& project,
                                                       const CoverageOptions& options,
                                                       Progress& progress);

}  // namespace tare::pipeline
