// Where damage gathers: the slices of a test set that hold more of it than chance would put there.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tare::evaluate {

/// A numeric column, one value a sample.
struct SearchColumn {
  std::string_view name;
  std::span<const float> values;
  bool nominal = false;  ///< numbers are names, such as class indices: only equality means anything
};

struct FoundSlice {
  std::string where;    ///< as a slice of tare.yaml
  int64_t n = 0;        ///< samples in it
  int64_t damaged = 0;  ///< damaged ones among them
  int64_t rest_n = 0;
  int64_t rest_damaged = 0;
  double p = 1;       ///< of Fisher's exact test, as if no other slice had been looked at
  double p_holm = 1;  ///< adjusted for every slice that could have been looked at
  std::vector<int64_t> members;  ///< places of its samples, rising
};

struct SliceSearchOptions {
  int64_t min_samples = 30;
  size_t max_found = 3;
  /// Chance that anything is reported although damage falls anywhere alike.
  double alpha = 0.05;
};

struct SliceSearchResult {
  int64_t num_tests =
      0;  ///< conditions and pairs of conditions, looked at or not; 0 without damage
  std::vector<FoundSlice> found;
};

/// Returns the slices in which `damaged` samples are significantly more frequent than elsewhere,
/// most significant first.
///
/// Conditions  column == value for columns of at most 50 different values (1,000 for nominal ones),
///             else column < or >= its quantiles at 10, 25, 75 and 90 % (none for nominal ones);
///             and pairs of conditions on two columns.
/// Test        Fisher's exact test, one-sided: P[X >= damaged], X hypergeometric. p-values are
///             adjusted by Holm over all conditions and all pairs that exist, looked at or not. A
///             slice that shares over 80 % of its samples with a better one is left out, and so is
///             a pair that is no more significant than either of its conditions.
/// Shape       every column as long as `damaged` (TARE_CHECK); NaN fulfils no condition. `sizes`,
///             where given: a place stands for so many equal samples; then every column is nominal
///             (TARE_CHECK).
/// Cost        O(pairs * n / 64) of bit operations.
SliceSearchResult FindDamagedSlices(std::span<const SearchColumn> columns,
                                    std::span<const uint8_t> damaged,
                                    const SliceSearchOptions& options = {},
                                    std::span<const int64_t> sizes = {});

}  // namespace tare::evaluate
