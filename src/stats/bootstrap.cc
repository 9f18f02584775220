#include "tare/stats/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "stats/resample_internal.h"
#include "tare/core/parallel.h"
#include "tare/core/random.h"
#include "tare/core/result.h"
#include "tare/core/strcat.h"
#include "tare/stats/normal.h"
#include "tare/stats/quantile.h"

namespace tare::stats {
namespace {

// Replicates that share one random stream. The split into blocks, not the threads, decides who
// draws what.
constexpr int64_t kBlock = 64;

Random BlockRandom(uint64_t seed, int64_t block) {
  Random mixer(seed ^ (static_cast<uint64_t>(block + 1) * 0xD1342543DE82EF95ULL));
  return Random(mixer.Next());
}

// replicates[s][r]: statistic s of replicate r.
using Replicates = std::vector<std::vector<double>>;

// Calls replicate(random, values) for each replicate; `make` prepares one block's scratch space.
template <class MakeReplicate>
Replicates Replicate(size_t num_statistics, const BootstrapOptions& options,
                     const MakeReplicate& make) {
  const int64_t count = options.replicates;
  TARE_CHECK(count > 0);
  Replicates out(num_statistics, std::vector<double>(static_cast<size_t>(count)));
  const int64_t num_blocks = (count + kBlock - 1) / kBlock;
  ParallelFor(num_blocks, options.num_threads, [&](int64_t block) {
    Random random = BlockRandom(options.seed, block);
    auto replicate = make();
    std::vector<double> values(num_statistics);
    const int64_t end = std::min(count, (block + 1) * kBlock);
    for (int64_t r = block * kBlock; r < end; ++r) {
      replicate(random, std::span<double>(values));
      for (size_t s = 0; s < num_statistics; ++s) out[s][static_cast<size_t>(r)] = values[s];
    }
  });
  return out;
}

std::vector<double> CellAccelerations(std::span<const int64_t> sizes, size_t num_statistics,
                                      const CellStatistic& statistic) {
  std::vector<int64_t> counts(sizes.begin(), sizes.end());
  std::vector<int64_t> weights;
  std::vector<std::vector<double>> left_out(num_statistics);
  std::vector<double> values(num_statistics);
  for (size_t cell = 0; cell < counts.size(); ++cell) {
    if (counts[cell] == 0) continue;
    --counts[cell];
    statistic(counts, values);
    ++counts[cell];
    weights.push_back(counts[cell]);
    for (size_t s = 0; s < num_statistics; ++s) left_out[s].push_back(values[s]);
  }
  std::vector<double> out;
  for (const auto& column : left_out) out.push_back(Acceleration(column, weights));
  return out;
}

// The columns side by side, so that a draw touches one cache line.
template <size_t kWidth>
struct MeanColumns {
  explicit MeanColumns(std::span<const std::span<const double>> columns)
      : rows(columns.front().size() * kWidth) {
    for (size_t c = 0; c < columns.size(); ++c) {
      TARE_CHECK(columns[c].size() == columns.front().size());
      for (size_t i = 0; i < columns[c].size(); ++i) rows[i * kWidth + c] = columns[c][i];
    }
  }

  void Means(std::span<const uint32_t> indices, std::span<double> out) const {
    // Two chains of additions: the next draw need not wait for the last.
    double even[kWidth] = {};
    double odd[kWidth] = {};
    size_t i = 0;
    for (; i + 1 < indices.size(); i += 2) {
      const double* first = &rows[size_t{indices[i]} * kWidth];
      const double* second = &rows[size_t{indices[i + 1]} * kWidth];
      for (size_t c = 0; c < kWidth; ++c) even[c] += first[c];
      for (size_t c = 0; c < kWidth; ++c) odd[c] += second[c];
    }
    if (i < indices.size()) {
      for (size_t c = 0; c < kWidth; ++c) even[c] += rows[size_t{indices[i]} * kWidth + c];
    }
    const auto n = static_cast<double>(indices.size());
    for (size_t c = 0; c < out.size(); ++c) out[c] = (even[c] + odd[c]) / n;
  }

  std::vector<double> rows;
};

template <size_t kWidth>
IndexStatistic MeansOf(std::span<const std::span<const double>> columns) {
  // Shared: a std::function must be copyable, and the table is large.
  auto table = std::make_shared<const MeanColumns<kWidth>>(columns);
  return [table](std::span<const uint32_t> indices, std::span<double> out) {
    table->Means(indices, out);
  };
}

IndexStatistic MeansOfAny(std::span<const std::span<const double>> columns) {
  if (columns.size() == 1) return MeansOf<1>(columns);
  if (columns.size() == 2) return MeansOf<2>(columns);
  return MeansOf<4>(columns);
}

std::vector<BootstrapDistribution> Distributions(std::span<const double> estimates,
                                                 std::span<const double> accelerations,
                                                 Replicates replicates) {
  std::vector<BootstrapDistribution> out;
  for (size_t s = 0; s < estimates.size(); ++s)
    out.emplace_back(estimates[s], accelerations[s], std::move(replicates[s]));
  return out;
}

}  // namespace

Result<void> CheckBootstrap(const BootstrapOptions& options, double confidence) {
  if (!(confidence > 0.5 && confidence < 1)) {
    return InvalidArgument(StrCat("confidence ", confidence, " is not in (0.5, 1)"),
                           "give a confidence such as 0.95");
  }
  if (options.replicates < 100) {
    return InvalidArgument(StrCat(options.replicates, " bootstrap replicates"),
                           "give at least 100; 10,000 is the default");
  }
  return {};
}

BootstrapDistribution::BootstrapDistribution(double estimate, double acceleration,
                                             std::vector<double> replicates)
    : estimate_(estimate), acceleration_(acceleration), sorted_(std::move(replicates)) {
  std::erase_if(sorted_, [](double value) { return std::isnan(value); });
  std::sort(sorted_.begin(), sorted_.end());
  if (sorted_.empty()) return;
  const auto below = std::lower_bound(sorted_.begin(), sorted_.end(), estimate) - sorted_.begin();
  const auto not_above =
      std::upper_bound(sorted_.begin(), sorted_.end(), estimate) - sorted_.begin();
  const auto size = static_cast<double>(sorted_.size());
  const double share = (static_cast<double>(below) + static_cast<double>(not_above)) / (2 * size);
  // An estimate beyond all replicates: as if half a replicate lay there.
  bias_ = NormalQuantile(std::clamp(share, 0.5 / size, 1 - 0.5 / size));
}

double BootstrapDistribution::Bound(double probability) const {
  if (sorted_.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double shifted = bias_ + NormalQuantile(probability);
  const double stretch = 1 - acceleration_ * shifted;
  return Quantile(sorted_, NormalCdf(bias_ + (stretch > 0 ? shifted / stretch : shifted)));
}

Interval BootstrapDistribution::BcaInterval(double confidence) const {
  return {Bound((1 - confidence) / 2), Bound((1 + confidence) / 2)};
}

double Acceleration(std::span<const double> leave_one_out, std::span<const int64_t> weights) {
  const auto weight = [&](size_t i) {
    return weights.empty() ? 1.0 : static_cast<double>(weights[i]);
  };
  double sum = 0;
  double total = 0;
  for (size_t i = 0; i < leave_one_out.size(); ++i) {
    sum += weight(i) * leave_one_out[i];
    total += weight(i);
  }
  const double mean = total > 0 ? sum / total : 0;
  double squares = 0;
  double cubes = 0;
  for (size_t i = 0; i < leave_one_out.size(); ++i) {
    const double u = mean - leave_one_out[i];
    squares += weight(i) * u * u;
    cubes += weight(i) * u * u * u;
  }
  const double value = cubes / (6 * std::pow(squares, 1.5));
  return std::isfinite(value) ? value : 0;
}

std::vector<BootstrapDistribution> BootstrapCells(std::span<const int64_t> sizes,
                                                  int num_statistics,
                                                  const CellStatistic& statistic,
                                                  const BootstrapOptions& options) {
  const auto width = static_cast<size_t>(num_statistics);
  return BootstrapCells(sizes, CellAccelerations(sizes, width, statistic), statistic, options);
}

std::vector<BootstrapDistribution> BootstrapCells(std::span<const int64_t> sizes,
                                                  std::span<const double> accelerations,
                                                  const CellStatistic& statistic,
                                                  const BootstrapOptions& options) {
  const size_t width = accelerations.size();
  const CellSampler sampler(sizes);
  auto replicates = Replicate(width, options, [&] {
    return [&, drawn = std::vector<int64_t>(sizes.size())](Random& random,
                                                           std::span<double> values) mutable {
      sampler.Draw(random, drawn);
      statistic(drawn, values);
    };
  });
  std::vector<double> estimates(width);
  statistic(sizes, estimates);
  return Distributions(estimates, accelerations, std::move(replicates));
}

std::vector<BootstrapDistribution> BootstrapIndices(int64_t n,
                                                    std::span<const double> accelerations,
                                                    const IndexStatistic& statistic,
                                                    const BootstrapOptions& options) {
  const size_t width = accelerations.size();
  const auto size = static_cast<size_t>(n);
  auto replicates = Replicate(width, options, [&] {
    return [&, indices = std::vector<uint32_t>(size)](Random& random,
                                                      std::span<double> values) mutable {
      DrawIndices(random, n, indices);
      statistic(indices, values);
    };
  });
  std::vector<uint32_t> identity(size);
  for (size_t i = 0; i < size; ++i) identity[i] = static_cast<uint32_t>(i);
  std::vector<double> estimates(width);
  statistic(identity, estimates);
  return Distributions(estimates, accelerations, std::move(replicates));
}

std::vector<BootstrapDistribution> BootstrapMeans(std::span<const std::span<const double>> columns,
                                                  const BootstrapOptions& options) {
  constexpr size_t kGroup = 4;
  std::vector<BootstrapDistribution> out;
  for (size_t first = 0; first < columns.size(); first += kGroup) {
    const auto group = columns.subspan(first, std::min(kGroup, columns.size() - first));
    TARE_CHECK(!group.front().empty());
    std::vector<double> accelerations;
    for (const auto column : group) {
      // The leave-one-out mean falls as the value left out rises: u is the value, scaled.
      std::vector<double> negated(column.begin(), column.end());
      for (double& value : negated) value = -value;
      accelerations.push_back(Acceleration(negated));
    }
    auto part = BootstrapIndices(static_cast<int64_t>(group.front().size()), accelerations,
                                 MeansOfAny(group), options);
    std::move(part.begin(), part.end(), std::back_inserter(out));
  }
  return out;
}

BootstrapOptions WithinBudget(BootstrapOptions options, int64_t work_per_replicate) {
  constexpr int64_t kBudget = 2'000'000'000;
  constexpr int64_t kLeast = 1'000;
  const int64_t affordable = std::max(kLeast, kBudget / std::max<int64_t>(1, work_per_replicate));
  options.replicates = std::min(options.replicates, affordable);
  return options;
}

}  // namespace tare::stats
