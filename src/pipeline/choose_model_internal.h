// The one choice of formats, as `tare quantize` and `tare run` make it.

#pragma once

#include <cstdint>

#include "pipeline/calibration_check_internal.h"
#include "pipeline/opened_model_internal.h"
#include "tare/core/progress.h"
#include "tare/quantize/selection.h"
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
  int64_t num_kept = 0;  ///< nodes kept in float that could have been quantized
  /// choice.reason says why when nothing can be quantized or is to be gained; choice.model is
  /// absent then.
  search::Choice choice;
};

/// What may be chosen, and by which data.
struct ChoiceRequest {
  search::AutoOptions search;  ///< its session is the model's
  quantize::NodeSelection nodes;
  const CalibrationData* data = nullptr;  ///< to be checked; null: they are trusted
};

/// Tries the model on the first two check samples, prepares it, keeps nodes in float, checks the
/// calibration data, and chooses. Nodes that were kept in float stand in the recipe as float32.
/// Errors  as OpenedModel::Prepare(), quantize::KeepInFloat(), CheckCalibration() and
///         search::ChooseFormats().
Result<ModelChoice> ChooseModel(OpenedModel& model, const search::Samples& samples,
                                ChoiceRequest request, Progress& progress);

}  // namespace tare::pipeline
