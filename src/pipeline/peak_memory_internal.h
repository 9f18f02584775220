// Peak memory of a model by itself: in a process that has never held anything else.

#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "tare/core/result.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::pipeline {

/// Keeps a small process aside, forked before this one grows, whose children run one model each.
///
/// Threads  Start() before the process has threads of its own; then none.
class PeakMemory {
 public:
  static Result<PeakMemory> Start();
  PeakMemory(PeakMemory&& other) noexcept : socket_(std::exchange(other.socket_, -1)), child_(std::exchange(other.child_, -1)) {}
  PeakMemory& operator=(PeakMemory&&) = delete;
  ~PeakMemory();

  /// Loads the model in a process of its own, runs it three times on `inputs`, and returns the most
  /// memory that the process had resident, in bytes, the runtime's own library included.
  /// Errors  kUnavailable: the process died.
  Result<int64_t> Measure(const std::string& model_path, std::span<const NamedTensor> inputs, const runtime::SessionOptions& options) const;

 private:
  PeakMemory(int socket, int child) : socket_(socket), child_(child) {}
  int socket_;
  int child_;
};

}  // namespace tare::pipeline
