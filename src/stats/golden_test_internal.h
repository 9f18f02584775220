// Stored expected values of other implementations, for tests (tests/golden/make_*.py).

#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace tare::stats {

/// Returns the document tests/golden/<file>.
inline nlohmann::json ReadGolden(const std::string& file) {
  std::ifstream in("tests/golden/" + file);
  return nlohmann::json::parse(in);
}

/// Returns one section of it; at least one case, so that no loop over it is idle.
/// By value: `for (x : Read(file)["section"])` would walk a document that is gone.
inline nlohmann::json ReadGolden(const std::string& file, const std::string& section) {
  const auto document = ReadGolden(file);
  EXPECT_FALSE(document.at(section).empty()) << file << ": " << section;
  return document.at(section);
}

/// Sums in another order round differently: 1e-12 of the value, or of 1 where it is smaller.
/// null stands for what is not defined.
inline void ExpectGolden(double found, const nlohmann::json& expected, const std::string& what) {
  if (expected.is_null()) {
    EXPECT_TRUE(std::isnan(found)) << what << " is " << found;
    return;
  }
  const auto value = expected.get<double>();
  EXPECT_NEAR(found, value, 1e-12 * std::max(1.0, std::abs(value))) << what;
}

}  // namespace tare::stats
