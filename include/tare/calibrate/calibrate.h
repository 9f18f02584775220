// Calibrate: runs samples through a model and observes its outputs, one pass, flat memory.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tare/calibrate/observer.h"
#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::calibrate {

using tare::Batch;

/// Returns the next batch, or nothing at the end. A batch has a sample at least; when an input's
/// first extent is larger than their number, outputs with that first extent are observed without
/// the padding.
using BatchSource = std::function<Result<std::optional<Batch>>()>;

using runtime::Runner;
using runtime::UseOutputs;

/// Settings of Calibrate.
struct CalibrateOptions {
  /// Samples that the source will give in all, for the progress bar; 0 when unknown.
  int64_t num_samples = 0;
  /// What to do at NaN and +infinity. -infinity is a mask value (TensorStatistics::masked) and
  /// never stops the run.
  enum class NonFinite {
    kStop,   ///< an error that names tensor and sample
    kCount,  ///< go on; TensorStatistics::broken() tells
  } non_finite = NonFinite::kStop;
};

/// One output and what was seen of it.
struct ObservedTensor {
  std::string name;
  TensorStatistics statistics;
};
struct Observations {
  std::vector<ObservedTensor> tensors;  ///< in the order of the outputs
  int64_t num_samples = 0;
};

/// Observes every output of `session` over all batches of `source`.
///
/// Shape    outputs of any shape, float32 or float16.
/// Edge     an output without elements is observed as nothing.
/// Errors   kInvalidArgument: an output is of another type, or a batch has no samples.
///          kFailedPrecondition: NaN or +infinity (names the tensor and the sample, counted from 0
///          in the order of the source), or the source gave no batch. kCancelled. Those of source
///          and session.
/// Threads  none of its own: observing costs less than handing over.
/// Memory   64 KB an output, and one batch with its outputs.
Result<Observations> Calibrate(const runtime::Session& session, const BatchSource& source,
                               const CalibrateOptions& options, Progress& progress);

/// The same for anything that runs; `outputs` says what `run` shows, in order.
Result<Observations> Calibrate(std::span<const ValueInfo> outputs, const Runner& run,
                               const BatchSource& source, const CalibrateOptions& options,
                               Progress& progress);

}  // namespace tare::calibrate
