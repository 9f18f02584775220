// What a policy says that its author can hardly have meant.

#pragma once

#include <vector>

#include "tare/verdict/evidence.h"
#include "tare/verdict/gate.h"
#include "tare/verdict/policy.h"

namespace tare::verdict {

/// Questions limits that demand nothing or that nothing can meet, before anything is measured:
///
///   confidence   below 0.8
///   margin       of a metric between 0 and 1: from 0.2 on, or 0
///   max, min     beyond what the metric can be; cosine below 0.9; half of the answers may change
///   cost         a speedup below 1 or from 20 on; a size that no int8 model has, or that all have
///
/// Each says where (file and line), what it means, and what is usual. Nothing is decided by it.
/// Threads  fully: a pure function.
std::vector<Warning> QuestionPolicy(const Policy& policy);

/// And what only the evidence shows: limits ten times beyond the baseline, margins larger than the
/// baseline's whole value, fewer than 50 samples.
std::vector<Warning> QuestionChecks(const Evidence& evidence,
                                    const std::vector<CheckResult>& checks);

}  // namespace tare::verdict
