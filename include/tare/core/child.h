// Work in a child process: what crashes, hangs or eats all memory ends there.
//
// The child is this program once more, started as `PROGRAM --child-task NAME` and not forked: it
// holds nothing of what its parent holds, so it may be made while other threads run, and what it
// measures of itself is its own. Work cannot be a closure then, it is a function from bytes to
// bytes with a name:
//
//   Result<std::string> Twice(std::string_view text) { return StrCat(text, text); }
//   const ChildTask kTwice("twice", Twice);       // at namespace scope
//   ...
//   TARE_TRY(const ChildEnd end, RunInChild(kTwice, "ab", {}, progress));    // end.reply is "abab"
//
// and main() begins with RunChildTaskIfAsked(argc, argv). A program that does not is never started
// again: RunInChild() refuses. See docs/adr/0014.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tare/core/progress.h"
#include "tare/core/result.h"

namespace tare {

/// Work that a child process can be asked for. To be defined at namespace scope, in the source file
/// that asks for it: then every program that can ask can answer.
class ChildTask {
 public:
  /// Gets the request and returns the reply. It runs in a process that does nothing else; its
  /// standard output goes to standard error, its standard input is empty. It may not ask for a
  /// child process.
  using Work = Result<std::string> (*)(std::string_view request);

  /// `name` is a literal, unique in the program (TARE_CHECK).
  ChildTask(const char* name, Work work);
  ChildTask(const ChildTask&) = delete;
  ChildTask& operator=(const ChildTask&) = delete;
  const char* name() const { return name_; }

 private:
  const char* name_;
};

struct ChildOptions {
  /// Greatest time from start to end, > 0. The child is killed then.
  double time_limit_s = 60;
  /// Most private memory that the child may have, in bytes; 0: no limit. See ProcessOptions.
  int64_t memory_limit_bytes = 0;
};

/// How a child ended that did not return an error.
struct ChildEnd {
  enum class Cause {
    kDone,      ///< the work was done, `reply` is what it returned
    kExit,      ///< it left with `exit_code` in the middle of its work
    kSignal,    ///< the signal `signal` ended it: a crash
    kTimeLimit  ///< killed: it took too long
  };
  Cause cause = Cause::kDone;
  std::string reply;
  int exit_code = 0;
  int signal = 0;
};

/// Does `task` on `request` in a child process. Request and reply may be of any size, and are held
/// in memory.
///
/// Errors   what the work returns, whole; kResourceExhausted: it ran out of memory (under
///          `memory_limit_bytes` or not), or no process could be made; kFailedPrecondition: main()
///          of the program does not begin with RunChildTaskIfAsked(), or this process is itself a
///          child; kNotFound: the program is not there; kInvalidArgument: no time is given;
///          kCancelled: the user asked to stop (the child is killed).
/// Threads  fully; see RunProcess().
/// Cost     the start of the program: some milliseconds, with its libraries.
Result<ChildEnd> RunInChild(const ChildTask& task, std::string request, const ChildOptions& options,
                            const Progress& progress);

/// Returns when this process was not started by RunInChild(); else does what was asked for and ends
/// the process. The first line of main(), before threads, signal handlers and arguments.
void RunChildTaskIfAsked(int argc, char** argv);

/// Names the program to start instead of this one, for a library in a program that is not ours to
/// change (a plugin of an interpreter): `tare` itself, of the same version. "" is this program
/// again.
/// Threads  fully.
void SetChildProgram(std::string path);

}  // namespace tare
