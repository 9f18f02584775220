#include "tare/runtime/probe.h"

#include <algorithm>
#include <csignal>

#include "tare/core/process.h"
#include "tare/runtime/host.h"
#include "tare/runtime/output_layout.h"
#include "tare/runtime/request.h"

namespace tare::runtime {
namespace {

constexpr const char* kTryItself = "check that the model runs in ONNX Runtime by itself";

// The request: the model's path, the session's options, the inputs of each run, and of the pair
// (none: no input). The reply: the error of the pair, and whether an output follows.
Result<std::string> Try(std::string_view request) {
  ByteReader reader(request);
  const std::string path(reader.Text());
  const SessionOptions options = ReadSession(reader);
  TARE_TRY(const auto session, Session::FromFile(path, options));
  std::vector<RunShapes> runs;
  for (int64_t i = reader.Number(); i > 0 && reader.ok(); --i) {
    TARE_TRY(const auto inputs, ReadInputs(reader));
    TARE_TRY(const auto outputs, session.Run(inputs));
    if (runs.empty()) runs.push_back(ShapesOf(1, outputs));
  }
  TARE_TRY(const auto pair, ReadInputs(reader));
  ByteWriter reply;
  if (pair.empty()) return std::move(reply).Take();
  const auto outputs = session.Run(pair);
  if (outputs) runs.push_back(ShapesOf(2, *outputs));
  const auto axes = FindBatchAxes(runs);
  reply.Text(outputs ? "" : outputs.error().what);
  reply.Number(outputs && std::ranges::any_of(axes, [](int64_t axis) { return axis >= 0; }) ? 1
                                                                                            : 0);
  return std::move(reply).Take();
}
const ChildTask kTry("try-model", Try);

Error NoMemory(std::string_view how) {
  return ResourceExhausted(StrCat("the model asks for more memory than the host has: ", how),
                           "give it smaller inputs, or run it on a host with more memory");
}

}  // namespace

Result<Tried> TryInChild(const std::string& model_path, const Probes& probes,
                         const SessionOptions& session, double time_limit_s,
                         const Progress& progress) {
  ByteWriter request;
  WritePath(model_path, request);
  WriteSession(session, request);
  request.Number(std::ssize(probes.single));
  for (const auto& inputs : probes.single) WriteInputs(inputs, request);
  WriteInputs(probes.pair, request);
  auto reply = RunModelInChild(kTry, std::move(request).Take(), time_limit_s, progress);
  if (!reply && !probes.pair.empty() && !progress.cancelled()) {
    // A pair that ends the child must not hide that single samples run.
    TARE_TRY_VOID(TryInChild(model_path, {probes.single, {}}, session, time_limit_s, progress));
    return Tried{true, reply.error().what, false};
  }
  if (!reply) return std::move(reply).error();
  ByteReader reader(*reply);
  Tried tried;
  tried.had_pair = !probes.pair.empty();
  tried.pair_error = std::string(reader.Text());
  tried.follows = reader.Number() == 1;
  return tried;
}

Result<std::string> RunModelInChild(const ChildTask& task, std::string request, double time_limit_s,
                                    const Progress& progress) {
  ChildOptions options;
  options.time_limit_s = time_limit_s;
  // What asks for more gets an error of its own; without a limit the kernel would kill a process of
  // its choice.
#ifndef TARE_SANITIZED  // the shadow memory of a sanitizer is terabytes
  options.memory_limit_bytes = AvailableMemoryBytes();
#endif
  auto ended = RunInChild(task, std::move(request), options, progress);
  // Ctrl-C reaches the child too: what it says then is not the cause.
  const bool done = ended && ended->cause == ChildEnd::Cause::kDone;
  const bool interrupted = ended && ended->signal == SIGINT;
  if (interrupted || (!done && progress.cancelled())) return Cancelled();
  if (!ended && ended.error().code == ErrorCode::kResourceExhausted)
    return NoMemory(ended.error().what);
  if (!ended) return std::move(ended).error();
  switch (ended->cause) {
    case ChildEnd::Cause::kDone:
      return std::move(ended->reply);
    case ChildEnd::Cause::kTimeLimit:
      return Unavailable(StrCat("the model did not answer within ", time_limit_s, " s"),
                         "give it more time with --time-limit SECONDS");
    case ChildEnd::Cause::kSignal:
      if (ended->signal == SIGKILL) return NoMemory("the kernel killed the process that ran it");
      return Unsupported(
          StrCat("the runtime crashes on this model (", SignalName(ended->signal), ")"),
          kTryItself);
    case ChildEnd::Cause::kExit:
      break;
  }
  return Unsupported(
      StrCat("the runtime ends the process on this model (exit code ", ended->exit_code, ")"),
      kTryItself);
}

}  // namespace tare::runtime
