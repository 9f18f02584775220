#include "data/formats/csv.h"

#include <algorithm>
#include <cmath>

#include "data/formats/csv_record.h"
#include "data/formats/table.h"
#include "data/shown_value.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

constexpr size_t kMaxRecordBytes = size_t{16} << 20;

// Yields the records of a source.
class CsvRecords {
 public:
  explicit CsvRecords(const ByteSource& source) : source_(source) {}

  /// Reads the start of the source: at least its first record. `preferred` as ReadCsvHead().
  Result<CsvHead> ReadHead(char preferred) {
    TARE_TRY_VOID(Fill());
    if (buffer_.starts_with("\xEF\xBB\xBF")) begin_ = 3;  // a byte order mark
    TARE_TRY_VOID(CheckIsCsv(std::string_view(buffer_).substr(begin_)));
    while (true) {
      SkipEmptyLines();
      const bool has_record =
          CsvTokenizer('\n').Parse(std::string_view(buffer_).substr(begin_), IsAtEnd()) > 0;
      if (has_record || IsAtEnd()) break;
      TARE_TRY_VOID(CheckLength());
      TARE_TRY_VOID(Fill());
    }
    CsvHead head = ReadCsvHead(std::string_view(buffer_).substr(begin_), preferred);
    tokenizer_ = CsvTokenizer(head.delimiter);
    return head;
  }

  /// The record after which Next() is called first: as ReadHead() left it.
  std::string_view first_line() const {
    const std::string_view rest = std::string_view(buffer_).substr(begin_);
    return rest.substr(0, rest.find_first_of("\r\n"));
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
        num_lines_ = CountLines(rest.substr(0, size));
        begin_ += size;
        return true;
      }
      TARE_TRY_VOID(CheckLength());
      TARE_TRY_VOID(Fill());
    }
  }

  const std::vector<std::string_view>& cells() const { return tokenizer_.cells(); }
  bool IsQuoted(size_t c) const { return tokenizer_.IsQuoted(c); }
  int64_t line() const { return line_; }  ///< of the current record's beginning, from 1

 private:
  bool IsAtEnd() const { return offset_ == source_.size(); }

  // A return with a line feed behind it ends one line.
  static int64_t CountLines(std::string_view text) {
    int64_t lines = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const bool is_lone_return = text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n');
      if (text[i] == '\n' || is_lone_return) ++lines;
    }
    return lines;
  }

  void SkipEmptyLines() {
    const size_t begin = begin_;
    while (begin_ < buffer_.size() && (buffer_[begin_] == '\n' || buffer_[begin_] == '\r'))
      ++begin_;
    line_ += CountLines(std::string_view(buffer_).substr(begin, begin_ - begin));
  }

  // Bytes that no CSV begins with, and what they are.
  Result<void> CheckIsCsv(std::string_view text) const {
    const auto prefix = text.substr(0, 512);
    if (prefix.starts_with("\xFF\xFE") || prefix.starts_with("\xFE\xFF") ||
        prefix.substr(0, 2).find('\0') != std::string_view::npos) {
      return DataLoss(StrCat(source_.name(), " is not UTF-8 text: it looks like UTF-16"),
                      "save the file as CSV in UTF-8: iconv -f UTF-16 -t UTF-8 FILE > NEW.csv");
    }
    const auto start = prefix.substr(std::min(prefix.find_first_not_of(" \r\n\t"), prefix.size()));
    const bool is_json = start.starts_with("{\"") || start.starts_with("[{");
    if (is_json || start.starts_with("<")) {
      return DataLoss(
          StrCat(source_.name(), " is no CSV: it begins as ", is_json ? "JSON" : "HTML", " does"),
          is_json ? "name the file .jsonl where it has one object a line, .json where it is "
                    "one list of objects"
                  : "download the file itself, not the page that shows it");
    }
    return {};
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

void SetCell(TableBuilder& builder, size_t c, std::string_view text, char decimal) {
  using Kind = CsvCell::Kind;
  using Column = TableColumn::Kind;
  const CsvCell cell = ReadCsvCell(text, decimal);
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

// 0,1 alone may as well be a sample of two values; other first lines may be either too.
Result<void> CheckHead(const CsvHead& head, std::string_view line, const std::string& name) {
  if (!head.is_unclear && (!head.names_are_numbers || head.names.size() > 2)) return {};
  constexpr size_t kMostExample = 8;
  std::vector<std::string> names;
  for (size_t c = 0; c < std::min(head.names.size(), kMostExample); ++c)
    names.push_back(c + 1 == head.names.size() ? "label" : StrCat("x", c));
  if (head.names.size() > kMostExample) names.emplace_back("...");
  const std::string example = Join(names, std::string(1, head.delimiter));
  return InvalidArgument(
      StrCat("the first line of ", name, ", ", ShownValue(line),
             ", may be the names of the columns or a sample: what stands below it is alike"),
      StrCat("put a line of names above it: sed -i '1i ", example,
             "' FILE; or in its place: sed -i '1c ", example, "' FILE"));
}

// Could the comma separate thousands? Then it says nothing: 1,234.
bool MayGroupThousands(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const size_t comma = text.find(',');
  return comma >= 1 && comma <= 3 && text[0] != '0' && text.size() == comma + 4 &&
         text.find_first_not_of("0123456789,") == std::string_view::npos;
}

// The decimal mark of a file that no comma delimits: a comma where some numbers have one that is
// no separator of thousands, and none has a point.
Result<char> FindDecimal(const ByteSource& source, char delimiter) {
  if (delimiter == ',') return '.';
  CsvRecords records(source);
  TARE_TRY_VOID(records.ReadHead(delimiter));
  bool has_comma = false;
  while (true) {
    TARE_TRY(const bool is_record, records.Next());
    if (!is_record) return has_comma ? ',' : '.';
    for (const std::string_view cell : records.cells()) {
      if (cell.find_first_of(".,") == std::string_view::npos) continue;
      if (ReadCsvCell(cell).kind == CsvCell::Kind::kReal) return '.';
      const bool is_comma = ReadCsvCell(cell, ',').kind == CsvCell::Kind::kReal;
      has_comma |= is_comma && !MayGroupThousands(TrimmedCell(cell));
    }
  }
}

}  // namespace

Result<std::unique_ptr<Dataset>> OpenCsv(const ByteSourcePtr& source, ByteSourcePtr file) {
  CsvRecords records(*source);
  const bool is_tsv = AsciiLower(source->name()).find(".tsv") != std::string::npos;
  TARE_TRY(const CsvHead head, records.ReadHead(is_tsv ? '\t' : '\0'));
  TARE_TRY_VOID(CheckHead(head, records.first_line(), source->name()));
  TARE_TRY(const char decimal, FindDecimal(*source, head.delimiter));
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
    builder->AddNote(StrCat("the first line of ", source->name(), ", 0 to ", head.names.size() - 1,
                            ", counts the columns and is taken for their names, as pandas writes "
                            "them; if it is a sample, put a line of names above it"));
  }
  if (decimal == ',')
    builder->AddNote(StrCat("numbers of ", source->name(), " are read with decimal commas"));
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
      const auto text = records.IsQuoted(c) ? cells[c] : TrimmedCell(cells[c]);
      if (!builder->IsSkipped(c)) SetCell(*builder, c, text, decimal);
    }
    TARE_TRY_VOID(builder->FinishRow());
  }
}

}  // namespace tare::data
