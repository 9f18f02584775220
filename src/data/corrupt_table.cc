#include "tare/data/corrupt_table.h"

#include <cmath>
#include <string>

#include "data/corrupt_internal.h"
#include "tare/core/text.h"

namespace tare::data {
namespace {

constexpr double kNoiseShare[5] = {0.1, 0.2, 0.3, 0.5, 0.8};
constexpr double kMissingShare[5] = {0.05, 0.1, 0.2, 0.3, 0.5};
constexpr double kShiftShare[5] = {0.1, 0.2, 0.3, 0.5, 0.8};

template <class T>
std::vector<ColumnFacts> Describe(std::span<const T> values, size_t num_columns) {
  std::vector<ColumnFacts> facts(num_columns);
  for (size_t column = 0; column < num_columns; ++column) {
    double count = 0;
    double mean = 0;
    double sum_squares = 0;
    for (size_t i = column; i < values.size(); i += num_columns) {
      const auto value = static_cast<double>(values[i]);
      if (!std::isfinite(value)) continue;
      const double off = value - mean;
      mean += off / ++count;
      sum_squares += off * (value - mean);
    }
    if (count > 0) facts[column] = {mean, std::sqrt(sum_squares / count)};
  }
  return facts;
}

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
  const int kind = kNumCorruptions + static_cast<int>(options.corruption);
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

std::vector<ColumnFacts> DescribeColumns(std::span<const float> values, size_t num_columns) {
  return Describe(values, num_columns);
}
std::vector<ColumnFacts> DescribeColumns(std::span<const double> values, size_t num_columns) {
  return Describe(values, num_columns);
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
