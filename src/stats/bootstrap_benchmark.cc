#include <benchmark/benchmark.h>

#include "tare/core/random.h"
#include "tare/stats/bootstrap.h"

namespace tare::stats {
namespace {

constexpr int64_t kSamples = 10'000;

// The bar: 10,000 replicates of 10,000 samples in 0.15 s.
void BM_BootstrapMeans(benchmark::State& state) {
  Random random(1);
  std::vector<std::vector<double>> data(static_cast<size_t>(state.range(0)));
  std::vector<std::span<const double>> columns;
  for (auto& column : data) {
    for (int64_t i = 0; i < kSamples; ++i) column.push_back(random.Uniform());
    columns.emplace_back(column);
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        BootstrapMeans(columns, {.num_threads = static_cast<int>(state.range(1))}));
  }
}
BENCHMARK(BM_BootstrapMeans)
    ->ArgNames({"columns", "threads"})
    ->Args({1, 1})
    ->Args({2, 1})
    ->Args({4, 1})
    ->Args({1, 2})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

// Ten classes, 92 % right: the cells of two confusion matrices.
void BM_BootstrapCells(benchmark::State& state) {
  std::vector<int64_t> sizes(10, 910);
  for (int i = 0; i < 180; ++i) sizes.push_back(5);
  const auto statistic = [](std::span<const int64_t> drawn, std::span<double> out) {
    double sum = 0;
    for (size_t i = 0; i < drawn.size(); ++i) sum += static_cast<double>(drawn[i]);
    out[0] = sum;
  };
  for (auto _ : state) benchmark::DoNotOptimize(BootstrapCells(sizes, 1, statistic, {}));
}
BENCHMARK(BM_BootstrapCells)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace tare::stats
