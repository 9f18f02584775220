// The one-shot form: one model and one data file in, one quantized model out, or a true reason.

#pragma once

#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/feed.h"
#include "tare/quantize/prepare.h"
#include "tare/quantize/selection.h"
#include "tare/search/auto_format.h"

namespace tare::pipeline {

struct QuantizeRequest {
  std::string model_path;
  std::string data_path;
  std::string label;  ///< array of labels, never fed to the model; "" for none
  std::vector<data::InputBinding> bindings;
  int64_t num_samples = 300;  ///< for calibration
  uint64_t seed = 1;
  double time_limit_s = 120;  ///< for the first load and run, in a child process
  bool trust_data = false;    ///< calibrates with data that look wrong
  search::AutoOptions search;
  quantize::NodeSelection nodes;  ///< what may be quantized at all
};

struct QuantizeOutcome {
  quantize::Prepared prepared;
  search::Choice choice;
  int64_t num_calibration = 0;
  int64_t num_check = 0;
  std::vector<std::string> feed_report;  ///< how arrays were matched to inputs
  int64_t source_bytes = 0;
  int64_t num_kept = 0;  ///< nodes that `nodes` keeps in float and that could have been quantized
};

/// Loads, prepares, calibrates, measures and chooses; writes nothing.
///
/// A model with nothing to quantize comes back with prepared.decline_reason, one without gain with
/// choice.reason; in both choice.model is absent.
/// Errors  those of reading the model and the data; kFailedPrecondition: NaN in the data, or, unless
///         they are trusted, data that cannot be right (docs/guide/calibration.md); kCancelled.
/// Threads fully: the model is first tried in a child process, by tare/core/child.h.
Result<QuantizeOutcome> QuantizeModel(const QuantizeRequest& request, Progress& progress);

/// Applies a recipe to the model that it was made for: no data, no measuring, the same bytes each
/// time.
/// Errors  kFailedPrecondition: the recipe is for another model.
Result<graph::Model> QuantizeByRecipe(const std::string& model_path, const std::string& recipe_path,
                                      const runtime::SessionOptions& options);

}  // namespace tare::pipeline
