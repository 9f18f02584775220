// Cost of observing, in ns an element: the scan alone, and Histogram::Add on the data that
// activations look like, short (everything is binned) and long (sampled).

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "stats/histogram_kernels_internal.h"
#include "tare/core/random.h"
#include "tare/stats/histogram.h"

namespace tare::stats {
namespace {

std::vector<float> Gauss(size_t size, bool relu) {
  Random random(1);
  std::vector<float> values(size);
  for (float& value : values) {
    const double radius = std::sqrt(-2 * std::log(1 - random.Uniform()));
    const double x = radius * std::cos(6.283185307179586 * random.Uniform());
    value = static_cast<float>(relu ? std::max(x, 0.0) : x);
  }
  return values;
}

void PerElement(benchmark::State& state, size_t size) {
  state.counters["ns/element"] =
      benchmark::Counter(static_cast<double>(size) * static_cast<double>(state.iterations()) * 1e-9,
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_Scan(benchmark::State& state) {
  const auto values = Gauss(static_cast<size_t>(state.range(0)), false);
  for (auto _ : state) {
    for (size_t i = 0; i < values.size(); i += internal::kChunkLength) {
      const size_t size = std::min(values.size() - i, internal::kChunkLength);
      benchmark::DoNotOptimize(
          internal::Scan(values.data() + i, size, {.tail_min = -9, .tail_max = 9}));
    }
  }
  PerElement(state, values.size());
}
BENCHMARK(BM_Scan)->Arg(1 << 14)->Arg(1 << 18)->Arg(1 << 22);

void BM_AddFirst(benchmark::State& state) {
  const auto values = Gauss(32768, state.range(0) != 0);
  for (auto _ : state) {
    Histogram histogram;
    histogram.Add(values);
    benchmark::DoNotOptimize(histogram);
  }
  PerElement(state, values.size());
}
BENCHMARK(BM_AddFirst)->ArgName("relu")->Arg(0)->Arg(1);

void BM_AddMore(benchmark::State& state) {
  const auto values = Gauss(static_cast<size_t>(state.range(0)), state.range(1) != 0);
  Histogram histogram;
  for (int i = 0; i < 20; ++i) histogram.Add(values);
  for (auto _ : state) histogram.Add(values);
  PerElement(state, values.size());
}
BENCHMARK(BM_AddMore)
    ->ArgNames({"size", "relu"})
    ->ArgsProduct({{1 << 14, 1 << 18, 1 << 22}, {0, 1}});

// The 31 activations of ResNet-20 at a batch of 32, one after the other: 8 MB and more of data, as
// they come from the runtime.
void BM_ResNet20(benchmark::State& state) {
  const int64_t batch = state.range(0);
  std::vector<std::vector<float>> tensors;
  size_t total = 0;
  for (const int64_t elements : {16 * 32 * 32, 32 * 16 * 16, 64 * 8 * 8}) {
    for (int i = 0; i < 10; ++i) {
      tensors.push_back(Gauss(static_cast<size_t>(batch * elements), i % 3 != 0));
      total += tensors.back().size();
    }
  }
  std::vector<Histogram> histograms(tensors.size());
  for (int warm = 0; warm < 4; ++warm) {
    for (size_t i = 0; i < tensors.size(); ++i) histograms[i].Add(tensors[i]);
  }
  for (auto _ : state) {
    for (size_t i = 0; i < tensors.size(); ++i) histograms[i].Add(tensors[i]);
  }
  PerElement(state, total);
}
BENCHMARK(BM_ResNet20)->ArgName("batch")->Arg(4)->Arg(8)->Arg(32);

}  // namespace
}  // namespace tare::stats
