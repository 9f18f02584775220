// First contact with a stranger's model: in a child process, so that what crashes or hangs the
// runtime ends there.

#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/graph/model.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::runtime {

/// Loads `model` in a child process and runs it on each of `probes` (none: it is loaded only).
///
/// Errors   what loading and running give; kUnsupported: the child was ended by a signal (names it);
///          kUnavailable: it did not end within `time_limit_s` (it is killed then); kCancelled.
Result<void> TryInChild(const graph::Model& model, std::span<const std::vector<NamedTensor>> probes,
                        const SessionOptions& session, double time_limit_s,
                        const Progress& progress);

/// The same for a model file as it lies there.
Result<void> TryInChild(const std::string& model_path,
                        std::span<const std::vector<NamedTensor>> probes,
                        const SessionOptions& session, double time_limit_s,
                        const Progress& progress);

/// Runs `work` in a forked child and returns its result.
///
/// Errors   what `work` returns; kUnsupported: the child was ended by a signal (names it);
///          kUnavailable: it did not end within `time_limit_s` (it is killed then).
/// Threads  call it before the process has threads of its own: the child inherits only the caller.
Result<void> InChild(const std::function<Result<void>()>& work, double time_limit_s);

}  // namespace tare::runtime
