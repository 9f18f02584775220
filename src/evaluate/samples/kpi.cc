#include "tare/evaluate/samples/kpi.h"

#include <algorithm>
#include <iterator>

#include "evaluate/samples/expression_parser_internal.h"
#include "tare/core/text.h"

namespace tare::evaluate {
namespace {

using Operation = Expression::Operation;

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

class KpiParser final : public ExpressionParser {
 public:
  explicit KpiParser(std::string_view text)
      : ExpressionParser(
            {text, "kpi",
             "write it like: if(correct == 1, revenue, -2 * cost), or: abs(price - forecast)"},
            "an operator or the end") {}

 private:
  static constexpr std::array<Symbol, 2> kSums = {
      {{"+", Operation::kAdd}, {"-", Operation::kSubtract}}};
  static constexpr std::array<Symbol, 2> kProducts = {
      {{"*", Operation::kMultiply}, {"/", Operation::kDivide}}};

  Result<void> ParseOperand(int depth) override {
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
    if (const auto number = reader_.TakeNumber(ExpressionReader::Sign::kNone)) {
      EmitNumber(*number);
      return {};
    }
    const std::string name(reader_.PeekName());
    if (name.empty() || name == "and" || name == "or" || name == "not") {
      return reader_.Wrong("a number, a name, '-' or '('");
    }
    reader_.TakeWord(name);
    if (reader_.TakeSymbol("(")) return ParseCall(name, depth);
    EmitName(name);
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
    // min and max were emitted between their arguments.
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
};

}  // namespace

Result<KpiExpression> KpiExpression::Parse(std::string_view text) {
  TARE_TRY(auto program, KpiParser(text).ParseAll());
  return KpiExpression(std::move(program));
}

}  // namespace tare::evaluate
