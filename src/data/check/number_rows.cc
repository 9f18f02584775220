#include <algorithm>

#include "data/check/number_rows_internal.h"
#include "data/convert.h"
#include "data/sample_hash.h"

namespace tare::data::internal {
namespace {

constexpr int64_t kMostColumns = int64_t{1} << 24;

Result<Tensor> AsDoubles(const Tensor& tensor) {
  return ConvertTensor(tensor, DType::kFloat64, {}, [](int64_t) { return std::string(); });
}

// Without a copy of the classes, of which there may be many.
const ArrayInfo* FindInfo(const Dataset& dataset, std::string_view name) {
  const auto infos = dataset.arrays();
  const auto at = std::ranges::find(infos, name, &ArrayInfo::name);
  return at == infos.end() ? nullptr : &*at;
}

// Classes are numbered differently in every file; a number of the text itself is the same in all.
Result<void> PutTexts(const Dataset& dataset, const std::string& array,
                      std::span<const int64_t> samples, size_t stride, double* out) {
  TARE_TRY(const auto texts, dataset.ReadTexts(array, samples));
  for (size_t i = 0; i < texts.size(); ++i) {
    const Hash128 hash = HashBytes(std::as_bytes(std::span(texts[i])));
    out[i * stride] = static_cast<double>(hash.low >> 11);
  }
  return {};
}

}  // namespace

Result<std::vector<RowColumn>> RowColumns(const Dataset& dataset,
                                          std::span<const std::string> arrays) {
  std::vector<RowColumn> columns;
  for (const std::string& array : arrays) {
    TARE_TRY(const ArrayInfo info, dataset.Find(array));
    TARE_TRY(const int64_t count, NumElements(info.sample_shape));
    if (!CanConvert(info.dtype, DType::kFloat64) || std::ssize(columns) + count > kMostColumns) {
      return InvalidArgument(StrCat("array '", array, "' of ", dataset.source(), " holds ", count,
                                    " ", DTypeName(info.dtype), " a sample: not a row of numbers"),
                             "leave it out: name the arrays to compare");
    }
    for (int64_t i = 0; i < count; ++i) {
      columns.push_back({info.sample_shape.empty() ? array : StrCat(array, "[", i, "]"),
                         !IsFloat(info.dtype), !info.classes.empty()});
    }
  }
  return columns;
}

Result<std::vector<double>> ReadRows(const Dataset& dataset, std::span<const std::string> arrays,
                                     std::span<const int64_t> samples) {
  bool are_scalars = true;
  std::vector<size_t> text_places;
  for (size_t a = 0; a < arrays.size(); ++a) {
    const ArrayInfo* info = FindInfo(dataset, arrays[a]);
    if (info == nullptr) return dataset.Find(arrays[a]).error();
    are_scalars &= info->sample_shape.empty();
    if (!info->classes.empty()) text_places.push_back(a);
  }
  if (are_scalars) {
    TARE_TRY(const Tensor table, dataset.ReadColumns(arrays, samples));
    TARE_TRY(const Tensor doubles, AsDoubles(table));
    std::vector<double> rows(doubles.data<double>().begin(), doubles.data<double>().end());
    for (const size_t a : text_places) {
      TARE_TRY_VOID(PutTexts(dataset, arrays[a], samples, arrays.size(), rows.data() + a));
    }
    return rows;
  }
  std::vector<Tensor> parts;
  size_t row = 0;
  for (const std::string& array : arrays) {
    TARE_TRY(const Tensor tensor, dataset.Read(array, samples));
    TARE_TRY(parts.emplace_back(), AsDoubles(tensor));
    row += static_cast<size_t>(tensor.num_elements()) / std::max<size_t>(1, samples.size());
  }
  std::vector<double> rows(row * samples.size());
  size_t begin = 0;
  for (const Tensor& part : parts) {
    const auto from = part.data<double>();
    const size_t width = from.size() / std::max<size_t>(1, samples.size());
    for (size_t i = 0; i < samples.size(); ++i) {
      std::ranges::copy(from.subspan(i * width, width),
                        rows.begin() + static_cast<ptrdiff_t>(i * row + begin));
    }
    const size_t a = static_cast<size_t>(&part - parts.data());
    if (std::ranges::find(text_places, a) != text_places.end()) {
      TARE_TRY_VOID(PutTexts(dataset, arrays[a], samples, row, rows.data() + begin));
    }
    begin += width;
  }
  return rows;
}

int64_t RowsAtATime(int64_t num_columns) {
  return std::clamp<int64_t>((int64_t{4} << 20) / (8 * std::max<int64_t>(1, num_columns)), 1,
                             65536);
}

}  // namespace tare::data::internal
