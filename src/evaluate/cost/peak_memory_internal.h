// Memory of a model by itself: in a process that has never held anything else.

#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::evaluate {

/// Resident memory of a process that runs only one model, in bytes, the runtime's own library
/// included.
struct ResidentMemory {
  int64_t loaded = 0;     ///< once the model is open
  int64_t first_run = 0;  ///< after its first run
  int64_t peak = 0;       ///< the most it ever was, over three runs
};

/// Loads the model in a process of its own, runs it three times on `inputs`, and returns what the
/// process had resident. What the caller holds does not count.
///
/// Errors   kUnavailable: the process died, or the model does not run; kCancelled.
/// Threads  fully.
Result<ResidentMemory> MeasureMemory(const std::string& model_path,
                                     std::span<const NamedTensor> inputs,
                                     const runtime::SessionOptions& options,
                                     const Progress& progress);

}  // namespace tare::evaluate
