// What calibration tells the search: ranges, sizes, and which nodes cannot be ranged.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "tare/calibrate/calibrate.h"
#include "tare/calibrate/range.h"
#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/quantize/prepare.h"
#include "tare/quantize/recipe.h"
#include "tare/search/auto_format.h"
#include "tare/search/observe.h"

namespace tare::search {

/// The values of the static plans, as the calibration samples showed them.
struct Observed {
  calibrate::Observations observations;    ///< empty where no static plan is allowed or possible
  std::map<std::string, double> elements;  ///< of each value, in one sample
  /// Nodes that touch a value with NaN, mask values or no values: no range fits, they stay float.
  std::vector<std::string> unranged;
};

/// Observes what the static plans of every scope need, in one pass over the calibration samples.
/// Edge    int8_static is not allowed: nothing is observed.
/// Errors  those of ObserveValues and of loading the tapped model.
Result<Observed> ObservePlans(const quantize::Prepared& prepared, const Samples& samples,
                              const AutoOptions& options, Progress& progress);

/// Nodes that touch a value which a static plan over `nodes` needs a range of and which was not
/// observed, nor what movers made it from. Empty where FillRanges finds everything.
std::vector<std::string> NodesWithoutRange(const quantize::Prepared& prepared,
                                           const std::vector<quantize::NodeChoice>& nodes,
                                           const Observed& observed);

/// Fills the ranges that the recipe's nodes need from what was observed; the output of a mover that stays
/// float takes the range of what it moves.
/// Errors  kFailedPrecondition: a value was not observed, or holds NaN.
Result<void> FillRanges(quantize::Recipe& recipe, const quantize::Prepared& prepared,
                        const calibrate::Observations& observations, calibrate::RangeMethod method);

}  // namespace tare::search
