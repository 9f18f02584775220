// Expressions for a user's own measure: numbers of one sample in, its value out.
//
//   kpi        := and ("or" and)*
//   and        := not ("and" not)*
//   not        := "not" not | comparison
//   comparison := sum [op sum]                  op: == != < <= > >=; gives 1 or 0
//   sum        := product (("+" | "-") product)*
//   product    := unary (("*" | "/") unary)*
//   unary      := "-" unary | term
//   term       := number | name | "(" kpi ")" | function "(" kpi ("," kpi)* ")"
//   function   := abs | log | exp | sqrt of one, min | max of two and more, if(condition, yes, no)
//
// For example: if(correct == 1, revenue, -2 * cost). Names are numeric columns, one value a sample;
// a function's name stands for a column where no "(" follows. What is not 0 is true.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"

namespace tare::evaluate {

/// A named KPI, as in --kpi 'NAME=EXPRESSION'.
struct KpiSpec {
  std::string name;
  std::string expression;
};

/// A parsed expression: a small program in postfix order.
/// Threads  const calls may run together.
class KpiExpression {
 public:
  /// Errors  kInvalidArgument: not an expression; names the position and what was expected there.
  ///         Also over 4,096 bytes, 32 nested terms, or chained comparisons (1 < x < 2).
  static Result<KpiExpression> Parse(std::string_view text);

  /// Names that the expression reads, each once, as they first appear.
  const std::vector<std::string>& names() const { return names_; }

  /// Returns the value for a sample.
  ///
  /// Shape   one value for each of names() (TARE_CHECK).
  /// Edge    IEEE arithmetic: 1 / 0 is infinity, log(0) -infinity, sqrt(-1) NaN. Comparisons with
  ///         NaN are 0, != is 1, as in slices. NaN in and, or, not, min, max or as a condition
  ///         gives NaN: a missing number never becomes a decision. if() looks at the chosen value
  ///         alone: if(x == x, x, 0) puts 0 for NaN.
  /// Cost    linear in the expression; nothing is allocated.
  double Evaluate(std::span<const double> values) const;

  enum class Operation : uint8_t {
    kNumber,
    kName,
    kNegate,
    kNot,
    kAbs,
    kLog,
    kExp,
    kSqrt,  // of none or one
    kAdd,
    kSubtract,
    kMultiply,
    kDivide,
    kMin,
    kMax,
    kAnd,
    kOr,  // of two
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kMore,
    kMoreEqual,
    kIf  // kIf of three
  };
  struct Step {
    Operation operation = Operation::kNumber;
    uint32_t name = 0;  // of kName: index into names
    double number = 0;  // of kNumber
  };

 private:
  KpiExpression(std::vector<Step> steps, std::vector<std::string> names)
      : steps_(std::move(steps)), names_(std::move(names)) {}
  std::vector<Step> steps_;
  std::vector<std::string> names_;
};

}  // namespace tare::evaluate
