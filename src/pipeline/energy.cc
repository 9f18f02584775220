#include "pipeline/energy_internal.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "tare/core/strcat.h"
#include "tare/runtime/energy.h"

namespace tare::pipeline {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;
constexpr std::chrono::milliseconds kIdle{200};
constexpr std::chrono::milliseconds kBlock{400};

double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

// Joules a sample of a block of runs, above what the idle machine takes.
Result<double> MeasureBlock(const runtime::Session& session, std::span<const NamedTensor> inputs, int64_t batch, double idle_watts,
                            runtime::EnergyMeter& meter) {
  TARE_TRY_VOID(meter.Lap());
  const auto start = Clock::now();
  int64_t runs = 0;
  while (Clock::now() - start < kBlock) {
    TARE_TRY_VOID(session.RunViews(inputs, [](std::span<const TensorView>) -> Result<void> { return {}; }));
    ++runs;
  }
  TARE_TRY(const double joules, meter.Lap());
  return (joules - idle_watts * Seconds(Clock::now() - start)) / static_cast<double>(runs * batch);
}

Result<double> IdleWatts(runtime::EnergyMeter& meter) {
  TARE_TRY_VOID(meter.Lap());
  const auto start = Clock::now();
  std::this_thread::sleep_for(kIdle);
  TARE_TRY(const double joules, meter.Lap());
  return joules / Seconds(Clock::now() - start);
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

Result<void> Measure(const ComparedModels& models, std::span<const NamedTensor> inputs, int64_t batch, runtime::EnergyMeter& meter,
                     evaluate::Evidence& evidence) {
  std::vector<double> joules[2];
  for (int round = 0; round < kRounds; ++round) {
    TARE_TRY(const double idle_watts, IdleWatts(meter));
    for (const int side : {0, 1}) {
      const runtime::Session& session = side == 0 ? *models.baseline : *models.candidate;
      TARE_TRY(const double block, MeasureBlock(session, inputs, batch, idle_watts, meter));
      joules[side].push_back(block);
    }
  }
  const std::string method = StrCat("RAPL ", meter.domains(), ", idle subtracted, median of ", kRounds, " blocks, batch ", batch);
  evaluate::Side* const sides[] = {&evidence.baseline, &evidence.candidate};
  for (const int side : {0, 1}) {
    const double median = Median(joules[side]);
    if (median <= 0) return Unavailable("the models take less than the noise of the counter", "measure a larger batch on a quiet machine");
    sides[side]->energy = evaluate::Energy{"measured", median, method};
  }
  evidence.cost.energy_ratio = *evidence.candidate.energy->joules_per_sample / *evidence.baseline.energy->joules_per_sample;
  return {};
}

}  // namespace

void AddEnergy(const ComparedModels& models, std::span<const NamedTensor> inputs, int64_t batch, evaluate::Evidence& evidence) {
  auto meter = runtime::EnergyMeter::Open();
  const auto done = meter ? Measure(models, inputs, batch, *meter, evidence) : Result<void>(meter.error());
  if (done) return;
  evidence.cost.energy_ratio.reset();
  evidence.baseline.energy = evidence.candidate.energy = evaluate::Energy{"unavailable", std::nullopt, done.error().what};
}

}  // namespace tare::pipeline
