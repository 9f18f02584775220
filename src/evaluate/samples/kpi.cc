#include "tare/evaluate/samples/kpi.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "evaluate/samples/expression_reader_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

using Operation = KpiExpression::Operation;
using Step = KpiExpression::Step;

constexpr size_t kMaxBytes = 4096;
constexpr int kMaxDepth = 32;
// A level of nesting holds at most one value each for or, and, comparison, sum and product, and two
// arguments of a function: 7 * (kMaxDepth + 1) values wait at most.
constexpr size_t kMaxStack = 256;

struct Symbol {
  std::string_view text;
  Operation operation;
};
// Longer ones first: "<=" is not "<".
constexpr Symbol kComparisons[] = {{"==", Operation::kEqual},     {"!=", Operation::kNotEqual},
                                   {"<=", Operation::kLessEqual}, {">=", Operation::kMoreEqual},
                                   {"<", Operation::kLess},       {">", Operation::kMore}};
constexpr Symbol kSums[] = {{"+", Operation::kAdd}, {"-", Operation::kSubtract}};
constexpr Symbol kProducts[] = {{"*", Operation::kMultiply}, {"/", Operation::kDivide}};

struct Function {
  std::string_view name;
  Operation operation;
  int least, most;  // arguments
};
constexpr int kAny = 1 << 20;
constexpr Function kFunctions[] = {
    {"abs", Operation::kAbs, 1, 1},    {"log", Operation::kLog, 1, 1},
    {"exp", Operation::kExp, 1, 1},    {"sqrt", Operation::kSqrt, 1, 1},
    {"min", Operation::kMin, 2, kAny}, {"max", Operation::kMax, 2, kAny},
    {"if", Operation::kIf, 3, 3}};

class Parser {
 public:
  explicit Parser(std::string_view text)
      : size_(text.size()),
        reader_(text, "kpi",
                "write it like: if(correct == 1, revenue, -2 * cost), or: abs(price - forecast)") {}

  Result<void> ParseAll() {
    if (size_ > kMaxBytes) return reader_.Wrong("an expression of at most 4,096 characters");
    TARE_TRY_VOID(ParseOr(0));
    if (!reader_.AtEnd()) return reader_.Wrong("an operator or the end");
    return {};
  }

  std::vector<Step> steps;
  std::vector<std::string> names;

 private:
  // operand (operator operand)*, from the left.
  template <class Operand, class Operator>
  Result<void> ParseChain(Operand operand, Operator take) {
    auto parsed = operand();
    while (parsed) {
      const std::optional<Operation> operation = take();
      if (!operation) break;
      parsed = operand();
      Emit(*operation);
    }
    return parsed;
  }

  Result<void> ParseOr(int depth) {
    return ParseChain([&] { return ParseAnd(depth); }, [&] { return Take("or", Operation::kOr); });
  }

  Result<void> ParseAnd(int depth) {
    return ParseChain([&] { return ParseNot(depth); },
                      [&] { return Take("and", Operation::kAnd); });
  }

  Result<void> ParseNot(int depth) {
    TARE_TRY_VOID(CheckDepth(depth));
    if (!reader_.TakeWord("not")) return ParseComparison(depth);
    TARE_TRY_VOID(ParseNot(depth + 1));
    Emit(Operation::kNot);
    return {};
  }

  Result<void> ParseComparison(int depth) {
    TARE_TRY_VOID(ParseSum(depth));
    const auto operation = Take(kComparisons);
    if (!operation) return {};
    TARE_TRY_VOID(ParseSum(depth));
    Emit(*operation);
    return {};
  }

  Result<void> ParseSum(int depth) {
    return ParseChain([&] { return ParseProduct(depth); }, [&] { return Take(kSums); });
  }

  Result<void> ParseProduct(int depth) {
    return ParseChain([&] { return ParseUnary(depth); }, [&] { return Take(kProducts); });
  }

  Result<void> ParseUnary(int depth) {
    TARE_TRY_VOID(CheckDepth(depth));
    if (!reader_.TakeSymbol("-")) return ParseTerm(depth);
    TARE_TRY_VOID(ParseUnary(depth + 1));
    Emit(Operation::kNegate);
    return {};
  }

  Result<void> ParseTerm(int depth) {
    if (reader_.TakeSymbol("(")) return ParseGroup(depth);
    if (const auto number = reader_.TakeNumber()) {
      steps.push_back({Operation::kNumber, 0, *number});
      return {};
    }
    const std::string name(reader_.PeekName());
    if (name.empty() || name == "and" || name == "or" || name == "not") {
      return reader_.Wrong("a number, a name, '-' or '('");
    }
    reader_.TakeWord(name);
    if (reader_.TakeSymbol("(")) return ParseCall(name, depth);
    const auto known = std::ranges::find(names, name);
    steps.push_back({Operation::kName, static_cast<uint32_t>(known - names.begin()), 0});
    if (known == names.end()) names.push_back(name);
    return {};
  }

  // What follows "(".
  Result<void> ParseGroup(int depth) {
    TARE_TRY_VOID(ParseOr(depth + 1));
    return Close();
  }

  // What follows "name(".
  Result<void> ParseCall(const std::string& name, int depth) {
    const auto* function = std::ranges::find(kFunctions, name, &Function::name);
    if (function == std::end(kFunctions)) return UnknownFunction(name);
    TARE_TRY(const int num_arguments, ParseArguments(*function, depth));
    if (num_arguments < function->least) {
      return reader_.Wrong(StrCat("',' and ", function->most == kAny ? "at least " : "",
                                  function->least, " arguments of ", name));
    }
    if (function->most != kAny) Emit(function->operation);
    return Close();
  }

  // Returns how many there are.
  Result<int> ParseArguments(const Function& function, int depth) {
    int count = 0;
    do {
      auto parsed = ParseOr(depth + 1);
      if (!parsed) return std::move(parsed).error();
      // min(a, b, c) is min(min(a, b), c).
      if (++count >= 2 && function.most == kAny) Emit(function.operation);
    } while (count < function.most && reader_.TakeSymbol(","));
    return count;
  }

  Result<void> Close() {
    if (!reader_.TakeSymbol(")")) return reader_.Wrong("an operator or ')'");
    return {};
  }

  Error UnknownFunction(const std::string& name) const {
    std::vector<std::string> known;
    for (const Function& function : kFunctions) known.emplace_back(function.name);
    const std::string nearest = NearestName(name, known);
    return reader_.Wrong(
        StrCat("no '(' after '", name, "', which is none of the functions ", Join(known, ", "),
               nearest.empty() ? std::string() : StrCat("; did you mean ", nearest, "?"), ","));
  }

  Result<void> CheckDepth(int depth) const {
    if (depth >= kMaxDepth) return reader_.Wrong("at most 32 nested terms");
    return {};
  }

  template <size_t n>
  std::optional<Operation> Take(const Symbol (&symbols)[n]) {
    for (const auto& [text, operation] : symbols) {
      if (reader_.TakeSymbol(text)) return operation;
    }
    return std::nullopt;
  }

  std::optional<Operation> Take(std::string_view word, Operation operation) {
    return reader_.TakeWord(word) ? std::optional(operation) : std::nullopt;
  }

  void Emit(Operation operation) { steps.push_back({operation, 0, 0}); }

  size_t size_;
  ExpressionReader reader_;
};

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

Result<KpiExpression> KpiExpression::Parse(std::string_view text) {
  Parser parser(text);
  TARE_TRY_VOID(parser.ParseAll());
  return KpiExpression(std::move(parser.steps), std::move(parser.names));
}

double KpiExpression::Evaluate(std::span<const double> values) const {
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
