#include <cmath>
#include <string>

#include "data/corrupt/corrupt_internal.h"
#include "data/corrupt/corrupt_table_internal.h"
#include "tare/core/text.h"
#include "tare/data/corrupt/corrupt.h"

namespace tare::data {
namespace {

constexpr double kNoiseShare[5] = {0.1, 0.2, 0.3, 0.5, 0.8};
constexpr double kMissingShare[5] = {0.05, 0.1, 0.2, 0.3, 0.5};
constexpr double kShiftShare[5] = {0.1, 0.2, 0.3, 0.5, 0.8};

template <class T>
void CorruptRow(const CorruptTableOptions& options, std::span<const ColumnFacts> facts,
                Draws& draws, std::span<T> row) {
  const auto level = static_cast<size_t>(options.severity - 1);
  std::vector<double> noise(options.corruption == TableCorruption::kNoise ? row.size() : 0);
  draws.FillNormal(0, kNoiseShare[level], noise);
  for (size_t column = 0; column < row.size(); ++column) {
    const ColumnFacts& fact = facts[column];
    switch (options.corruption) {
      case TableCorruption::kNoise:
        row[column] =
            static_cast<T>(static_cast<double>(row[column]) + noise[column] * fact.spread);
        break;
      case TableCorruption::kMissing:
        if (draws.Uniform(0, 1) < kMissingShare[level])
          row[column] = static_cast<T>(options.missing_value.value_or(fact.mean));
        break;
      case TableCorruption::kShifted:
        row[column] =
            static_cast<T>(static_cast<double>(row[column]) + kShiftShare[level] * fact.spread);
        break;
    }
  }
}

template <class T>
Result<void> Corrupt(const CorruptTableOptions& options, std::span<const ColumnFacts> facts,
                     std::span<const int64_t> samples, std::span<T> values) {
  if (options.severity < 1 || options.severity > 5) {
    return InvalidArgument(StrCat("severity is ", options.severity), "give 1 to 5");
  }
  TARE_CHECK(values.size() == samples.size() * facts.size());
  // Beyond the numbers of the image corruptions: no stream serves two purposes.
  const int kind = kNumImageCorruptions + static_cast<int>(options.corruption);
  for (size_t i = 0; i < samples.size(); ++i) {
    Draws draws(SampleSeed(options.seed, samples[i], kind, options.severity));
    CorruptRow(options, facts, draws, values.subspan(i * facts.size(), facts.size()));
  }
  return {};
}

}  // namespace

Result<TableCorruption> FindTableCorruption(std::string_view name) {
  const std::vector<std::string> names = {"noise", "missing", "shifted"};
  for (size_t i = 0; i < names.size(); ++i) {
    if (name == names[i]) return static_cast<TableCorruption>(i);
  }
  const std::string nearest = NearestName(name, names);
  return InvalidArgument(StrCat("unknown corruption of tables '", name, "'"),
                         nearest.empty() ? StrCat("choose of ", Join(names, ", "))
                                         : StrCat("did you mean '", nearest, "'?"));
}

void ColumnDescriber::Add(std::span<const double> rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!std::isfinite(rows[i])) continue;
    Sums& sums = sums_[i % sums_.size()];
    const double off = rows[i] - sums.mean;
    sums.mean += off / ++sums.count;
    sums.squares += off * (rows[i] - sums.mean);
  }
}

std::vector<ColumnFacts> ColumnDescriber::Facts() const {
  std::vector<ColumnFacts> facts;
  for (const Sums& sums : sums_) {
    facts.push_back(sums.count > 0 ? ColumnFacts{sums.mean, std::sqrt(sums.squares / sums.count)}
                                   : ColumnFacts{});
  }
  return facts;
}

std::vector<ColumnFacts> DescribeColumns(std::span<const float> values, size_t num_columns) {
  return DescribeColumns(std::span<const double>(std::vector<double>(values.begin(), values.end())),
                         num_columns);
}
std::vector<ColumnFacts> DescribeColumns(std::span<const double> values, size_t num_columns) {
  ColumnDescriber describer(num_columns);
  describer.Add(values);
  return describer.Facts();
}

Result<void> CorruptTable(const CorruptTableOptions& options, std::span<const ColumnFacts> facts,
                          std::span<const int64_t> samples, std::span<float> values) {
  return Corrupt(options, facts, samples, values);
}
Result<void> CorruptTable(const CorruptTableOptions& options, std::span<const ColumnFacts> facts,
                          std::span<const int64_t> samples, std::span<double> values) {
  return Corrupt(options, facts, samples, values);
}

}  // namespace tare::data
