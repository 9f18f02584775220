#include "tare/core/yaml.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "tare/core/text.h"

namespace tare {
namespace {

constexpr size_t kMaxBytes = 8 << 20;
constexpr int kMaxYamlDepth = 64;
constexpr int kMaxNodes = 1'000'000;

Error BadYaml(const std::string& source, int line, std::string_view what) {
  return InvalidArgument(StrCat(source, ":", line, ": ", what), "correct the file at that line");
}

// yaml-cpp recurses into flow collections and block indents without a limit of its own; a cheap
// look at the text refuses what could exhaust the stack.
bool NestsTooDeep(std::string_view text) {
  int depth = 0;
  int dashes = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool ends = i + 1 == text.size() || text[i + 1] == ' ' || text[i + 1] == '\t' ||
                      text[i + 1] == '\n' || text[i + 1] == '\r';
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') depth = std::max(0, depth - 1);
    if ((c == '-' || c == '?') && ends) ++dashes;  // an indicator only before a space
    if (c == '\n') dashes = 0;
    if (depth > kMaxYamlDepth || dashes > 10 * kMaxYamlDepth) return true;
  }
  return false;
}

Result<YamlNode> Convert(const YAML::Node& node, const std::string& source, int depth,
                         int& budget) {
  YamlNode out;
  out.line = node.Mark().line + 1;
  if (depth > kMaxYamlDepth || --budget < 0) {
    return BadYaml(source, out.line, "the document nests too deep or is too large");
  }
  if (node.IsScalar()) {
    out.kind = YamlNode::Kind::kScalar;
    out.scalar = node.Scalar();
    out.quoted = node.Tag() == "!";
  } else if (node.IsSequence()) {
    out.kind = YamlNode::Kind::kSequence;
    for (const auto& item : node) {
      TARE_TRY(auto child, Convert(item, source, depth + 1, budget));
      out.items.push_back(std::move(child));
    }
  } else if (node.IsMap()) {
    out.kind = YamlNode::Kind::kMap;
    std::set<std::string> seen;
    for (const auto& entry : node) {
      const int line = entry.first.Mark().line + 1;
      if (!entry.first.IsScalar()) return BadYaml(source, line, "a key must be plain text");
      const std::string key = entry.first.Scalar();
      if (!seen.insert(key).second)
        return BadYaml(source, line, StrCat("the key '", key, "' stands twice"));
      TARE_TRY(auto child, Convert(entry.second, source, depth + 1, budget));
      if (child.kind == YamlNode::Kind::kNull) child.line = line;
      out.entries.push_back({key, std::move(child)});
    }
  }
  return out;
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const auto& [name, child] : entries) {
    if (name == key) return &child;
  }
  return nullptr;
}

Result<YamlNode> ParseYaml(std::string_view text, const std::string& source) {
  if (text.size() > kMaxBytes) return BadYaml(source, 1, "the file is larger than 8 MiB");
  if (NestsTooDeep(text)) return BadYaml(source, 1, "the document nests too deep");
  if (text.find('\0') != std::string_view::npos) return BadYaml(source, 1, "not a text file");
  try {
    const YAML::Node document = YAML::Load(std::string(text));
    int budget = kMaxNodes;
    return Convert(document, source, 0, budget);
  } catch (const YAML::Exception& exception) {
    return BadYaml(source, std::max(0, exception.mark.line) + 1, exception.msg);
  }
}

std::string YamlQuote(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '/' || c == '.' ||
           (c >= '0' && c <= '9');
  };
  double number = 0;
  // YAML takes these in any case: NULL, Yes, oN.
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool reserved = lower == "true" || lower == "false" || lower == "null" || lower == "yes" ||
                        lower == "no" || lower == "on" || lower == "off" || lower == "y" ||
                        lower == "n";
  if (!text.empty() && std::all_of(text.begin(), text.end(), plain) && !reserved &&
      !ParseNumber(text, &number)) {
    return std::string(text);
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    // Brackets too: NestsTooDeep counts them without looking at quotes.
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F || c == '[' || c == '{') {
      out.append("\\x");
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

YamlReader::YamlReader(const YamlNode& node, std::string source, std::string where)
    : node_(node), source_(std::move(source)), where_(std::move(where)) {}

const YamlNode* YamlReader::Child(std::string_view key) {
  known_.emplace_back(key);
  const YamlNode* child = node_.Find(key);
  return child != nullptr && child->kind != YamlNode::Kind::kNull ? child : nullptr;
}

Error YamlReader::Wrong(const YamlNode& node, std::string_view what, std::string next_step) const {
  return InvalidArgument(
      StrCat(source_, ":", node.line, ": ", where_.empty() ? "" : where_ + ": ", what),
      std::move(next_step));
}

Result<std::string> YamlReader::Text(std::string_view key) {
  const YamlNode* child = Child(key);
  if (child == nullptr) {
    return Wrong(node_, StrCat("'", key, "' is missing"), StrCat("add '", key, ": ...' there"));
  }
  if (child->kind != YamlNode::Kind::kScalar) {
    return Wrong(*child, StrCat("'", key, "' must be one value"), "give a single value");
  }
  return child->scalar;
}

Result<std::string> YamlReader::Text(std::string_view key, std::string default_value) {
  if (Child(key) == nullptr) return default_value;
  return Text(key);
}

Result<double> YamlReader::Number(std::string_view key) {
  TARE_TRY(const std::string text, Text(key));
  double value = 0;
  if (!ParseNumber(text, &value) || !std::isfinite(value)) {
    return Wrong(*Child(key), StrCat("'", key, "' is '", text, "', not a number"),
                 "give a number such as 0.5 or 1/255");
  }
  return value;
}

Result<double> YamlReader::Number(std::string_view key, double default_value) {
  if (Child(key) == nullptr) return default_value;
  return Number(key);
}

Result<int64_t> YamlReader::Integer(std::string_view key, int64_t default_value) {
  TARE_TRY(const double value, Number(key, static_cast<double>(default_value)));
  if (value != std::floor(value) || std::abs(value) > 9e15) {
    return Wrong(*Child(key), StrCat("'", key, "' is ", value, ", not a whole number"),
                 "give a whole number");
  }
  return static_cast<int64_t>(value);
}

Result<std::vector<double>> YamlReader::Numbers(std::string_view key) {
  TARE_TRY(const auto texts, Texts(key));
  std::vector<double> values;
  for (const std::string& text : texts) {
    double value = 0;
    if (!ParseNumber(text, &value) || !std::isfinite(value)) {
      return Wrong(*Child(key), StrCat("'", key, "' holds '", text, "', not a number"),
                   "give numbers such as [0.485, 0.456, 0.406]");
    }
    values.push_back(value);
  }
  return values;
}

Result<std::vector<std::string>> YamlReader::Texts(std::string_view key) {
  std::vector<std::string> texts;
  const YamlNode* child = Child(key);
  if (child == nullptr) return texts;
  if (child->kind == YamlNode::Kind::kScalar) return std::vector{child->scalar};
  for (const YamlNode& item : child->items) {
    if (item.kind != YamlNode::Kind::kScalar) {
      return Wrong(item, StrCat("'", key, "' must be a list of single values"), "write [a, b, c]");
    }
    texts.push_back(item.scalar);
  }
  if (child->kind == YamlNode::Kind::kMap) {
    return Wrong(*child, StrCat("'", key, "' must be a list"), "write [a, b, c]");
  }
  return texts;
}

Result<void> YamlReader::Finish() const {
  if (node_.kind != YamlNode::Kind::kMap) {
    return Wrong(node_, "must be a mapping of keys to values", "write 'key: value' lines");
  }
  for (const auto& [key, child] : node_.entries) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const std::string nearest = NearestName(key, known_);
    return Wrong(child, StrCat("unknown key '", key, "'"),
                 nearest.empty() ? StrCat("known keys are: ", Join(known_, ", "))
                                 : StrCat("did you mean '", nearest, "'?"));
  }
  return {};
}

}  // namespace tare
