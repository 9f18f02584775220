#include "tare/data/check/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data/splits_internal.h"
#include "data/test_files_internal.h"
#include "tare/core/random.h"

namespace tare::data {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

Split All(std::string name, const Dataset& dataset) {
  return {std::move(name), &dataset, {}, NumbersFrom(0, dataset.num_samples())};
}

std::vector<std::string> Kinds(const DataCheck& check) {
  std::vector<std::string> kinds;
  for (const Finding& finding : check.findings)
    kinds.push_back(StrCat(SeverityName(finding.severity), " ", finding.kind, " ", finding.n));
  return kinds;
}

TEST(CheckDataTest, PutsTheLeakFirst) {
  const auto calibration = OpenCsv("a,b,y\n1,2,0\n3,4,1\n5,6,0\n5,6,1\n");
  const auto test = OpenCsv("a,b,y\n7,8,0\n3,4,1\n9,9,1\n");
  CheckRequest request{
      {All("calibration", *calibration), All("test", *test)}, {.label = "y"}, {}, 0, 1};
  const auto check = CheckData(request).value();
  EXPECT_TRUE(check.has_leak());
  EXPECT_THAT(Kinds(check), ElementsAre("leak leak 1", "warning repeated 1", "warning conflict 1"));
  EXPECT_EQ(check.findings[0].what, "calibration and test share 1 sample, exactly");
  EXPECT_EQ(check.findings[0].examples[0].sample, 1);
  EXPECT_EQ(check.findings[0].examples[0].earlier_sample, 1);
  EXPECT_THAT(check.findings[0].next_step,
              HasSubstr("remove these samples from the calibration data"));
}

TEST(CheckDataTest, CallsCommonContentOfOtherSetsNoLeak) {
  const auto a = OpenCsv("a,b\n1,2\n3,4\n");
  const auto b = OpenCsv("a,b\n3,4\n");
  CheckRequest request{{All("calibration", *a), All("search", *b)}, {}, {}, 0, 1};
  const auto check = CheckData(request).value();
  EXPECT_FALSE(check.has_leak());
  EXPECT_THAT(Kinds(check), ElementsAre("warning shared 1"));
}

TEST(CheckDataTest, CountsClasses) {
  std::string text = "a,y\n";
  for (int i = 0; i < 40; ++i) text += StrCat(i * i, ",red\n");
  for (int i = 0; i < 3; ++i) text += StrCat(-5 - i * i, ",green\n");
  const auto calibration = OpenCsv(text);
  const auto test = OpenCsv("a,y\n-1000,red\n-2001,blue\n");
  CheckRequest request{
      {All("calibration", *calibration), All("test", *test)}, {.label = "y"}, {}, 0, 1};
  const auto check = CheckData(request).value();
  EXPECT_EQ(check.splits[0].classes.at("red"), 40);
  EXPECT_THAT(Kinds(check), ElementsAre("warning imbalance 3", "warning missing_class 1",
                                        "warning missing_class 1"));
  EXPECT_THAT(
      check.findings[0].what,
      HasSubstr(
          "class red has 13.3 times as many samples of calibration as class green: 40 and 3"));
  EXPECT_THAT(check.findings[1].what, HasSubstr("calibration has no sample of class blue"));
  EXPECT_THAT(check.findings[2].what, HasSubstr("test has no sample of class green"));
}

TEST(CheckDataTest, FindsColumnsThatSayNothingOrAreBroken) {
  const auto dataset = OpenCsv("a,b,c,d\n0.5,7,1,1\nnan,7,2,\ninf,7,4,3\n");
  CheckRequest request{{All("data", *dataset)}, {}, {}, 0, 1};
  const auto check = CheckData(request).value();
  EXPECT_THAT(Kinds(check),
              ElementsAre("warning non_finite 2", "warning unreadable 1", "note constant 1"));
  EXPECT_THAT(check.findings[0].samples, ElementsAre(1, 2));
  EXPECT_THAT(check.findings[0].what, HasSubstr("in a"));
  EXPECT_THAT(check.findings[1].what, HasSubstr("column 'd'"));
  EXPECT_THAT(check.findings[2].what, HasSubstr(": b"));
}

TEST(CheckDataTest, GoesOnWithoutLabels) {
  const auto calibration = OpenCsv("a\n1\n2\n");
  const auto test = OpenCsv("a,y\n3,1\n4,0\n");
  CheckRequest request{
      {All("calibration", *calibration), All("test", *test)}, {.label = "y"}, {}, 0, 1};
  const auto check = CheckData(request).value();
  EXPECT_THAT(Kinds(check), ElementsAre("warning missing_label 2"));
  EXPECT_THAT(check.findings[0].what, HasSubstr("calibration has no labels"));
}

TEST(CheckDataTest, TakesOneSampleAndAnEmptySet) {
  const auto one = OpenCsv("a,b\n1,2\n");
  CheckRequest request{{All("calibration", *one), {"test", one.get(), {}, {}}}, {}, {}, 5, 1};
  const auto check = CheckData(request).value();
  EXPECT_THAT(Kinds(check), ElementsAre("warning empty 0"));
  EXPECT_THAT(check.recommended, ElementsAre(0));
  EXPECT_EQ(CheckData({}).error().code, ErrorCode::kInvalidArgument);
}

TEST(CheckDataTest, NamesTheSetThatLacksAnArray) {
  const auto a = OpenCsv("a,b\n1,2\n");
  const auto b = OpenCsv("a,c\n1,2\n", "other.csv");
  CheckRequest request{{All("calibration", *a), All("test", *b)}, {}, {}, 0, 1};
  const auto check = CheckData(request);
  ASSERT_FALSE(check);
  EXPECT_EQ(check.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(check.error().what, HasSubstr("other.csv has no array 'b'"));
  EXPECT_THAT(check.error().context, Contains(HasSubstr("test set")));
}

TEST(RecommendTest, CoversGroupsThatAreFarApart) {
  // Five groups of 200 points, 100 apart, within 1: any five chosen by farthest-first come
  // from five groups.
  Random random(6);
  std::string text = "x,y,z,w\n";
  for (int i = 0; i < 1000; ++i) {
    const int group = i % 5;
    text += StrCat(100 * (group % 3) + random.Uniform(), ",", 100 * (group / 3) + random.Uniform(),
                   ",5,5\n");
  }
  const auto dataset = OpenCsv(text);
  CheckRequest request{{All("calibration", *dataset)}, {}, {}, 5, 1};
  const auto check = CheckData(request).value();
  ASSERT_EQ(check.recommended.size(), 5U);
  std::vector<int64_t> groups;
  for (const int64_t sample : check.recommended) groups.push_back(sample % 5);
  EXPECT_THAT(groups, testing::UnorderedElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(CheckData(request).value().recommended, check.recommended);
}

TEST(RecommendTest, LeavesOutWhatRepeatsAndWhatTheTestHas) {
  const auto calibration = OpenCsv("x,y\n1,1\n2,2\n1,1\n3,3\n");
  const auto test = OpenCsv("x,y\n3,3\n");
  CheckRequest request{{All("calibration", *calibration), All("test", *test)}, {}, {}, 4, 1};
  EXPECT_THAT(CheckData(request).value().recommended, ElementsAre(0, 1));
}

}  // namespace
}  // namespace tare::data
