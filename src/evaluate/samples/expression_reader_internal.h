// Words, names and numbers of small expressions, with errors that name the position.

#pragma once

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tare/core/result.h"

namespace tare::evaluate {

/// Reads an expression from left to right; white space between its parts means nothing.
class ExpressionReader {
 public:
  /// `what` and `example` are for errors: "kpi", "write it like: ...".
  ExpressionReader(std::string_view text, std::string_view what, std::string_view example)
      : text_(text), what_(what), example_(example) {}

  bool AtEnd() {
    SkipSpace();
    return at_ == text_.size();
  }

  /// Takes `symbol` if it comes next.
  bool TakeSymbol(std::string_view symbol) {
    SkipSpace();
    if (text_.substr(at_, symbol.size()) != symbol) return false;
    at_ += symbol.size();
    return true;
  }

  /// Takes `word` if it comes next as a whole word.
  bool TakeWord(std::string_view word) {
    if (PeekName() != word) return false;
    at_ += word.size();
    return true;
  }

  /// Returns the name that comes next, or "". Does not take it.
  std::string_view PeekName() {
    SkipSpace();
    size_t end = at_;
    if (end < text_.size() && IsNameStart(text_[end])) {
      while (end < text_.size() && IsNamePart(text_[end])) ++end;
    }
    return text_.substr(at_, end - at_);
  }

  /// Takes a finite number without a sign; nullopt, and nothing taken, where there is none.
  std::optional<double> TakeNumber() {
    SkipSpace();
    // Else from_chars would take "inf" and "nan", which are names.
    if (at_ == text_.size() || (!IsDigit(text_[at_]) && text_[at_] != '.')) return std::nullopt;
    double value = 0;
    const char* first = text_.data() + at_;
    const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), value);
    if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
    at_ += static_cast<size_t>(end - first);
    return value;
  }

  Error Wrong(std::string_view expected) const {
    const std::string_view rest = text_.substr(at_, 20);
    return InvalidArgument(
        StrCat(what_, " \"", text_.substr(0, 200), "\": expected ", expected, " at position ",
               at_ + 1, rest.empty() ? std::string(", the end") : StrCat(", before '", rest, "'")),
        std::string(example_));
  }

 private:
  static bool IsDigit(char c) { return c >= '0' && c <= '9'; }
  static bool IsNameStart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  }
  static bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c) || c == '.'; }

  void SkipSpace() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != text_.npos) ++at_;
  }

  std::string_view text_, what_, example_;
  size_t at_ = 0;
};

}  // namespace tare::evaluate
