#include <algorithm>

#include "evaluate/cost/peak_memory_internal.h"
#include "tare/core/bytes.h"
#include "tare/core/child.h"
#include "tare/runtime/host.h"
#include "tare/runtime/request.h"

namespace tare::evaluate {
namespace {

constexpr int kRuns = 3;
constexpr double kTimeLimitS = 3600;  // the model has already run: it ends

Result<std::string> RunAndMeasure(std::string_view request) {
  ByteReader reader(request);
  const std::string path(reader.Text());
  const auto options = runtime::ReadSession(reader);
  TARE_TRY(const auto inputs, runtime::ReadInputs(reader));
  TARE_TRY(const auto session, runtime::Session::FromFile(path, options));
  const int64_t loaded = runtime::ResidentBytes();
  int64_t first_run = 0;
  for (int run = 0; run < kRuns; ++run) {
    TARE_TRY_VOID(
        session.RunViews(inputs, [](std::span<const TensorView>) { return Result<void>(); }));
    if (run == 0) first_run = runtime::ResidentBytes();
  }
  ByteWriter reply;
  reply.Number(loaded);
  reply.Number(first_run);
  // The kernel counts its peak less exactly than what is resident now.
  reply.Number(std::max({runtime::PeakResidentBytes(), loaded, first_run}));
  return std::move(reply).Take();
}
const ChildTask kMeasure("measure-memory", RunAndMeasure);

}  // namespace

Result<ResidentMemory> MeasureMemory(const std::string& model_path,
                                     std::span<const NamedTensor> inputs,
                                     const runtime::SessionOptions& options,
                                     const Progress& progress) {
  ByteWriter request;
  runtime::WritePath(model_path, request);
  runtime::WriteSession(options, request);
  runtime::WriteInputs(inputs, request);
  const auto end = RunInChild(kMeasure, std::move(request).Take(), {kTimeLimitS}, progress);
  if (!end && end.error().code == ErrorCode::kCancelled) return end.error();
  ResidentMemory memory;
  if (end && end->cause == ChildEnd::Cause::kDone) {
    ByteReader reader(end->reply);
    memory = {reader.Number(), reader.Number(), reader.Number()};
  }
  if (memory.peak > 0) return memory;
  return Unavailable("the process that measures memory ended early", "run it again");
}

}  // namespace tare::evaluate
