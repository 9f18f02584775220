// An expression of numbers, ready to be worked out for one sample after another.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tare::evaluate {

/// A small program in postfix order: what a `where` (slices.h) and a KPI (kpi.h) become.
/// Threads  const calls may run together.
class Expression {
 public:
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

  /// Terms inside each other, at most: what bounds the values that wait.
  static constexpr int kMaxDepth = 32;

  Expression(std::vector<Step> steps, std::vector<std::string> names)
      : steps_(std::move(steps)), names_(std::move(names)) {}

  /// Names that the expression reads, each once, as they first appear.
  const std::vector<std::string>& names() const { return names_; }

  /// Returns the value for a sample.
  ///
  /// Shape   one value for each of names() (TARE_CHECK).
  /// Edge    IEEE arithmetic: 1 / 0 is infinity, log(0) -infinity, sqrt(-1) NaN. Comparisons with
  ///         NaN are 0, != is 1. NaN in and, or, not, min, max or as a condition gives NaN: a
  ///         missing number never becomes a decision. if() looks at the chosen value alone:
  ///         if(x == x, x, 0) puts 0 for NaN.
  /// Cost    linear in the expression; nothing is allocated.
  double Evaluate(std::span<const double> values) const;

 private:
  std::vector<Step> steps_;
  std::vector<std::string> names_;
};

}  // namespace tare::evaluate
