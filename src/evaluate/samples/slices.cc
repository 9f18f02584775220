#include "tare/evaluate/samples/slices.h"

#include <set>

#include "evaluate/samples/expression_parser_internal.h"

namespace tare::evaluate {
namespace {

using Operation = Expression::Operation;

constexpr size_t kMaxNumbers = 1000;

class WhereParser final : public ExpressionParser {
 public:
  explicit WhereParser(std::string_view text)
      : ExpressionParser(
            {text, "where", "write it like: label == 6, or: label in [1, 2] and not (width < 10)"},
            "'and', 'or' or the end") {}

 private:
  Result<void> ParseOperand(int depth) override {
    if (!reader_.TakeSymbol("(")) return ParseComparison();
    TARE_TRY_VOID(ParseOr(depth + 1));
    if (!reader_.TakeSymbol(")")) return reader_.Wrong("')'");
    return {};
  }

  Result<void> ParseComparison() {
    const std::string name(reader_.PeekName());
    if (name.empty() || name == "and" || name == "or" || name == "in") {
      return reader_.Wrong("a name such as 'label', 'not' or '('");
    }
    reader_.TakeWord(name);
    if (reader_.TakeWord("in")) return ParseList(name);
    const auto operation = Take(kComparisons);
    if (!operation) return reader_.Wrong("one of == != < <= > >= in");
    return ParseRightSide(name, *operation);
  }

  // name in [1, 2] is name == 1 or name == 2.
  Result<void> ParseList(const std::string& name) {
    if (!reader_.TakeSymbol("[")) return reader_.Wrong("'[' and a list of numbers");
    bool is_first = true;
    do {
      TARE_TRY_VOID(ParseRightSide(name, Operation::kEqual));
      if (++num_numbers_ > kMaxNumbers) return reader_.Wrong("at most 1,000 numbers in lists");
      if (!is_first) Emit(Operation::kOr);
      is_first = false;
    } while (reader_.TakeSymbol(","));
    if (!reader_.TakeSymbol("]")) return reader_.Wrong("',' or ']'");
    return {};
  }

  Result<void> ParseRightSide(const std::string& name, Operation operation) {
    const auto number = reader_.TakeNumber(ExpressionReader::Sign::kMinus);
    if (!number) return reader_.Wrong("a number");
    EmitName(name);
    EmitNumber(*number);
    Emit(operation);
    return {};
  }

  size_t num_numbers_ = 0;
};

}  // namespace

Result<SliceExpression> SliceExpression::Parse(std::string_view text) {
  TARE_TRY(auto program, WhereParser(text).ParseAll());
  return SliceExpression(std::move(program));
}

Result<void> CheckSliceNames(std::span<const std::string> names) {
  if (names.size() > 64)
    return InvalidArgument(StrCat(names.size(), " slices"), "give at most 64 slices");
  std::set<std::string_view> once;
  for (const std::string& name : names) {
    if (once.insert(name).second) continue;
    return InvalidArgument(StrCat("two slices are named '", name, "'"),
                           "give each slice a name of its own: a policy judges it by that");
  }
  return {};
}

}  // namespace tare::evaluate
