// Timing by a clock that only the models move, and speedups by hand calculation.

#include "tare/runtime/timing.h"

#include <gtest/gtest.h>

#include <string>

#include "graph/model_builder.h"
#include "runtime/run_for_test.h"

namespace tare::runtime {
namespace {

// A machine on which only the runs take time.
class FakeMachine {
 public:
  TimedRun Run(char name, int64_t ms) {
    return [this, name, ms]() -> Result<void> {
      order += name;
      now += ms * 1'000'000;
      return {};
    };
  }
  Clock clock() {
    return [this] { return now; };
  }
  std::string order;
  int64_t now = 0;
};

TimingOptions Options(FakeMachine& machine) {
  TimingOptions options;
  options.budget_ms = 0;
  options.min_rounds = 3;
  options.warm_up_rounds = 1;
  options.clock = machine.clock();
  return options;
}

TEST(TimeInterleavedTest, RunsEachOnceARoundAndWarmsUp) {
  FakeMachine machine;
  const TimedRun runs[] = {machine.Run('A', 1), machine.Run('B', 2), machine.Run('C', 4)};
  const auto times = TimeInterleaved(runs, Options(machine));
  ASSERT_TRUE(times);
  ASSERT_EQ(machine.order.size(), 12U);  // one round of warm-up, three measured
  EXPECT_EQ(machine.order.substr(0, 3), "ABC");
  EXPECT_EQ(*times, (RoundTimes{{1, 1, 1}, {2, 2, 2}, {4, 4, 4}}));
}

TEST(TimeInterleavedTest, DrawsTheOrderAndTurnsItRound) {
  FakeMachine machine;
  const TimedRun runs[] = {machine.Run('A', 1), machine.Run('B', 2)};
  auto options = Options(machine);
  options.min_rounds = 400;
  options.warm_up_rounds = 0;
  ASSERT_TRUE(TimeInterleaved(runs, options));
  int drawn_a_first = 0;
  for (size_t i = 0; i < machine.order.size(); i += 4) {
    const std::string two_rounds = machine.order.substr(i, 4);
    EXPECT_TRUE(two_rounds == "ABBA" || two_rounds == "BAAB") << two_rounds;
    drawn_a_first += two_rounds == "ABBA";
  }
  // Binomial(200, 1/2): outside [70, 130] with a probability of 2e-5, of a fixed seed.
  EXPECT_GE(drawn_a_first, 70);
  EXPECT_LE(drawn_a_first, 130);
}

TEST(TimeInterleavedTest, EndsByBudgetOrRounds) {
  const auto rounds = [](double budget_ms) {
    FakeMachine machine;
    const TimedRun runs[] = {machine.Run('A', 1), machine.Run('B', 2)};
    auto options = Options(machine);
    options.budget_ms = budget_ms;
    options.max_rounds = 60;
    return TimeInterleaved(runs, options).value()[0].size();
  };
  EXPECT_EQ(rounds(1e9), 60);
  EXPECT_EQ(rounds(31), 11);  // of 3 ms each
}

TEST(TimeInterleavedTest, TimesSessions) {
  const auto model =
      graph::ModelBuilder().Input("x", {2}).Op("Relu", {"x"}, {"y"}).Output("y").Build();
  const auto a = MakeSession(model, {});
  const auto b = MakeSession(model, {});
  ASSERT_TRUE(a && b);
  const Session* pair[] = {&*a, &*b};
  TimingOptions options;
  options.budget_ms = 0;
  options.min_rounds = 7;
  const std::vector<NamedTensor> inputs{{"x", Tensor::Of<float>({2}, {1, 2})}};
  const auto times = TimeInterleaved(pair, inputs, options);
  ASSERT_TRUE(times) << times.error().what;
  ASSERT_EQ(times->size(), 2U);
  EXPECT_EQ((*times)[0].size(), 7U);
  EXPECT_EQ((*times)[1].size(), 7U);
  EXPECT_FALSE(TimeInterleaved(pair, {}, options)) << "a run that fails is an error";
  EXPECT_TRUE(TimeAlone(*a, inputs, options));
  EXPECT_FALSE(TimeAlone(*a, {}, options));
}

TEST(ClockTest, NeverGoesBack) {
  for (const auto& clock : {MonotonicNs, ThreadNs}) {
    const int64_t first = clock();
    EXPECT_LE(first, clock());
  }
}

TEST(RoundRatiosTest, RiseAndStandAStandingClock) {
  EXPECT_EQ(RoundRatios(std::vector<double>{2, 4, 9}, std::vector<double>{1, 4, 3}),
            (std::vector<double>{1, 2, 3}));
  EXPECT_EQ(RoundRatios(std::vector<double>{0, 2}, std::vector<double>{0}),
            (std::vector<double>{1}));
  EXPECT_TRUE(RoundRatios({}, {}).empty());
}

// Speedup of `n` rounds with the ratios 1, 2, ..., n.
Ratio SpeedupOfRanks(int n) {
  std::vector<double> base;
  for (int i = n; i >= 1; --i) base.push_back(i);
  return SpeedupOf(base, std::vector<double>(base.size(), 1.0));
}

TEST(SpeedupOfTest, TakesTheExtremesOfFewRounds) {
  EXPECT_EQ(SpeedupOf({}, {}).value, 0);
  EXPECT_EQ(SpeedupOfRanks(3).value, 2);
  EXPECT_EQ(SpeedupOfRanks(3).low, 1);
  EXPECT_EQ(SpeedupOfRanks(3).high, 3);
  // Of 5, P(the median lies outside the extremes) = 2 / 32 > 0.05; of 6, 2 / 64.
  EXPECT_EQ(SpeedupOfRanks(5).low, 1);
  EXPECT_EQ(SpeedupOfRanks(6).low, 1);
  EXPECT_EQ(SpeedupOfRanks(6).high, 6);
}

TEST(SpeedupOfTest, TakesTheRanksOfTheBinomial) {
  // X ~ binomial(10, 1/2): P(X < 2) = 11 / 1024 <= 0.025 < P(X < 3) = 56 / 1024, so the 2nd and
  // 9th.
  EXPECT_EQ(SpeedupOfRanks(10).value, 5.5);
  EXPECT_EQ(SpeedupOfRanks(10).low, 2);
  EXPECT_EQ(SpeedupOfRanks(10).high, 9);
  // X ~ binomial(100, 1/2): P(X < 40) = 0.0176 <= 0.025 < P(X < 41) = 0.0284, so the 40th and 61st.
  EXPECT_EQ(SpeedupOfRanks(100).value, 50.5);
  EXPECT_EQ(SpeedupOfRanks(100).low, 40);
  EXPECT_EQ(SpeedupOfRanks(100).high, 61);
}

}  // namespace
}  // namespace tare::runtime
