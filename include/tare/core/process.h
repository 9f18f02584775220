// Runs a program with bounded time, output and memory: the one way in which tare starts a process.

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tare/core/progress.h"
#include "tare/core/result.h"

namespace tare {

/// What a program is to its caller.
enum class ProcessKind {
  /// A command of the user's: it has a process group of its own, so that all it starts ends with it
  /// and Ctrl-C does not reach it; the end of its standard error is kept; it inherits what
  /// descriptors the caller left inheritable.
  kCommand,
  /// A part of the caller: Ctrl-C in a terminal reaches it too, it speaks on the caller's standard
  /// error, and sees no other descriptor of it.
  kOwnPart
};

/// What is started.
struct ProcessStart {
  std::string program;                   ///< a path; $PATH is not searched
  std::vector<std::string> arguments;    ///< the first one is what the program is called
  std::vector<std::string> environment;  ///< NAME=VALUE, beside the caller's
  ProcessKind kind = ProcessKind::kCommand;
};

struct ProcessOptions {
  /// Greatest time from start to end, > 0. The program and its group are killed then.
  double time_limit_s = 60;
  /// More standard output ends it.
  int64_t max_output_bytes = 64 << 10;
  /// Most private memory that it may have, in bytes: what it allocates beyond fails. Files and
  /// libraries that it maps to read do not count (RLIMIT_DATA). 0: no limit.
  int64_t memory_limit_bytes = 0;
};

/// Appends the next piece of the program's standard input; leaves `piece` empty at the end.
using ProcessInput = std::function<Result<void>(std::string& piece)>;

/// How a program ended.
struct ProcessEnd {
  enum class Cause {
    kExit,        ///< by itself, with `exit_code`
    kSignal,      ///< by the signal `signal`, which nobody sent for us
    kTimeLimit,   ///< killed: it took too long
    kOutputLimit  ///< killed: it wrote too much
  };
  Cause cause = Cause::kExit;
  int exit_code = 0;  ///< 128 + `signal` after one
  int signal = 0;
  std::string output;
  std::string last_errors;  ///< the last 4 KiB of its standard error; of a command
};

/// Starts a program, feeds it and reads what it writes, all at once: neither waits for the other,
/// however much is written and whether or not it is read. A program that stops reading is left
/// alone. When it is over nothing of it is left: no zombie, no descriptor, and no process of its
/// own group.
///
/// Errors   kNotFound: there is no such program; kResourceExhausted: it could not be started;
///          kCancelled: the user asked to stop (it is killed); kFailedPrecondition: somebody else
///          collected its end; what `input` gives.
/// Threads  fully, whatever the other threads of the process do: between fork and exec nothing is
///          called that could wait for them (docs/adr/0014). SIGPIPE is blocked in the caller's
///          thread while it runs. Where the calling thread ends the program is killed (Linux).
/// Cost     the memory of the caller is not copied; what a start costs does not depend on its size.
Result<ProcessEnd> RunProcess(const ProcessStart& start, const ProcessInput& input,
                              const ProcessOptions& options, const Progress& progress);

/// RunProcess() of `sh -c command`, whose limits are errors of the command.
///
/// Errors   kUnavailable: it took too long; kInvalidArgument: it wrote too much; those of
///          RunProcess().
/// Threads  as RunProcess().
Result<ProcessEnd> RunShell(const std::string& command, const ProcessInput& input,
                            const ProcessOptions& options, const Progress& progress);

/// "Segmentation fault"; "signal 42" where it has no name.
/// Threads  fully.
std::string SignalName(int signal);

}  // namespace tare
