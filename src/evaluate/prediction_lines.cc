#include <cmath>
#include <istream>
#include <nlohmann/json.hpp>

#include "evaluate/json_reader_internal.h"
#include "evaluate/prediction_lines_internal.h"

namespace tare::evaluate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kMaxLineBytes = int64_t{16} << 20;
constexpr int64_t kMaxLines = 100'000'000;
constexpr std::string_view kFormat =
    "write lines like {\"id\": \"a1\", \"label\": 3, \"prediction\": 3}";

bool IsBlank(const std::string& text) {
  return text.find_first_not_of(" \t\r") == std::string::npos;
}

}  // namespace

Error PredictionReader::Wrong(int64_t line, std::string_view what, std::string next_step) const {
  return InvalidArgument(StrCat(name_, ":", line, ": ", what), std::move(next_step));
}

// False at the end of the stream.
Result<bool> PredictionReader::ReadText(std::string& text) {
  text.clear();
  std::streambuf* buffer = in_.rdbuf();
  for (int c = buffer->sbumpc(); c != std::char_traits<char>::eof(); c = buffer->sbumpc()) {
    if (c == '\n') return true;
    text.push_back(static_cast<char>(c));
    if (static_cast<int64_t>(text.size()) > kMaxLineBytes) {
      return Wrong(line_ + 1, "the line is longer than 16 MiB", std::string(kFormat));
    }
  }
  return !text.empty();
}

Result<std::optional<PredictionLine>> PredictionReader::Next() {
  std::string text;
  while (true) {
    TARE_TRY(const bool more, ReadText(text));
    if (!more) return std::optional<PredictionLine>();
    if (++line_ > kMaxLines) return Wrong(line_, "more than 100 million lines", "give fewer");
    if (!IsBlank(text)) break;
  }
  TARE_TRY(auto line, Parse(text));
  if (!ids_.insert(line.id).second) {
    return Wrong(line_, StrCat("the id '", line.id, "' stands twice"),
                 "give each id once in a file");
  }
  return std::optional<PredictionLine>(std::move(line));
}

namespace {

Result<ClassValue> ReadClass(const JsonReader& reader, const char* key) {
  const Json* child = reader.Child(key);
  if (child == nullptr) return ClassValue();
  if (child->is_string()) return ClassValue(child->get<std::string>());
  if (!child->is_number_integer()) return reader.Wrong(key, "a class index or name");
  TARE_TRY(const auto index, reader.Count(key));
  return ClassValue(*index);
}

Result<std::vector<float>> ReadScores(const JsonReader& reader) {
  std::vector<float> out;
  TARE_TRY(const Json* list, reader.Array("scores"));
  if (list == nullptr) return out;
  if (list->empty()) return reader.Wrong("scores", "a list of numbers: it is empty");
  for (const auto& item : *list) {
    const float value = item.is_number() ? item.get<float>() : NAN;
    if (!std::isfinite(value)) return reader.Wrong("scores", "a list of finite numbers");
    out.push_back(value);
  }
  return out;
}

}  // namespace

Result<PredictionLine> PredictionReader::Parse(const std::string& text) {
  const std::string where = StrCat(name_, ":", line_);
  auto json = ParseJson(text, where, kMaxLineBytes);
  if (!json) {
    const bool not_a_number =
        text.find("NaN") != std::string::npos || text.find("Infinity") != std::string::npos;
    if (!not_a_number) return std::move(json).error();
    return Wrong(line_, "NaN and Infinity are neither JSON nor scores",
                 "find out why the model gives them, or leave the sample out of both files");
  }
  const JsonReader reader(*json, where, "");
  TARE_TRY_VOID(reader.ExpectObject());
  PredictionLine out;
  out.line = line_;
  TARE_TRY(const auto id, ReadClass(reader, "id"));
  if (const auto* number = std::get_if<int64_t>(&id)) out.id = StrCat(*number);
  if (const auto* name = std::get_if<std::string>(&id)) out.id = *name;
  if (out.id.empty()) return Wrong(line_, "the line has no id", std::string(kFormat));
  TARE_TRY(out.label, ReadClass(reader, "label"));
  TARE_TRY(out.prediction, ReadClass(reader, "prediction"));
  TARE_TRY(out.scores, ReadScores(reader));
  const bool has_prediction = !std::holds_alternative<std::monostate>(out.prediction);
  if (!has_prediction && out.scores.empty()) {
    return Wrong(line_, "the line has neither prediction nor scores", std::string(kFormat));
  }
  return out;
}

}  // namespace tare::evaluate
