// What two models cost on the same inputs: time, size, memory.

#pragma once

#include <string>
#include <vector>

#include "pipeline/peak_memory_internal.h"
#include "tare/core/progress.h"
#include "tare/data/feed.h"
#include "tare/evaluate/evidence.h"
#include "tare/runtime/session.h"

namespace tare::pipeline {

/// Bytes of a model file and of the external data that tare writes beside it; 0 when there is none.
int64_t ModelBytes(const std::string& path);

struct ComparedModels {
  std::string baseline_path, candidate_path;
  const runtime::Session* baseline = nullptr;
  const runtime::Session* candidate = nullptr;
  runtime::SessionOptions options;
};

/// Adds latency at one sample and at several, sizes and peak memory to `evidence`, and a warning
/// when the candidate is slower.
/// Errors  what reading and running give; kCancelled.
Result<void> AddCosts(const ComparedModels& models, const data::Feed& feed, const std::vector<int64_t>& samples, const PeakMemory& peak,
                      Progress& progress, evaluate::Evidence& evidence);

}  // namespace tare::pipeline
