// First contact with a stranger's model: in a child process, so that what crashes or hangs the
// runtime ends there.

#pragma once

#include <functional>

#include "tare/core/result.h"

namespace tare::runtime {

/// Runs `work` in a forked child and returns its result.
///
/// Errors   what `work` returns; kUnsupported: the child was ended by a signal (names it);
///          kUnavailable: it did not end within `time_limit_s` (it is killed then).
/// Threads  call it before the process has threads of its own: the child inherits only the caller.
Result<void> InChild(const std::function<Result<void>()>& work, double time_limit_s);

}  // namespace tare::runtime
