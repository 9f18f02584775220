// Adapter of nlohmann-json.

#include "data/formats/json_lines.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/formats/table.h"
#include "data/shown_value.h"

namespace tare::data {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxLineBytes = size_t{16} << 20;
constexpr size_t kMaxDepth = 8;

// The value of one key: a scalar, or the elements of nested lists, row-major.
struct Field {
  std::string name;
  Shape shape;
  std::vector<double> reals;      // an element is its integer, or where that is 0 its real
  std::vector<int64_t> integers;  // as many
  enum class Kind { kNone, kBool, kInteger, kReal, kText } kind = Kind::kNone;
  std::string text;
  std::string problem;            // why it cannot be an array, empty when it can
  Holds holds = Holds::kNumbers;  // with a problem
};

// Collects the fields of one line without building its tree.
class LineReader final : public nlohmann::json_sax<Json> {
 public:
  std::vector<Field> fields;
  std::string error;

  bool null() override {
    if (depth_ > 1) return true;  // inside an object that is skipped
    return Problem(counts_.empty() ? "is null" : "holds null in a list");
  }
  bool boolean(bool value) override { return Number(Field::Kind::kBool, value ? 1 : 0, 0); }
  bool number_integer(int64_t value) override { return Number(Field::Kind::kInteger, value, 0); }
  bool number_unsigned(uint64_t value) override {
    if (std::in_range<int64_t>(value)) {
      return Number(Field::Kind::kInteger, static_cast<int64_t>(value), 0);
    }
    return Number(Field::Kind::kReal, 0, static_cast<double>(value));
  }
  bool number_float(double value, const std::string&) override {
    return Number(Field::Kind::kReal, 0, value);
  }
  bool string(std::string& value) override {
    if (depth_ == 0) return NotAnObject();
    if (depth_ > 1) return true;  // inside an object that is skipped
    if (!counts_.empty()) {
      const bool is_among_numbers = !fields.back().integers.empty();
      return Problem(StrCat("holds the text ", ShownValue(value), " in a list"),
                     is_among_numbers ? Holds::kNumbers : Holds::kOther);
    }
    fields.back().kind = Field::Kind::kText;
    fields.back().text = std::move(value);
    return true;
  }
  bool binary(Json::binary_t&) override { return Problem("is binary", Holds::kOther); }

  bool start_object(size_t) override {
    if (depth_ == 0 && !counts_.empty()) return NotAnObject();
    if (depth_ > 0) Problem("holds an object", Holds::kOther);
    return ++depth_ <= kMaxDepth || Fail(StrCat("is nested more than ", kMaxDepth, " deep"));
  }
  bool key(std::string& name) override {
    if (depth_ > 1) return true;
    for (const Field& field : fields) {
      if (field.name == name) return Fail(StrCat("has the key '", name, "' twice"));
    }
    fields.emplace_back().name = std::move(name);
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }

  bool start_array(size_t) override {
    if (depth_ == 0) return NotAnObject();
    if (depth_ > 1) return true;  // inside an object that is skipped
    counts_.push_back(0);
    if (counts_.size() > kMaxDepth) return Fail(StrCat("is nested more than ", kMaxDepth, " deep"));
    Field& field = fields.back();
    if (counts_.size() > field.shape.size()) {
      // The first list at this depth: its end tells the extent, -1 until then.
      if (!field.integers.empty()) return Problem("has lists beside numbers");
      field.shape.push_back(-1);
    }
    return true;
  }
  bool end_array() override {
    if (depth_ > 1) return true;
    Field& field = fields.back();
    const int64_t count = counts_.back();
    counts_.pop_back();
    if (!field.problem.empty()) return true;
    int64_t& extent = field.shape[counts_.size()];
    if (extent >= 0 && extent != count) {
      return Problem(StrCat("has lists of ", extent, " and ", count, " elements"));
    }
    extent = count;
    if (!counts_.empty()) ++counts_.back();
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& e) override {
    // Its text begins with the parser's own number and position of the error. The reason may quote
    // what was read, with colons of its own.
    const std::string_view what = e.what();
    const size_t colon = what.find(": ", std::min(what.size(), what.find("column ")));
    const std::string_view reason =
        what.substr(colon == std::string_view::npos ? 0 : std::min(what.size(), colon + 2));
    // Python's json writes NaN, Infinity and -Infinity.
    const bool is_python = reason.ends_with("N'") || reason.ends_with("I'");
    return Fail(StrCat("is not JSON at column ", position, ": ", reason,
                       is_python ? " (JSON has no NaN and no Infinity)" : ""));
  }

 private:
  bool Fail(std::string what) {
    if (error.empty()) error = std::move(what);
    return false;
  }
  bool NotAnObject() { return Fail("is not an object {...}"); }
  bool Problem(std::string what, Holds holds = Holds::kNumbers) {
    if (depth_ == 0) return NotAnObject();
    if (!fields.back().problem.empty()) return true;
    fields.back().problem = std::move(what);
    fields.back().holds = holds;
    return true;
  }
  bool Number(Field::Kind kind, int64_t integer, double real) {
    if (depth_ == 0) return NotAnObject();
    if (depth_ > 1) return true;
    Field& field = fields.back();
    if (!field.problem.empty()) return true;
    if (counts_.size() != field.shape.size()) return Problem("has numbers beside lists");
    if (!counts_.empty()) ++counts_.back();
    const bool is_mixed = field.kind != Field::Kind::kNone && field.kind != kind;
    if (is_mixed && (kind == Field::Kind::kBool || field.kind == Field::Kind::kBool)) {
      return Problem("has booleans beside numbers");
    }
    if (field.kind != Field::Kind::kReal) field.kind = kind;
    field.integers.push_back(integer);
    field.reals.push_back(real);
    return true;
  }

  size_t depth_ = 0;             // of objects
  std::vector<int64_t> counts_;  // elements so far of the open lists of the current key
};

// Yields the records of a source: its lines, or the elements of the one list that it holds.
class JsonRecords {
 public:
  explicit JsonRecords(const ByteSource& source) : source_(source) {}
  /// The line on which the record began.
  int64_t line() const { return line_; }

  /// Returns the text of the next record; nothing at the end of the source.
  Result<std::optional<std::string>> Next() {
    if (!has_begun_) {
      has_begun_ = true;
      TARE_TRY(const int first, SkipBlanks());
      is_list_ = first == '[';
      if (is_list_) ++at_;
    }
    return is_list_ ? NextElement() : NextLine();
  }

 private:
  static constexpr int kEnd = -1;

  Result<std::optional<std::string>> NextLine() {
    TARE_TRY(const int first, SkipBlanks());
    if (first == kEnd) return std::optional<std::string>();
    line_ = num_ended_ + 1;
    std::string text;
    while (true) {
      TARE_TRY(const int next, Peek());
      if (next == kEnd || next == '\n') return std::optional(std::move(text));
      const size_t end = std::min(buffer_.find('\n', at_), buffer_.size());
      TARE_TRY_VOID(TakeUntil(end, text));
    }
  }

  Result<std::optional<std::string>> NextElement() {
    TARE_TRY(int c, SkipBlanks());
    if (c == ',' && num_elements_ > 0) {
      ++at_;
      TARE_TRY(c, SkipBlanks());
    } else if (c == ']') {
      ++at_;
      TARE_TRY(c, SkipBlanks());
      if (c != kEnd) return Broken("goes on behind its list");
      return std::optional<std::string>();
    } else if (num_elements_ > 0 && c != kEnd) {
      return Broken("lacks a comma between two objects");
    }
    if (c == kEnd) return Broken("ends inside of its list");
    if (c != '{') return Broken("has something else than an object in its list");
    ++num_elements_;
    line_ = num_ended_ + 1;
    return Balanced();
  }

  // From here to the brace that closes the one here.
  Result<std::optional<std::string>> Balanced() {
    std::string text;
    int64_t depth = 0;
    bool is_string = false;
    bool is_escaped = false;
    while (true) {
      TARE_TRY(const int next, Peek());
      if (next == kEnd) return Broken("ends inside of its list");
      size_t end = at_;
      bool is_closed = false;
      for (; end < buffer_.size() && !is_closed; ++end) {
        const char c = buffer_[end];
        if (is_escaped) {
          is_escaped = false;
        } else if (c == '\\') {
          is_escaped = is_string;
        } else if (c == '"') {
          is_string = !is_string;
        } else if (!is_string && (c == '{' || c == '}')) {
          depth += c == '{' ? 1 : -1;
          is_closed = depth == 0;
        }
      }
      TARE_TRY_VOID(TakeUntil(end, text));
      if (is_closed) return std::optional(std::move(text));
    }
  }

  Error Broken(std::string_view how) const {
    return DataLoss(
        StrCat("line ", num_ended_ + 1, " of ", source_.name(), " ", how),
        "write a list of objects, as [{\"x\": [1, 2]}, {\"x\": [3, 4]}], or one object a line");
  }

  Result<int> SkipBlanks() {
    while (true) {
      TARE_TRY(const int c, Peek());
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return c;
      num_ended_ += c == '\n' ? 1 : 0;
      ++at_;
    }
  }

  // What the buffer holds from here to `end`.
  Result<void> TakeUntil(size_t end, std::string& text) {
    if (text.size() + (end - at_) > kMaxLineBytes) {
      return DataLoss(StrCat("line ", line_, " of ", source_.name(), " has over 16 MiB"),
                      "put one sample on a line");
    }
    const std::string_view taken = std::string_view(buffer_).substr(at_, end - at_);
    num_ended_ += std::ranges::count(taken, '\n');
    text += taken;
    at_ = end;
    return {};
  }

  // The next byte, or kEnd.
  Result<int> Peek() {
    if (at_ == buffer_.size()) {
      const auto count = std::min<int64_t>(1 << 18, source_.size() - offset_);
      if (count == 0) return kEnd;
      buffer_.resize(static_cast<size_t>(count));
      TARE_TRY_VOID(source_.ReadAt(offset_, std::as_writable_bytes(std::span(buffer_))));
      offset_ += count;
      at_ = 0;
    }
    return static_cast<unsigned char>(buffer_[at_]);
  }

  const ByteSource& source_;
  std::string buffer_;
  size_t at_ = 0;
  int64_t offset_ = 0;  // of what was not read yet
  int64_t line_ = 0;
  int64_t num_ended_ = 0;  // lines
  int64_t num_elements_ = 0;
  bool has_begun_ = false;
  bool is_list_ = false;
};

void SetField(TableBuilder& builder, size_t c, const Field& field) {
  if (!field.problem.empty()) return builder.Skip(c, {field.problem, field.holds});
  if (field.shape != builder.column(c).sample_shape) {
    return builder.Skip(c, {StrCat("has shape ", ShapeText(field.shape), " after ",
                                   ShapeText(builder.column(c).sample_shape))});
  }
  if (field.kind == Field::Kind::kText) return builder.SetText(c, field.text);
  for (size_t i = 0; i < field.integers.size(); ++i) {
    const auto element = static_cast<int64_t>(i);
    const int64_t integer = field.integers[i];
    if (field.kind == Field::Kind::kBool) {
      builder.SetBool(c, element, integer != 0);
    } else if (field.kind == Field::Kind::kInteger) {
      builder.SetInteger(c, element, integer);
    } else {
      builder.SetReal(c, element, integer != 0 ? static_cast<double>(integer) : field.reals[i]);
    }
  }
}

// Writes lines into a table whose columns are the keys of the first one.
class JsonTable {
 public:
  JsonTable(std::string name, int64_t num_bytes) : name_(std::move(name)), num_bytes_(num_bytes) {}

  Result<void> Add(const std::vector<Field>& fields, int64_t line) {
    if (!builder_) TARE_TRY_VOID(Start(fields));
    builder_->SetLine(line);
    std::vector<bool> seen(builder_->num_columns(), false);
    size_t before = 0;
    for (const Field& field : fields) {
      const auto c = column_of_.find(field.name);
      if (c == column_of_.end()) {
        const bool is_text = field.kind == Field::Kind::kText;
        builder_->SkipName(field.name, {"is missing in sample 0 and present",
                                        is_text ? Holds::kOther : field.holds});
        continue;
      }
      seen[c->second] = true;
      if (c->second < before) builder_->SetReordered(line);
      before = c->second;
      SetField(*builder_, c->second, field);
    }
    for (size_t c = 0; c < seen.size(); ++c) {
      if (!seen[c]) builder_->Skip(c, {"is missing"});
    }
    return builder_->FinishRow();
  }

  Result<std::unique_ptr<Dataset>> Finish(ByteSourcePtr file) {
    if (!builder_) return InvalidArgument(StrCat(name_, " has no lines"), "name another file");
    return builder_->Finish(std::move(file));
  }

 private:
  Result<void> Start(const std::vector<Field>& fields) {
    std::vector<TableColumn> columns;
    for (const Field& field : fields) {
      column_of_.emplace(field.name, columns.size());
      TableColumn column;
      column.name = field.name;
      // A problem's shape may be half known; the column is skipped anyway.
      if (field.problem.empty()) column.sample_shape = field.shape;
      columns.push_back(std::move(column));
    }
    TARE_TRY(builder_, TableBuilder::Create(name_, num_bytes_, std::move(columns)));
    return {};
  }

  std::string name_;
  int64_t num_bytes_;
  std::map<std::string, size_t> column_of_;
  std::unique_ptr<TableBuilder> builder_;
};

}  // namespace

Result<std::unique_ptr<Dataset>> OpenJsonLines(const ByteSourcePtr& source, ByteSourcePtr file) {
  JsonTable table(source->name(), file->size());
  JsonRecords records(*source);
  while (true) {
    TARE_TRY(const auto record, records.Next());
    if (!record) return table.Finish(std::move(file));
    LineReader reader;
    if (!Json::sax_parse(*record, &reader)) {
      return DataLoss(StrCat("line ", records.line(), " of ", source->name(), " ", reader.error),
                      "write one JSON object a line, as {\"x\": [1, 2], \"label\": 0}");
    }
    TARE_TRY_VOID(table.Add(reader.fields, records.line()));
  }
}

}  // namespace tare::data
