#include "cli/terminal/json.h"

#include <nlohmann/json.hpp>

namespace tare::cli {

std::string Dump(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace tare::cli
