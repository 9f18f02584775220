// Progress of long steps, and the wish to stop: interfaces that cli implements.

#pragma once

#include <cstdint>
#include <string_view>

#include "tare/core/result.h"

namespace tare {

/// Receives the progress of one step at a time. Libraries report; `cli` draws the bar.
/// Threads  one reporter at a time.
class Progress {
 public:
  virtual ~Progress() = default;
  /// A step begins; `total` units of work, 0 when unknown.
  virtual void Begin(std::string_view step, int64_t total) = 0;
  /// `done` units of the current step are finished.
  virtual void Update(int64_t done) = 0;
  /// The current step is over; `summary` is one line for the record, empty for none.
  virtual void End(std::string_view summary) = 0;
  /// True when the user asked to stop (Ctrl-C). Long loops look at it between batches.
  virtual bool cancelled() const { return false; }
};

/// A Progress that shows nothing.
Progress& NoProgress();

/// The error of a cancelled run: exit code 130.
inline Error Cancelled() {
  return {ErrorCode::kCancelled, "stopped by the user", "run the same command again to go on", {}};
}

}  // namespace tare
