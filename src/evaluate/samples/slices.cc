#include "tare/evaluate/samples/slices.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

namespace tare::evaluate {

struct SliceExpression::Node {
  enum class Kind { kAnd, kOr, kNot, kEqual, kNotEqual, kLess, kLessEqual, kMore, kMoreEqual, kIn };
  Kind kind = Kind::kEqual;
  size_t name = 0;                                    // index into names, of a comparison
  std::vector<double> numbers;                        // right side of a comparison
  std::vector<std::unique_ptr<const Node>> children;  // of and, or, not
};

namespace {

using Node = SliceExpression::Node;
using NodePtr = std::unique_ptr<const Node>;

constexpr size_t kMaxBytes = 4096;
constexpr int kMaxDepth = 32;
constexpr size_t kMaxNumbers = 1000;

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsNamePart(char c) { return IsNameStart(c) || (c >= '0' && c <= '9') || c == '.'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

struct Operator {
  std::string_view text;
  Node::Kind kind;
};
// Longer ones first: "<=" is not "<".
constexpr Operator kOperators[] = {{"==", Node::Kind::kEqual},     {"!=", Node::Kind::kNotEqual},
                                   {"<=", Node::Kind::kLessEqual}, {">=", Node::Kind::kMoreEqual},
                                   {"<", Node::Kind::kLess},       {">", Node::Kind::kMore}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<NodePtr> ParseAll() {
    if (text_.size() > kMaxBytes) return Wrong("an expression of at most 4,096 characters");
    TARE_TRY(auto root, ParseOr(0));
    SkipSpace();
    if (at_ < text_.size()) return Wrong("'and', 'or' or the end");
    return root;
  }

  std::vector<std::string> names;

 private:
  Result<NodePtr> ParseOr(int depth) { return ParseChain(Node::Kind::kOr, depth); }

  // term ("and" term)*, or the same with "or" of chains of "and".
  Result<NodePtr> ParseChain(Node::Kind kind, int depth) {
    const bool is_or = kind == Node::Kind::kOr;
    auto node = std::make_unique<Node>();
    node->kind = kind;
    do {
      TARE_TRY(auto child, is_or ? ParseChain(Node::Kind::kAnd, depth) : ParseTerm(depth));
      node->children.push_back(std::move(child));
    } while (TakeWord(is_or ? "or" : "and"));
    if (node->children.size() == 1) return std::move(node->children.front());
    return NodePtr(std::move(node));
  }

  Result<NodePtr> ParseTerm(int depth) {
    if (depth >= kMaxDepth) return Wrong("at most 32 nested terms");
    if (TakeWord("not")) {
      auto node = std::make_unique<Node>();
      node->kind = Node::Kind::kNot;
      TARE_TRY(auto child, ParseTerm(depth + 1));
      node->children.push_back(std::move(child));
      return NodePtr(std::move(node));
    }
    if (TakeText("(")) {
      TARE_TRY(auto inner, ParseOr(depth + 1));
      if (!TakeText(")")) return Wrong("')'");
      return inner;
    }
    return ParseComparison();
  }

  Result<NodePtr> ParseComparison() {
    auto node = std::make_unique<Node>();
    TARE_TRY(node->name, ParseName());
    if (TakeWord("in")) {
      node->kind = Node::Kind::kIn;
      TARE_TRY_VOID(ParseList(node->numbers));
      return NodePtr(std::move(node));
    }
    for (const auto& [text, kind] : kOperators) {
      if (!TakeText(text)) continue;
      node->kind = kind;
      TARE_TRY(const double number, ParseNumber());
      node->numbers.push_back(number);
      return NodePtr(std::move(node));
    }
    return Wrong("one of == != < <= > >= in");
  }

  Result<void> ParseList(std::vector<double>& numbers) {
    if (!TakeText("[")) return Wrong("'[' and a list of numbers");
    do {
      TARE_TRY(const double number, ParseNumber());
      if (++num_numbers_ > kMaxNumbers) return Wrong("at most 1,000 numbers in lists");
      numbers.push_back(number);
    } while (TakeText(","));
    if (!TakeText("]")) return Wrong("',' or ']'");
    return {};
  }

  Result<size_t> ParseName() {
    SkipSpace();
    size_t end = at_;
    if (end < text_.size() && IsNameStart(text_[end])) {
      while (end < text_.size() && IsNamePart(text_[end])) ++end;
    }
    const std::string name(text_.substr(at_, end - at_));
    if (name.empty() || name == "and" || name == "or" || name == "in") {
      return Wrong("a name such as 'label', 'not' or '('");
    }
    at_ = end;
    const auto known = std::find(names.begin(), names.end(), name);
    const auto index = static_cast<size_t>(known - names.begin());
    if (known == names.end()) names.push_back(name);
    return index;
  }

  Result<double> ParseNumber() {
    SkipSpace();
    double value = 0;
    const char* first = text_.data() + at_;
    const char* last = text_.data() + text_.size();
    const auto [end, error] = std::from_chars(first, last, value);
    if (error != std::errc() || !std::isfinite(value)) return Wrong("a number");
    at_ += static_cast<size_t>(end - first);
    return value;
  }

  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  bool TakeText(std::string_view text) {
    SkipSpace();
    if (text_.substr(at_, text.size()) != text) return false;
    at_ += text.size();
    return true;
  }

  bool TakeWord(std::string_view word) {
    SkipSpace();
    const size_t end = at_ + word.size();
    if (text_.substr(at_, word.size()) != word) return false;
    if (end < text_.size() && IsNamePart(text_[end])) return false;
    at_ = end;
    return true;
  }

  Error Wrong(std::string_view expected) const {
    const std::string_view rest = text_.substr(std::min(at_, text_.size()), 20);
    return InvalidArgument(
        StrCat("where \"", text_.substr(0, 200), "\": expected ", expected, " at position ",
               at_ + 1, rest.empty() ? std::string(", the end") : StrCat(", before '", rest, "'")),
        "write it like: label == 6, or: label in [1, 2] and not (width < 10)");
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t num_numbers_ = 0;
};

bool Evaluate(const Node& node, std::span<const double> values) {
  using Kind = Node::Kind;
  const auto holds = [&](const NodePtr& child) { return Evaluate(*child, values); };
  if (node.kind == Kind::kAnd) return std::ranges::all_of(node.children, holds);
  if (node.kind == Kind::kOr) return std::ranges::any_of(node.children, holds);
  if (node.kind == Kind::kNot) return !holds(node.children.front());
  const double value = values[node.name];
  const auto equals = [value](double number) { return value == number; };
  const double number = node.numbers.front();
  switch (node.kind) {
    case Kind::kEqual:
      return value == number;
    case Kind::kNotEqual:
      return value != number;
    case Kind::kLess:
      return value < number;
    case Kind::kLessEqual:
      return value <= number;
    case Kind::kMore:
      return value > number;
    case Kind::kMoreEqual:
      return value >= number;
    default:
      return std::ranges::any_of(node.numbers, equals);
  }
}

}  // namespace

SliceExpression::SliceExpression(std::unique_ptr<const Node> root, std::vector<std::string> names)
    : root_(std::move(root)), names_(std::move(names)) {}
SliceExpression::SliceExpression(SliceExpression&&) noexcept = default;
SliceExpression& SliceExpression::operator=(SliceExpression&&) noexcept = default;
SliceExpression::~SliceExpression() = default;

Result<SliceExpression> SliceExpression::Parse(std::string_view text) {
  Parser parser(text);
  TARE_TRY(auto root, parser.ParseAll());
  return SliceExpression(std::move(root), std::move(parser.names));
}

bool SliceExpression::Matches(std::span<const double> values) const {
  TARE_CHECK(values.size() == names_.size());
  return Evaluate(*root_, values);
}

}  // namespace tare::evaluate
