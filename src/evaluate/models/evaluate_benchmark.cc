#include <benchmark/benchmark.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>

#include "tare/core/random.h"
#include "tare/core/text.h"
#include "tare/evaluate/models/evaluate.h"

namespace tare::evaluate {
namespace {

using verdict::Task;
constexpr int64_t kSamples = 2'048;
constexpr int64_t kClasses = 10;

int64_t CpuNs(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Processor time of an evaluation: of inference alone, of making batches, and where the loop began
// and ended.
struct Spent {
  std::atomic<int64_t> inference = 0;
  int64_t source = 0, begin = 0, end = 0;
  double overhead() const {
    return static_cast<double>(end - begin - source - inference) / static_cast<double>(inference);
  }
};

// Batches from memory: the same images again, other labels.
class MemorySource : public BatchSource {
 public:
  MemorySource(NamedTensor input, int64_t batch, Spent& spent)
      : input_(std::move(input)), batch_(batch), spent_(spent) {}
  int64_t num_samples() const override { return kSamples; }
  Result<std::optional<EvaluationBatch>> Next() override {
    const int64_t start = CpuNs(CLOCK_PROCESS_CPUTIME_ID);
    if (given_ == 0) spent_.begin = start;
    spent_.end = start;
    if (given_ >= kSamples) return std::optional<EvaluationBatch>();
    EvaluationBatch batch;
    batch.inputs.push_back(input_);
    batch.num_valid = batch_;
    for (int64_t i = 0; i < batch_; ++i)
      batch.labels.push_back(static_cast<int64_t>(random_.Below(kClasses)));
    given_ += batch_;
    spent_.source += CpuNs(CLOCK_PROCESS_CPUTIME_ID) - start;
    return std::optional(std::move(batch));
  }

 private:
  NamedTensor input_;
  int64_t batch_;
  Spent& spent_;
  int64_t given_ = 0;
  Random random_{1};
};

// The session with its own time taken: what is done with the outputs is not in it.
RunnableModel Timed(const runtime::Session& session, Spent& spent) {
  RunnableModel model = RunnableOf(session);
  model.run = [run = model.run, &spent](std::span<const NamedTensor> inputs,
                                        const RunnableModel::Use& use) -> Result<void> {
    const int64_t start = CpuNs(CLOCK_THREAD_CPUTIME_ID);
    int64_t used = 0;
    const auto timed_use = [&](std::span<const TensorView> outputs) -> Result<void> {
      const int64_t before = CpuNs(CLOCK_THREAD_CPUTIME_ID);
      auto done = use(outputs);
      used += CpuNs(CLOCK_THREAD_CPUTIME_ID) - before;
      return done;
    };
    auto done = run(inputs, timed_use);
    spent.inference += CpuNs(CLOCK_THREAD_CPUTIME_ID) - start - used;
    return done;
  };
  return model;
}

class Quiet : public Progress {
 public:
  void Begin(std::string_view, int64_t) override {}
  void Update(int64_t) override {}
  void End(std::string_view) override {}
};

Result<runtime::Session> SessionOf(const char* variable) {
  const char* path = std::getenv(variable);
  if (path == nullptr)
    return InvalidArgument(StrCat(variable, " names no model"),
                           "set it to an image classifier of ten classes");
  return runtime::Session::FromFile(path, {});
}

Result<NamedTensor> RandomInput(const runtime::Session& session, int64_t batch) {
  const ValueInfo& info = session.inputs().front();
  Shape shape = info.shape;
  shape[0] = batch;
  int64_t size = 1;
  for (const int64_t extent : shape) size *= extent;
  if (size <= 0)
    return InvalidArgument("an extent beside the batch is not fixed", "give another model");
  Random random(1);
  std::vector<float> values;
  for (int64_t i = 0; i < size; ++i) values.push_back(static_cast<float>(random.Uniform()));
  return NamedTensor{info.name, Tensor::Of<float>(shape, values)};
}

Result<double> Overhead(int64_t batch) {
  TARE_TRY(const auto baseline, SessionOf("TARE_BENCH_FLOAT"));
  TARE_TRY(const auto candidate, SessionOf("TARE_BENCH_INT8"));
  TARE_TRY(auto input, RandomInput(baseline, batch));
  Spent spent;
  MemorySource source(std::move(input), batch, spent);
  Quiet quiet;
  TARE_TRY_VOID(Evaluate(Timed(baseline, spent), Timed(candidate, spent), source, {}, quiet));
  return spent.overhead();
}

// What collecting answers and outputs costs over bare inference of both models on the same samples,
// in processor time. The bootstrap after the last sample is not in it: its cost does not grow with
// the models'. The bar: 5 %.
void BM_EvaluationOverhead(benchmark::State& state) {
  std::vector<double> overheads;
  for (auto _ : state) {
    const auto overhead = Overhead(state.range(0));
    if (!overhead) return state.SkipWithError(overhead.error().what.c_str());
    overheads.push_back(*overhead);
  }
  std::ranges::sort(overheads);
  state.counters["overhead"] = overheads[overheads.size() / 2];
  state.counters["overhead_least"] = overheads.front();
  state.counters["overhead_most"] = overheads.back();
}
BENCHMARK(BM_EvaluationOverhead)
    ->ArgName("batch")
    ->Arg(1)
    ->Arg(8)
    ->Arg(32)
    ->Iterations(5)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace tare::evaluate
