// Help for the tests of this module.

#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

#include "tare/verdict/evidence.h"

namespace tare::evaluate {

/// The value of a metric, which must be there.
inline double Value(const verdict::Metrics& metrics, std::string_view name) {
  const verdict::Estimate* estimate = verdict::FindMetric(metrics, name);
  EXPECT_NE(estimate, nullptr) << name;
  return estimate == nullptr ? NAN : estimate->value;
}

}  // namespace tare::evaluate
