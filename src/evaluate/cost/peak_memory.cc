#include <sys/mman.h>

#include <algorithm>
#include <fstream>
#include <vector>

#include "evaluate/cost/peak_memory_internal.h"
#include "tare/core/bytes.h"
#include "tare/core/child.h"
#include "tare/runtime/host.h"
#include "tare/runtime/request.h"

namespace tare::evaluate {
namespace {

constexpr int kRuns = 3;
constexpr double kTimeLimitS = 3600;  // the model has already run: it ends

// A range of addresses that holds a part of a file as it is there.
struct CodePages {
  char* begin = nullptr;
  char* end = nullptr;
};

// "7f00-7f10 r-xp 0000 fe:01 42 /usr/lib/x.so", then "Anonymous: 0 kB" among other lines: what was
// written to is anonymous, even where it may no longer be written to (relocated addresses).
std::vector<CodePages> UnchangedCode() {
  std::vector<CodePages> found;
  CodePages at;
  bool of_a_file = false;
  std::ifstream maps("/proc/self/smaps");
  for (std::string line; std::getline(maps, line);) {
    void* begin = nullptr;
    void* end = nullptr;
    char permissions[5] = "";
    if (std::sscanf(line.c_str(), "%p-%p %4s", &begin, &end, permissions) == 3) {
      at = {static_cast<char*>(begin), static_cast<char*>(end)};
      of_a_file = permissions[1] != 'w' && line.find('/') != std::string::npos;
    } else if (of_a_file && line.starts_with("Anonymous:") &&
               line.find(" 0 kB") != std::string::npos) {
      found.push_back(at);
    }
  }
  return found;
}

// Of its libraries the loader has looked at far more than a model needs, and tare has more
// libraries than the runtime's. What is needed comes back when it is touched, and only that counts.
void ForgetStart() {
  for (const CodePages& pages : UnchangedCode())
    ::madvise(pages.begin, static_cast<size_t>(pages.end - pages.begin), MADV_DONTNEED);
  std::ofstream("/proc/self/clear_refs") << "5\n";  // VmHWM begins anew
}

Result<std::string> RunAndMeasure(std::string_view request) {
  ByteReader reader(request);
  const std::string path(reader.Text());
  const auto options = runtime::ReadSession(reader);
  TARE_TRY(const auto inputs, runtime::ReadInputs(reader));
  ForgetStart();
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
