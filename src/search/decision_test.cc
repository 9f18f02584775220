// Tables of measured candidates, and what follows from them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "search/decision_internal.h"

namespace tare::search {
namespace {

using quantize::Format;
using testing::ElementsAre;
using testing::IsEmpty;

struct Row {
  const char* name;
  double cosine;
  double speedup;
  double batch_speedup = 0;
  int64_t bytes = 100;
  const char* static_ops = "";  ///< "Conv Relu": the static nodes
  int num_dynamic = 1;
};

// Wide outputs whose cosine uses up (1 - cosine) / 0.01 of what is allowed.
Closeness ClosenessOf(double cosine, double tolerance = 0.01) {
  runtime::OutputEvidence evidence;
  evidence.output = "y";
  evidence.n = 32;
  evidence.cosine = evidence.whole_cosine = cosine;
  return {runtime::Judge(evidence, tolerance), cosine, cosine};
}

// The interval is 2 % wide at each side; the problem is what ProblemOf says.
Candidate CandidateOf(const Row& row, const AutoOptions& options) {
  Candidate candidate;
  candidate.name = row.name;
  candidate.closeness = ClosenessOf(row.cosine, options.tolerance);
  candidate.speedup = {row.speedup, row.speedup * 0.98, row.speedup * 1.02};
  candidate.batch_speedup = {row.batch_speedup, row.batch_speedup, row.batch_speedup};
  candidate.model_bytes = row.bytes;
  std::istringstream ops(row.static_ops);
  for (std::string op; ops >> op;) candidate.nodes.push_back({op, op, Format::kInt8Static, ""});
  for (int i = 0; i < row.num_dynamic; ++i)
    candidate.nodes.push_back({"d", "MatMul", Format::kInt8Dynamic, ""});
  candidate.problem = ProblemOf(candidate, options);
  return candidate;
}

AutoOptions For(Goal goal, Formats formats = {}) {
  AutoOptions options;  // tolerance 0.01, least speedup 1.05
  options.goal = goal;
  options.formats = std::move(formats);
  return options;
}

const AutoOptions kSpeed = For(Goal::kSpeed);
const AutoOptions kSize = For(Goal::kSize);
const AutoOptions kForced = For(Goal::kSpeed, {Format::kInt8Static});
const AutoOptions kTwo = For(Goal::kSpeed, {Format::kInt8Static, Format::kInt8Weights});

std::vector<Candidate> Table(const std::vector<Row>& rows, const AutoOptions& options) {
  std::vector<Candidate> table;
  for (const Row& row : rows) table.push_back(CandidateOf(row, options));
  return table;
}

TEST(ProblemOfTest, SaysWhatIsWrong) {
  const struct {
    Row row;
    AutoOptions options;
    const char* problem;
  } cases[] = {
      {{"a", 0.999, 2}, kSpeed, ""},
      {{"exactly the tolerance", 0.99, 2}, kSpeed, ""},
      {{"just below", 0.9899, 2}, kSpeed, "the outputs move: cosine 0.9899 of 'y'"},
      {{"broken and slow", 0.5, 0.5}, kSpeed, "the outputs move: cosine 0.5000 of 'y'"},
      {{"slow", 0.999, 1}, kSpeed, "not surely 1.05x: 1.00x [0.98, 1.02]"},
      // 1.06 is above 1.05, and its interval reaches below.
      {{"perhaps fast", 0.999, 1.06}, kSpeed, "not surely 1.05x: 1.06x [1.03, 1.08]"},
      {{"surely fast", 0.999, 1.08}, kSpeed, ""},
      {{"slow with several", 0.999, 2, 0.99}, kSpeed, "slower at batch: 0.99x"},
      {{"fast with several", 0.999, 2, 1.0}, kSpeed, ""},
      {{"slow, one of two formats", 0.999, 1}, kTwo, "not surely 1.05x: 1.00x [0.98, 1.02]"},
      {{"slow, for size", 0.999, 0.3}, kSize, ""},
      {{"slow, asked for by name", 0.999, 0.3}, kForced, ""},
      {{"broken, asked for by name", 0.5, 2}, kForced, "the outputs move: cosine 0.5000 of 'y'"},
      {{"broken, for size", 0.5, 2}, kSize, "the outputs move: cosine 0.5000 of 'y'"},
  };
  for (const auto& [row, options, problem] : cases)
    EXPECT_EQ(CandidateOf(row, options).problem, problem) << row.name;
}

TEST(HoldsWithMarginTest, AsksForAQuarterOfTheToleranceToSpare) {
  EXPECT_TRUE(HoldsWithMargin(ClosenessOf(0.9926)));
  EXPECT_FALSE(HoldsWithMargin(ClosenessOf(0.9924)));
  EXPECT_TRUE(Holds(ClosenessOf(0.9924)));
}

TEST(ScoreTest, IsTheGeometricMeanOfOneAndSeveral) {
  EXPECT_DOUBLE_EQ(Score(CandidateOf({"", 1, 4, 1}, kSpeed)), 2);
  EXPECT_DOUBLE_EQ(Score(CandidateOf({"", 1, 4}, kSpeed)), 4) << "takes only one sample a run";
}

TEST(SoundTest, OrdersBySpeedOrBySize) {
  const std::vector<Row> rows = {{"a", 1, 1.5, 0, 40}, {"b", 0.5, 9, 0, 1},  {"c", 1, 3, 0, 60},
                                 {"d", 1, 1.5, 0, 50}, {"e", 1, 0.5, 0, 10}, {"f", 1, 2, 0, 40}};
  EXPECT_THAT(Sound(Table(rows, kSpeed), kSpeed), ElementsAre(2, 5, 0, 3));
  EXPECT_THAT(Sound(Table(rows, kSize), kSize), ElementsAre(4, 0, 5, 3, 2));
  EXPECT_THAT(Sound({}, kSpeed), IsEmpty());
}

TEST(FinalistsTest, AreTheBestThreeButForTheClearlySlower) {
  // Intervals of 2 % at each side.
  const std::vector<Row> close = {{"a", 1, 3.9}, {"b", 1, 4}, {"c", 1, 3.87}, {"d", 1, 3.86}};
  EXPECT_THAT(Finalists(Table(close, kSpeed), kSpeed), ElementsAre(1, 0, 2));
  // 0.85 of 3.92 is 3.332: 3.3 may reach it, 3.2 does not.
  const std::vector<Row> far = {{"a", 1, 3.3}, {"b", 1, 4}, {"c", 1, 3.2}};
  EXPECT_THAT(Finalists(Table(far, kSpeed), kSpeed), ElementsAre(1, 0));
  EXPECT_THAT(Finalists(Table({{"a", 1, 2, 0, 9}, {"b", 1, 4, 0, 8}}, kSize), kSize),
              ElementsAre(1, 0))
      << "by size, however fast";
}

TEST(ProblemAtFirstSightTest, DropsTheClearlyWrongAndTheClearlySlowAlone) {
  const struct {
    Row row;
    AutoOptions options;
    const char* problem;
  } cases[] = {
      {{"holds", 0.999, 2}, kSpeed, ""},
      {{"moves by less than twice the tolerance", 0.981, 2}, kSpeed, ""},
      {{"moves by more", 0.979, 2}, kSpeed, "the outputs move: cosine 0.9790 of 'y'"},
      {{"moves by more, asked for by name", 0.979, 2},
       kForced,
       "the outputs move: cosine 0.9790 of 'y'"},
      {{"perhaps fast", 0.999, 1.04}, kSpeed, ""},
      {{"slow", 0.999, 1.02}, kSpeed, "not surely 1.05x: 1.02x [0.99, 1.04]"},
      {{"slow, asked for by name", 0.999, 0.5}, kForced, ""},
      {{"slow and small", 0.999, 0.5}, kSize, ""},
  };
  for (const auto& [row, options, problem] : cases) {
    EXPECT_EQ(ProblemAtFirstSight(CandidateOf(row, options), options), problem) << row.name;
  }
}

TEST(WorthRepairTest, TakesWhatIsFasterThanTheBestSoundOne) {
  const struct {
    const char* what;
    std::vector<Row> rows;
    std::vector<size_t> worth;
  } cases[] = {
      {"nothing is broken", {{"a", 1, 2}}, {}},
      {"nothing is sound: faster than the least speedup",
       {{"a", 0.5, 1.06}, {"b", 0.5, 1.04}},
       {0}},
      {"a tenth faster than the sound one", {{"a", 1, 2}, {"b", 0.5, 2.19}, {"c", 0.5, 2.21}}, {2}},
      {"the two fastest", {{"a", 0.5, 2}, {"b", 0.5, 4}, {"c", 0.5, 3}}, {1, 2}},
      {"did not run", {{"a", 0, 0}}, {}},
      {"slow ones are no bar", {{"slow", 1, 1}, {"b", 0.5, 1.1}}, {1}},
  };
  for (const auto& [what, rows, worth] : cases)
    EXPECT_EQ(WorthRepair(Table(rows, kSpeed), kSpeed), worth) << what;
}

TEST(DecideTest, TakesTheBestThatHolds) {
  const struct {
    const char* what;
    AutoOptions options;
    std::vector<Row> rows;
    std::string reason;
  } cases[] = {
      {"the fastest",
       kSpeed,
       {{"a", 0.995, 1.5}, {"b", 0.991, 2}},
       "b: 2.00x as fast, cosine 0.9910 of 'y'"},
      {"not the fastest, whose outputs move",
       kSpeed,
       {{"a", 0.995, 1.5}, {"b", 0.98, 4}},
       "a: 1.50x as fast, cosine 0.9950 of 'y'"},
      {"fast in both ways before fast in one",
       kSpeed,
       {{"a", 1, 3, 1.0}, {"b", 1, 2, 2}},
       "b: 2.00x as fast, cosine 1.0000 of 'y'"},
      {"nothing that holds is fast",
       kSpeed,
       {{"a", 0.999, 1.02}, {"b", 0.5, 3}},
       "nothing to gain here: the fastest, b, is 3.00x [2.94, 3.06], and the outputs move: cosine "
       "0.5000 of 'y'; a new file must be surely 1.05x"},
      {"did not run", kSpeed, {{"a", 1, 0}}, "no plan runs: a: not faster: 0.00x [0.00, 0.00]"},
      {"nothing was tried", kSpeed, {}, "no node of this model can be quantized"},
      {"nothing was tried of two formats",
       kTwo,
       {},
       "no node of this model can be int8_static or int8_weights"},
      {"for size the smallest",
       kSize,
       {{"a", 1, 3, 0, 50}, {"b", 1, 0.5, 0, 40}, {"c", 0.5, 9, 0, 10}},
       "b: 0.50x as fast, cosine 1.0000 of 'y'"},
      {"for size the smallest, however static another is",
       kSize,
       {{"a", 1, 2, 0, 50, "Conv Conv"}, {"b", 1, 2, 0, 40, "Conv"}},
       "b: 2.00x as fast, cosine 1.0000 of 'y'"},
      {"asked for by name: slow is taken",
       kForced,
       {{"a", 0.999, 0.5}, {"b", 0.999, 0.7}},
       "b: 0.70x as fast, cosine 0.9990 of 'y'"},
      {"asked for by name: broken is not",
       kForced,
       {{"a", 0.5, 2}},
       "nothing to gain here: the fastest, a, is 2.00x [1.96, 2.04], and the outputs move: cosine "
       "0.5000 of 'y'"},
  };
  for (const auto& [what, options, rows, reason] : cases) {
    const auto table = Table(rows, options);
    const Decision decision = Decide(table, Finalists(table, options), options);
    EXPECT_EQ(decision.reason, reason) << what;
    EXPECT_EQ(decision.chosen.has_value(), reason.find("as fast") != std::string::npos) << what;
    if (decision.chosen) {
      EXPECT_TRUE(reason.starts_with(table[*decision.chosen].name)) << what;
    }
  }
}

TEST(DecideTest, TakesEqualsInAStatedOrder) {
  const struct {
    const char* what;
    std::vector<Row> rows;
    const char* chosen;
  } cases[] = {
      {"within 3 %, more static nodes",
       {{"fast", 1, 2, 0, 100, "Conv"}, {"static", 1, 1.95, 0, 100, "Conv Add"}},
       "static"},
      {"4 % behind",
       {{"fast", 1, 2, 0, 100, "Conv"}, {"static", 1, 1.92, 0, 100, "Conv Add"}},
       "fast"},
      {"as much arithmetic, fewer others",
       {{"gates", 1, 2, 0, 100, "Conv Sigmoid"}, {"chain", 1, 1.99, 0, 100, "Conv"}},
       "chain"},
      {"arithmetic counts before others",
       {{"less", 1, 2, 0, 100, "Conv"}, {"more", 1, 1.99, 0, 100, "Conv MatMul Softmax Sigmoid"}},
       "more"},
      {"then more dynamic nodes",
       {{"less", 1, 2, 0, 50, "Conv"}, {"more", 1, 1.99, 0, 100, "Conv", 2}},
       "more"},
      {"then the smaller file",
       {{"large", 1, 2, 0, 100, "Conv"}, {"small", 1, 1.99, 0, 50, "Conv"}},
       "small"},
      {"equal in all",
       {{"first", 1, 2, 0, 100, "Conv"}, {"second", 1, 2, 0, 100, "Conv"}},
       "first"},
      {"more static, but broken",
       {{"fast", 1, 2, 0, 100, "Conv"}, {"static", 0.5, 2, 0, 100, "Conv Add"}},
       "fast"},
  };
  for (const auto& [what, rows, chosen] : cases) {
    const auto table = Table(rows, kSpeed);
    const Decision decision = Decide(table, Finalists(table, kSpeed), kSpeed);
    ASSERT_TRUE(decision.chosen) << what;
    EXPECT_EQ(table[*decision.chosen].name, chosen) << what;
  }
}

TEST(DecideTest, ChoosesAmongFinalistsThatStayedFast) {
  auto table = Table({{"a", 1, 4}, {"b", 1, 3.95}, {"c", 1, 3.9}, {"d", 1, 2}}, kSpeed);
  const auto finalists = Finalists(table, kSpeed);
  for (const size_t i : {0, 1, 2}) {  // timed again: only the third is still fast
    table[i].speedup = i == 2 ? runtime::Ratio{1.5, 1.4, 1.6} : runtime::Ratio{1, 0.9, 1.1};
    table[i].problem = ProblemWhenTimedAgain(table[i], kSpeed);
  }
  EXPECT_EQ(table[0].problem, "not surely 1.05x when timed again: 1.00x [0.90, 1.10]");
  EXPECT_EQ(Decide(table, finalists, kSpeed).chosen, 2U);
  table[2].problem = "gone too";
  // The fourth still has the speed of its first timing, and was not in the final.
  EXPECT_FALSE(Decide(table, finalists, kSpeed).chosen);
}

TEST(MustBeFasterTest, OnlyForSpeedAmongSeveralFormats) {
  EXPECT_TRUE(MustBeFaster(kSpeed));
  EXPECT_TRUE(MustBeFaster(kTwo));
  EXPECT_FALSE(MustBeFaster(kForced));
  EXPECT_FALSE(MustBeFaster(kSize));
}

}  // namespace
}  // namespace tare::search
