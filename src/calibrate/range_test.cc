#include "tare/calibrate/range.h"

#include <gtest/gtest.h>

namespace tare::calibrate {
TEST(RangeTest, Builds) {}
}  // namespace tare::calibrate
