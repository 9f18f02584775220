// Ranges by themselves: calibration of a model to a table, and a static model from such a table.

#pragma once

#include <string>
#include <vector>

#include "tare/calibrate/calibration_table.h"
#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/feed.h"
#include "tare/graph/model.h"
#include "tare/quantize/fusion.h"
#include "tare/quantize/recipe.h"
#include "tare/quantize/selection.h"
#include "tare/runtime/session.h"

namespace tare::pipeline {

struct CalibrateRequest {
  std::string model_path;
  std::string data_path;
  std::string label;
  std::vector<data::InputBinding> bindings;
  int64_t num_samples = 300;
  uint64_t seed = 1;
  runtime::SessionOptions session;
  double time_limit_s = 120;
  bool trust_data = false;  ///< calibrates with data that look wrong
  std::string tare_version;
};

/// Observes every value that a static plan of the model could need, and chooses its range by every
/// method.
/// Errors   those of reading and running; kUnsupported: the model has nothing to quantize in static
///          form; kFailedPrecondition: NaN in the data; kCancelled.
/// Threads  fully: the model is first tried in a child process, by tare/core/child.h.
Result<calibrate::CalibrationTable> CalibrateModel(const CalibrateRequest& request,
                                                   Progress& progress);

struct StaticModel {
  graph::Model model;
  quantize::Recipe recipe;
  quantize::FusionReport fusion;
};

struct RangesOptions {
  calibrate::RangeMethod method = calibrate::RangeMethod::kMse;
  quantize::NodeSelection nodes;  ///< what may be quantized at all
  runtime::SessionOptions session;
};

/// Returns the static int8 model with the ranges of a table: no data, nothing measured.
/// Errors   kFailedPrecondition: the table is of another model, or lacks a range; kUnsupported: the
///          model has nothing to quantize in static form; kNotFound: as quantize::KeepInFloat().
Result<StaticModel> QuantizeByRanges(const std::string& model_path, const std::string& ranges_path,
                                     const RangesOptions& options);

}  // namespace tare::pipeline
