#include "tare/data/dataset.h"

#include <algorithm>

#include "data/convert.h"
#include "data/stored_array.h"
#include "tare/core/hash.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

// Tensors in memory.
class TensorDataset : public Dataset {
 public:
  TensorDataset(std::string source, std::vector<NamedTensor> tensors)
      : source_(std::move(source)), tensors_(std::move(tensors)) {
    for (const NamedTensor& tensor : tensors_) {
      const Shape& shape = tensor.value.shape();
      infos_.push_back(
          {tensor.name, tensor.value.dtype(), Shape(shape.begin() + 1, shape.end()), {}});
    }
  }

  const std::string& source() const override { return source_; }
  int64_t num_samples() const override { return tensors_[0].value.shape()[0]; }
  std::span<const ArrayInfo> arrays() const override { return infos_; }

  Result<Tensor> Read(std::string_view name, std::span<const int64_t> samples) const override {
    const auto tensor = std::ranges::find(tensors_, name, &NamedTensor::name);
    if (tensor == tensors_.end()) return Find(name).error();
    TARE_TRY_VOID(CheckSamples(*this, samples));
    Shape shape = tensor->value.shape();
    shape[0] = std::ssize(samples);
    const auto from = tensor->value.bytes();
    const size_t row_bytes = from.size() / static_cast<size_t>(num_samples());
    std::vector<std::byte> bytes;
    bytes.reserve(row_bytes * samples.size());
    for (const int64_t sample : samples) {
      const auto row = from.subspan(static_cast<size_t>(sample) * row_bytes, row_bytes);
      bytes.insert(bytes.end(), row.begin(), row.end());
    }
    return Tensor::FromBytes(tensor->value.dtype(), std::move(shape), std::move(bytes));
  }

  Result<std::string> Digest() const override {
    Sha256 hash;
    for (const NamedTensor& tensor : tensors_) {
      hash.Update(StrCat(tensor.name, "\n", DTypeName(tensor.value.dtype()), " ",
                         ShapeText(tensor.value.shape()), "\n"));
      hash.Update(tensor.value.bytes());
    }
    return hash.HexDigest();
  }

 private:
  std::string source_;
  std::vector<NamedTensor> tensors_;
  std::vector<ArrayInfo> infos_;
};

Result<Tensor> Interleave(std::span<const Tensor> columns, int64_t num_rows) {
  const auto num_columns = std::ssize(columns);
  const bool all_integers = std::ranges::all_of(
      columns, [](const Tensor& column) { return column.dtype() == DType::kInt64; });
  TARE_TRY(Tensor table,
           Tensor::Zeros(all_integers ? DType::kInt64 : DType::kFloat64, {num_rows, num_columns}));
  for (int64_t c = 0; c < num_columns; ++c) {
    const Tensor& column = columns[static_cast<size_t>(c)];
    for (int64_t row = 0; row < num_rows; ++row) {
      const auto to = static_cast<size_t>(row * num_columns + c);
      const auto from = static_cast<size_t>(row);
      if (all_integers) {
        table.mutable_data<int64_t>()[to] = column.data<int64_t>()[from];
      } else {
        table.mutable_data<double>()[to] = column.data<double>()[from];
      }
    }
  }
  return table;
}

}  // namespace

Result<ArrayInfo> Dataset::Find(std::string_view name) const {
  std::vector<std::string> names;
  for (const ArrayInfo& info : arrays()) {
    if (info.name == name) return info;
    names.push_back(info.name);
  }
  for (const SkippedArray& array : skipped()) {
    if (array.name == name) return array.error;
  }
  const std::string nearest = NearestName(name, names);
  if (names.size() > 20) {
    names.resize(20);
    names.emplace_back("...");
  }
  return NotFound(
      StrCat(source(), " has no array '", name, "'; it has ", Join(names, ", ")),
      nearest.empty() ? "use one of these names" : StrCat("did you mean '", nearest, "'?"));
}

Result<std::vector<std::string>> Dataset::ReadTexts(std::string_view column,
                                                    std::span<const int64_t>) const {
  const std::vector<std::string> names = text_columns();
  return NotFound(StrCat(source(), " has no column of text '", column, "'",
                         names.empty() ? "" : StrCat("; it has ", Join(names, ", "))),
                  "text comes from .csv, .jsonl and .parquet files");
}

Result<Tensor> Dataset::ReadColumns(std::span<const std::string> columns,
                                    std::span<const int64_t> samples) const {
  bool all_integers = true;
  for (const std::string& column : columns) {
    TARE_TRY(const ArrayInfo info, Find(column));
    if (!info.sample_shape.empty()) {
      return InvalidArgument(StrCat("array '", column, "' of ", source(), " has ",
                                    ShapeText(info.sample_shape), " numbers a sample, not one"),
                             "use it as an array of its own");
    }
    all_integers &= !IsFloat(info.dtype) && info.dtype != DType::kUint64;
  }
  const DType dtype = all_integers ? DType::kInt64 : DType::kFloat64;
  std::vector<Tensor> tensors;
  for (const std::string& column : columns) {
    TARE_TRY(const Tensor tensor, Read(column, samples));
    TARE_TRY(Tensor converted, ConvertTensor(tensor, dtype, {}, [&](int64_t row) {
               return StrCat("sample ", samples[static_cast<size_t>(row)]);
             }));
    tensors.push_back(std::move(converted));
  }
  return Interleave(tensors, std::ssize(samples));
}

Result<std::unique_ptr<Dataset>> MakeDataset(std::string source, std::vector<NamedTensor> arrays) {
  if (arrays.empty()) return InvalidArgument(StrCat(source, " holds no arrays"), "give one");
  for (const NamedTensor& array : arrays) {
    const Shape& shape = array.value.shape();
    if (shape.empty() || shape[0] == 0 || shape[0] != arrays[0].value.shape()[0]) {
      return InvalidArgument(
          StrCat("array '", array.name, "' of ", source, " has shape ", ShapeText(shape),
                 "; the first axis must be the samples, the same in all arrays"),
          "give arrays with one first axis of at least 1");
    }
  }
  return std::unique_ptr<Dataset>(
      std::make_unique<TensorDataset>(std::move(source), std::move(arrays)));
}

}  // namespace tare::data
