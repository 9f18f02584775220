// Runs a shell command with bounded time and output.

#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tare/core/progress.h"
#include "tare/core/result.h"

namespace tare {

struct ProcessOptions {
  /// Greatest time from start to end, > 0. The command and all that it started are killed then.
  double time_limit_s = 60;
  /// More standard output is an error.
  int64_t max_output_bytes = 64 << 10;
};

/// Appends the next piece of the command's standard input; leaves `piece` empty at the end.
using ProcessInput = std::function<Result<void>(std::string& piece)>;

/// How a command ended, by itself.
struct ProcessEnd {
  std::string output;
  std::string last_errors;  ///< the last 4 KiB of its standard error
  int exit_code = 0;        ///< 128 + the number of the signal that ended it
};

/// Runs `sh -c command` in a process group of its own, feeds it and reads what it writes, all at once: neither
/// waits for the other, however much is written and whether or not it is read. A command that stops reading is
/// left alone. What it leaves running behind it is killed.
///
/// Errors   kUnavailable: it took too long; kInvalidArgument: it wrote too much; kResourceExhausted: it could not
///          be started; kCancelled: the user asked to stop (it is killed); what `input` gives.
/// Threads  fully; SIGPIPE is blocked in the caller's thread while it runs. Where the caller dies the command is
///          killed (Linux).
Result<ProcessEnd> RunShell(const std::string& command, const ProcessInput& input,
                            const ProcessOptions& options, const Progress& progress);

}  // namespace tare
