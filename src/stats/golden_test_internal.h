// Stored expected values of other implementations (tests/golden/make_metrics.py).

#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace tare::stats {

inline nlohmann::json ReadGolden(const std::string& name) {
  std::ifstream in("tests/golden/" + name);
  return nlohmann::json::parse(in);
}

}  // namespace tare::stats
