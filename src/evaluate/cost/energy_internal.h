// Energy of two models, where the host counts it.

#pragma once

#include <optional>
#include <span>

#include "tare/evaluate/cost/comparison.h"

namespace tare::evaluate {

/// Measures the energy of both models in turns and adds joules a sample above idle to the evidence.
/// Where the host has no counter, or the models take less than its noise, both sides say
/// `unavailable` and why.
///
/// With `estimate_watts` (what the processor takes with all its cores busy) a host without a
/// counter gives runtime::EstimateJoules() of this process with status `estimated`. A policy on
/// energy stays INCONCLUSIVE for both.
void AddEnergy(const ComparedModels& models, std::span<const NamedTensor> inputs, int64_t batch,
               std::optional<double> estimate_watts, verdict::Evidence& evidence);

}  // namespace tare::evaluate
