#include <algorithm>
#include <array>
#include <cstring>

#include "data/formats/table.h"
#include "data/formats/table_dataset.h"
#include "data/shown_value.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

using Kind = TableColumn::Kind;

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kBool:
      return "a boolean";
    case Kind::kInteger:
    case Kind::kReal:
      return "a number";
    case Kind::kText:
    case Kind::kLongText:
      return "text";
    default:
      return "a value";
  }
}

}  // namespace

Result<std::unique_ptr<TableBuilder>> TableBuilder::Create(std::string source,
                                                           int64_t encoded_bytes,
                                                           std::vector<TableColumn> columns) {
  if (std::ssize(columns) > kMaxColumns) {
    return InvalidArgument(
        StrCat(source, " has ", columns.size(), " columns; at most ", kMaxColumns, " are read"),
        "check the delimiter, or save the numbers as .npz");
  }
  std::unique_ptr<TableBuilder> builder(new TableBuilder(std::move(source), encoded_bytes));
  std::set<std::string_view> names;
  int64_t offset = 0;
  for (TableColumn& column : columns) {
    if (!names.insert(column.name).second) {
      return InvalidArgument(StrCat(builder->source_, " has two columns named '", column.name, "'"),
                             "give each column a name of its own");
    }
    TARE_TRY(const int64_t count, NumElements(column.sample_shape));
    const bool is_fixed = column.dtype != DType::kUndefined;
    column.kind = is_fixed ? Kind::kFixed : Kind::kUnknown;
    column.offset = offset;
    column.num_bytes = count * (is_fixed ? BitWidth(column.dtype) / 8 : 8);
    offset += (column.num_bytes + 7) / 8 * 8;
    TARE_TRY_VOID(CheckExpansion(builder->source_, encoded_bytes, offset));
  }
  builder->texts_.resize(columns.size());
  builder->classes_.resize(columns.size());
  builder->record_.resize(static_cast<size_t>(offset));
  builder->columns_ = std::move(columns);
  return builder;
}

// True when a cell of `kind` may stand in the column; skips the column otherwise.
bool TableBuilder::Becomes(size_t c, Kind kind, std::string_view value) {
  TableColumn& column = columns_[c];
  if (IsSkipped(c)) return false;
  if (column.kind == Kind::kUnknown) column.kind = kind;
  if (column.kind == kind) return true;
  Problem problem{StrCat("holds ", KindName(kind), ", ", ShownValue(value), ", where ",
                         KindName(column.kind), " stood before")};
  if (kind == Kind::kText) problem.next_step = AdviceOnText(value);
  Skip(c, problem);
  return false;
}

void TableBuilder::SetBool(size_t c, int64_t i, bool value) {
  if (!Becomes(c, Kind::kBool, value ? "true" : "false")) return;
  const int64_t cell = value ? 1 : 0;
  std::memcpy(Cell(c, i), &cell, sizeof(cell));
}

void TableBuilder::SetInteger(size_t c, int64_t i, int64_t value) {
  if (columns_[c].kind == Kind::kReal) return SetReal(c, i, static_cast<double>(value));
  if (columns_[c].kind != Kind::kInteger && !Becomes(c, Kind::kInteger, StrCat(value))) return;
  std::memcpy(Cell(c, i), &value, sizeof(value));
}

void TableBuilder::SetReal(size_t c, int64_t i, double value) {
  if (columns_[c].kind == Kind::kInteger) PromoteToReal(c, i);
  if (columns_[c].kind != Kind::kReal && !Becomes(c, Kind::kReal, StrCat(value))) return;
  std::memcpy(Cell(c, i), &value, sizeof(value));
}

// From this row on the column holds doubles; `num_set` elements of the row are integers already.
void TableBuilder::PromoteToReal(size_t c, int64_t num_set) {
  columns_[c].kind = Kind::kReal;
  columns_[c].first_real_row = num_rows_;
  for (int64_t i = 0; i < num_set; ++i) {
    int64_t integer = 0;
    std::memcpy(&integer, Cell(c, i), sizeof(integer));
    const auto real = static_cast<double>(integer);
    std::memcpy(Cell(c, i), &real, sizeof(real));
  }
}

void TableBuilder::SetText(size_t c, std::string_view value) {
  if (!columns_[c].sample_shape.empty()) return Skip(c, {"has text in a list", Holds::kOther});
  const bool is_long = columns_[c].kind == Kind::kLongText;
  if (is_long && IsSkipped(c)) return;
  if (!is_long && !Becomes(c, Kind::kText, value)) return;
  if (!IsUtf8(value)) return Skip(c, {"has text that is not UTF-8", Holds::kOther});
  int64_t cell = 0;
  if (!is_long) {
    auto& texts = texts_[c];
    const auto [text, is_new] = texts.try_emplace(std::string(value), std::ssize(texts));
    cell = text->second;
    if (is_new && (std::ssize(texts) > kMaxClasses || value.size() > kMaxClassBytes)) {
      texts.erase(text);
      BecomeLongText(c, {value.size() > kMaxClassBytes
                             ? "has a text of more than 1,024 bytes: not a class"
                             : "reaches more than 65,536 different texts: not classes",
                         Holds::kOther});
    }
  }
  if (columns_[c].kind == Kind::kLongText) cell = KeepText(value);
  std::memcpy(Cell(c, 0), &cell, sizeof(cell));
}

// From this row on the record holds places of texts; before, the numbers of those met so far.
void TableBuilder::BecomeLongText(size_t c, const Problem& problem) {
  TableColumn& column = columns_[c];
  column.kind = Kind::kLongText;
  column.first_long_row = num_rows_;
  column.text_offsets.resize(texts_[c].size());
  for (const auto& [text, number] : texts_[c]) {
    column.text_offsets[static_cast<size_t>(number)] = KeepText(text);
  }
  texts_[c].clear();
  SkipName(column.name, problem);
}

void TableBuilder::GiveUpClasses(size_t c, std::string_view number) {
  if (columns_[c].kind != Kind::kText || IsSkipped(c)) return;
  const auto first = std::ranges::find(texts_[c], 0, [](const auto& text) { return text.second; });
  const std::string text = first->first;
  BecomeLongText(c, {StrCat("holds text, ", ShownValue(text), ", in sample 0, and a number, ",
                            ShownValue(number)),
                     Holds::kNumbers, 0, AdviceOnText(text)});
}

int64_t TableBuilder::KeepText(std::string_view text) {
  const int64_t offset = texts_spool_.size();
  const auto length = static_cast<int64_t>(text.size());
  if (texts_result_) texts_result_ = texts_spool_.Append(std::as_bytes(std::span(&length, 1)));
  if (texts_result_) texts_result_ = texts_spool_.Append(std::as_bytes(std::span(text)));
  return offset;
}

void TableBuilder::SetBytes(size_t c, std::span<const std::byte> bytes) {
  TARE_CHECK(std::ssize(bytes) == columns_[c].num_bytes);
  std::ranges::copy(bytes, record_.begin() + columns_[c].offset);
}

void TableBuilder::Skip(size_t c, const Problem& problem) {
  if (!skipped_columns_.insert(c).second) return;
  Problem own = problem;
  // A gap in a column of texts leaves it a column of texts.
  if (columns_[c].kind == Kind::kText || columns_[c].kind == Kind::kLongText)
    own.holds = Holds::kOther;
  SkipName(columns_[c].name, own);
}

void TableBuilder::SkipName(const std::string& name, const Problem& problem) {
  // JSON lines may each name new keys: as many are remembered as a table may have columns.
  if (std::ssize(skipped_names_) >= kMaxColumns || !skipped_names_.insert(name).second) return;
  const int64_t sample = num_rows_ + problem.rows_ahead;
  skipped_.push_back(
      {name,
       InvalidArgument(StrCat("column '", name, "' of ", source_, " ", problem.what, ", in sample ",
                              sample, line_ > 0 ? StrCat(" (line ", line_, ")") : ""),
                       problem.next_step),
       problem.holds});
}

Result<void> TableBuilder::FinishRow() {
  ++num_rows_;
  if (skipped_columns_.size() == columns_.size()) return {};  // nothing is left to write
  TARE_TRY_VOID(spool_.Append(record_));
  TARE_TRY_VOID(std::exchange(texts_result_, Result<void>()));
  return CheckExpansion(source_, encoded_bytes_, spool_.size() + texts_spool_.size());
}

// Numbers the classes in the order of their texts.
void TableBuilder::SortClasses(size_t c) {
  TableColumn& column = columns_[c];
  auto& classes = classes_[c];
  for (const auto& [text, number] : texts_[c]) classes.push_back(text);
  std::ranges::sort(classes);
  column.class_of.resize(classes.size());
  for (int64_t i = 0; i < std::ssize(classes); ++i) {
    const int64_t number = texts_[c].at(classes[static_cast<size_t>(i)]);
    column.class_of[static_cast<size_t>(number)] = i;
  }
}

Result<std::unique_ptr<Dataset>> TableBuilder::Finish(ByteSourcePtr file) {
  TableParts parts;
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (IsSkipped(c)) continue;
    if (columns_[c].kind == Kind::kUnknown && columns_[c].num_bytes > 0) continue;  // no rows
    if (columns_[c].kind == Kind::kLongText) {
      parts.long_texts.push_back(std::move(columns_[c]));
      continue;
    }
    if (columns_[c].kind == Kind::kText) SortClasses(c);
    parts.columns.push_back(std::move(columns_[c]));
    parts.classes.push_back(std::move(classes_[c]));
  }
  if ((parts.columns.empty() && parts.long_texts.empty()) || num_rows_ == 0) {
    if (!skipped_.empty()) return std::move(skipped_[0].error);
    return InvalidArgument(StrCat(source_, " has no rows"), "name a file with at least one sample");
  }
  parts.skipped = std::move(skipped_);
  parts.notes = std::move(notes_);
  parts.reordered_line = reordered_line_;
  parts.num_rows = num_rows_;
  parts.record_bytes = std::ssize(record_);
  TARE_TRY(parts.records, spool_.Finish());
  TARE_TRY(parts.texts, texts_spool_.Finish());
  parts.file = std::move(file);
  return MakeTableDataset(std::move(parts));
}

}  // namespace tare::data
