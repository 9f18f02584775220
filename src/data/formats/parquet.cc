// Adapter of Arrow and Parquet.

#include "data/formats/parquet.h"

#include <arrow/api.h>
#include <arrow/io/interfaces.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <limits>
#include <optional>

#include "data/formats/table.h"

namespace tare::data {
namespace {

constexpr int64_t kMaxMemoryBytes = int64_t{1} << 30;
constexpr int64_t kParquetBatchRows = 1024;
constexpr int64_t kParquetBufferBytes = 1 << 18;
constexpr int kMaxListDepth = 8;

Error ArrowError(const arrow::Status& status, const std::string& name) {
  std::string why = status.message();
  // Lines behind the first are where in its own sources Arrow came by.
  why.resize(std::min(why.size(), why.find('\n')));
  if (status.IsOutOfMemory()) {
    return ResourceExhausted(
        StrCat("reading ", name, " as Parquet takes over 1 GiB of memory: ", why),
        "write it in smaller row groups and pages, or as .npz");
  }
  if (status.IsNotImplemented()) {
    return Unsupported(StrCat(name, " uses a feature of Parquet that is not read: ", why),
                       "write it again with plain settings, or as .npz");
  }
  return DataLoss(StrCat("cannot read ", name, " as Parquet: ", why),
                  "correct the file, or make or download it again");
}

Result<void> Check(const arrow::Status& status, const std::string& name) {
  if (status.ok()) return {};
  return ArrowError(status, name);
}

template <class T>
Result<T> Check(arrow::Result<T> result, const std::string& name) {
  if (!result.ok()) return ArrowError(result.status(), name);
  return *std::move(result);
}

// A ByteSource as Arrow's file.
class ArrowFile : public arrow::io::RandomAccessFile {
 public:
  ArrowFile(ByteSourcePtr source, arrow::MemoryPool* pool)
      : source_(std::move(source)), pool_(pool) {}
  ~ArrowFile() override = default;

  arrow::Status Close() override {
    is_closed_ = true;
    return arrow::Status::OK();
  }
  bool closed() const override { return is_closed_; }
  arrow::Result<int64_t> Tell() const override { return position_; }
  arrow::Status Seek(int64_t position) override {
    if (position < 0) return arrow::Status::IOError("a negative position");
    position_ = position;
    return arrow::Status::OK();
  }
  arrow::Result<int64_t> GetSize() override { return source_->size(); }

  arrow::Result<int64_t> Read(int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t read, ReadAt(position_, count, out));
    position_ += read;
    return read;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto buffer, ReadAt(position_, count));
    position_ += buffer->size();
    return buffer;
  }
  arrow::Result<int64_t> ReadAt(int64_t position, int64_t count, void* out) override {
    count = Available(position, count);
    const auto bytes = std::span(static_cast<std::byte*>(out), static_cast<size_t>(count));
    if (auto result = source_->ReadAt(position, bytes); !result) {
      return arrow::Status::IOError(result.error().what);
    }
    return count;
  }
  arrow::Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t count) override {
    count = Available(position, count);
    ARROW_ASSIGN_OR_RAISE(std::unique_ptr<arrow::Buffer> buffer,
                          arrow::AllocateBuffer(count, pool_));
    ARROW_RETURN_NOT_OK(ReadAt(position, count, buffer->mutable_data()));
    return std::shared_ptr<arrow::Buffer>(std::move(buffer));
  }

 private:
  int64_t Available(int64_t position, int64_t count) const {
    return std::clamp<int64_t>(count, 0, std::max<int64_t>(0, source_->size() - position));
  }

  ByteSourcePtr source_;
  arrow::MemoryPool* pool_;
  int64_t position_ = 0;
  bool is_closed_ = false;
};

template <class ArrayType>
std::string_view ViewAt(const arrow::Array& array, int64_t i) {
  return static_cast<const ArrayType&>(array).GetView(i);
}

// Bytes count as text: writers that know no strings, Impala for one, keep them so. What is not
// UTF-8 among them is found where texts are stored.
std::optional<std::string_view> TextAt(const arrow::Array& array, int64_t i) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return ViewAt<arrow::BinaryArray>(array, i);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return ViewAt<arrow::LargeBinaryArray>(array, i);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return ViewAt<arrow::BinaryViewArray>(array, i);
    default:
      return std::nullopt;
  }
}

DType DTypeOfArrow(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return DType::kBool;
    case arrow::Type::UINT8:
      return DType::kUint8;
    case arrow::Type::INT8:
      return DType::kInt8;
    case arrow::Type::UINT16:
      return DType::kUint16;
    case arrow::Type::INT16:
      return DType::kInt16;
    case arrow::Type::UINT32:
      return DType::kUint32;
    case arrow::Type::INT32:
      return DType::kInt32;
    case arrow::Type::UINT64:
      return DType::kUint64;
    case arrow::Type::INT64:
      return DType::kInt64;
    case arrow::Type::HALF_FLOAT:
      return DType::kFloat16;
    case arrow::Type::FLOAT:
      return DType::kFloat32;
    case arrow::Type::DOUBLE:
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:  // the nearest double
      return DType::kFloat64;
    default:
      return DType::kUndefined;
  }
}

// The lists of a list array, all kinds alike.
struct Lists {
  std::shared_ptr<arrow::Array> values;
  std::function<int64_t(int64_t)> begin;   // of list i, in values
  std::function<int64_t(int64_t)> length;  // of list i
};

template <class ArrayType>
Lists ListsAs(const std::shared_ptr<arrow::Array>& array) {
  const auto* lists = static_cast<const ArrayType*>(array.get());
  return {lists->values(), [lists](int64_t i) { return int64_t{lists->value_offset(i)}; },
          [lists](int64_t i) { return int64_t{lists->value_length(i)}; }};
}

std::optional<Lists> ListsOf(const std::shared_ptr<arrow::Array>& array) {
  switch (array->type_id()) {
    case arrow::Type::LIST:
      return ListsAs<arrow::ListArray>(array);
    case arrow::Type::LARGE_LIST:
      return ListsAs<arrow::LargeListArray>(array);
    case arrow::Type::FIXED_SIZE_LIST:
      return ListsAs<arrow::FixedSizeListArray>(array);
    default:
      return std::nullopt;
  }
}

// What stands in the rows of a column, down to its numbers or texts.
struct Leaf {
  std::shared_ptr<arrow::Array> values;
  Shape sample_shape;
  std::string problem;      // why it is no array, empty when it is
  int64_t problem_row = 0;  // of the batch
};

// Follows nested lists of one length, down to what they hold.
Leaf FindLeaf(std::shared_ptr<arrow::Array> array) {
  Leaf leaf;
  int64_t per_row = 1;
  for (int depth = 0; depth <= kMaxListDepth; ++depth) {
    const auto fail = [&](int64_t i, std::string problem) {
      leaf.problem = std::move(problem);
      leaf.problem_row = i / std::max<int64_t>(1, per_row);
    };
    leaf.values = array;
    for (int64_t i = 0; array->null_count() > 0 && i < array->length(); ++i) {
      if (!array->IsNull(i)) continue;
      fail(i, "has a null");
      return leaf;
    }
    const auto lists = ListsOf(array);
    if (!lists) return leaf;
    const int64_t count = array->length();
    const int64_t extent = count > 0 ? lists->length(0) : 0;
    for (int64_t i = 0; i < count; ++i) {
      // Offsets may leave gaps, behind nulls for one; without any the values below are one piece.
      if (lists->length(i) == extent && lists->begin(i) == lists->begin(0) + i * extent) continue;
      fail(i, StrCat("has lists of ", extent, " and ", lists->length(i), " elements"));
      return leaf;
    }
    leaf.sample_shape.push_back(extent);
    per_row *= extent;
    array = lists->values->Slice(count > 0 ? lists->begin(0) : 0, count * extent);
  }
  leaf.problem = StrCat("has lists more than ", kMaxListDepth, " deep");
  return leaf;
}

bool IsText(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return true;
    default:
      return false;
  }
}

// The type of what an array stands for: a dictionary for the values that it holds once. Those of
// texts come so from files; of numbers the reader gives the values.
const arrow::DataType& ValueType(const arrow::Array& array) {
  if (array.type_id() != arrow::Type::DICTIONARY) return *array.type();
  return *static_cast<const arrow::DictionaryType&>(*array.type()).value_type();
}

template <class ArrayType>
void AppendDecimals(const arrow::Array& array, std::vector<std::byte>& out) {
  const auto& decimals = static_cast<const ArrayType&>(array);
  for (int64_t i = 0; i < array.length(); ++i) {
    const std::string text = decimals.FormatValue(i);
    double value = std::numeric_limits<double>::quiet_NaN();
    std::from_chars(text.data(), text.data() + text.size(), value);
    const auto bytes = std::as_bytes(std::span(&value, 1));
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
}

// Numbers that Arrow holds in another form than a tensor does; false when they are plain.
bool UnpackNumbers(const arrow::Array& array, std::vector<std::byte>& out) {
  out.clear();
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      for (int64_t i = 0; i < array.length(); ++i)
        out.push_back(std::byte{static_cast<const arrow::BooleanArray&>(array).Value(i)});
      return true;
    case arrow::Type::DECIMAL32:
      AppendDecimals<arrow::Decimal32Array>(array, out);
      return true;
    case arrow::Type::DECIMAL64:
      AppendDecimals<arrow::Decimal64Array>(array, out);
      return true;
    case arrow::Type::DECIMAL128:
      AppendDecimals<arrow::Decimal128Array>(array, out);
      return true;
    case arrow::Type::DECIMAL256:
      AppendDecimals<arrow::Decimal256Array>(array, out);
      return true;
    default:
      return false;
  }
}

// The bytes of the array's numbers, in `unpacked` where Arrow holds them in another form.
std::span<const std::byte> NumberBytes(const arrow::Array& array, DType dtype,
                                       std::vector<std::byte>& unpacked) {
  if (UnpackNumbers(array, unpacked)) return unpacked;
  // A slice shares the buffer of its parent: its own numbers begin at `offset`.
  const auto& data = *array.data();
  const int64_t width = BitWidth(dtype) / 8;
  if (data.buffers.size() < 2 || data.buffers[1] == nullptr) return {};
  const auto* bytes = reinterpret_cast<const std::byte*>(data.buffers[1]->data());
  return {bytes + data.offset * width, static_cast<size_t>(array.length() * width)};
}

// The text of row `i`, through a dictionary.
std::optional<std::string_view> TextOf(const arrow::Array& array, int64_t i) {
  if (array.type_id() != arrow::Type::DICTIONARY) return TextAt(array, i);
  const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
  const int64_t index = dictionary.GetValueIndex(i);
  if (index < 0 || index >= dictionary.dictionary()->length()) return std::nullopt;
  return TextAt(*dictionary.dictionary(), index);
}

// Copies the batches of a Parquet file into a table.
class ParquetTable {
 public:
  ParquetTable(std::string name, int64_t num_bytes)
      : name_(std::move(name)), num_bytes_(num_bytes) {}

  Result<void> Add(const arrow::RecordBatch& batch) {
    if (batch.num_rows() == 0) return {};
    std::vector<Leaf> leaves;
    for (const auto& column : batch.columns()) leaves.push_back(FindLeaf(column));
    if (!builder_) TARE_TRY_VOID(Start(*batch.schema(), leaves));
    unpacked_.resize(leaves.size());
    bytes_.resize(leaves.size());
    for (size_t c = 0; c < leaves.size(); ++c) Prepare(c, leaves[c]);
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      for (size_t c = 0; c < leaves.size(); ++c) SetCells(c, leaves[c], row);
      TARE_TRY_VOID(builder_->FinishRow());
    }
    return {};
  }

  Result<std::unique_ptr<Dataset>> Finish(ByteSourcePtr file) {
    if (!builder_) return InvalidArgument(StrCat(name_, " has no rows"), "name another file");
    return builder_->Finish(std::move(file));
  }

 private:
  Result<void> Start(const arrow::Schema& schema, const std::vector<Leaf>& leaves) {
    std::vector<TableColumn> columns;
    for (size_t c = 0; c < leaves.size(); ++c) {
      TableColumn column;
      column.name = schema.field(static_cast<int>(c))->name();
      if (leaves[c].problem.empty()) {
        column.dtype = DTypeOfArrow(*leaves[c].values->type());
        column.sample_shape = leaves[c].sample_shape;
      }
      columns.push_back(std::move(column));
    }
    TARE_TRY(builder_, TableBuilder::Create(name_, num_bytes_, std::move(columns)));
    return {};
  }

  void Prepare(size_t c, const Leaf& leaf) {
    const TableColumn& column = builder_->column(c);
    const arrow::DataType& type = ValueType(*leaf.values);
    const Holds holds = IsText(type) ? Holds::kOther : Holds::kNumbers;
    if (!leaf.problem.empty()) return builder_->Skip(c, {leaf.problem, holds, leaf.problem_row});
    if (leaf.sample_shape != column.sample_shape) {
      return builder_->Skip(c, {StrCat("has lists of shape ", ShapeText(leaf.sample_shape),
                                       " after ", ShapeText(column.sample_shape)),
                                holds});
    }
    if (column.dtype != DType::kUndefined) {
      bytes_[c] = NumberBytes(*leaf.values, column.dtype, unpacked_[c]);
    } else if (!IsText(type) || !column.sample_shape.empty()) {
      builder_->Skip(c, {StrCat("has values of type ", type.ToString(), ", which are no numbers"),
                         Holds::kOther});
    }
  }

  void SetCells(size_t c, const Leaf& leaf, int64_t row) {
    if (builder_->IsSkipped(c)) return;
    const TableColumn& column = builder_->column(c);
    if (column.dtype == DType::kUndefined) {
      return builder_->SetText(c, TextOf(*leaf.values, row).value_or(""));
    }
    const auto size = static_cast<size_t>(column.num_bytes);
    const size_t begin = static_cast<size_t>(row) * size;
    if (size == 0) return;
    if (begin + size > bytes_[c].size()) return builder_->Skip(c, {"ends early"});
    builder_->SetBytes(c, bytes_[c].subspan(begin, size));
  }

  std::string name_;
  int64_t num_bytes_;
  std::unique_ptr<TableBuilder> builder_;
  std::vector<std::vector<std::byte>> unpacked_;   // by column
  std::vector<std::span<const std::byte>> bytes_;  // by column, of the current batch
};

Result<std::unique_ptr<Dataset>> ReadParquet(const ByteSourcePtr& source, ByteSourcePtr file) {
  arrow::CappedMemoryPool pool(arrow::default_memory_pool(), kMaxMemoryBytes);
  parquet::ReaderProperties properties(&pool);
  properties.enable_buffered_stream();
  properties.set_buffer_size(kParquetBufferBytes);
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  arrow_properties.set_batch_size(kParquetBatchRows);
  arrow_properties.set_pre_buffer(false);
  const std::string& name = source->name();

  parquet::arrow::FileReaderBuilder builder;
  TARE_TRY_VOID(Check(builder.Open(std::make_shared<ArrowFile>(source, &pool), properties), name));
  std::unique_ptr<parquet::arrow::FileReader> reader;
  TARE_TRY_VOID(
      Check(builder.memory_pool(&pool)->properties(arrow_properties)->Build(&reader), name));
  TARE_TRY(const auto batches, Check(reader->GetRecordBatchReader(), name));
  ParquetTable table(name, file->size());
  std::shared_ptr<arrow::RecordBatch> batch;
  while (true) {
    TARE_TRY_VOID(Check(batches->ReadNext(&batch), name));
    if (batch == nullptr) return table.Finish(std::move(file));
    TARE_TRY_VOID(Check(batch->Validate(), name));
    TARE_TRY_VOID(table.Add(*batch));
  }
}

}  // namespace

Result<std::unique_ptr<Dataset>> OpenParquet(const ByteSourcePtr& source, ByteSourcePtr file) {
  try {
    return ReadParquet(source, std::move(file));
  } catch (const parquet::ParquetException& e) {  // the reader throws in places
    return ArrowError(arrow::Status::Invalid(e.what()), source->name());
  }
}

}  // namespace tare::data
