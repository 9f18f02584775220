// Corruptions of tables and vectors of features: noisy sensors, values that are missing, a shift.
//
// There is no published set for tables; the severities are chosen here, as shares of what a column
// itself varies, so that they mean the same for every unit.
//
//   severity           1      2      3      4      5
//   noise     share  0.10   0.20   0.30   0.50   0.80   of the spread, as deviation of normal noise
//   missing   share  0.05   0.10   0.20   0.30   0.50   of the values
//   shifted   share  0.10   0.20   0.30   0.50   0.80   of the spread, added to all values

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "tare/core/result.h"

namespace tare::data {

enum class TableCorruption { kNoise, kMissing, kShifted };

/// Returns the corruption named "noise", "missing" or "shifted".
/// Errors  kInvalidArgument: another name (gives the nearest).
Result<TableCorruption> FindTableCorruption(std::string_view name);

/// What corruptions need to know of a column.
struct ColumnFacts {
  double mean = 0;
  double spread = 0;  ///< standard deviation, divided by n
};

/// Returns mean and spread of each column.
///
/// Shape    `values` [n, num_columns] row by row; one fact a column
/// Edge     NaN and infinity do not count; a column without another value has mean and spread 0.
/// Source   Welford, "Note on a method for calculating corrected sums of squares and products",
///          Technometrics 4(3), 1962.
///
/// DescribeColumns does it at once; ColumnDescriber takes rows in parts and gives the same facts
/// for the same rows in the same order.
class ColumnDescriber {
 public:
  explicit ColumnDescriber(size_t num_columns) : sums_(num_columns) {}
  void Add(std::span<const double> rows);
  std::vector<ColumnFacts> Facts() const;

 private:
  struct Sums {
    double count = 0;
    double mean = 0;
    double squares = 0;  // of distances to the mean
  };
  std::vector<Sums> sums_;
};
std::vector<ColumnFacts> DescribeColumns(std::span<const float> values, size_t num_columns);
std::vector<ColumnFacts> DescribeColumns(std::span<const double> values, size_t num_columns);

struct CorruptTableOptions {
  TableCorruption corruption = TableCorruption::kNoise;
  int64_t severity = 3;  ///< 1 to 5
  uint64_t seed = 1;
  /// What a missing value becomes; unset: the column's mean, as a pipeline that imputes would feed.
  std::optional<double> missing_value;
};

/// Corrupts rows in place.
///
///   noise     x + share * spread * z,  z normal
///   missing   missing_value, or mean, with probability `share`
///   shifted   x + share * spread
///
/// Shape    `values` [samples.size(), facts.size()] row by row (TARE_CHECK)
/// Random   depends on the seed, the sample number, the corruption and its severity alone.
/// Edge     NaN stays NaN unless it goes missing; a column of one value is moved by none but
///          missing.
/// Errors   kInvalidArgument: the severity is outside 1 to 5.
Result<void> CorruptTable(const CorruptTableOptions& options, std::span<const ColumnFacts> facts,
                          std::span<const int64_t> samples, std::span<float> values);
Result<void> CorruptTable(const CorruptTableOptions& options, std::span<const ColumnFacts> facts,
                          std::span<const int64_t> samples, std::span<double> values);

}  // namespace tare::data
