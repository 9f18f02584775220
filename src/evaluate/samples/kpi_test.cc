#include "tare/evaluate/samples/kpi.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "stats/golden_test_internal.h"

namespace tare::evaluate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double ValueOf(std::string_view text, std::vector<double> values = {}) {
  const auto kpi = KpiExpression::Parse(text);
  EXPECT_TRUE(kpi) << text << ": " << kpi.error().what;
  return kpi ? kpi->Evaluate(values) : NAN;
}

std::string KpiErrorOf(std::string_view text) {
  const auto kpi = KpiExpression::Parse(text);
  EXPECT_FALSE(kpi) << text;
  if (kpi) return "";
  EXPECT_EQ(kpi.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(kpi.error().next_step, HasSubstr("write it like"));
  return kpi.error().what;
}

TEST(KpiExpressionTest, AgreesWithPython) {
  for (const auto& test : stats::ReadGolden("kpi/kpi.json", "cases")) {
    const std::string text = test["text"];
    const auto kpi = KpiExpression::Parse(text);
    ASSERT_TRUE(kpi) << kpi.error().what;
    std::vector<double> values;
    for (const std::string& name : kpi->names()) values.push_back(test["values"][name]);
    EXPECT_DOUBLE_EQ(kpi->Evaluate(values), test["value"].get<double>()) << text;
  }
}

TEST(KpiExpressionTest, TakesWhatIsNotZeroForTrue) {
  EXPECT_EQ(ValueOf("2 and -3"), 1);
  EXPECT_EQ(ValueOf("2 and 0"), 0);
  EXPECT_EQ(ValueOf("0 or 0.1"), 1);
  EXPECT_EQ(ValueOf("not 5"), 0);
  EXPECT_EQ(ValueOf("not not 5"), 1);
  EXPECT_EQ(ValueOf("1 or 0 and 0"), 1);
  EXPECT_EQ(ValueOf("(1 or 0) and 0"), 0);
  EXPECT_EQ(ValueOf("not 1 == 2"), 1);
  EXPECT_EQ(ValueOf("if(-1, 10, 20)"), 10);
}

TEST(KpiExpressionTest, BindsAsSchoolTeaches) {
  EXPECT_EQ(ValueOf("2 + 3 * 4"), 14);
  EXPECT_EQ(ValueOf("10 - 4 - 3"), 3);
  EXPECT_EQ(ValueOf("16 / 4 / 2"), 2);
  EXPECT_EQ(ValueOf("-2 * -3 - -1"), 7);
}

TEST(KpiExpressionTest, CalculatesWithNanAndInfinity) {
  EXPECT_EQ(ValueOf("1 / 0"), kInfinity);
  EXPECT_EQ(ValueOf("log(0)"), -kInfinity);
  EXPECT_TRUE(std::isnan(ValueOf("sqrt(-1)")));
  for (const std::string_view text :
       {"x and 0", "1 or x", "not x", "min(x, 1)", "min(1, x)", "max(1, x)", "max(x, 1)", "0 and x",
        "x or 1", "if(x, 1, 2)", "x + 1", "abs(x)"}) {
    EXPECT_TRUE(std::isnan(ValueOf(text, {NAN}))) << text;
  }
  EXPECT_EQ(ValueOf("x < 1 or x >= 1 or x == x", {NAN}), 0);
  EXPECT_EQ(ValueOf("x != 1", {NAN}), 1);
  EXPECT_EQ(ValueOf("if(x == x, x, 0)", {NAN}), 0);
}

TEST(KpiExpressionTest, ListsEachNameOnce) {
  const auto kpi = KpiExpression::Parse("log + order * (a.b - log(order)) / inf + nan");
  ASSERT_TRUE(kpi);
  EXPECT_THAT(kpi->names(), ElementsAre("log", "order", "a.b", "inf", "nan"));
}

TEST(KpiExpressionTest, SaysWhereItStopped) {
  EXPECT_THAT(KpiErrorOf(""), HasSubstr("a number, a name, '-' or '(' at position 1, the end"));
  EXPECT_THAT(KpiErrorOf("1 +"), HasSubstr("a number, a name, '-' or '(' at position 4, the end"));
  EXPECT_THAT(KpiErrorOf("a b"), HasSubstr("an operator or the end at position 3, before 'b'"));
  EXPECT_THAT(KpiErrorOf("(a"), HasSubstr("an operator or ')' at position 3, the end"));
  EXPECT_THAT(KpiErrorOf("1e999"), HasSubstr("a number"));
  EXPECT_THAT(KpiErrorOf("2x"), HasSubstr("an operator or the end at position 2"));
  EXPECT_THAT(KpiErrorOf("a = 1"), HasSubstr("at position 3, before '= 1'"));
  EXPECT_THAT(KpiErrorOf("+1"), HasSubstr("at position 1"));
  EXPECT_THAT(KpiErrorOf("a and"), HasSubstr("at position 6, the end"));
  EXPECT_THAT(KpiErrorOf("abs(1, 2)"), HasSubstr("an operator or ')' at position 6"));
  EXPECT_THAT(KpiErrorOf("min(1)"), HasSubstr("',' and at least 2 arguments of min at position 6"));
  EXPECT_THAT(KpiErrorOf("if(1, 2)"), HasSubstr("',' and 3 arguments of if at position 8"));
  EXPECT_THAT(KpiErrorOf("abs()"), HasSubstr("a number, a name"));
  EXPECT_THAT(KpiErrorOf("sqr(2)"), HasSubstr("did you mean sqrt?"));
  EXPECT_THAT(KpiErrorOf(std::string_view("a\0b", 3)), HasSubstr("at position 2"));
}

TEST(KpiExpressionTest, RefusesChainedComparisons) {
  EXPECT_THAT(KpiErrorOf("1 < x < 2"), HasSubstr("an operator or the end at position 7"));
  EXPECT_EQ(ValueOf("(1 < x) == (x < 2)", {1.5}), 1);
}

TEST(KpiExpressionTest, RefusesDeepAndLongExpressions) {
  EXPECT_THAT(KpiErrorOf(std::string(4000, '(')), HasSubstr("32 nested terms"));
  EXPECT_THAT(KpiErrorOf(std::string(4000, '-')), HasSubstr("32 nested terms"));
  std::string nots, calls;
  for (int i = 0; i < 1000; ++i) nots += "not ";
  for (int i = 0; i < 500; ++i) calls += "if(1,2,";
  EXPECT_THAT(KpiErrorOf(nots + "a"), HasSubstr("32 nested terms"));
  EXPECT_THAT(KpiErrorOf(calls), HasSubstr("32 nested terms"));
  EXPECT_THAT(KpiErrorOf(std::string(5000, 'a')), HasSubstr("4,096"));
}

// As many waiting values as the grammar allows: each level keeps 5 operands and 2 arguments.
TEST(KpiExpressionTest, HoldsTheDeepestExpression) {
  std::string text = "1";
  for (int i = 0; i < 31; ++i) {
    text.insert(0, "0 or 1 and 1 == 1 + 1 * if(1, 0, ").append(")");
  }
  EXPECT_EQ(ValueOf(text), 1);
  std::string sum = "0";
  for (int i = 0; i < 1300; ++i) sum += "+ 1";
  EXPECT_EQ(ValueOf(sum), 1300);
}

}  // namespace
}  // namespace tare::evaluate
