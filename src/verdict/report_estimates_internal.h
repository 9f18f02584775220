// Estimates out of report.json. For report_read.cc and its parts.

#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/json_reader.h"
#include "tare/verdict/evidence.h"

namespace tare::verdict {

/// Of a report.json that is read, in bytes.
inline constexpr int64_t kMaxReportBytes = int64_t{128} << 20;

/// What a number is that the report does not have.
inline constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

/// Calls read(item) for each object of a list.
template <class T, class Read>
Result<std::vector<T>> ReadList(const JsonReader& reader, const char* key, const Read& read) {
  std::vector<T> out;
  TARE_TRY(const JsonReader::Json* list, reader.Array(key));
  if (list == nullptr) return out;
  for (size_t i = 0; i < list->size(); ++i) {
    const JsonReader item = reader.At(key, i, (*list)[i]);
    TARE_TRY_VOID(item.ExpectObject());
    TARE_TRY(auto value, read(item));
    out.push_back(std::move(value));
  }
  return out;
}

/// Errors  kInvalidArgument: not an interval object, or its counts contradict its value.
Result<Estimate> ReadEstimate(const JsonReader& reader);
/// The estimate under `key`; undefined where there is none.
Result<Estimate> ReadEstimateAt(const JsonReader& reader, const char* key);
/// Metrics under `key` in their order; empty where there are none.
Result<Metrics> ReadMetrics(const JsonReader& reader, const char* key);

/// The search for slices of a document; absent where it has none.
Result<std::optional<SliceFindings>> ReadSliceFindings(const JsonReader& document);

}  // namespace tare::verdict
