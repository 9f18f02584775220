// Evidence as JSON values. For the adapter files alone, report_write.cc and report_read.cc and their parts.

#pragma once

#include <nlohmann/json.hpp>

#include "tare/verdict/evidence.h"
#include "tare/verdict/gate.h"

namespace tare::verdict {

/// Keeps the order of insertion: a report reads from the verdict down.
using Json = nlohmann::ordered_json;

/// A finite number, or null.
Json Number(double value);

Json ToJson(const Estimate& estimate);
Json ToJson(const Metrics& metrics);
Json ToJson(const Decision& decision);

}  // namespace tare::verdict
