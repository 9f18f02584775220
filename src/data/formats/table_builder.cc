#include <algorithm>
#include <cstring>

#include "data/formats/table.h"
#include "data/formats/table_dataset.h"

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

// Bytes of the character that begins with `lead`; 0 when none does.
size_t Utf8Length(uint8_t lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2) return 0;
  if (lead < 0xE0) return 2;
  if (lead < 0xF0) return 3;
  return lead < 0xF5 ? 4 : 0;
}

// False for overlong forms, surrogates, and what lies past U+10FFFF.
bool MayFollow(uint8_t lead, uint8_t next) {
  if (lead == 0xE0) return next >= 0xA0;
  if (lead == 0xED) return next <= 0x9F;
  if (lead == 0xF0) return next >= 0x90;
  return lead != 0xF4 || next <= 0x8F;
}

}  // namespace

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(static_cast<uint8_t>(text[0]));
    if (length == 0 || length > text.size()) return false;
    for (const char c : text.substr(1, length - 1)) {
      if ((static_cast<uint8_t>(c) & 0xC0) != 0x80) return false;
    }
    if (length > 1 && !MayFollow(static_cast<uint8_t>(text[0]), static_cast<uint8_t>(text[1]))) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

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
bool TableBuilder::Becomes(size_t c, Kind kind) {
  TableColumn& column = columns_[c];
  if (IsSkipped(c)) return false;
  if (column.kind == Kind::kUnknown) column.kind = kind;
  if (column.kind == kind) return true;
  Skip(c, StrCat("has ", KindName(kind), " where ", KindName(column.kind), " stood before"));
  return false;
}

void TableBuilder::SetBool(size_t c, int64_t i, bool value) {
  if (!Becomes(c, Kind::kBool)) return;
  const int64_t cell = value ? 1 : 0;
  std::memcpy(Cell(c, i), &cell, sizeof(cell));
}

void TableBuilder::SetInteger(size_t c, int64_t i, int64_t value) {
  if (columns_[c].kind == Kind::kReal) return SetReal(c, i, static_cast<double>(value));
  if (!Becomes(c, Kind::kInteger)) return;
  std::memcpy(Cell(c, i), &value, sizeof(value));
}

void TableBuilder::SetReal(size_t c, int64_t i, double value) {
  if (columns_[c].kind == Kind::kInteger) PromoteToReal(c, i);
  if (!Becomes(c, Kind::kReal)) return;
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
  if (!columns_[c].sample_shape.empty()) return Skip(c, "has text in a list");
  const bool is_long = columns_[c].kind == Kind::kLongText;
  if (is_long && IsSkipped(c)) return;
  if (!is_long && !Becomes(c, Kind::kText)) return;
  if (!IsUtf8(value)) return Skip(c, "has text that is not UTF-8");
  int64_t cell = 0;
  if (!is_long) {
    auto& texts = texts_[c];
    const auto [text, is_new] = texts.try_emplace(std::string(value), std::ssize(texts));
    cell = text->second;
    if (is_new && (std::ssize(texts) > kMaxClasses || value.size() > kMaxClassBytes)) {
      texts.erase(text);
      BecomeLongText(c, value.size() > kMaxClassBytes
                            ? "has a text of more than 1,024 bytes: not a class"
                            : "reaches more than 65,536 different texts: not classes");
    }
  }
  if (columns_[c].kind == Kind::kLongText) cell = KeepText(value);
  std::memcpy(Cell(c, 0), &cell, sizeof(cell));
}

// From this row on the record holds places of texts; before, the numbers of those met so far.
void TableBuilder::BecomeLongText(size_t c, std::string_view what) {
  TableColumn& column = columns_[c];
  column.kind = Kind::kLongText;
  column.first_long_row = num_rows_;
  column.text_offsets.resize(texts_[c].size());
  for (const auto& [text, number] : texts_[c]) {
    column.text_offsets[static_cast<size_t>(number)] = KeepText(text);
  }
  texts_[c].clear();
  SkipName(column.name, what);
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

void TableBuilder::Skip(size_t c, std::string_view what, int64_t rows_ahead) {
  if (!skipped_columns_.insert(c).second) return;
  SkipName(columns_[c].name, what, rows_ahead);
}

void TableBuilder::SkipName(const std::string& name, std::string_view what, int64_t rows_ahead) {
  // JSON lines may each name new keys: as many are remembered as a table may have columns.
  if (std::ssize(skipped_names_) >= kMaxColumns || !skipped_names_.insert(name).second) return;
  skipped_.push_back(
      {name, InvalidArgument(StrCat("column '", name, "' of ", source_, " ", what, ", in sample ",
                                    num_rows_ + rows_ahead),
                             "correct the value, or leave the sample or the column out")});
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
  parts.num_rows = num_rows_;
  parts.record_bytes = std::ssize(record_);
  TARE_TRY(parts.records, spool_.Finish());
  TARE_TRY(parts.texts, texts_spool_.Finish());
  parts.file = std::move(file);
  return MakeTableDataset(std::move(parts));
}

}  // namespace tare::data
