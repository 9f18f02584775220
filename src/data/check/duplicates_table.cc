// Near duplicates among rows of numbers.
//
// Two rows are near when every number of one lies within a tolerance of the other's: a share of the
// column's standard deviation; whole numbers must be equal. The columns are dealt into up to 8
// groups, and each group is rounded to two grids, half a cell apart, whose cells are 32 tolerances
// wide: near rows fall into one cell of some group and grid nearly always. (Of rows that differ by
// half a tolerance in each of 8 columns of the only group, 1.2 % do not: each column parts them in
// each grid with probability 1/64, and 1 - 2 (63/64)^8 + (62/64)^8 is that of both grids.)

#include <algorithm>
#include <cmath>
#include <cstring>

#include "data/check/near_internal.h"
#include "data/check/number_rows_internal.h"

namespace tare::data::internal {
namespace {

constexpr double kCellInTolerances = 32;
constexpr size_t kMostGroups = 8;
constexpr size_t kColumnsOfAGroup = 4;
constexpr size_t kLeastColumns = 4;  // fewer are near each other by chance
constexpr int kGrids = 2;

// Count, mean and squares of the finite values of each column: Welford, Technometrics 1962.
struct Spread {
  int64_t count = 0;
  double mean = 0;
  double squares = 0;
  void Add(double x) {
    if (!std::isfinite(x)) return;
    ++count;
    const double step = x - mean;
    mean += step / static_cast<double>(count);
    squares += step * (x - mean);
  }
  double Deviation() const {
    return count < 2 ? 0 : std::sqrt(squares / static_cast<double>(count));
  }
};

uint64_t CellOf(double x, double cell, int grid) {
  const double at = cell > 0 ? std::floor(x / cell + 0.5 * grid) + 0.0 : x + 0.0;
  if (std::isnan(at)) return 1;  // of every NaN the same
  uint64_t bits = 0;
  std::memcpy(&bits, &at, sizeof(bits));
  return bits;
}

class RowSketches final : public Sketches {
 public:
  RowSketches(const Pool& pool, std::span<const int64_t> items, const DuplicateOptions& options)
      : pool_(pool), items_(items), options_(options) {}

  Result<void> Read(std::span<const RowColumn> columns, Progress& progress) {
    TARE_TRY_VOID(Measure(columns));
    if (groups_ == 0) return {};
    keys_.resize(items_.size() * groups_ * kGrids);
    return ForEachRow([&](size_t position, std::span<const double> row) {
      Sketch(row, &keys_[position * groups_ * kGrids]);
      if (position % 65536 == 0) progress.Update(static_cast<int64_t>(position));
    });
  }

  int num_keys() const override { return static_cast<int>(groups_) * kGrids; }
  uint32_t Key(int key, size_t position) const override {
    return keys_[position * groups_ * kGrids + static_cast<size_t>(key)];
  }

  Result<std::optional<double>> Compare(size_t a, size_t b) override {
    TARE_TRY(const auto first, RowOf(a));
    TARE_TRY(const auto second, RowOf(b));
    double largest = 0;
    for (size_t c = 0; c < first.size(); ++c) {
      if (first[c] == second[c] || (std::isnan(first[c]) && std::isnan(second[c]))) continue;
      const double difference = std::fabs(first[c] - second[c]);
      if (!(difference <= tolerances_[c])) return std::optional<double>();
      largest = std::max(largest, difference / tolerances_[c]);
    }
    return std::optional(1 - largest);
  }

 private:
  template <class Use>
  Result<void> ForEachRow(const Use& use) const {
    return pool_.ForEachBlock(
        items_, RowsAtATime(std::ssize(tolerances_)),
        [&](const Split& split, std::span<const int64_t> samples, size_t first) -> Result<void> {
          TARE_TRY(const auto rows, ReadRows(*split.dataset, split.arrays, samples));
          const size_t width = tolerances_.size();
          for (size_t i = 0; i < samples.size(); ++i) {
            use(first + i, std::span(rows).subspan(i * width, width));
          }
          return {};
        });
  }

  Result<void> Measure(std::span<const RowColumn> columns) {
    tolerances_.assign(columns.size(), 0);
    std::vector<Spread> spreads(columns.size());
    TARE_TRY_VOID(ForEachRow([&](size_t, std::span<const double> row) {
      for (size_t c = 0; c < row.size(); ++c) spreads[c].Add(row[c]);
    }));
    bool has_reals = false;
    for (size_t c = 0; c < columns.size(); ++c) {
      const double deviation = spreads[c].Deviation();
      if (deviation > 0) varying_.push_back(c);
      if (columns[c].is_integer) continue;
      tolerances_[c] = options_.tolerance * deviation;
      has_reals |= deviation > 0;
    }
    // Whole numbers alone are near only when they are equal: those were found.
    const bool is_worth_it = has_reals && columns.size() >= kLeastColumns;
    groups_ =
        is_worth_it ? std::clamp(varying_.size() / kColumnsOfAGroup, size_t{1}, kMostGroups) : 0;
    return {};
  }

  void Sketch(std::span<const double> row, uint32_t* keys) const {
    for (size_t group = 0; group < groups_; ++group) {
      for (int grid = 0; grid < kGrids; ++grid) {
        uint64_t hash = 0;
        for (size_t i = group; i < varying_.size(); i += groups_) {
          const size_t c = varying_[i];
          hash = (hash ^ CellOf(row[c], kCellInTolerances * tolerances_[c], grid)) *
                 0x9E3779B97F4A7C15ULL;
          hash ^= hash >> 29;
        }
        *keys++ = static_cast<uint32_t>(hash >> 32);
      }
    }
  }

  Result<std::vector<double>> RowOf(size_t position) const {
    const Pool::Place place = pool_.At(items_[position]);
    const Split& split = pool_.splits()[place.split];
    return ReadRows(*split.dataset, split.arrays, std::span(&place.sample, 1));
  }

  const Pool& pool_;
  std::span<const int64_t> items_;
  DuplicateOptions options_;
  std::vector<double> tolerances_;  // by column
  std::vector<size_t> varying_;     // columns that are not constant
  size_t groups_ = 0;
  std::vector<uint32_t> keys_;  // [items, groups, grids]
};

}  // namespace

Result<std::unique_ptr<Sketches>> SketchRows(const Pool& pool, std::span<const int64_t> items,
                                             const DuplicateOptions& options, Progress& progress) {
  const auto splits = pool.splits();
  TARE_TRY(auto columns, RowColumns(*splits[0].dataset, splits[0].arrays));
  for (const Split& split : splits.subspan(1)) {
    TARE_TRY(const auto others, RowColumns(*split.dataset, split.arrays));
    if (others.size() != columns.size()) {
      return InvalidArgument(
          StrCat("the ", split.name, " set has ", others.size(), " numbers a sample, the ",
                 splits[0].name, " set ", columns.size()),
          "give all sets the same columns, or name those to compare");
    }
    for (size_t c = 0; c < columns.size(); ++c) columns[c].is_integer &= others[c].is_integer;
  }
  auto sketches = std::make_unique<RowSketches>(pool, items, options);
  TARE_TRY_VOID(sketches->Read(columns, progress));
  return std::unique_ptr<Sketches>(std::move(sketches));
}

}  // namespace tare::data::internal
