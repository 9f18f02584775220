// The parts of a report that come from the choice: what was measured, what fused, where the bytes
// went, the range of each tensor.

#pragma once

#include "tare/calibrate/calibration_table.h"
#include "tare/graph/model.h"
#include "tare/quantize/prepare.h"
#include "tare/search/auto_format.h"
#include "tare/verdict/report.h"

namespace tare::pipeline {

/// int8_static, int8_dynamic, int8_weights, or int8_mixed for a recipe of several.
std::string FormatOf(const quantize::Recipe& recipe);

/// What the float model costs.
struct FloatCost {
  int64_t bytes = 0;
  double latency_ms = 0;  ///< 0: not known
};

/// Fills candidates, fusion, nodes and tensors of `report` from a choice that has a model.
void AddChoice(const quantize::Prepared& prepared, const search::Choice& choice,
               const calibrate::CalibrationTable& table, const FloatCost& baseline,
               verdict::Report& report);

}  // namespace tare::pipeline
