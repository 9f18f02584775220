// The one choice of formats, as `tare quantize` and `tare run` make it.

#pragma once

#include <cstdint>

#include "pipeline/calibration_check_internal.h"
#include "pipeline/opened_model_internal.h"
#include "tare/core/progress.h"
#include "tare/search/auto_format.h"

namespace tare::pipeline {

/// How many samples the outputs of candidates are checked on.
///
/// Every candidate answers all of them, and the float answers are held: as many as have 64 MiB of
/// inputs, at least 16 and at most 256, and no more than there are.
/// Errors  those of reading a sample.
Result<int64_t> NumCheckSamples(const data::Feed& feed, int64_t available);

struct ModelChoice {
  quantize::Prepared prepared;
  /// choice.reason says why when nothing can be quantized or is to be gained; choice.model is
  /// absent then.
  search::Choice choice;
};

/// Tries the model on the first two check samples, prepares it, checks the calibration data (null:
/// they are trusted), and chooses.
/// Errors  as OpenedModel::Prepare(), CheckCalibration() and search::ChooseFormats().
Result<ModelChoice> ChooseModel(OpenedModel& model, const search::Samples& samples,
                                search::AutoOptions options, const CalibrationData* data,
                                Progress& progress);

}  // namespace tare::pipeline
