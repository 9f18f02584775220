#include "core/json_reader.h"

#include "tare/core/text.h"

namespace tare {
namespace {

constexpr int kMaxJsonDepth = 64;

}  // namespace

bool NestsDeeperThan(std::string_view json, int levels) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
      continue;
    }
    if (c == '"') in_string = true;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > levels) return true;
  }
  return false;
}

Result<nlohmann::ordered_json> ParseJson(std::string_view text, const std::string& source,
                                         int64_t max_bytes) {
  if (static_cast<int64_t>(text.size()) > max_bytes) {
    return InvalidArgument(StrCat(source, " is larger than ", HumanBytes(max_bytes)),
                           "give a file that tare wrote");
  }
  if (NestsDeeperThan(text, kMaxJsonDepth)) {
    return InvalidArgument(StrCat(source, " nests deeper than ", kMaxJsonDepth, " levels"),
                           "give a file that tare wrote");
  }
  try {
    return nlohmann::ordered_json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    return DataLoss(
        StrCat(source, " is not JSON: stopped at byte ", error.byte, " of ", text.size()),
        "the file is cut short or not a report: write it again with tare evaluate");
  } catch (const nlohmann::json::exception&) {
    return DataLoss(StrCat(source, " holds a number that is out of range"),
                    "write the file again with tare evaluate");
  }
}

Result<void> JsonReader::ExpectObject() const {
  if (value_.is_object()) return {};
  return InvalidArgument(
      StrCat(source_, ": ", where_.empty() ? "the document" : where_, " is not an object"),
      "give a file as docs/formats describes it");
}

Error JsonReader::Wrong(const char* key, std::string_view expected) const {
  return InvalidArgument(
      StrCat(source_, ": ", where_, where_.empty() ? "" : ".", key, " is not ", expected),
      "give a file as docs/formats describes it");
}

const JsonReader::Json* JsonReader::Child(const char* key) const {
  if (!value_.is_object()) return nullptr;
  const auto found = value_.find(key);
  return found == value_.end() || found->is_null() ? nullptr : &*found;
}

Result<std::optional<double>> JsonReader::Number(const char* key) const {
  const Json* child = Child(key);
  if (child == nullptr) return std::optional<double>();
  if (!child->is_number()) return Wrong(key, "a number");
  const auto value = child->get<double>();
  if (!std::isfinite(value)) return Wrong(key, "a finite number");
  return std::optional<double>(value);
}

Result<std::optional<int64_t>> JsonReader::Count(const char* key) const {
  constexpr int64_t kMost = int64_t{1} << 53;
  const Json* child = Child(key);
  if (child == nullptr) return std::optional<int64_t>();
  if (!child->is_number_integer()) return Wrong(key, "a whole number");
  if (child->is_number_unsigned() && child->get<uint64_t>() > static_cast<uint64_t>(kMost)) {
    return Wrong(key, "a count that fits");
  }
  const auto value = child->get<int64_t>();
  if (value < 0) return Wrong(key, "at least 0");
  return std::optional<int64_t>(value);
}

Result<std::string> JsonReader::Text(const char* key) const {
  const Json* child = Child(key);
  if (child == nullptr) return std::string();
  if (!child->is_string()) return Wrong(key, "text");
  return child->get<std::string>();
}

Result<std::vector<std::string>> JsonReader::Texts(const char* key) const {
  std::vector<std::string> out;
  TARE_TRY(const Json* list, Array(key));
  if (list == nullptr) return out;
  for (const auto& item : *list) {
    if (!item.is_string()) return Wrong(key, "a list of texts");
    out.push_back(item.get<std::string>());
  }
  return out;
}

Result<const JsonReader::Json*> JsonReader::Array(const char* key) const {
  const Json* child = Child(key);
  if (child != nullptr && !child->is_array()) return Wrong(key, "a list");
  return child;
}

}  // namespace tare
