// The parts of report.json as they are written. For report_write.cc and its parts.

#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "tare/verdict/report.h"
#include "verdict/report_json_internal.h"

namespace tare::verdict {

// Found by ListOf() for the rows of a list.
Json ToJson(const CheckResult& check);
Json ToJson(const Latency& latency);
Json ToJson(const PairedClass& row);
Json ToJson(const PairedScope& scope);
Json ToJson(const OutputCloseness& output);
Json ToJson(const FormatCandidate& row);
Json ToJson(const NodeRow& row);
Json ToJson(const TensorRow& row);

template <class T>
void Put(Json& to, const char* key, const std::optional<T>& value) {
  if (!value) return;
  if constexpr (std::is_floating_point_v<T>) {
    to[key] = Number(*value);
  } else {
    to[key] = *value;
  }
}

inline void PutText(Json& to, const char* key, const std::string& value) {
  if (!value.empty()) to[key] = value;
}

template <class Range>
Json ListOf(const Range& range) {
  Json out = Json::array();
  for (const auto& item : range) out.push_back(ToJson(item));
  return out;
}

template <class Range>
void PutList(Json& to, const char* key, const Range& range) {
  if (!range.empty()) to[key] = ListOf(range);
}

/// One model's side of the evidence; `names` are those of the classes.
Json SideJson(const Side& side, const std::vector<std::string>& names);
/// Both models on the same samples.
Json PairedJson(const Paired& paired, double confidence);
/// Adds to `paired`, of PairedJson(), the extra damage under each distribution.
void PutDamages(const Evidence& evidence, Json& paired);
/// What the search for slices found.
void PutFindings(const SliceFindings& findings, Json& out);
/// Candidates, fusion, nodes and tensors.
void PutModelSections(const Report& report, Json& out);

}  // namespace tare::verdict
