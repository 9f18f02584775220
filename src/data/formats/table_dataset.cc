#include "data/formats/table_dataset.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "data/stored_array.h"

namespace tare::data {
namespace {

using Kind = TableColumn::Kind;

DType DTypeOfColumn(const TableColumn& column) {
  switch (column.kind) {
    case Kind::kFixed:
      return column.dtype;
    case Kind::kBool:
      return DType::kBool;
    case Kind::kReal:
    case Kind::kUnknown:  // lists without elements
      return DType::kFloat64;
    default:
      return DType::kInt64;
  }
}

template <class T>
T Load(const std::byte* at) {
  T value{};
  std::memcpy(&value, at, sizeof(value));
  return value;
}

// Writes one row's cells of a column behind each other.
void DecodeCells(const TableColumn& column, int64_t row, const std::byte* cells, std::byte* out) {
  const int64_t count = column.num_bytes / 8;
  switch (column.kind) {
    case Kind::kBool:
      for (int64_t i = 0; i < count; ++i) out[i] = std::byte{Load<int64_t>(cells + 8 * i) != 0};
      return;
    case Kind::kText: {
      const int64_t number = column.class_of[static_cast<size_t>(Load<int64_t>(cells))];
      std::memcpy(out, &number, sizeof(number));
      return;
    }
    case Kind::kReal:
      if (row < column.first_real_row) {
        for (int64_t i = 0; i < count; ++i) {
          const auto real = static_cast<double>(Load<int64_t>(cells + 8 * i));
          std::memcpy(out + 8 * i, &real, sizeof(real));
        }
        return;
      }
      [[fallthrough]];
    default:
      if (column.num_bytes > 0) {
        std::memcpy(out, cells, static_cast<size_t>(column.num_bytes));
      }
  }
}

class TableDataset : public Dataset {
 public:
  explicit TableDataset(TableParts parts) : parts_(std::move(parts)) {
    for (size_t c = 0; c < parts_.columns.size(); ++c) {
      const TableColumn& column = parts_.columns[c];
      infos_.push_back(
          {column.name, DTypeOfColumn(column), column.sample_shape, std::move(parts_.classes[c])});
    }
  }

  const std::string& source() const override { return parts_.file->name(); }
  int64_t num_samples() const override { return parts_.num_rows; }
  std::span<const ArrayInfo> arrays() const override { return infos_; }
  std::span<const SkippedArray> skipped() const override { return parts_.skipped; }
  std::vector<std::string> notes() const override { return parts_.notes; }
  int64_t reordered_line() const override { return parts_.reordered_line; }

  Result<Tensor> Read(std::string_view name, std::span<const int64_t> samples) const override {
    const auto at = std::ranges::find(parts_.columns, name, &TableColumn::name);
    if (at == parts_.columns.end()) return Find(name).error();
    TARE_TRY_VOID(CheckSamples(*this, samples));
    const TableColumn& column = *at;
    Shape shape{std::ssize(samples)};
    shape.insert(shape.end(), column.sample_shape.begin(), column.sample_shape.end());
    TARE_TRY(Tensor tensor, Tensor::Zeros(DTypeOfColumn(column), std::move(shape)));
    std::byte* out = tensor.mutable_bytes().data();
    const size_t out_bytes = tensor.bytes().size() / std::max<size_t>(1, samples.size());
    TARE_TRY_VOID(ForEachRecord(samples, column.offset, column.num_bytes,
                                [&](int64_t row, const std::byte* cells) {
                                  DecodeCells(column, row, cells, out);
                                  out += out_bytes;
                                }));
    return tensor;
  }

  // Reads each record once, however many columns there are.
  Result<Tensor> ReadColumns(std::span<const std::string> columns,
                             std::span<const int64_t> samples) const override {
    std::vector<const TableColumn*> wanted;
    bool all_integers = true;
    for (const std::string& name : columns) {
      const auto at = std::ranges::find(parts_.columns, name, &TableColumn::name);
      const bool is_cell = at != parts_.columns.end() && at->sample_shape.empty() &&
                           at->kind != Kind::kFixed && at->kind != Kind::kUnknown;
      if (!is_cell) return Dataset::ReadColumns(columns, samples);
      all_integers &= at->kind != Kind::kReal;
      wanted.push_back(&*at);
    }
    TARE_TRY_VOID(CheckSamples(*this, samples));
    TARE_TRY(Tensor tensor, Tensor::Zeros(all_integers ? DType::kInt64 : DType::kFloat64,
                                          {std::ssize(samples), std::ssize(columns)}));
    std::byte* out = tensor.mutable_bytes().data();
    const auto decode_row = [&](int64_t row, const std::byte* record) {
      for (const TableColumn* column : wanted) {
        DecodeNumber(*column, row, record + column->offset, all_integers, out);
        out += 8;
      }
    };
    TARE_TRY_VOID(ForEachRecord(samples, 0, parts_.record_bytes, decode_row));
    return tensor;
  }

  std::vector<std::string> text_columns() const override {
    std::vector<std::string> names;
    for (const TableColumn& column : parts_.columns) {
      if (column.kind == Kind::kText) names.push_back(column.name);
    }
    for (const TableColumn& column : parts_.long_texts) names.push_back(column.name);
    return names;
  }

  Result<std::vector<std::string>> ReadTexts(std::string_view name,
                                             std::span<const int64_t> samples) const override {
    TARE_TRY_VOID(CheckSamples(*this, samples));
    const auto at = std::ranges::find(parts_.long_texts, name, &TableColumn::name);
    return at == parts_.long_texts.end() ? ClassTexts(name, samples) : LongTexts(*at, samples);
  }

  Result<std::string> Digest() const override {
    const std::lock_guard lock(mutex_);
    if (digest_.empty()) {
      TARE_TRY(digest_, DigestOf(*parts_.file));
    }
    return digest_;
  }

 private:
  Result<std::vector<std::string>> ClassTexts(std::string_view name,
                                              std::span<const int64_t> samples) const {
    const auto at = std::ranges::find(parts_.columns, name, &TableColumn::name);
    if (at == parts_.columns.end() || at->kind != Kind::kText) {
      return Dataset::ReadTexts(name, samples);
    }
    const auto& classes = infos_[static_cast<size_t>(at - parts_.columns.begin())].classes;
    std::vector<std::string> texts;
    texts.reserve(samples.size());
    const auto add = [&](int64_t, const std::byte* cell) {
      const int64_t number = at->class_of[static_cast<size_t>(Load<int64_t>(cell))];
      texts.push_back(classes[static_cast<size_t>(number)]);
    };
    TARE_TRY_VOID(ForEachRecord(samples, at->offset, at->num_bytes, add));
    return texts;
  }

  Result<std::vector<std::string>> LongTexts(const TableColumn& column,
                                             std::span<const int64_t> samples) const {
    std::vector<int64_t> offsets;
    offsets.reserve(samples.size());
    const auto add = [&](int64_t row, const std::byte* cell) {
      const auto place = Load<int64_t>(cell);
      const bool is_number = row < column.first_long_row;
      offsets.push_back(is_number ? column.text_offsets[static_cast<size_t>(place)] : place);
    };
    TARE_TRY_VOID(ForEachRecord(samples, column.offset, column.num_bytes, add));
    std::vector<std::string> texts(samples.size());
    for (size_t i = 0; i < texts.size(); ++i) {
      int64_t length = 0;
      TARE_TRY_VOID(
          parts_.texts->ReadAt(offsets[i], std::as_writable_bytes(std::span(&length, 1))));
      texts[i].resize(static_cast<size_t>(length));
      TARE_TRY_VOID(
          parts_.texts->ReadAt(offsets[i] + 8, std::as_writable_bytes(std::span(texts[i]))));
    }
    return texts;
  }

  static void DecodeNumber(const TableColumn& column, int64_t row, const std::byte* cell,
                           bool as_integer, std::byte* out) {
    if (column.kind == Kind::kReal && row >= column.first_real_row) {
      std::memcpy(out, cell, 8);
      return;
    }
    auto integer = Load<int64_t>(cell);
    if (column.kind == Kind::kText) integer = column.class_of[static_cast<size_t>(integer)];
    const auto real = static_cast<double>(integer);
    std::memcpy(out, as_integer ? static_cast<const void*>(&integer) : &real, 8);
  }

  // Calls use(row, bytes) with `num_bytes` from `offset` on of each sample's record. Neighbouring
  // records are read together, unless only a small part of them is wanted.
  template <class Use>
  Result<void> ForEachRecord(std::span<const int64_t> samples, int64_t offset, int64_t num_bytes,
                             const Use& use) const {
    const bool whole = parts_.record_bytes - num_bytes <= 4096;
    const int64_t stride = whole ? parts_.record_bytes : num_bytes;
    const int64_t first_byte = whole ? 0 : offset;
    const int64_t most =
        whole ? std::max<int64_t>(1, (int64_t{1} << 20) / std::max<int64_t>(1, stride)) : 1;
    std::vector<std::byte> buffer;
    for (size_t i = 0; i < samples.size();) {
      size_t end = i + 1;
      while (end < samples.size() && samples[end] == samples[end - 1] + 1 &&
             static_cast<int64_t>(end - i) < most) {
        ++end;
      }
      buffer.resize((end - i) * static_cast<size_t>(stride));
      TARE_TRY_VOID(parts_.records->ReadAt(samples[i] * parts_.record_bytes + first_byte, buffer));
      const std::byte* cells = buffer.data() + (whole ? offset : 0);
      for (; i < end; ++i, cells += stride) use(samples[i], cells);
    }
    return {};
  }

  TableParts parts_;
  std::vector<ArrayInfo> infos_;
  mutable std::mutex mutex_;
  mutable std::string digest_;  // written under mutex_, once
};

}  // namespace

std::unique_ptr<Dataset> MakeTableDataset(TableParts parts) {
  return std::make_unique<TableDataset>(std::move(parts));
}

}  // namespace tare::data
