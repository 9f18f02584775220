#include "tare/evaluate/samples/expression.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "tare/core/result.h"

namespace tare::evaluate {
namespace {

using Operation = Expression::Operation;

// A level of nesting holds at most one value each for or, and, comparison, sum and product, and two
// arguments of a function: 7 * (kMaxDepth + 1) values wait at most.
constexpr size_t kMaxStack = 256;
static_assert(7 * (Expression::kMaxDepth + 1) <= kMaxStack);

// What is not 0 is true; NaN is neither.
double Truth(double value) { return std::isnan(value) ? NAN : value != 0 ? 1.0 : 0.0; }

double OfOne(Operation operation, double a) {
  switch (operation) {
    case Operation::kNegate:
      return -a;
    case Operation::kNot:
      return 1 - Truth(a);
    case Operation::kAbs:
      return std::abs(a);
    case Operation::kLog:
      return std::log(a);
    case Operation::kExp:
      return std::exp(a);
    default:
      return std::sqrt(a);
  }
}

double Compare(Operation operation, double a, double b) {
  const auto holds = [&] {
    switch (operation) {
      case Operation::kEqual:
        return a == b;
      case Operation::kNotEqual:
        return a != b;
      case Operation::kLess:
        return a < b;
      case Operation::kLessEqual:
        return a <= b;
      case Operation::kMore:
        return a > b;
      default:
        return a >= b;
    }
  };
  return holds() ? 1 : 0;
}

double OfTwo(Operation operation, double a, double b) {
  const bool nan = std::isnan(a) || std::isnan(b);
  switch (operation) {
    case Operation::kAdd:
      return a + b;
    case Operation::kSubtract:
      return a - b;
    case Operation::kMultiply:
      return a * b;
    case Operation::kDivide:
      return a / b;
    case Operation::kMin:
      return nan ? NAN : std::min(a, b);
    case Operation::kMax:
      return nan ? NAN : std::max(a, b);
    case Operation::kAnd:
      return nan ? NAN : std::min(Truth(a), Truth(b));
    case Operation::kOr:
      return nan ? NAN : std::max(Truth(a), Truth(b));
    default:
      return Compare(operation, a, b);
  }
}

double Choose(double condition, double yes, double no) {
  if (std::isnan(condition)) return NAN;
  return condition != 0 ? yes : no;
}

size_t NumOperands(Operation operation) {
  if (operation <= Operation::kName) return 0;
  if (operation <= Operation::kSqrt) return 1;
  return operation == Operation::kIf ? 3 : 2;
}

}  // namespace

double Expression::Evaluate(std::span<const double> values) const {
  TARE_CHECK(values.size() == names_.size());
  std::array<double, kMaxStack> stack;
  size_t top = 0;  // values that wait
  for (const Step& step : steps_) {
    top -= NumOperands(step.operation);
    TARE_CHECK(top < kMaxStack);
    double& out = stack[top];
    switch (NumOperands(step.operation)) {
      case 0:
        out = step.operation == Operation::kNumber ? step.number : values[step.name];
        break;
      case 1:
        out = OfOne(step.operation, out);
        break;
      case 2:
        out = OfTwo(step.operation, out, stack[top + 1]);
        break;
      default:
        out = Choose(out, stack[top + 1], stack[top + 2]);
    }
    ++top;
  }
  return stack[0];
}

}  // namespace tare::evaluate
