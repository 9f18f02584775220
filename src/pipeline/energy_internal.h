// Energy of two models, where the host counts it.

#pragma once

#include <span>

#include "pipeline/comparison_internal.h"

namespace tare::pipeline {

/// Measures the energy of both models in turns and adds it to the evidence: joules a sample above idle, and
/// their ratio. Where the host has no counter, or the models take less than its noise, both sides say
/// `unavailable` and why: nothing is estimated, and a policy on energy stays INCONCLUSIVE.
void AddEnergy(const ComparedModels& models, std::span<const NamedTensor> inputs, int64_t batch, evaluate::Evidence& evidence);

}  // namespace tare::pipeline
