// JSON documents of --json.

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace tare::cli {

/// Returns the text of a document, indented by two; bytes that are not UTF-8 become U+FFFD.
std::string Dump(const nlohmann::ordered_json& json);

}  // namespace tare::cli
