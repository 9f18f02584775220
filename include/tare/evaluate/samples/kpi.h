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

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tare/core/result.h"
#include "tare/evaluate/samples/expression.h"

namespace tare::evaluate {

/// A named KPI, as in --kpi 'NAME=EXPRESSION'.
struct KpiSpec {
  std::string name;
  std::string expression;
};

/// A parsed KPI.
/// Threads  const calls may run together.
class KpiExpression {
 public:
  /// Errors  kInvalidArgument: not an expression; names the position and what was expected there.
  ///         Also over 4,096 bytes, 32 nested terms, or chained comparisons (1 < x < 2).
  static Result<KpiExpression> Parse(std::string_view text);

  /// Names that the expression reads, each once, as they first appear.
  const std::vector<std::string>& names() const { return program_.names(); }

  /// Returns the value for a sample: Expression::Evaluate().
  double Evaluate(std::span<const double> values) const { return program_.Evaluate(values); }

 private:
  explicit KpiExpression(Expression program) : program_(std::move(program)) {}
  Expression program_;
};

}  // namespace tare::evaluate
