// Reading the two small languages of expressions, `where` and KPI: what they share.
//
//   expression := and ("or" and)*
//   and        := not ("and" not)*
//   not        := "not" not | operand
//
// An operand is what the language makes of it: a comparison with numbers, or arithmetic.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"
#include "tare/evaluate/samples/expression.h"

namespace tare::evaluate {

/// Words, names and numbers of an expression from left to right; white space between means nothing.
class ExpressionReader {
 public:
  /// `what` and `example` are for errors: "kpi", "write it like: ...".
  ExpressionReader(std::string_view text, std::string_view what, std::string_view example)
      : text_(text), what_(what), example_(example) {}

  size_t size() const { return text_.size(); }
  bool AtEnd();

  /// Takes `symbol` if it comes next.
  bool TakeSymbol(std::string_view symbol);

  /// Takes `word` if it comes next as a whole word.
  bool TakeWord(std::string_view word);

  /// Returns the name that comes next, or "". Does not take it.
  std::string_view PeekName();

  /// Takes a finite number; nullopt, and nothing taken, where there is none. A sign belongs to a
  /// number only where the language has no operator "-".
  enum class Sign { kNone, kMinus };
  std::optional<double> TakeNumber(Sign sign);

  /// An error that says what was expected here.
  Error Wrong(std::string_view expected) const;

 private:
  void SkipSpace();

  std::string_view text_, what_, example_;
  size_t at_ = 0;
};

/// Parses one expression into a program; a language derives from it and reads its operands.
class ExpressionParser {
 public:
  virtual ~ExpressionParser() = default;

  /// Errors  kInvalidArgument: not an expression; names the position and what was expected there.
  ///         Also over 4,096 bytes or 32 nested terms.
  Result<Expression> ParseAll();

 protected:
  struct Symbol {
    std::string_view text;
    Expression::Operation operation;
  };
  // Longer ones first: "<=" is not "<".
  static constexpr std::array<Symbol, 6> kComparisons = {{{"==", Expression::Operation::kEqual},
                                                          {"!=", Expression::Operation::kNotEqual},
                                                          {"<=", Expression::Operation::kLessEqual},
                                                          {">=", Expression::Operation::kMoreEqual},
                                                          {"<", Expression::Operation::kLess},
                                                          {">", Expression::Operation::kMore}}};

  /// `end` is what an error expects where text is left over.
  ExpressionParser(ExpressionReader reader, std::string_view end) : reader_(reader), end_(end) {}

  /// Emits what stands between "and", "or" and "not", such as a comparison.
  virtual Result<void> ParseOperand(int depth) = 0;

  Result<void> ParseOr(int depth);
  Result<void> CheckDepth(int depth) const;

  /// operand (operator operand)*, from the left.
  template <class Operand, class Operator>
  Result<void> ParseChain(Operand operand, Operator take) {
    auto parsed = operand();
    while (parsed) {
      const std::optional<Expression::Operation> operation = take();
      if (!operation) break;
      parsed = operand();
      Emit(*operation);
    }
    return parsed;
  }

  template <size_t n>
  std::optional<Expression::Operation> Take(const std::array<Symbol, n>& symbols) {
    for (const auto& [text, operation] : symbols) {
      if (reader_.TakeSymbol(text)) return operation;
    }
    return std::nullopt;
  }

  void Emit(Expression::Operation operation) { steps_.push_back({operation, 0, 0}); }
  void EmitNumber(double number) { steps_.push_back({Expression::Operation::kNumber, 0, number}); }
  void EmitName(std::string_view name);

  ExpressionReader reader_;

 private:
  Result<void> ParseAnd(int depth);
  Result<void> ParseNot(int depth);

  std::string_view end_;
  std::vector<Expression::Step> steps_;
  std::vector<std::string> names_;
};

}  // namespace tare::evaluate
