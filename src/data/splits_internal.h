// Sample numbers.

#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace tare::data {

/// Returns begin, begin + 1, ..., end - 1.
inline std::vector<int64_t> NumbersFrom(int64_t begin, int64_t end) {
  std::vector<int64_t> numbers(static_cast<size_t>(end > begin ? end - begin : 0));
  std::iota(numbers.begin(), numbers.end(), begin);
  return numbers;
}

}  // namespace tare::data
