#include "cli/terminal/invocation.h"

#include <gtest/gtest.h>

namespace tare::cli {
namespace {

TEST(AsInvokedTest, NamesTheProgramAsTheUserCalledIt) {
  const Invocation invocation{"build/release/tare", {"gate", "run"}};
  EXPECT_EQ(AsInvoked("next: tare gate r.json", invocation),
            "next: build/release/tare gate r.json");
  EXPECT_EQ(AsInvoked("tare run, then tare gate", invocation),
            "build/release/tare run, then build/release/tare gate");
}

TEST(AsInvokedTest, LeavesProseAndOtherNamesAlone) {
  const Invocation invocation{"/opt/tare", {"gate", "run"}};
  for (const char* text :
       {"what tare reads", "tare runs", "a hectare gate", "tare.yaml", "tare", "tare "})
    EXPECT_EQ(AsInvoked(text, invocation), text);
}

TEST(AsInvokedTest, ChangesNothingWhereThePathFindsIt) {
  EXPECT_EQ(AsInvoked("tare gate", {"tare", {"gate"}}), "tare gate");
}

}  // namespace
}  // namespace tare::cli
