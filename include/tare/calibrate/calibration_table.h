// CalibrationTable: what calibration found, by tensor; calibration.json.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/calibrate/calibrate.h"
#include "tare/calibrate/range.h"
#include "tare/core/result.h"

namespace tare::calibrate {

/// A histogram to look at: equal bins over [low, high].
struct HistogramDigest {
  static constexpr int kMaxBins = 64;
  float low = 0;
  float high = 0;
  /// Values by bin, rounded; 1 to kMaxBins of them, or none when there were no values.
  std::vector<int64_t> counts;
  friend bool operator==(const HistogramDigest&, const HistogramDigest&) = default;
};

struct CalibratedTensor {
  std::string name;
  stats::ValueCounts counts;
  float min = 0;  ///< exact extremes of the ordinary values
  float max = 0;
  double mean = 0;
  double standard_deviation = 0;
  HistogramDigest histogram;
  /// By method, in the order of kRangeMethods; absent when no range exists (NaN, +infinity, or no
  /// value).
  std::optional<RangeChoices> ranges;

  /// Holds attention masks or "minus infinity" placeholders (TensorStatistics::masked).
  bool masked() const { return counts.num_masked + counts.num_negative_infinity > 0; }
  friend bool operator==(const CalibratedTensor&, const CalibratedTensor&) = default;
};

/// Where a table comes from. Digests are SHA-256 in hex, by whoever read model and data.
struct CalibrationOrigin {
  std::string tare_version;
  std::string graph_digest;
  std::string data_digest;
  friend bool operator==(const CalibrationOrigin&, const CalibrationOrigin&) = default;
};

struct CalibrationTable {
  CalibrationOrigin origin;
  int64_t num_samples = 0;
  /// What the ranges are for.
  RangeOptions options;
  std::vector<CalibratedTensor> tensors;  ///< in the order of observation; names are unique

  /// The tensor of that name, or nullptr.
  const CalibratedTensor* Find(std::string_view name) const;
  /// The range of a tensor by a method.
  /// Errors  kFailedPrecondition: the table lacks the tensor, or it has no range; says how to make
  ///         a table that has.
  Result<ValueRange> RangeOf(std::string_view name, RangeMethod method) const;

  friend bool operator==(const CalibrationTable&, const CalibrationTable&) = default;
};

/// Returns the table of what was observed: summaries, and the ranges by every method.
/// Errors   kInvalidArgument: an option is outside its bounds (see RangeOptions), or a name is
///          there twice.
/// Threads  up to `num_threads`; the result does not depend on it.
Result<CalibrationTable> MakeTable(const Observations& observations, CalibrationOrigin origin,
                                   const RangeOptions& options, int num_threads = 1);

/// Returns calibration.json (docs/formats/calibration.md): the same table, the same bytes.
/// Errors  kUnsupported: a name is not UTF-8.
Result<std::string> CalibrationJson(const CalibrationTable& table);

/// Reads CalibrationJson's form; `source` names the file in messages.
/// Bound   at most 16 MiB, 16 levels.
/// Errors  kDataLoss: not JSON, or cut short; kUnsupported: a newer version; kInvalidArgument: a
///         key is missing or of the wrong kind, or a value is impossible; names the key and the
///         tensor.
Result<CalibrationTable> ParseCalibration(std::string_view text, const std::string& source);

/// The same with the file.
/// Errors  as ReadFile and WriteFileAtomic too.
Result<CalibrationTable> ReadCalibration(const std::string& path);
Result<void> WriteCalibration(const CalibrationTable& table, const std::string& path);

}  // namespace tare::calibrate
