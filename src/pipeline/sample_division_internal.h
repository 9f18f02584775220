// Which samples of one file calibrate, and which check.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tare/core/result.h"
#include "tare/data/dataset.h"
#include "tare/quantize/recipe.h"

namespace tare::pipeline {

struct Division {
  std::vector<int64_t> calibration, check;  ///< sample numbers; they do not overlap
};

/// The same for the same numbers, on every machine.
/// Errors  kInvalidArgument: more are asked for than the `available`.
Result<Division> DivideSamples(int64_t available, const quantize::DataUse& use);

/// Returns `samples` without those that the recipe's plan was calibrated with, where it was made of
/// `dataset`; else all of them.
/// Errors  those of reading the recipe and of digesting the data.
Result<std::vector<int64_t>> WithoutCalibration(const std::vector<int64_t>& samples,
                                                const std::string& recipe_path,
                                                const data::Dataset& dataset);

}  // namespace tare::pipeline
