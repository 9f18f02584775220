#include "tare/data/corrupt/corrupt_lines.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_reader.h"
#include "tare/core/file.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr size_t kMaxTextLineBytes = size_t{16} << 20;
constexpr int kMaxObjectDepth = 64;

Error Wrong(const std::string& where, std::string_view what, std::string next_step) {
  return InvalidArgument(StrCat(where, ": ", what), std::move(next_step));
}

// The next line that is not blank; absent at the end. `number` counts every line.
Result<std::optional<std::string>> NextLine(std::istream& in, const std::string& path,
                                            int64_t& number) {
  std::string text;
  std::streambuf* buffer = in.rdbuf();
  const auto is_blank = [&] { return text.find_first_not_of(" \t\r") == std::string::npos; };
  for (int c = buffer->sbumpc(); c != std::char_traits<char>::eof(); c = buffer->sbumpc()) {
    if (c == '\n') {
      ++number;
      if (!is_blank()) return std::optional(std::move(text));
      text.clear();
      continue;
    }
    text.push_back(static_cast<char>(c));
    if (text.size() > kMaxTextLineBytes)
      return Wrong(StrCat(path, ":", number + 1), "the line is longer than 16 MiB",
                   "give one sample a line");
  }
  ++number;
  if (is_blank()) return std::optional<std::string>();
  return std::optional(std::move(text));
}

Result<OrderedJson> ParseObject(const std::string& line, const std::string& where) {
  if (NestsDeeperThan(line, kMaxObjectDepth))
    return Wrong(where, StrCat("the line is nested more than ", kMaxObjectDepth, " deep"),
                 "write a flat object a line");
  OrderedJson json = OrderedJson::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return Wrong(
        where, "the line is no JSON object",
        R"(write lines like {"id": "a1", "text": "..."}; without --field lines are texts themselves)");
  return json;
}

// The texts that a line has, for a message.
std::string FieldsOf(const OrderedJson& json) {
  std::vector<std::string> texts;
  for (const auto& [name, value] : json.items()) {
    if (value.is_string()) texts.push_back(name);
  }
  return texts.empty() ? "the line has no text" : StrCat("texts of this line: ", Join(texts, ", "));
}

// Returns the text to write in the place of a line, and counts it.
Result<std::string> CorruptPlainLine(std::string line, const std::string& where,
                                     const CorruptTextOptions& options, CorruptedLines& done) {
  // The first line alone is asked: a text may begin with a brace.
  const bool asked = done.n == 0 && !NestsDeeperThan(line, kMaxObjectDepth);
  const OrderedJson json = asked ? OrderedJson::parse(line, nullptr, false) : OrderedJson();
  if (json.is_object()) {
    return Wrong(where, "a JSON object is no text to corrupt",
                 StrCat("name the field to corrupt (--field); ", FieldsOf(json)));
  }
  if (line.ends_with('\r')) line.pop_back();
  TARE_TRY(std::string text, CorruptText(options, done.n, line));
  done.changed += text != line ? 1 : 0;
  ++done.n;
  return text;
}

// The same for a line of JSON, of which one field is a text.
Result<std::string> CorruptFieldOfLine(const std::string& line, const std::string& where,
                                       const CorruptLinesOptions& options, CorruptedLines& done) {
  TARE_TRY(OrderedJson json, ParseObject(line, where));
  const auto found = json.find(options.field);
  if (found == json.end() || !found->is_string()) {
    return Wrong(where, StrCat("no text '", options.field, "'"), FieldsOf(json));
  }
  const auto& clean = found->get_ref<const std::string&>();
  TARE_TRY(std::string text, CorruptText(options.text, done.n, clean));
  done.changed += text != clean ? 1 : 0;
  ++done.n;
  *found = std::move(text);
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

Result<void> CorruptEach(std::istream& in, const std::string& path,
                         const CorruptLinesOptions& options, const Appender& append,
                         CorruptedLines& done) {
  int64_t number = 0;
  while (true) {
    TARE_TRY(auto line, NextLine(in, path, number));
    if (!line) break;
    const std::string where = StrCat(path, ":", number);
    TARE_TRY(const std::string corrupted,
             options.field.empty() ? CorruptPlainLine(*std::move(line), where, options.text, done)
                                   : CorruptFieldOfLine(*line, where, options, done));
    TARE_TRY_VOID(append(corrupted + "\n"));
  }
  if (in.bad()) return DataLoss(StrCat("reading ", path, " failed"), "check the disk");
  if (done.n == 0) return InvalidArgument(StrCat(path, " holds no text"), "give one sample a line");
  return {};
}

}  // namespace

Result<CorruptedLines> CorruptLines(const std::string& path, const std::string& out_path,
                                    const CorruptLinesOptions& options) {
  std::error_code ignored;
  if (std::filesystem::equivalent(path, out_path, ignored)) {
    return InvalidArgument(
        StrCat(path, " is to be read and written"),
        "write to another file: the clean texts are needed beside the corrupted ones");
  }
  if (std::filesystem::is_directory(path, ignored))
    return InvalidArgument(StrCat(path, " is a folder"), "give a file of texts, a line a sample");
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound(StrCat("cannot open ", path), "give a file of texts, a line a sample");
  CorruptedLines done;
  TARE_TRY_VOID(WriteFileAtomic(out_path, [&](const Appender& append) {
    return CorruptEach(in, path, options, append, done);
  }));
  return done;
}

}  // namespace tare::data
