// Looking up code points in sorted tables of ranges.

#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>

#include "scores/unicode_tables_internal.h"

namespace tare::scores {

/// Returns the row of sorted, disjoint ranges (`first`, `last`) that holds the code point, or
/// nullptr.
template <class Row>
const Row* FindRange(std::span<const Row> rows, uint32_t code) {
  const auto after = std::upper_bound(rows.begin(), rows.end(), code,
                                      [](uint32_t c, const Row& row) { return c < row.first; });
  if (after == rows.begin()) return nullptr;
  const Row& row = *std::prev(after);
  return code <= row.last ? &row : nullptr;
}

inline bool HoldsCode(std::span<const CodeRange> ranges, uint32_t code) {
  return FindRange(ranges, code) != nullptr;
}

/// Returns what the code point moves to: itself where no run names it.
inline uint32_t MovedBy(std::span<const LowerRun> runs, uint32_t code) {
  const LowerRun* run = FindRange(runs, code);
  if (run == nullptr || (code - run->first) % run->step != 0) return code;
  return static_cast<uint32_t>(static_cast<int32_t>(code) + run->delta);
}

}  // namespace tare::scores
