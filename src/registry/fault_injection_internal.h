// For tests: the disk fails, or the process dies, at a chosen step of what it writes.
//
// fault_injection_test.cc defines write(), pwrite64(), rename() and every other call by which a
// file or a folder changes. The linker takes those for this executable, the code under test, and
// the shared SQLite library alike, so that nothing in tare has to know about the test, and no step
// can be forgotten: each such call is a step, whoever makes it. Not armed, they just pass through.

#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace tare::registry {

struct Fault {
  enum class Kind {
    kNone,      ///< count the steps
    kKill,      ///< SIGKILL: before the step, or within it when it writes bytes
    kDiskFull,  ///< from this step on, what needs space fails with ENOSPC
    kIoError,   ///< this one step fails with EIO
  };
  Kind kind = Kind::kNone;
  /// The step that it happens at, from 0.
  int64_t step = 0;
  /// For kKill at a step that writes n bytes: so many eighths of them, rounded up, are written
  /// first.
  int eighths = 0;
};

/// How a child process ended.
struct Outcome {
  bool killed = false;
  int exit_code = -1;
  std::vector<bool> steps;  ///< those that it reached; true where bytes are written
};

/// Forks, arms the fault in the child, and runs `body` there; its result is the exit code.
Outcome RunWithFault(const Fault& fault, const std::function<int()>& body);

}  // namespace tare::registry
