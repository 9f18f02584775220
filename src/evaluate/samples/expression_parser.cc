#include <algorithm>
#include <charconv>
#include <cmath>

#include "evaluate/samples/expression_parser_internal.h"

namespace tare::evaluate {
namespace {

using Operation = Expression::Operation;

constexpr size_t kMaxBytes = 4096;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c) || c == '.'; }

}  // namespace

bool ExpressionReader::AtEnd() {
  SkipSpace();
  return at_ == text_.size();
}

bool ExpressionReader::TakeSymbol(std::string_view symbol) {
  SkipSpace();
  if (text_.substr(at_, symbol.size()) != symbol) return false;
  at_ += symbol.size();
  return true;
}

bool ExpressionReader::TakeWord(std::string_view word) {
  if (PeekName() != word) return false;
  at_ += word.size();
  return true;
}

std::string_view ExpressionReader::PeekName() {
  SkipSpace();
  size_t end = at_;
  if (end < text_.size() && IsNameStart(text_[end])) {
    while (end < text_.size() && IsNamePart(text_[end])) ++end;
  }
  return text_.substr(at_, end - at_);
}

std::optional<double> ExpressionReader::TakeNumber(Sign sign) {
  SkipSpace();
  const std::string_view rest = text_.substr(at_);
  const size_t first = sign == Sign::kMinus && rest.starts_with('-') ? 1 : 0;
  // Else from_chars would take "inf" and "nan", which are names.
  if (first >= rest.size() || (!IsDigit(rest[first]) && rest[first] != '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  at_ += static_cast<size_t>(end - rest.data());
  return value;
}

Error ExpressionReader::Wrong(std::string_view expected) const {
  const std::string_view rest = text_.substr(at_, 20);
  return InvalidArgument(
      StrCat(what_, " \"", text_.substr(0, 200), "\": expected ", expected, " at position ",
             at_ + 1, rest.empty() ? std::string(", the end") : StrCat(", before '", rest, "'")),
      std::string(example_));
}

void ExpressionReader::SkipSpace() {
  while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != text_.npos) ++at_;
}

Result<Expression> ExpressionParser::ParseAll() {
  if (reader_.size() > kMaxBytes) return reader_.Wrong("an expression of at most 4,096 characters");
  TARE_TRY_VOID(ParseOr(0));
  if (!reader_.AtEnd()) return reader_.Wrong(end_);
  return Expression(std::move(steps_), std::move(names_));
}

Result<void> ExpressionParser::ParseOr(int depth) {
  return ParseChain(
      [&] { return ParseAnd(depth); },
      [&] { return reader_.TakeWord("or") ? std::optional(Operation::kOr) : std::nullopt; });
}

Result<void> ExpressionParser::ParseAnd(int depth) {
  return ParseChain(
      [&] { return ParseNot(depth); },
      [&] { return reader_.TakeWord("and") ? std::optional(Operation::kAnd) : std::nullopt; });
}

Result<void> ExpressionParser::ParseNot(int depth) {
  TARE_TRY_VOID(CheckDepth(depth));
  if (!reader_.TakeWord("not")) return ParseOperand(depth);
  TARE_TRY_VOID(ParseNot(depth + 1));
  Emit(Operation::kNot);
  return {};
}

Result<void> ExpressionParser::CheckDepth(int depth) const {
  if (depth >= Expression::kMaxDepth) return reader_.Wrong("at most 32 nested terms");
  return {};
}

void ExpressionParser::EmitName(std::string_view name) {
  const auto known = std::ranges::find(names_, name);
  steps_.push_back({Operation::kName, static_cast<uint32_t>(known - names_.begin()), 0});
  if (known == names_.end()) names_.emplace_back(name);
}

}  // namespace tare::evaluate
