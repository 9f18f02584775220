// `where` expressions: which samples belong to a slice.
//
//   where      := and ("or" and)*
//   and        := term ("and" term)*
//   term       := "not" term | "(" where ")" | name op number | name "in" "[" number, ... "]"
//   op         := == != < <= > >=
//
// `label` is the label, `confidence` the baseline's probability of its own prediction (where it
// gives scores); other names are numeric columns of the data set, one value a sample.

#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tare/core/result.h"
#include "tare/evaluate/samples/expression.h"

namespace tare::evaluate {

/// A parsed `where`.
/// Threads  const calls may run together.
class SliceExpression {
 public:
  /// Errors  kInvalidArgument: not an expression; names the position and what was expected there.
  ///         Also over 4,096 bytes, 32 nested terms, or 1,000 numbers in lists.
  static Result<SliceExpression> Parse(std::string_view text);

  /// Names that the expression compares, each once, as they first appear.
  const std::vector<std::string>& names() const { return program_.names(); }

  /// Returns whether a sample with these values belongs to the slice.
  /// Shape   one value for each of names(). Edge: comparisons with NaN are false, != true.
  bool Matches(std::span<const double> values) const { return program_.Evaluate(values) != 0; }

 private:
  explicit SliceExpression(Expression program) : program_(std::move(program)) {}
  Expression program_;
};

/// A named slice as in tare.yaml.
struct SliceSpec {
  std::string name;
  std::string where;
};

/// Errors  kInvalidArgument: a name twice; more than 64: a sample's slices are the bits of one word.
Result<void> CheckSliceNames(std::span<const std::string> names);

}  // namespace tare::evaluate
