// Calibration samples through a model whose outputs are the values to observe.

#pragma once

#include <cstdint>
#include <span>

#include "tare/calibrate/calibrate.h"
#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/data/feed.h"
#include "tare/runtime/session.h"

namespace tare::search {

/// Runs `samples` through `tapped` (a session whose outputs are the values to observe).
/// Errors  kFailedPrecondition: an input holds NaN or infinity; names it and the sample.
Result<calibrate::Observations> ObserveValues(const runtime::Session& tapped,
                                              const data::Feed& feed,
                                              std::span<const int64_t> samples, Progress& progress);

}  // namespace tare::search
