// First contact with a stranger's model: in a child process, so that what crashes or hangs the
// runtime ends there.

#pragma once

#include <span>
#include <string>
#include <vector>

#include "tare/core/child.h"
#include "tare/core/progress.h"
#include "tare/core/result.h"
#include "tare/runtime/session.h"
#include "tare/tensor/tensor.h"

namespace tare::runtime {

/// What a model is tried on.
struct Probes {
  std::vector<std::vector<NamedTensor>> single;  ///< each a run of one sample
  /// The first two samples in one run; empty where a run takes a fixed number.
  std::vector<NamedTensor> pair;
};

/// What the run of the pair showed.
struct Tried {
  bool had_pair = false;
  std::string pair_error;  ///< why it failed, or ""
  /// An output has an axis that follows the number of samples.
  bool follows = false;
};

/// Loads a model file in a child process and runs it on the single probes (none: it is loaded
/// only), which must succeed, and on the pair, which may fail, crashes included.
///
/// Errors   what loading and running give; kUnsupported: the child crashed (names the signal);
///          kResourceExhausted: it asks for more memory than is available on the host;
///          kUnavailable: it did not end within `time_limit_s` (it is killed then); kCancelled: the
///          user asked to stop; those of RunInChild().
/// Threads  fully.
Result<Tried> TryInChild(const std::string& model_path, const Probes& probes,
                         const SessionOptions& session, double time_limit_s,
                         const Progress& progress);

/// Does `task`, which runs a model, in a child process, and returns its reply.
/// Errors, Threads  as TryInChild().
Result<std::string> RunModelInChild(const ChildTask& task, std::string request, double time_limit_s,
                                    const Progress& progress);

}  // namespace tare::runtime
