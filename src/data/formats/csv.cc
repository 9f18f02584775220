#include "data/formats/csv.h"

#include <algorithm>
#include <cmath>

#include "data/formats/csv_record.h"
#include "data/formats/table.h"
#include "data/shown_value.h"

namespace tare::data {
namespace {

constexpr size_t kMaxRecordBytes = size_t{16} << 20;

// Yields the records of a source.
class Records {
 public:
  explicit Records(const ByteSource& source) : source_(source) {}

  /// Reads the start of the source: at least its first record.
  Result<CsvHead> ReadHead() {
    TARE_TRY_VOID(Fill());
    if (buffer_.starts_with("\xEF\xBB\xBF")) begin_ = 3;  // a byte order mark
    while (true) {
      SkipEmptyLines();
      const bool has_record =
          CsvTokenizer('\n').Parse(std::string_view(buffer_).substr(begin_), IsAtEnd()) > 0;
      if (has_record || IsAtEnd()) break;
      TARE_TRY_VOID(CheckLength());
      TARE_TRY_VOID(Fill());
    }
    CsvHead head = ReadCsvHead(std::string_view(buffer_).substr(begin_));
    tokenizer_ = CsvTokenizer(head.delimiter);
    return head;
  }

  /// Moves on to the next record; false at the end of the source.
  Result<bool> Next() {
    line_ += num_lines_;
    num_lines_ = 0;
    while (true) {
      SkipEmptyLines();
      const auto rest = std::string_view(buffer_).substr(begin_);
      if (rest.empty() && IsAtEnd()) return false;
      const size_t size = rest.empty() ? 0 : tokenizer_.Parse(rest, IsAtEnd());
      if (size > 0) {
        if (tokenizer_.is_quote_open()) {
          return DataLoss(
              StrCat("the quote in line ", line_, " of ", source_.name(), " has no end"),
              "close it with \", and double quotes inside text");
        }
        // A record may have several: quoted cells hold line ends.
        num_lines_ = std::ranges::count(rest.substr(0, size), '\n');
        begin_ += size;
        return true;
      }
      TARE_TRY_VOID(CheckLength());
      TARE_TRY_VOID(Fill());
    }
  }

  const std::vector<std::string_view>& cells() const { return tokenizer_.cells(); }
  int64_t line() const { return line_; }  ///< of the current record's beginning, from 1

 private:
  bool IsAtEnd() const { return offset_ == source_.size(); }

  void SkipEmptyLines() {
    while (begin_ < buffer_.size() && (buffer_[begin_] == '\n' || buffer_[begin_] == '\r')) {
      if (buffer_[begin_++] == '\n') ++line_;
    }
  }

  Result<void> CheckLength() const {
    if (buffer_.size() - begin_ <= kMaxRecordBytes) return {};
    return DataLoss(StrCat("line ", line_, " of ", source_.name(), " has over 16 MiB"),
                    "check that it is CSV and that quotes are closed");
  }

  // Reads on; as much as is there already, so that a long record is parsed a few times only.
  Result<void> Fill() {
    buffer_.erase(0, std::exchange(begin_, 0));
    const size_t held = buffer_.size();
    const auto count = std::min<int64_t>(std::max<int64_t>(1 << 18, static_cast<int64_t>(held)),
                                         source_.size() - offset_);
    buffer_.resize(held + static_cast<size_t>(count));
    TARE_TRY_VOID(
        source_.ReadAt(offset_, std::as_writable_bytes(std::span(buffer_).subspan(held))));
    offset_ += count;
    return {};
  }

  const ByteSource& source_;
  CsvTokenizer tokenizer_{','};
  std::string buffer_;
  size_t begin_ = 0;    // of what is not yet read
  int64_t offset_ = 0;  // in the source, of what is not yet in the buffer
  int64_t line_ = 1;
  int64_t num_lines_ = 0;  // of the current record
};

void SetCell(TableBuilder& builder, size_t c, std::string_view text) {
  using Kind = CsvCell::Kind;
  using Column = TableColumn::Kind;
  const CsvCell cell = ReadCsvCell(text);
  const Column column = builder.column(c).kind;
  if ((column == Column::kText || column == Column::kLongText) && !text.empty()) {
    // "NA" before numbers is a gap in them, whichever comes first; "nan" and "inf" may be texts.
    const bool is_number =
        cell.kind == Kind::kInteger || (cell.kind == Kind::kReal && std::isfinite(cell.real));
    if (is_number) builder.GiveUpClasses(c, text);
    return builder.SetText(c, text);
  }
  switch (cell.kind) {
    case Kind::kEmpty:
      return builder.Skip(c, {.what = "is empty", .next_step = AdviceOnText("")});
    case Kind::kBool:
      return builder.SetBool(c, 0, cell.integer != 0);
    case Kind::kInteger:
      return builder.SetInteger(c, 0, cell.integer);
    case Kind::kReal:
      return builder.SetReal(c, 0, cell.real);
    case Kind::kText:
      return builder.SetText(c, text);
  }
}

// 0,1 alone may as well be a sample of two values.
Result<void> CheckNumberedHead(const CsvHead& head, const std::string& name) {
  if (head.names.size() > 2) return {};
  return InvalidArgument(
      StrCat("the first line of ", name, ", 0", head.delimiter,
             "1, may be the names of the columns "
             "(as pandas writes them) or a sample"),
      StrCat("put a line of names above it, or in its place: sed -i '1i x", head.delimiter,
             "label' FILE, or sed -i '1c x", head.delimiter, "label' FILE"));
}

}  // namespace

Result<std::unique_ptr<Dataset>> OpenCsv(const ByteSourcePtr& source, ByteSourcePtr file) {
  Records records(*source);
  TARE_TRY(const CsvHead head, records.ReadHead());
  std::vector<TableColumn> columns;
  for (const std::string& name : head.names) {
    if (!IsUtf8(name)) {
      return DataLoss(StrCat("the first line of ", source->name(), " is not UTF-8 text"),
                      "save the file as CSV in UTF-8");
    }
    columns.emplace_back().name = name;
  }
  TARE_TRY(auto builder, TableBuilder::Create(source->name(), file->size(), std::move(columns)));
  if (head.names_are_numbers) {
    TARE_TRY_VOID(CheckNumberedHead(head, source->name()));
    builder->AddNote(StrCat("the first line of ", source->name(), ", 0 to ", head.names.size() - 1,
                            ", counts the columns and is taken for their names, as pandas writes "
                            "them; if it is a sample, put a line of names above it"));
  }
  bool is_header = head.has_header;
  while (true) {
    TARE_TRY(const bool is_record, records.Next());
    if (!is_record) return builder->Finish(std::move(file));
    if (std::exchange(is_header, false)) continue;
    const auto& cells = records.cells();
    if (cells.size() != head.names.size()) {
      return DataLoss(StrCat("line ", records.line(), " of ", source->name(), " has ", cells.size(),
                             " cells, the first line ", head.names.size()),
                      "give every line the same number of cells; put text with a delimiter in it "
                      "in quotes");
    }
    builder->SetLine(records.line());
    for (size_t c = 0; c < cells.size(); ++c) {
      if (!builder->IsSkipped(c)) SetCell(*builder, c, cells[c]);
    }
    TARE_TRY_VOID(builder->FinishRow());
  }
}

}  // namespace tare::data
