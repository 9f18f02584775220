#include "tare/evaluate/predictions/kpi_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <sstream>

#include "tare/core/file.h"
#include "tare/core/strcat.h"
#include "tare/verdict/gate.h"
#include "verdict/evidence_test_internal.h"

namespace tare::evaluate {
namespace {

using testing::HasSubstr;

enum class Model { kBaseline, kCandidate };

// Ids 0 to n - 1; the baseline predicts the id, the candidate `gain` more for even ones, its lines
// in the other order.
std::string Lines(int n, Model model, int gain) {
  std::string lines;
  for (int i = 0; i < n; ++i) {
    if (model == Model::kBaseline) {
      lines +=
          StrCat("{\"id\": ", i, ", \"label\": ", i, ", \"prediction\": ", i, ", \"price\": 2}\n");
    } else {
      const int id = n - 1 - i;
      lines += StrCat("{\"id\": ", id, ", \"prediction\": ", id % 2 == 0 ? id + gain : id, "}\n");
    }
  }
  return lines;
}

struct Case {
  int n = 60;
  int gain = 0;
  int64_t claimed = 60;  // evidence.n
  KpiCommandOptions options;
};

Result<TestEvidence> Judge(const std::string& command, Case given = {}) {
  std::istringstream first(Lines(given.n, Model::kBaseline, given.gain));
  std::istringstream second(Lines(given.n, Model::kCandidate, given.gain));
  TestEvidence evidence;
  evidence.paired.emplace();
  evidence.n = given.claimed;
  const std::vector<KpiCommand> commands = {{"k", command}};
  TARE_TRY_VOID(AddKpiCommands(commands, {first, "float.jsonl", second, "int8.jsonl"},
                               given.options, NoProgress(), evidence));
  return evidence;
}

const verdict::Estimate& Difference(const TestEvidence& evidence) {
  return *verdict::FindMetric(evidence.paired->difference, "kpi:k");
}

// The sum of what follows "prediction":
constexpr const char* kSum =
    R"(sed 's/.*"prediction":\(-*[0-9]*\).*/\1/' | awk '{s += $1} END {printf "%d\n", s}')";

TEST(KpiCommandTest, SeesTheLinesOfEachModelWithoutOneGroupAtATime) {
  const auto folder = TemporaryFolder::Create();
  ASSERT_TRUE(folder);
  const auto found = Judge(StrCat("cat > ", folder->path(), "/$$; echo 1"));
  ASSERT_TRUE(found) << found.error().what;
  std::map<std::string, int> times;      // a line stands in how many runs
  std::map<size_t, int> runs_of_length;  // in lines
  for (const auto& file : std::filesystem::directory_iterator(folder->path())) {
    std::istringstream in(*ReadFile(file.path()));
    size_t length = 0;
    for (std::string line; std::getline(in, line); ++length) ++times[line];
    ++runs_of_length[length];
  }
  EXPECT_EQ(runs_of_length, (std::map<size_t, int>{{60, 2}, {57, 40}}));
  EXPECT_EQ(times.size(), 120U);
  for (const auto& [line, count] : times) EXPECT_EQ(count, 20) << line;
  EXPECT_EQ(times.count(R"({"id":7,"label":7,"prediction":7,"price":2})"), 1U);
  EXPECT_EQ(times.count(R"({"id":7,"prediction":7,"label":7,"price":2})"), 1U)
      << "what is right comes from the first file";
}

TEST(KpiCommandTest, JudgesThePairedDifferenceOfAnyFunction) {
  const auto found = Judge(kSum, {.gain = 3});
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(verdict::FindMetric(found->baseline, "kpi:k")->value, 60 * 59 / 2);
  EXPECT_EQ(verdict::FindMetric(found->candidate, "kpi:k")->value, 60 * 59 / 2 + 90);
  const verdict::Estimate& difference = Difference(*found);
  EXPECT_EQ(difference.value, 90);
  EXPECT_EQ(difference.n, 60);
  EXPECT_EQ(difference.method, "jackknife");
  ASSERT_EQ(difference.bounds.size(), std::size(verdict::kBoundConfidences));
  EXPECT_LT(*difference.low, 90);
  EXPECT_NEAR(90 - *difference.low, *difference.high - 90, 1e-9);
}

TEST(KpiCommandTest, TheSeedChoosesTheGroups) {
  const auto low = [](uint64_t seed) {
    Case given{.gain = 3};
    given.options.seed = seed;
    return *Difference(*Judge(kSum, given)).low;
  };
  EXPECT_EQ(low(1), low(1));
  EXPECT_NE(low(1), low(2));
}

verdict::Verdict Gated(const TestEvidence& part) {
  verdict::Evidence evidence;
  SetTestEvidence(part, evidence);
  return verdict::Gate(evidence, verdict::PolicyOf("{metric: \"kpi:k\", margin: 100}")).verdict;
}

TEST(KpiCommandTest, IsJudgedByItsBounds) {
  EXPECT_EQ(Gated(*Judge(kSum, {.gain = 3})), verdict::Verdict::kPass);
  EXPECT_EQ(Gated(*Judge(kSum, {.gain = -30})), verdict::Verdict::kFail);
}

TEST(KpiCommandTest, FewSamplesAndEqualRunsDecideNothing) {
  const auto few = Judge(kSum, {.n = 39, .gain = 3, .claimed = 39});
  ASSERT_TRUE(few);
  EXPECT_EQ(Difference(*few).value, 60);
  EXPECT_TRUE(Difference(*few).bounds.empty());
  EXPECT_THAT(few->warnings.at(0).what, HasSubstr("39 samples"));
  EXPECT_EQ(Gated(*few), verdict::Verdict::kInconclusive);
  const auto same = Judge("cat > /dev/null; echo 7");
  ASSERT_TRUE(same);
  EXPECT_THAT(same->warnings.at(0).what, HasSubstr("the same whichever samples are left out"));
  EXPECT_EQ(Gated(*same), verdict::Verdict::kInconclusive);
}

TEST(KpiCommandTest, ACommandNeedNotRead) {
  EXPECT_EQ(verdict::FindMetric(Judge("echo 1.5e1")->baseline, "kpi:k")->value, 15);
}

struct BadCommand {
  std::string command;
  ErrorCode code;
  std::string_view what;
  double time_limit_s = 600;  // none that a slow machine meets
};
class BadCommandTest : public testing::TestWithParam<BadCommand> {};

TEST_P(BadCommandTest, EndsWithTheReasonAndWhichRun) {
  Case given;
  given.options.time_limit_s = GetParam().time_limit_s;
  const auto found = Judge(GetParam().command, given);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, GetParam().code);
  EXPECT_THAT(found.error().what, HasSubstr(GetParam().what));
  EXPECT_FALSE(found.error().next_step.empty());
  EXPECT_EQ(found.error().context.back(), "running KPI command 'k' on all samples of the baseline");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadCommandTest,
    testing::Values(
        BadCommand{"echo lost >&2; exit 3", ErrorCode::kFailedPrecondition,
                   "ends with exit code 3: lost"},
        BadCommand{"exit 1", ErrorCode::kFailedPrecondition,
                   "ends with exit code 1, and says nothing"},
        BadCommand{"no_such_program", ErrorCode::kFailedPrecondition, "ends with exit code 127"},
        BadCommand{"kill -9 $$", ErrorCode::kFailedPrecondition, "exit code 137"},
        BadCommand{"cat > /dev/null", ErrorCode::kInvalidArgument, "prints no number"},
        BadCommand{"echo 12 apples", ErrorCode::kInvalidArgument,
                   "prints more than one number: 12 apples"},
        BadCommand{"echo 12x", ErrorCode::kInvalidArgument, "prints no number but: 12x"},
        BadCommand{"echo nan", ErrorCode::kInvalidArgument, "not finite: nan"},
        BadCommand{"echo 1e999", ErrorCode::kInvalidArgument, "not finite: 1e999"},
        BadCommand{"yes 1", ErrorCode::kInvalidArgument, "more than 65536 bytes"},
        // It never ends by itself within what a test may take.
        BadCommand{"exec sleep 1000", ErrorCode::kUnavailable, "longer than 0.2 s", 0.2}));

TEST(KpiCommandTest, NamesTheGroupOfTheRunThatFails) {
  const auto found = Judge("test $(wc -l) = 60 && echo 1");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().context.back(),
            "running KPI command 'k' on all samples but group 1 of 20 of the baseline");
}

TEST(KpiCommandTest, RefusesFilesThatChanged) {
  EXPECT_THAT(Judge("echo 1", {.claimed = 59}).error().what,
              HasSubstr("changed while they were read"));
  EXPECT_THAT(Judge("echo 1", {.claimed = 61}).error().what,
              HasSubstr("changed while they were read"));
}

}  // namespace
}  // namespace tare::evaluate
