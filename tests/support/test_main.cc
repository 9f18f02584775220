// main() of every test executable.

#include <gtest/gtest.h>

#include "tare/core/child.h"

int main(int argc, char** argv) {
  tare::RunChildTaskIfAsked(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
