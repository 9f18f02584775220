// Cost of choosing ranges, us a tensor.

#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "calibrate/range_internal.h"
#include "tare/calibrate/range.h"
#include "tare/core/random.h"

namespace tare::calibrate {
namespace {

enum class Shape { kGauss, kRelu, kOutlier };

Observer Observed(Shape shape) {
  Random random(1);
  std::vector<float> values(300000);
  for (float& value : values) {
    const double radius = std::sqrt(-2 * std::log(1 - random.Uniform()));
    const double x = radius * std::cos(6.283185307179586 * random.Uniform());
    value = static_cast<float>(shape == Shape::kRelu ? std::max(x, 0.0) : x);
  }
  if (shape == Shape::kOutlier) values[200000] = 100;
  Observer observer;
  observer.Observe(values);
  return observer;
}

void BM_Distribution(benchmark::State& state) {
  const Observer observer = Observed(static_cast<Shape>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(internal::Distribution(observer.statistics()));
  }
}
BENCHMARK(BM_Distribution)->ArgName("shape")->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);

void BM_ChooseRange(benchmark::State& state) {
  const Observer observer = Observed(static_cast<Shape>(state.range(0)));
  const RangeMethod method = kRangeMethods[static_cast<size_t>(state.range(1))];
  for (auto _ : state) {
    benchmark::DoNotOptimize(ChooseRange(observer.statistics(), method, {}));
  }
}
BENCHMARK(BM_ChooseRange)
    ->ArgNames({"shape", "method"})
    ->ArgsProduct({{0, 1, 2}, {0, 1, 2, 3}})
    ->Unit(benchmark::kMicrosecond);

void BM_ChooseRanges(benchmark::State& state) {
  const Observer observer = Observed(static_cast<Shape>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(ChooseRanges(observer.statistics(), {}));
}
BENCHMARK(BM_ChooseRanges)->ArgName("shape")->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace tare::calibrate
