// The parts of report.json as they are read. For report_read.cc and its parts.

#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/json_reader.h"
#include "tare/verdict/evidence.h"

namespace tare::verdict {

/// Errors  kInvalidArgument: a key missing, of another type, or that contradicts another.
Result<Evidence> ReadEvidence(const JsonReader& document);
/// One model's side of the evidence, under `key`.
Result<Side> ReadSide(const JsonReader& document, const char* key);
/// Both models on the same samples; absent where the document has none.
Result<std::optional<Paired>> ReadPaired(const JsonReader& document);

/// Those of the policy, or those of the evidence.
Result<std::vector<Warning>> ReadWarnings(const JsonReader& document, bool of_policy);
/// All 64 bits; one that is no such number is as good as absent.
std::optional<uint64_t> ReadSeed(const JsonReader& reader);
Result<int> ReadThreads(const JsonReader& reader, int otherwise);

}  // namespace tare::verdict
