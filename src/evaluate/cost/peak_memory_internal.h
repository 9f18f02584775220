// Memory of a model by itself: in a process that has never held anything else.

#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tare/core/result.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::evaluate {

/// Resident memory of a process that runs only one model, in bytes, the runtime's own library included.
struct ResidentMemory {
  int64_t loaded = 0;     ///< once the model is open
  int64_t first_run = 0;  ///< after its first run
  int64_t peak = 0;       ///< the most it ever was, over three runs
};

/// Keeps a small process aside, forked before this one grows, whose children run one model each.
///
/// Threads  Start() before the process has threads of its own; then none.
class PeakMemory {
 public:
  static Result<PeakMemory> Start();
  PeakMemory(PeakMemory&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)), child_(std::exchange(other.child_, -1)) {}
  PeakMemory& operator=(PeakMemory&&) = delete;
  ~PeakMemory();

  /// Loads the model in a process of its own, runs it three times on `inputs`, and returns what the
  /// process had resident.
  /// Errors  kUnavailable: the process died, or the model does not run.
  Result<ResidentMemory> Measure(const std::string& model_path, std::span<const NamedTensor> inputs,
                                 const runtime::SessionOptions& options) const;

 private:
  PeakMemory(int socket, int child) : socket_(socket), child_(child) {}
  int socket_;
  int child_;
};

}  // namespace tare::evaluate
