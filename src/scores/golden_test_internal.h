// Help for the tests of this module.

#pragma once

#include <nlohmann/json.hpp>

#include "stats/golden_test_internal.h"
#include "tare/scores/text_scores.h"

namespace tare::scores {

/// Expects precision, recall and F1 as another implementation gave them.
inline void ExpectScore(const FScore& found, const nlohmann::json& expected) {
  stats::ExpectGolden(found.precision, expected[0], "precision");
  stats::ExpectGolden(found.recall, expected[1], "recall");
  stats::ExpectGolden(found.f1, expected[2], "f1");
}

}  // namespace tare::scores
