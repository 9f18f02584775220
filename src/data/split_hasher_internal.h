// Hashes of what samples hold.

#pragma once

#include <functional>
#include <span>
#include <vector>

#include "data/sample_hash.h"
#include "tare/core/result.h"
#include "tare/data/splits.h"

namespace tare::data {

/// By array position: true when the splits disagree about the type, so that bytes say nothing and
/// the arrays are hashed as float64.
/// Errors  kInvalidArgument: splits with different numbers of arrays.
Result<std::vector<bool>> CompareAsNumbers(std::span<const Split> splits);

/// Hashes the samples of a split in order, some 1 MiB at a time, and hands them to `use`.
Result<void> HashSamples(const Split& split, const std::vector<bool>& as_numbers,
                         const std::function<void(const Hash128& hash, int64_t sample)>& use);

}  // namespace tare::data
