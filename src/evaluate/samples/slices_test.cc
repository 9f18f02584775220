#include "tare/evaluate/samples/slices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace tare::evaluate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

bool Matches(std::string_view where, std::vector<double> values) {
  const auto slice = SliceExpression::Parse(where);
  EXPECT_TRUE(slice) << where << ": " << slice.error().what;
  return slice && slice->Matches(values);
}

std::string SliceErrorOf(std::string_view where) {
  const auto slice = SliceExpression::Parse(where);
  EXPECT_FALSE(slice) << where;
  if (slice) return "";
  EXPECT_EQ(slice.error().code, ErrorCode::kInvalidArgument);
  EXPECT_FALSE(slice.error().next_step.empty());
  return slice.error().what;
}

TEST(SliceExpressionTest, Compares) {
  EXPECT_TRUE(Matches("label == 6", {6}));
  EXPECT_FALSE(Matches("label == 6", {5}));
  EXPECT_TRUE(Matches("label != 6", {5}));
  EXPECT_TRUE(Matches("width < 10", {9.5}));
  EXPECT_FALSE(Matches("width < 10", {10}));
  EXPECT_TRUE(Matches("width<=10", {10}));
  EXPECT_TRUE(Matches("width > -2.5e1", {-24}));
  EXPECT_TRUE(Matches("width >= 3", {3}));
}

TEST(SliceExpressionTest, FindsValuesInLists) {
  EXPECT_TRUE(Matches("label in [1, 2]", {2}));
  EXPECT_FALSE(Matches("label in [1,2]", {3}));
  EXPECT_TRUE(Matches("not label in [1]", {3}));
}

TEST(SliceExpressionTest, BindsNotBeforeAndBeforeOr) {
  // a or (b and (not c))
  const std::string_view where = "a == 1 or b == 1 and not c == 1";
  EXPECT_TRUE(Matches(where, {1, 0, 1}));
  EXPECT_TRUE(Matches(where, {0, 1, 0}));
  EXPECT_FALSE(Matches(where, {0, 1, 1}));
  EXPECT_FALSE(Matches("(a == 1 or b == 1) and not c == 1", {1, 0, 1}));
}

TEST(SliceExpressionTest, ListsEachNameOnce) {
  const auto slice = SliceExpression::Parse("label == 1 or image.width > 3 and label != 4");
  ASSERT_TRUE(slice);
  EXPECT_THAT(slice->names(), ElementsAre("label", "image.width"));
}

TEST(SliceExpressionTest, TakesNamesThatBeginLikeWords) {
  EXPECT_TRUE(Matches("order == 1 and android == 2 and index == 3 and note == 4", {1, 2, 3, 4}));
}

TEST(SliceExpressionTest, IsFalseForNanExceptUnequal) {
  EXPECT_FALSE(Matches("width < 10", {NAN}));
  EXPECT_FALSE(Matches("width in [1]", {NAN}));
  EXPECT_TRUE(Matches("width != 10", {NAN}));
}

TEST(SliceExpressionTest, SaysWhereItStopped) {
  EXPECT_THAT(SliceErrorOf(""),
              HasSubstr("expected a name such as 'label', 'not' or '(' at position 1, the end"));
  EXPECT_THAT(SliceErrorOf("label = 6"),
              HasSubstr("one of == != < <= > >= in at position 7, before '= 6'"));
  EXPECT_THAT(SliceErrorOf("label == six"), HasSubstr("a number at position 10"));
  EXPECT_THAT(SliceErrorOf("label == 6 label == 7"),
              HasSubstr("'and', 'or' or the end at position 12"));
  EXPECT_THAT(SliceErrorOf("(label == 6"), HasSubstr("')' at position 12, the end"));
  EXPECT_THAT(SliceErrorOf("label in []"), HasSubstr("a number at position 11"));
  EXPECT_THAT(SliceErrorOf("label in [1 2]"), HasSubstr("',' or ']'"));
  EXPECT_THAT(SliceErrorOf("label == nan"), HasSubstr("a number"));
  EXPECT_THAT(SliceErrorOf("label == 1e999"), HasSubstr("a number"));
  EXPECT_THAT(SliceErrorOf("6 == label"), HasSubstr("a name"));
  EXPECT_THAT(SliceErrorOf("label == 1 and"), HasSubstr("at position 15"));
}

TEST(SliceExpressionTest, RefusesDeepAndLongExpressions) {
  EXPECT_THAT(SliceErrorOf(std::string(4000, '(')), HasSubstr("32 nested terms"));
  std::string nots;
  for (int i = 0; i < 1000; ++i) nots += "not ";
  EXPECT_THAT(SliceErrorOf(nots + "a == 1"), HasSubstr("32 nested terms"));
  EXPECT_THAT(SliceErrorOf(std::string(5000, 'a')), HasSubstr("4,096"));
  std::string list = "a in [1";
  for (int i = 0; i < 1000; ++i) list += ",1";
  EXPECT_THAT(SliceErrorOf(list + "]"), HasSubstr("1,000 numbers"));
}

}  // namespace
}  // namespace tare::evaluate
