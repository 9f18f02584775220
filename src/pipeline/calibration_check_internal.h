// Whether calibration data can be right, before anything is made of them.
//
//   samples   all alike or all zero, or only one: no range and no comparison comes of them
//   norms     the first BatchNormalization knows the mean and variance that its input had when the
//             model was trained: another scale says that the inputs are prepared otherwise
//   labels    where there are some, 8-bit images are tried in the usual ways too: one under which the
//             float model is right far more often is the right one
//   answers   the float model says the same of samples that differ
//
// The first layer is asked and no later one: behind it a wrong scale is normalised away, and the
// statistics of a real domain differ by as much.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pipeline/opened_model_internal.h"
#include "pipeline/usual_ways_internal.h"

namespace tare::pipeline {

/// What to look at.
struct CalibrationData {
  OpenedModel* model = nullptr;
  const data::Dataset* dataset = nullptr;
  const data::Feed* feed = nullptr;
  std::span<const int64_t> samples;  ///< that calibrate
  std::string label;                 ///< "" finds an array that is called like labels
};

/// A BatchNormalization against what reached it.
struct NormEvidence {
  std::string node;
  /// Median over channels of log2(observed variance / running variance).
  double log2_variance_ratio = 0;
  /// Median over channels of |observed mean - running mean| in running standard deviations.
  double mean_shift = 0;
};

struct LabelEvidence {
  std::string label;
  int64_t n = 0;
  double as_fed = 0;  ///< share that the float model gets right
  double best = 0;    ///< under the best of the usual ways
  Way way;            ///< that one
};

struct CalibrationEvidence {
  int64_t num_samples = 0;
  int64_t num_looked_at = 0;
  bool alike = false;       ///< every sample looked at has the same inputs
  bool zero = false;        ///< and all of them are 0
  bool raw_images = false;  ///< 8-bit numbers feed a float input as they are
  std::optional<NormEvidence> norm;
  std::optional<LabelEvidence> labels;
  /// sqrt(mean |y - mean y|^2 / mean |y|^2) over the samples, of the float output that varies most;
  /// absent without a float output that has the samples on its first axis.
  std::optional<double> answer_spread;
  int64_t num_answers = 0;  ///< samples of it
  std::string nan_output;   ///< a float output that has NaN for each sample, if there is one
  bool one_class = false;  ///< it is [N, C], and all samples have their greatest score in one place
};

/// Runs the float model on at most 64 of the samples, and on 128 for each way where there are
/// labels and 8-bit images. A model without BatchNormalization is not asked for norms, and one that
/// also has more than 512 MB of weights not for answers. The model is tried in a child first.
/// Errors  those of reading and running; kCancelled.
Result<CalibrationEvidence> LookAtCalibration(const CalibrationData& data,
                                              const Progress& progress);

/// Errors  kFailedPrecondition: they cannot be right, with the numbers and what to give instead:
///         fewer than 2 samples; all alike; a norm whose variance is 5.7 times off, or whose mean is
///         by 3 deviations; 10 points more right under another way.
Result<void> JudgeCalibration(const CalibrationEvidence& evidence);

/// For when something is to be written: an untrained model answers alike too, and has nothing to
/// gain.
/// Errors  kFailedPrecondition: an output has NaN for each sample; the answers do not depend on the
///         samples: they differ by less than 1e-5 of their size, class scores that all name one
///         class by less than 0.01.
Result<void> JudgeAnswers(const CalibrationEvidence& evidence);

/// LookAtCalibration() and JudgeCalibration().
Result<CalibrationEvidence> CheckCalibration(const CalibrationData& data, const Progress& progress);

}  // namespace tare::pipeline
