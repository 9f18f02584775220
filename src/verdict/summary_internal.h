// The verdict as one sentence with its numbers.

#pragma once

#include <string>

#include "tare/verdict/gate.h"

namespace tare::verdict {

/// "int8 is not worse than float within the declared margins (n = 10,000, 95 %): accuracy -0.11
/// points [-0.31, +0.08], 2.1 times as fast, 0.29 of the size."
std::string Summarise(const Evidence& evidence, const Decision& decision);

/// "-0.11 points [-0.31, +0.08]", "1.1 % [0.9, 1.3]", "undefined".
std::string StatisticText(const CheckResult& check);

}  // namespace tare::verdict
