#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "evaluate/cost/latency_internal.h"

namespace tare::evaluate {
namespace {

// A machine on which only the two models take time.
class FakeMachine {
 public:
  runtime::TimedRun Run(char name, int64_t ns) {
    return [this, name, ns]() -> Result<void> {
      order += name;
      now += ns * slowdown;
      if (on_run) on_run();
      return {};
    };
  }
  runtime::Clock clock() {
    return [this] { return now; };
  }
  std::string order;
  int64_t now = 0;
  int64_t slowdown = 1;
  std::function<void()> on_run;
};

LatencyOptions Options() {
  LatencyOptions options;
  options.warm_up_pairs = 1;
  options.min_pairs = 3;
  options.max_pairs = 100;
  options.budget_ms = 1000;
  return options;
}

TEST(TimePairsTest, InterleavesAndWarmsUp) {
  FakeMachine machine;
  auto options = Options();
  options.budget_ms = 0;
  const auto times =
      TimePairs(machine.Run('A', 2'000'000), machine.Run('B', 1'000'000), machine.clock(), options);
  ASSERT_TRUE(times);
  EXPECT_EQ(machine.order, "ABABABAB");  // one pair of warm-up, three measured
  EXPECT_EQ(times->baseline, (std::vector<double>{2, 2, 2}));
  EXPECT_EQ(times->candidate, (std::vector<double>{1, 1, 1}));
}

TEST(TimePairsTest, EndsWithItsBudget) {
  FakeMachine machine;
  auto options = Options();
  options.budget_ms = 30;
  options.target_width = 0;
  int run = 0;
  machine.on_run = [&] { machine.now += ++run % 7; };  // never exactly alike
  const auto times =
      TimePairs(machine.Run('A', 2'000'000), machine.Run('B', 1'000'000), machine.clock(), options);
  ASSERT_TRUE(times);
  EXPECT_EQ(times->baseline.size(), 10);
}

TEST(TimePairsTest, EndsEarlyWhenTheSpeedupIsKnown) {
  FakeMachine machine;
  const auto times = TimePairs(machine.Run('A', 2'000'000), machine.Run('B', 1'000'000),
                               machine.clock(), Options());
  ASSERT_TRUE(times);
  EXPECT_EQ(times->baseline.size(), 25);  // the first look
}

TEST(TimePairsTest, HandsOnTheErrorOfARun) {
  FakeMachine machine;
  const auto failing = []() -> Result<void> { return Unsupported("no kernel", "ask"); };
  const auto times = TimePairs(machine.Run('A', 1), failing, machine.clock(), Options());
  ASSERT_FALSE(times);
  EXPECT_EQ(times.error().what, "no kernel");
}

TEST(TimePairsTest, RefusesOptionsOutOfRange) {
  FakeMachine machine;
  auto options = Options();
  options.min_pairs = 0;
  EXPECT_FALSE(TimePairs(machine.Run('A', 1), machine.Run('B', 1), machine.clock(), options));
  options = Options();
  options.max_pairs = 2;
  EXPECT_FALSE(TimePairs(machine.Run('A', 1), machine.Run('B', 1), machine.clock(), options));
}

TEST(SummariseTimesTest, ShrugsOffANeighbour) {
  // A is twice as slow as B. From the 40th to the 60th pair all is five times slower, and in a
  // tenth of the pairs one of the two is hit alone.
  PairedTimes times;
  for (int i = 0; i < 100; ++i) {
    const double slow = i >= 40 && i < 60 ? 5 : 1;
    times.baseline.push_back(2 * slow * (i % 20 == 3 ? 10 : 1));
    times.candidate.push_back(1 * slow * (i % 20 == 7 ? 10 : 1));
  }
  const auto found = SummariseTimes(times, Options());
  EXPECT_DOUBLE_EQ(found.speedup.value, 2);
  EXPECT_DOUBLE_EQ(*found.speedup.low, 2);
  EXPECT_DOUBLE_EQ(*found.speedup.high, 2);
  EXPECT_DOUBLE_EQ(found.baseline.p50.value, 2);
  EXPECT_DOUBLE_EQ(found.candidate.throughput_per_s, 1000);
  EXPECT_FALSE(found.candidate.p99.high);  // 100 runs do not bound a p99 from above
}

TEST(SummariseTimesTest, StandsNoRunsAndAStandingClock) {
  EXPECT_TRUE(std::isnan(SummariseTimes({}, Options()).speedup.value));
  EXPECT_EQ(SummariseTimes({{0, 0}, {0, 0}}, Options()).speedup.value, 1);
}

TEST(AddLatencyTest, MakesTheFirstTheHeadline) {
  verdict::Evidence evidence;
  auto options = Options();
  AddLatency(SummariseTimes({{2, 2}, {1, 1}}, options), evidence);
  options.batch = 8;
  AddLatency(SummariseTimes({{8, 8}, {2, 2}}, options), evidence);
  EXPECT_EQ(evidence.cost.speedup.front().estimate.value, 2);
  EXPECT_EQ(evidence.cost.speedup.back().batch, 8);
  EXPECT_EQ(evidence.candidate.latency.back().throughput_per_s, 4000);
}

}  // namespace
}  // namespace tare::evaluate
