// Stored expected values of other implementations (tests/golden/make_metrics.py).

#pragma once

#include <fstream>
#include <nlohmann/json.hpp>

namespace tare::stats {

inline nlohmann::json ReadGolden(const char* name) {
  std::ifstream in(std::string(TARE_SOURCE_DIR "/tests/golden/") + name);
  return nlohmann::json::parse(in);
}

}  // namespace tare::stats
