#include "tare/runtime/energy.h"

#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "evaluate/cost/energy_internal.h"
#include "tare/core/strcat.h"
#include "tare/runtime/host.h"
#include "tare/stats/quantile.h"

namespace tare::evaluate {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;
constexpr std::chrono::milliseconds kIdle{200};
constexpr std::chrono::milliseconds kBlock{400};

double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

// Joules since the last call.
using Lap = std::function<Result<double>()>;

struct Counter {
  Lap lap;
  bool sees_idle = true;  ///< counts what the machine takes while nothing runs
  std::string status, method;
};

// Joules a sample of a block of runs, above what the idle machine takes.
Result<double> MeasureBlock(const runtime::Session& session, std::span<const NamedTensor> inputs,
                            int64_t batch, double idle_watts, const Counter& counter) {
  TARE_TRY_VOID(counter.lap());
  const auto start = Clock::now();
  int64_t runs = 0;
  while (Clock::now() - start < kBlock) {
    TARE_TRY_VOID(
        session.RunViews(inputs, [](std::span<const TensorView>) -> Result<void> { return {}; }));
    ++runs;
  }
  TARE_TRY(const double joules, counter.lap());
  return (joules - idle_watts * Seconds(Clock::now() - start)) / static_cast<double>(runs * batch);
}

Result<double> IdleWatts(const Counter& counter) {
  if (!counter.sees_idle) return 0.0;
  TARE_TRY_VOID(counter.lap());
  const auto start = Clock::now();
  std::this_thread::sleep_for(kIdle);
  TARE_TRY(const double joules, counter.lap());
  return joules / Seconds(Clock::now() - start);
}

Result<void> Measure(const ComparedModels& models, std::span<const NamedTensor> inputs,
                     int64_t batch, const Counter& counter, verdict::Evidence& evidence) {
  TARE_TRY(const auto baseline, runtime::Session::FromFile(models.baseline_path, models.options));
  TARE_TRY(const auto candidate, runtime::Session::FromFile(models.candidate_path, models.options));
  std::vector<double> joules[2];
  for (int round = 0; round < kRounds; ++round) {
    TARE_TRY(const double idle_watts, IdleWatts(counter));
    for (const int side : {0, 1}) {
      const runtime::Session& session = side == 0 ? baseline : candidate;
      TARE_TRY(const double block, MeasureBlock(session, inputs, batch, idle_watts, counter));
      joules[side].push_back(block);
    }
  }
  const std::string method =
      StrCat(counter.method, ", median of ", kRounds, " blocks, batch ", batch);
  verdict::Side* const sides[] = {&evidence.baseline, &evidence.candidate};
  for (const int side : {0, 1}) {
    const double median = stats::MedianOf(joules[side]);
    if (median <= 0)
      return Unavailable("the models take less than the noise of the counter",
                         "measure a larger batch on a quiet machine");
    sides[side]->energy =
        verdict::Energy{.status = counter.status, .joules_per_sample = median, .method = method};
  }
  return {};
}

Result<Counter> Rapl() {
  TARE_TRY(auto opened, runtime::EnergyMeter::Open());
  const auto meter = std::make_shared<runtime::EnergyMeter>(std::move(opened));
  return Counter{[meter] { return meter->Lap(); }, true, "measured",
                 StrCat("RAPL ", meter->domains(), ", idle subtracted")};
}

// Only the processor time of this process counts: what the machine does beside is not in it.
Counter Estimate(double watts) {
  const int processors = runtime::DescribeHost().num_processors;
  const auto last = std::make_shared<double>(runtime::ProcessorSeconds());
  const auto lap = [last, watts, processors]() -> Result<double> {
    const double now = runtime::ProcessorSeconds();
    return runtime::EstimateJoules(now - std::exchange(*last, now), watts, processors);
  };
  return Counter{lap, false, "estimated",
                 StrCat("processor time x ", watts, " W / ", processors,
                        processors == 1 ? " processor" : " processors")};
}

}  // namespace

void AddEnergy(const ComparedModels& models, std::span<const NamedTensor> inputs, int64_t batch,
               std::optional<double> estimate_watts, verdict::Evidence& evidence) {
  const auto rapl = Rapl();
  auto done = rapl ? Measure(models, inputs, batch, *rapl, evidence) : Result<void>(rapl.error());
  if (!rapl && estimate_watts)
    done = Measure(models, inputs, batch, Estimate(*estimate_watts), evidence);
  if (done) return;
  evidence.baseline.energy = evidence.candidate.energy =
      verdict::Energy{.status = "unavailable", .method = done.error().what};
}

}  // namespace tare::evaluate
