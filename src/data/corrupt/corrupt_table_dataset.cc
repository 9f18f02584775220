#include <algorithm>
#include <numeric>

#include "data/convert.h"
#include "data/corrupt/corrupt_dataset_internal.h"
#include "data/corrupt/corrupt_table_internal.h"

namespace tare::data {
namespace {

// Rows read at once for the facts of the columns.
constexpr int64_t kRowsAtOnce = 4096;

// Some columns of the row that all arrays make up together.
struct TableArray {
  std::string name;
  size_t first = 0;
  size_t width = 1;
};

TableCorruption TableCorruptionOf(Corruption corruption) {
  if (corruption == Corruption::kTableNoise) return TableCorruption::kNoise;
  return corruption == Corruption::kMissingValues ? TableCorruption::kMissing
                                                  : TableCorruption::kShifted;
}

Result<Tensor> AsDoubles(const Tensor& tensor, std::span<const int64_t> samples) {
  return ConvertTensor(tensor, DType::kFloat64, {}, [&](int64_t row) {
    return StrCat("sample ", samples[static_cast<size_t>(row)]);
  });
}

bool IsTable(const ArrayInfo& info) {
  return info.classes.empty() && info.sample_shape.size() <= 1 &&
         CanConvert(info.dtype, DType::kFloat64);
}

class CorruptedTables final : public CorruptedDataset {
 public:
  CorruptedTables(std::shared_ptr<const Dataset> inner, std::vector<TableArray> tables,
                  const CorruptionSpec& spec, const CorruptOptions& options)
      : CorruptedDataset(std::move(inner), spec, options), tables_(std::move(tables)) {
    infos_.assign(CorruptedDataset::arrays().begin(), CorruptedDataset::arrays().end());
    for (ArrayInfo& info : infos_) {
      if (std::ranges::find(tables_, info.name, &TableArray::name) != tables_.end())
        info.dtype = DType::kFloat64;
    }
  }

  // Noise leaves no integers.
  std::span<const ArrayInfo> arrays() const override { return infos_; }

  Result<void> DescribeAll() {
    for (const TableArray& table : tables_) {
      ColumnDescriber describer(table.width);
      for (int64_t begin = 0; begin < num_samples(); begin += kRowsAtOnce) {
        std::vector<int64_t> samples(
            static_cast<size_t>(std::min(kRowsAtOnce, num_samples() - begin)));
        std::iota(samples.begin(), samples.end(), begin);
        TARE_TRY(const Tensor stored, inner().Read(table.name, samples));
        TARE_TRY(const Tensor values, AsDoubles(stored, samples));
        describer.Add(values.data<double>());
      }
      const auto facts = describer.Facts();
      facts_.insert(facts_.end(), facts.begin(), facts.end());
    }
    return {};
  }

  Result<Tensor> Read(std::string_view array, std::span<const int64_t> samples) const override {
    TARE_TRY(Tensor stored, inner().Read(array, samples));
    const auto table = std::ranges::find(tables_, array, &TableArray::name);
    if (table == tables_.end()) return stored;
    TARE_TRY(Tensor values, AsDoubles(stored, samples));
    // A column's draws are those of its place in the whole row.
    const size_t width = facts_.size();
    std::vector<double> rows(samples.size() * width);
    const auto mine = values.mutable_data<double>();
    for (size_t i = 0; i < samples.size(); ++i) {
      std::ranges::copy(mine.subspan(i * table->width, table->width),
                        rows.begin() + static_cast<ptrdiff_t>(i * width + table->first));
    }
    TARE_TRY_VOID(Corrupt(samples, rows));
    for (size_t i = 0; i < samples.size(); ++i) {
      std::ranges::copy(std::span(rows).subspan(i * width + table->first, table->width),
                        mine.begin() + static_cast<ptrdiff_t>(i * table->width));
    }
    return values;
  }

  Result<Tensor> ReadColumns(std::span<const std::string> columns,
                             std::span<const int64_t> samples) const override {
    const bool is_row = columns.size() == facts_.size() &&
                        std::ranges::equal(columns, tables_, {}, {}, &TableArray::name);
    if (!is_row) return Dataset::ReadColumns(columns, samples);
    // One draw of the row instead of one for each column.
    TARE_TRY(const Tensor stored, inner().ReadColumns(columns, samples));
    TARE_TRY(Tensor values, AsDoubles(stored, samples));
    TARE_TRY_VOID(Corrupt(samples, values.mutable_data<double>()));
    return values;
  }

 private:
  Result<void> Corrupt(std::span<const int64_t> samples, std::span<double> rows) const {
    const CorruptTableOptions table{TableCorruptionOf(spec().corruption), spec().severity,
                                    options().seed, std::nullopt};
    return CorruptTable(table, facts_, samples, rows);
  }

  std::vector<TableArray> tables_;
  std::vector<ArrayInfo> infos_;
  std::vector<ColumnFacts> facts_;
};

}  // namespace

Result<std::unique_ptr<Dataset>> CorruptTables(std::shared_ptr<const Dataset> dataset,
                                               std::span<const std::string> arrays,
                                               const CorruptionSpec& spec,
                                               const CorruptOptions& options) {
  std::vector<TableArray> tables;
  size_t width = 0;
  for (const std::string& name : arrays) {
    TARE_TRY(const ArrayInfo info, dataset->Find(name));
    if (!IsTable(info)) continue;
    const size_t own = info.sample_shape.empty() ? 1 : static_cast<size_t>(info.sample_shape[0]);
    tables.push_back({name, width, own});
    width += own;
  }
  if (tables.empty()) {
    std::string held = "no array";
    if (!arrays.empty()) {
      TARE_TRY(const ArrayInfo first, dataset->Find(arrays[0]));
      held = StrCat("'", first.name, "', ", DTypeName(first.dtype), " ",
                    ShapeText(first.sample_shape), " a sample");
    }
    return Unsupported(
        StrCat(CorruptionName(spec.corruption), " is for tables; the model is fed ", held),
        "tables are numbers, one or a row [F] a sample; for images choose such as gaussian_noise");
  }
  auto corrupted =
      std::make_unique<CorruptedTables>(std::move(dataset), std::move(tables), spec, options);
  TARE_TRY_VOID(corrupted->DescribeAll());
  return std::unique_ptr<Dataset>(std::move(corrupted));
}

}  // namespace tare::data
